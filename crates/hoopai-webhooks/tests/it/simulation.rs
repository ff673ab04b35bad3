//! Many deliveries with repetitions, failing handlers, full queues and restarts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use hoopai_runtime::time::{Clock, ManualClock};
use hoopai_test_support::seed;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeadLetter, Dispatcher, Event, EventRouter, HandlerError, MemoryReplayGuard, Receiver,
};

use crate::support::{body, request, status};

const DELIVERIES: usize = 10_000;

/// What happened, by the id of a delivery.
#[derive(Default)]
struct Outcomes {
    /// In which process each delivery was handled, once for each time.
    handled: HashMap<usize, Vec<u32>>,
    dead_letters: HashSet<usize>,
}

#[derive(Clone)]
struct State {
    outcomes: Arc<Mutex<Outcomes>>,
    random: Arc<Mutex<Rng>>,
    clock: ManualClock,
    process: u32,
}

/// The id in a body of `support::body`.
fn id(body: &[u8]) -> usize {
    let body = String::from_utf8_lossy(body);
    let (_, id) = body.rsplit_once("\"w").expect("an id");
    id.trim_end_matches("\"}").parse().expect("a number")
}

/// Fails, panics, or takes some time and succeeds.
async fn handle(event: Arc<Event>, state: State) -> Result<(), HandlerError> {
    let (chance, wait) = {
        let mut random = state.random.lock().unwrap();
        (random.u8(0..100), random.u64(0..3))
    };
    if wait > 0 {
        state.clock.sleep(Duration::from_secs(wait)).await;
    }
    match chance {
        0..40 => return Err("a handler fails".into()),
        40..45 => panic!("a handler fails"),
        _ => {}
    }
    let mut outcomes = state.outcomes.lock().unwrap();
    let id = id(event.raw().get().as_bytes());
    outcomes.handled.entry(id).or_default().push(state.process);
    Ok(())
}

/// A process that receives deliveries.
fn start(state: &State, guard: &MemoryReplayGuard) -> Dispatcher<State> {
    let receiver = Receiver::new(Signer::new().verifier().build()).replay_guard(guard.clone());
    let router = EventRouter::new().fallback(handle);
    let outcomes = state.outcomes.clone();
    Dispatcher::builder(receiver, router, state.clone())
        .queue(40)
        .concurrency(8)
        .attempts(3)
        .clock(Arc::new(state.clock.clone()))
        .dead_letter(move |letter: DeadLetter| {
            outcomes
                .lock()
                .unwrap()
                .dead_letters
                .insert(id(&letter.body));
            async {}
        })
        .build()
}

/// Waits for a future, and moves the clock whenever nothing else happens.
async fn run<T: Send + 'static>(
    clock: &ManualClock,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let work = tokio::spawn(work);
    while !work.is_finished() {
        for _ in 0..30 {
            tokio::task::yield_now().await;
        }
        clock.advance_to_next();
    }
    work.await.unwrap()
}

/// Delivers everything as the platform does: each delivery is repeated until a 2xx reply, and some
/// are repeated after it. Every now and then the process is shut down and another one starts.
async fn simulate(seed: u64, keeps_guard: bool) -> Outcomes {
    let mut random = Rng::with_seed(seed);
    let clock = ManualClock::new();
    let new_guard = || MemoryReplayGuard::new().clock(Arc::new(clock.clone()));
    let mut guard = new_guard();
    let mut state = State {
        outcomes: Arc::default(),
        random: Arc::new(Mutex::new(random.fork())),
        clock: clock.clone(),
        process: 0,
    };
    let mut dispatcher = start(&state, &guard);
    let mut next = 0;
    let mut waiting: Vec<usize> = Vec::new();
    let mut accepted: Vec<usize> = Vec::new();
    let (mut rejected, mut repeated) = (0, 0);
    while next < DELIVERIES || !waiting.is_empty() {
        let id = match random.u8(0..10) {
            0 if !accepted.is_empty() => {
                repeated += 1;
                // Mostly one of the latest, which may still be handled.
                let latest = accepted.len().saturating_sub(60);
                let first = if random.bool() { latest } else { 0 };
                accepted[random.usize(first..accepted.len())]
            }
            1..4 if !waiting.is_empty() => waiting.swap_remove(random.usize(..waiting.len())),
            _ if next < DELIVERIES => {
                next += 1;
                next - 1
            }
            _ => waiting.pop().unwrap_or(0),
        };
        match status(&dispatcher, request(body("Simulated", id)))
            .await
            .as_u16()
        {
            200 => accepted.push(id),
            503 => {
                rejected += 1;
                waiting.push(id);
            }
            other => panic!("{other}"),
        }
        if random.u8(0..4) == 0 {
            clock.advance(Duration::from_millis(random.u64(0..3000)));
            for _ in 0..random.u8(0..20) {
                tokio::task::yield_now().await;
            }
        }
        if random.u16(0..500) == 0 {
            let ending = dispatcher.clone();
            run(&clock, async move { ending.shutdown().await }).await;
            assert_eq!(dispatcher.unfinished(), 0);
            assert_eq!(
                status(&dispatcher, request(body("Simulated", 0)))
                    .await
                    .as_u16(),
                503
            );
            state.process += 1;
            if !keeps_guard {
                guard = new_guard();
            }
            dispatcher = start(&state, &guard);
        }
    }
    let ending = dispatcher.clone();
    run(&clock, async move { ending.shutdown().await }).await;
    println!(
        "{} processes, {rejected} rejected, {repeated} repeated",
        state.process + 1
    );
    assert!(state.process > 2 && rejected > 100 && repeated > 100);
    accepted.sort_unstable();
    accepted.dedup();
    assert_eq!(
        accepted.len(),
        DELIVERIES,
        "each delivery was accepted in the end"
    );
    std::mem::take(&mut state.outcomes.lock().unwrap())
}

#[tokio::test]
async fn accepted_deliveries_are_handled_once() {
    let seed = seed();
    for keeps_guard in [false, true] {
        let outcomes = simulate(seed, keeps_guard).await;
        let (handled, dead) = (outcomes.handled.len(), outcomes.dead_letters.len());
        println!("{handled} handled, {dead} dead letters");
        assert!(dead > 100, "handlers fail");
        for id in 0..DELIVERIES {
            let is_known =
                outcomes.handled.contains_key(&id) || outcomes.dead_letters.contains(&id);
            assert!(is_known, "delivery {id} was accepted and lost");
        }
        for (id, mut processes) in outcomes.handled {
            let times = processes.len();
            processes.dedup();
            assert_eq!(
                processes.len(),
                times,
                "delivery {id} was handled twice in a process"
            );
            assert!(
                times == 1 || !keeps_guard,
                "delivery {id} was handled in two processes"
            );
        }
    }
}
