//! A model of the server, which counts as the platform does, and traffic by chance. `HOOPAI_SEED` repeats a run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;

use super::super::{RateLimitSettings, RateLimited};
use super::{Rig, headers, ms};
use crate::time::{Clock, lock};

const MAX: usize = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// So long a request can be under way that its caller has given up.
const STRAY_MS: u64 = 1_000;

/// Lets a request through if fewer than the limit were in the window before it.
#[derive(Default)]
struct Server {
    window: VecDeque<Duration>,
    /// All of ours that ever came, refused or not.
    ours: Vec<Duration>,
    refused: usize,
}

impl Server {
    fn arrive(&mut self, now: Duration) -> (u16, usize) {
        while self.window.front().is_some_and(|at| *at + WINDOW <= now) {
            self.window.pop_front();
        }
        if self.window.len() >= MAX {
            return (429, 0);
        }
        self.window.push_back(now);
        (200, MAX - self.window.len())
    }

    fn arrive_ours(&mut self, now: Duration) -> (u16, usize) {
        self.ours.push(now);
        let reply = self.arrive(now);
        self.refused += usize::from(reply.0 == 429);
        reply
    }

    /// The most of ours in any window.
    fn peak(&self) -> usize {
        let mut ours = self.ours.clone();
        ours.sort();
        let until = |from: Duration| ours.partition_point(|at| *at < from + WINDOW);
        let counts = ours.iter().enumerate();
        counts
            .map(|(index, at)| until(*at) - index)
            .max()
            .unwrap_or(0)
    }
}

/// What chance decides on one call.
#[derive(Clone)]
struct Fate {
    arrives: Duration,
    max_wait: Duration,
    /// It leaves the queue after this.
    impatient: Option<Duration>,
    kind: Kind,
    uplink: Duration,
    downlink: Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Whole,
    /// It gets its turn and is not sent.
    Unsent,
    /// No connection is made.
    Unreached,
    /// Its caller gives up before the reply, or the connection breaks.
    GivenUp(Duration),
    Broken(Duration),
}

impl Fate {
    fn draw(rng: &mut Rng, span_ms: u64) -> Self {
        let millis = |rng: &mut Rng, most: u64| ms(rng.u64(0..=most));
        let part = match rng.u8(0..10) {
            0 => STRAY_MS,
            _ => rng.choice([30, 300, 3_000]).unwrap_or(30),
        };
        let (uplink, downlink) = (millis(rng, part), millis(rng, part));
        let kind = match rng.u8(0..20) {
            0 => Kind::Unsent,
            1 => Kind::Unreached,
            2 | 3 => Kind::GivenUp(millis(rng, STRAY_MS)),
            4 => Kind::Broken(millis(rng, STRAY_MS)),
            _ => Kind::Whole,
        };
        let stray = matches!(kind, Kind::GivenUp(_) | Kind::Broken(_));
        Fate {
            arrives: millis(rng, span_ms),
            max_wait: ms(rng.choice([0, 5_000, 30_000, 600_000]).unwrap_or(0)),
            impatient: (rng.u8(0..10) == 0).then(|| millis(rng, 20_000)),
            kind,
            uplink: if stray {
                uplink.min(ms(STRAY_MS))
            } else {
                uplink
            },
            downlink,
        }
    }
}

/// How one call went.
#[derive(Debug, Default)]
struct Told {
    entered: Option<u64>,
    number: Option<u64>,
    waited: Duration,
    max_wait: Duration,
    held: Option<RateLimited>,
    gave_up: bool,
    refused: bool,
    strangers: usize,
}

struct World {
    rig: Rig,
    server: Arc<Mutex<Server>>,
    entered: Arc<Mutex<u64>>,
}

impl World {
    fn new() -> Self {
        let settings = RateLimitSettings::default()
            .max(u32::try_from(MAX).unwrap())
            .daily(None);
        World {
            rig: Rig::new(settings),
            server: Arc::default(),
            entered: Arc::default(),
        }
    }

    fn call(&self, fate: Fate) -> tokio::task::JoinHandle<Told> {
        let (rig, server, entered) = (self.rig.clone(), self.server.clone(), self.entered.clone());
        self.rig.spawn(async move {
            let clock = rig.clock.clone();
            clock.sleep(fate.arrives).await;
            let mut told = Told {
                max_wait: fate.max_wait,
                ..Told::default()
            };
            let began = clock.elapsed();
            {
                let mut entered = lock(&entered);
                *entered += 1;
                told.entered = Some(*entered);
            }
            let acquire = Box::pin(rig.limiter.acquire(Some(fate.max_wait)));
            let patience = clock.sleep(fate.impatient.unwrap_or(Duration::MAX));
            let permit = match futures_util::future::select(acquire, patience).await {
                futures_util::future::Either::Left((permit, _)) => permit,
                futures_util::future::Either::Right(_) => {
                    told.gave_up = true;
                    return told;
                }
            };
            told.waited = clock.elapsed() - began;
            let mut permit = match permit {
                Ok(permit) => permit,
                Err(held) => {
                    told.held = Some(held);
                    return told;
                }
            };
            told.number = Some(permit.number());
            match fate.kind {
                Kind::Unsent => return told,
                Kind::Unreached => {
                    permit.sent();
                    clock.sleep(fate.uplink).await;
                    permit.failed(false);
                    return told;
                }
                _ => permit.sent(),
            }
            // The request travels on whatever becomes of its caller.
            let arrived = {
                let clock = clock.clone();
                rig.spawn(async move {
                    clock.sleep(fate.uplink).await;
                    let reply = lock(&server).arrive_ours(clock.elapsed());
                    clock.sleep(fate.downlink).await;
                    reply
                })
            };
            match fate.kind {
                Kind::GivenUp(after) => {
                    clock.sleep(after).await;
                    drop(permit);
                }
                Kind::Broken(after) => {
                    clock.sleep(after).await;
                    permit.failed(true);
                }
                _ => {
                    let (status, remaining) = arrived.await.unwrap();
                    told.refused = status == 429;
                    let pairs = [
                        ("x-ratelimit-max", &*MAX.to_string()),
                        ("x-ratelimit-remaining", &*remaining.to_string()),
                        ("x-ratelimit-interval-milliseconds", "10000"),
                    ];
                    permit.complete(status, &headers(&pairs));
                    told.strangers = rig.limiter.foreign();
                }
            }
            told
        })
    }

    /// What holds whatever happens.
    fn check(&self, calls: &[Told]) {
        let peak = lock(&self.server).peak();
        assert!(peak <= MAX, "{peak} of our requests came in one window");
        for call in calls {
            assert!(call.waited <= call.max_wait, "{call:?}");
            if let Some(held) = call.held {
                // It was told so at once, or after all the time it had.
                assert!(
                    call.waited.is_zero() && held.wait > call.max_wait
                        || call.waited == call.max_wait,
                    "{call:?}"
                );
            }
        }
        let mut order: Vec<_> = calls
            .iter()
            .filter_map(|call| Some((call.entered?, call.number?)))
            .collect();
        order.sort();
        assert!(
            order.is_sorted_by(|one, next| one.1 < next.1),
            "not first come, first served"
        );
        let snapshot = self.rig.limiter.snapshot();
        assert_eq!(snapshot.queued, 0);
    }
}

/// The seeds of a run: one that was asked for, or some by chance.
fn seeds() -> Vec<u64> {
    match std::env::var("HOOPAI_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..25).map(|_| fastrand::u64(..)).collect(),
    }
}

#[tokio::test]
async fn our_own_traffic_is_never_refused_nor_taken_for_another_s() {
    let (mut waited, mut held, mut gave_up, mut went) = (0, 0, 0, 0);
    for seed in seeds() {
        println!("HOOPAI_SEED={seed}");
        let mut rng = Rng::with_seed(seed);
        let world = World::new();
        let span = rng.choice([5_000, 60_000, 250_000]).unwrap_or(5_000);
        let tasks = (0..300)
            .map(|_| world.call(Fate::draw(&mut rng, span)))
            .collect();
        let calls = world.rig.run(tasks).await;
        world.check(&calls);
        assert_eq!(lock(&world.server).refused, 0);
        for call in &calls {
            assert!(!call.refused);
            assert_eq!(call.strangers, 0, "{call:?}");
        }
        waited += calls.iter().filter(|call| !call.waited.is_zero()).count();
        held += calls.iter().filter(|call| call.held.is_some()).count();
        gave_up += calls.iter().filter(|call| call.gave_up).count();
        went += calls.iter().filter(|call| call.number.is_some()).count();
        // A window later nothing is left of it.
        world.rig.clock.advance(WINDOW + ms(STRAY_MS));
        assert_eq!(world.rig.limiter.snapshot().in_window, 0);
        assert_eq!(world.rig.clock.sleepers(), 0);
    }
    println!("{went} went, {waited} of them or others waited, {held} were held, {gave_up} gave up");
    assert!(waited > 0 && held > 0 && gave_up > 0 && went > waited);
}

#[tokio::test]
async fn another_process_is_lived_with() {
    let (mut ours, mut refused, mut seen) = (0, 0, 0);
    for seed in seeds() {
        println!("HOOPAI_SEED={seed}");
        let mut rng = Rng::with_seed(seed);
        let world = World::new();
        let span = 120_000;
        // It takes half of all there is, in bursts, and looks at nothing.
        for _ in 0..rng.usize(6..12) {
            let (at, size) = (rng.u64(0..span), rng.usize(1..=MAX));
            let (clock, server) = (world.rig.clock.clone(), world.server.clone());
            drop(world.rig.spawn(async move {
                clock.sleep(ms(at)).await;
                for _ in 0..size {
                    lock(&server).arrive(clock.elapsed());
                }
            }));
        }
        let tasks = (0..200)
            .map(|_| world.call(Fate::draw(&mut rng, span)))
            .collect();
        let calls = world.rig.run(tasks).await;
        world.check(&calls);
        ours += lock(&world.server).ours.len();
        refused += lock(&world.server).refused;
        seen += calls.iter().filter(|call| call.strangers > 0).count();
        // All got through in the end, and not much later than the last of them came.
        assert!(
            world.rig.clock.elapsed() < ms(2 * span),
            "{:?}",
            world.rig.clock
        );
    }
    println!("{refused} of {ours} were refused, {seen} replies told of strangers");
    assert!(refused * 8 < ours, "{refused} of {ours}");
    assert!(seen > 0);
}
