//! The dispatcher, on a manual clock.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use hoopai_runtime::retry::FullJitter;
use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};
use hoopai_test_support::log;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeadLetter, DeliveryKey, Dispatcher, DispatcherBuilder, Event, EventKind, EventRouter,
    HandlerError, MemoryReplayGuard, Receiver, Rejection, ReplayError, ReplayGuard, ReservationId,
    ReserveOutcome,
};
use http::StatusCode;
use tokio::sync::Semaphore;

use crate::support::{Log, body, receiver, request, settle, status};

/// The state of handlers: a log, and a gate that lets as many calls through as it has permits.
#[derive(Clone)]
struct State {
    log: Log,
    gate: Arc<Semaphore>,
    clock: ManualClock,
}

impl State {
    fn new() -> Self {
        State {
            log: Log::default(),
            gate: Arc::new(Semaphore::new(1000)),
            clock: ManualClock::new(),
        }
    }

    fn closed() -> Self {
        State {
            gate: Arc::new(Semaphore::new(0)),
            ..State::new()
        }
    }
}

async fn handled(_: Arc<Event>, state: State) -> Result<(), HandlerError> {
    state.gate.acquire().await?.forget();
    state.log.add("handled");
    Ok(())
}

async fn failing(_: Arc<Event>, state: State) -> Result<(), HandlerError> {
    state.log.add("failed");
    Err("location-secret".into())
}

async fn panicking(_: Arc<Event>, state: State) -> Result<(), HandlerError> {
    state.log.add("panicked");
    panic!("a handler fails")
}

fn router() -> EventRouter<State> {
    EventRouter::new()
        .on(EventKind::ContactCreate, handled)
        .on(EventKind::ContactDelete, failing)
        .on(EventKind::ContactUpdate, panicking)
        .on(EventKind::NoteCreate, failing)
        .on(EventKind::NoteCreate, handled)
}

fn builder(state: &State) -> (DispatcherBuilder<State>, MemoryReplayGuard) {
    let (receiver, guard) = receiver(&state.clock);
    let letters = state.log.clone();
    let builder = Dispatcher::builder(receiver, router(), state.clone())
        .clock(Arc::new(state.clock.clone()))
        .attempts(3)
        .dead_letter(move |letter: DeadLetter| {
            letters.add(format!("{letter:?}: {}", letter.error));
            async {}
        });
    (builder, guard)
}

async fn post(dispatcher: &Dispatcher<State>, event_type: &str, id: usize) -> u16 {
    status(dispatcher, request(body(event_type, id)))
        .await
        .as_u16()
}

/// Moves the clock until all accepted events are handled.
async fn finish(dispatcher: &Dispatcher<State>, clock: &ManualClock) {
    for _ in 0..100 {
        settle().await;
        if dispatcher.unfinished() == 0 {
            return;
        }
        clock.advance_to_next();
    }
    panic!("{} events are not handled", dispatcher.unfinished());
}

#[tokio::test]
async fn event_is_handled_by_the_handler_of_its_type() {
    let state = State::new();
    let (receiver, _) = receiver(&state.clock);
    let other = async |_: Arc<Event>, state: State| {
        state.log.add("other");
        Ok::<(), HandlerError>(())
    };
    let router = router().fallback(other);
    let dispatcher = Dispatcher::builder(receiver, router, state.clone()).build();
    for (id, (event_type, expected)) in [
        ("ContactCreate", "handled"),
        ("NoteCreate", "handled"),
        ("contactcreate", "handled"),
        ("Unheard", "other"),
        ("", "other"),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(post(&dispatcher, event_type, id).await, 200);
        finish(&dispatcher, &state.clock).await;
        assert_eq!(state.log.take(), [*expected], "{event_type}");
    }
    assert_eq!(status(&dispatcher, request("[1]")).await, StatusCode::OK);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(state.log.take(), ["other"]);
}

#[tokio::test]
async fn reply_does_not_wait_for_the_handler() {
    let state = State::closed();
    let (builder, guard) = builder(&state);
    let dispatcher = builder.build();
    let app = Router::new().route_service("/webhooks", dispatcher.clone());
    let reply = status(&app, request(body("ContactCreate", 1))).await;
    assert_eq!(reply, StatusCode::OK);
    settle().await;
    assert_eq!((state.log.take().len(), dispatcher.unfinished()), (0, 1));
    // Repetitions of an accepted event, also after its reservation has expired.
    assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 200);
    state.clock.advance(Duration::from_secs(3600));
    assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 200);
    state.gate.add_permits(10);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 200);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(
        (state.log.take(), guard.len()),
        (vec!["handled".to_owned()], 1)
    );
}

#[tokio::test]
async fn full_queue_is_answered_503_and_accepts_a_repetition() {
    let state = State::closed();
    let (builder, guard) = builder(&state);
    let dispatcher = builder.queue(2).build();
    assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 200);
    assert_eq!(post(&dispatcher, "ContactCreate", 2).await, 200);
    assert_eq!(post(&dispatcher, "ContactCreate", 3).await, 503);
    assert_eq!(post(&dispatcher, "ContactCreate", 2).await, 200);
    assert_eq!(guard.len(), 2);
    state.gate.add_permits(1);
    settle().await;
    assert_eq!(post(&dispatcher, "ContactCreate", 3).await, 200);
    state.gate.add_permits(9);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(state.log.take().len(), 3);
}

#[tokio::test]
async fn handlers_run_concurrently_up_to_a_limit() {
    let state = State::new();
    let (receiver, _) = receiver(&state.clock);
    let entering = async |_: Arc<Event>, state: State| {
        state.log.add("entered");
        state.clock.sleep(Duration::from_secs(1)).await;
        Ok::<(), HandlerError>(())
    };
    let router = EventRouter::new().fallback(entering);
    let dispatcher = Dispatcher::builder(receiver, router, state.clone())
        .concurrency(3)
        .build();
    for id in 0..5 {
        assert_eq!(post(&dispatcher, "ContactCreate", id).await, 200);
    }
    settle().await;
    assert_eq!(state.log.take().len(), 3);
    state.clock.advance_to_next();
    settle().await;
    assert_eq!(state.log.take().len(), 2);
    finish(&dispatcher, &state.clock).await;
}

#[tokio::test]
async fn failing_handler_is_called_again_up_to_a_limit() {
    for (event_type, entry, error) in [
        ("ContactDelete", "failed", "location-secret"),
        (
            "ContactUpdate",
            "panicked",
            "the handler panicked, or its runtime was shut down",
        ),
    ] {
        let state = State::new();
        let (builder, guard) = builder(&state);
        let dispatcher = builder.build();
        assert_eq!(post(&dispatcher, event_type, 7).await, 200);
        settle().await;
        assert_eq!(state.log.take(), [entry]);
        // The backoff of the runtime: half a second at most, then a second.
        assert!(state.clock.until_next().unwrap() <= Duration::from_millis(500));
        state.clock.advance_to_next();
        settle().await;
        assert_eq!(state.log.take(), [entry]);
        assert!(state.clock.until_next().unwrap() <= Duration::from_secs(1));
        finish(&dispatcher, &state.clock).await;
        let key = DeliveryKey::of_webhook("app1", "w7");
        let letter = format!("DeadLetter {{ key: {key:?}, attempts: 3, .. }}: {error}");
        assert_eq!(state.log.take(), [entry.to_owned(), letter]);
        // Released, so that a user can resend it.
        assert!(guard.is_empty());
        assert_eq!(post(&dispatcher, event_type, 7).await, 200);
        finish(&dispatcher, &state.clock).await;
        assert_eq!(state.log.take().len(), 4);
    }
}

#[tokio::test]
async fn waiting_event_does_not_block_others() {
    let state = State::new();
    let (builder, _) = builder(&state);
    let dispatcher = builder.concurrency(1).build();
    post(&dispatcher, "ContactDelete", 1).await;
    settle().await;
    post(&dispatcher, "ContactCreate", 2).await;
    settle().await;
    assert_eq!(state.log.take(), ["failed", "handled"]);
}

#[tokio::test]
async fn shutdown_waits_for_accepted_events() {
    let state = State::closed();
    let (builder, _) = builder(&state);
    let far = FullJitter::new()
        .base(Duration::from_secs(1 << 30))
        .cap(Duration::MAX);
    let dispatcher = builder.backoff(far).build();
    post(&dispatcher, "ContactCreate", 1).await;
    post(&dispatcher, "ContactDelete", 2).await;
    settle().await;
    assert_eq!(state.log.take(), ["failed"]);
    let shutting_down = {
        let (dispatcher, log) = (dispatcher.clone(), state.log.clone());
        tokio::spawn(async move {
            dispatcher.shutdown().await;
            log.add("ended");
        })
    };
    settle().await;
    // The other attempts follow at once.
    let entries = state.log.take();
    assert_eq!(entries[..2], ["failed", "failed"]);
    assert!(entries[2].starts_with("DeadLetter"), "{entries:?}");
    assert_eq!(entries.len(), 3);
    assert_eq!(post(&dispatcher, "ContactCreate", 3).await, 503);
    state.gate.add_permits(5);
    shutting_down.await.unwrap();
    assert_eq!(state.log.take(), ["handled", "ended"]);
    assert_eq!(post(&dispatcher, "ContactCreate", 3).await, 503);
    dispatcher.shutdown().await;
    assert_eq!(dispatcher.unfinished(), 0);
}

#[tokio::test]
async fn panicking_dead_letter_callback_is_an_error_in_the_log() {
    log::capture();
    let state = State::new();
    let (builder, _) = builder(&state);
    let dispatcher = builder
        .attempts(0)
        .dead_letter(async |_| panic!("a callback fails"))
        .build();
    post(&dispatcher, "ContactDelete", 1).await;
    finish(&dispatcher, &state.clock).await;
    assert!(
        log::take()
            .concat()
            .contains("the dead-letter callback panicked")
    );

    let (receiver, _) = receiver(&state.clock);
    let without = Dispatcher::builder(receiver, router(), state.clone())
        .attempts(1)
        .build();
    post(&without, "ContactDelete", 1).await;
    finish(&without, &state.clock).await;
    let lines = log::take().concat();
    assert!(
        lines.contains("ERROR") && lines.contains("there is no dead-letter callback"),
        "{lines}"
    );
    assert!(!lines.contains("location-secret"), "{lines}");
}

#[test]
fn events_lost_with_their_runtime_are_logged() {
    log::capture();
    let state = State::closed();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (builder, guard) = builder(&state);
    let dispatcher = builder.build();
    runtime.block_on(async {
        assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 200);
        settle().await;
    });
    drop(runtime);
    assert!(
        log::take()
            .concat()
            .contains("call `shutdown` of the dispatcher")
    );
    assert!(guard.is_empty());
}

#[tokio::test]
async fn deliveries_are_accepted_without_axum() {
    let state = State::new();
    let (builder, _) = builder(&state);
    let dispatcher = builder.build();
    let body = body("ContactCreate", 1);
    let headers = Signer::new().sign(body.as_bytes());
    dispatcher
        .accept(&headers, body.clone().into())
        .await
        .unwrap();
    let again = dispatcher.accept(&headers, body.into()).await.unwrap_err();
    assert_eq!(again.status(), StatusCode::OK);
    let large = dispatcher
        .accept(&headers, Bytes::from(vec![b' '; 2 << 20]))
        .await
        .unwrap_err();
    assert!(matches!(large, Rejection::TooLarge));
    let forged = dispatcher
        .accept(&headers, Bytes::from("{}"))
        .await
        .unwrap_err();
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(state.log.take(), ["handled"]);
}

/// A guard whose methods fail as often as a number says.
struct FailingGuard(MemoryReplayGuard, std::sync::Mutex<u32>);

impl FailingGuard {
    fn result<T>(&self, result: Result<T, ReplayError>) -> Result<T, ReplayError> {
        let mut failures = self.1.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(ReplayError::store("the disk is full"));
        }
        result
    }
}

impl ReplayGuard for FailingGuard {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        Box::pin(async {
            self.result(Ok(()))?;
            self.0.reserve(key).await
        })
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async move {
            self.result(Ok(()))?;
            self.0.commit(key, id).await
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        self.0.release(key, id)
    }
}

#[tokio::test]
async fn failing_guard_rejects_and_handled_events_are_committed_again() {
    log::capture();
    let state = State::closed();
    let (_, memory) = receiver(&state.clock);
    let guard = Arc::new(FailingGuard(memory.clone(), std::sync::Mutex::new(1)));
    let receiver = Receiver::new(Signer::new().verifier().build()).replay_guard(guard.clone());
    let dispatcher = Dispatcher::builder(receiver, router(), state.clone())
        .clock(Arc::new(state.clock.clone()))
        .build();
    assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 503);
    assert_eq!(post(&dispatcher, "ContactCreate", 1).await, 200);
    *guard.1.lock().unwrap() = 2;
    state.gate.add_permits(5);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(state.log.take(), ["handled"]);
    let outcome = memory.reserve(&DeliveryKey::of_webhook("app1", "w1")).await;
    assert_eq!(outcome.unwrap(), ReserveOutcome::Duplicate);
    // Reserved by another process.
    memory
        .reserve(&DeliveryKey::of_webhook("app1", "w2"))
        .await
        .unwrap();
    assert_eq!(post(&dispatcher, "ContactCreate", 2).await, 503);
    let lines = log::take().concat();
    assert!(lines.contains("the disk is full"), "{lines}");
    assert!(!lines.contains("location-secret"), "{lines}");
}

/// A list of events.
fn list(event_type: &str, ids: &[usize]) -> String {
    let events: Vec<_> = ids.iter().map(|id| body(event_type, *id)).collect();
    format!("[{}]", events.join(","))
}

#[tokio::test]
async fn each_event_of_a_list_is_handled_once() {
    let state = State::new();
    let (builder, guard) = builder(&state);
    let dispatcher = builder.queue(2).build();
    // The second event was accepted before, and is in the list twice.
    assert_eq!(post(&dispatcher, "ContactCreate", 2).await, 200);
    let events = request(list("ContactCreate", &[1, 2, 2]));
    assert_eq!(status(&dispatcher, events).await, StatusCode::OK);
    finish(&dispatcher, &state.clock).await;
    assert_eq!((state.log.take().len(), guard.len()), (2, 2));
    // There is no place for the last one, until the list is repeated.
    let events = || request(list("ContactCreate", &[3, 4, 5]));
    assert_eq!(status(&dispatcher, events()).await.as_u16(), 503);
    finish(&dispatcher, &state.clock).await;
    assert_eq!(state.log.take().len(), 2);
    for _ in 0..2 {
        assert_eq!(status(&dispatcher, events()).await, StatusCode::OK);
        finish(&dispatcher, &state.clock).await;
    }
    assert_eq!((state.log.take().len(), guard.len()), (1, 5));
    // One event is handled although another one fails.
    let failing = body("ContactDelete", 6);
    let mixed = format!("[{failing},{}]", body("ContactCreate", 7));
    assert_eq!(status(&dispatcher, request(mixed)).await, StatusCode::OK);
    finish(&dispatcher, &state.clock).await;
    let log = state.log.take();
    assert_eq!(log.iter().filter(|entry| *entry == "handled").count(), 1);
    assert_eq!(log.iter().filter(|entry| *entry == "failed").count(), 3);
    assert_eq!(log.len(), 5, "and a dead letter: {log:?}");
    assert_eq!(guard.len(), 6);
}
