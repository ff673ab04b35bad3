//! Random traffic against a model of the server. `HOOPAI_SEED` repeats a run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;

use super::super::{RateLimitSettings, RateLimited};
use super::{Fixture, headers, ms};
use crate::time::{Clock, lock};

const MAX: usize = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// The longest time for which an abandoned request can be in transit.
const LATE_ARRIVAL_MS: u64 = 1_000;

/// A server that accepts a request if fewer than the limit were in the window before it.
#[derive(Default)]
struct Server {
    window: VecDeque<Duration>,
    /// All of our requests, refused or not.
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

    /// The maximum number of ours in any window.
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

/// The random parameters of one call.
#[derive(Clone)]
struct CallPlan {
    arrives: Duration,
    max_wait: Duration,
    /// It leaves the queue after this time.
    gives_up_after: Option<Duration>,
    kind: Kind,
    uplink: Duration,
    downlink: Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Whole,
    /// It is admitted and not sent.
    Unsent,
    /// No connection is made.
    Unreached,
    /// Its caller gives up before the reply, or the connection breaks.
    Cancelled(Duration),
    Broken(Duration),
}

impl CallPlan {
    fn draw(rng: &mut Rng, span_ms: u64) -> Self {
        let millis = |rng: &mut Rng, most: u64| ms(rng.u64(0..=most));
        let part = match rng.u8(0..10) {
            0 => LATE_ARRIVAL_MS,
            _ => rng.choice([30, 300, 3_000]).unwrap_or(30),
        };
        let (uplink, downlink) = (millis(rng, part), millis(rng, part));
        let kind = match rng.u8(0..20) {
            0 => Kind::Unsent,
            1 => Kind::Unreached,
            2 | 3 => Kind::Cancelled(millis(rng, LATE_ARRIVAL_MS)),
            4 => Kind::Broken(millis(rng, LATE_ARRIVAL_MS)),
            _ => Kind::Whole,
        };
        let abandoned = matches!(kind, Kind::Cancelled(_) | Kind::Broken(_));
        CallPlan {
            arrives: millis(rng, span_ms),
            max_wait: ms(rng.choice([0, 5_000, 30_000, 600_000]).unwrap_or(0)),
            gives_up_after: (rng.u8(0..10) == 0).then(|| millis(rng, 20_000)),
            kind,
            uplink: if abandoned {
                uplink.min(ms(LATE_ARRIVAL_MS))
            } else {
                uplink
            },
            downlink,
        }
    }
}

/// The result of one call.
#[derive(Debug, Default)]
struct CallResult {
    entered: Option<u64>,
    number: Option<u64>,
    waited: Duration,
    max_wait: Duration,
    limited: Option<RateLimited>,
    gave_up: bool,
    refused: bool,
    external: usize,
}

struct Simulation {
    fixture: Fixture,
    server: Arc<Mutex<Server>>,
    entered: Arc<Mutex<u64>>,
}

impl Simulation {
    fn new() -> Self {
        let settings = RateLimitSettings::default()
            .max(u32::try_from(MAX).unwrap())
            .daily(None);
        Simulation {
            fixture: Fixture::new(settings),
            server: Arc::default(),
            entered: Arc::default(),
        }
    }

    fn call(&self, plan: CallPlan) -> tokio::task::JoinHandle<CallResult> {
        let (fixture, server, entered) = (
            self.fixture.clone(),
            self.server.clone(),
            self.entered.clone(),
        );
        self.fixture.spawn(async move {
            let clock = fixture.clock.clone();
            clock.sleep(plan.arrives).await;
            let mut result = CallResult {
                max_wait: plan.max_wait,
                ..CallResult::default()
            };
            let began = clock.elapsed();
            {
                let mut entered = lock(&entered);
                *entered += 1;
                result.entered = Some(*entered);
            }
            let acquire = Box::pin(fixture.limiter.acquire(Some(plan.max_wait)));
            let timeout = clock.sleep(plan.gives_up_after.unwrap_or(Duration::MAX));
            let permit = match futures_util::future::select(acquire, timeout).await {
                futures_util::future::Either::Left((permit, _)) => permit,
                futures_util::future::Either::Right(_) => {
                    result.gave_up = true;
                    return result;
                }
            };
            result.waited = clock.elapsed() - began;
            let mut permit = match permit {
                Ok(permit) => permit,
                Err(limited) => {
                    result.limited = Some(limited);
                    return result;
                }
            };
            result.number = Some(permit.number());
            match plan.kind {
                Kind::Unsent => return result,
                Kind::Unreached => {
                    permit.sent();
                    clock.sleep(plan.uplink).await;
                    permit.failed(false);
                    return result;
                }
                _ => permit.sent(),
            }
            // The request arrives even if its caller has gone.
            let arrived = {
                let clock = clock.clone();
                fixture.spawn(async move {
                    clock.sleep(plan.uplink).await;
                    let reply = lock(&server).arrive_ours(clock.elapsed());
                    clock.sleep(plan.downlink).await;
                    reply
                })
            };
            match plan.kind {
                Kind::Cancelled(after) => {
                    clock.sleep(after).await;
                    drop(permit);
                }
                Kind::Broken(after) => {
                    clock.sleep(after).await;
                    permit.failed(true);
                }
                _ => {
                    let (status, remaining) = arrived.await.unwrap();
                    result.refused = status == 429;
                    let pairs = [
                        ("x-ratelimit-max", &*MAX.to_string()),
                        ("x-ratelimit-remaining", &*remaining.to_string()),
                        ("x-ratelimit-interval-milliseconds", "10000"),
                    ];
                    permit.complete(status, &headers(&pairs));
                    result.external = fixture.limiter.external();
                }
            }
            result
        })
    }

    /// Checks the invariants.
    fn check(&self, calls: &[CallResult]) {
        let peak = lock(&self.server).peak();
        assert!(peak <= MAX, "{peak} of our requests came in one window");
        for call in calls {
            assert!(call.waited <= call.max_wait, "{call:?}");
            if let Some(limited) = call.limited {
                // It was rejected at once, or after the maximum wait.
                assert!(
                    call.waited.is_zero() && limited.wait > call.max_wait
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
        let snapshot = self.fixture.limiter.snapshot();
        assert_eq!(snapshot.queued, 0);
    }
}

/// The seeds of a run: the configured one, or random ones.
fn seeds() -> Vec<u64> {
    match std::env::var("HOOPAI_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..25).map(|_| fastrand::u64(..)).collect(),
    }
}

#[tokio::test]
async fn own_traffic_is_never_refused_or_counted_as_external() {
    let (mut waited, mut limited, mut gave_up, mut admitted) = (0, 0, 0, 0);
    for seed in seeds() {
        println!("HOOPAI_SEED={seed}");
        let mut rng = Rng::with_seed(seed);
        let simulation = Simulation::new();
        let span = rng.choice([5_000, 60_000, 250_000]).unwrap_or(5_000);
        let tasks = (0..300)
            .map(|_| simulation.call(CallPlan::draw(&mut rng, span)))
            .collect();
        let calls = simulation.fixture.run(tasks).await;
        simulation.check(&calls);
        assert_eq!(lock(&simulation.server).refused, 0);
        for call in &calls {
            assert!(!call.refused);
            assert_eq!(call.external, 0, "{call:?}");
        }
        waited += calls.iter().filter(|call| !call.waited.is_zero()).count();
        limited += calls.iter().filter(|call| call.limited.is_some()).count();
        gave_up += calls.iter().filter(|call| call.gave_up).count();
        admitted += calls.iter().filter(|call| call.number.is_some()).count();
        // One window later, the limiter is empty.
        simulation
            .fixture
            .clock
            .advance(WINDOW + ms(LATE_ARRIVAL_MS));
        assert_eq!(simulation.fixture.limiter.snapshot().in_window, 0);
        assert_eq!(simulation.fixture.clock.sleepers(), 0);
    }
    println!("{admitted} admitted, {waited} waited, {limited} rejected, {gave_up} cancelled");
    assert!(waited > 0 && limited > 0 && gave_up > 0 && admitted > waited);
}

#[tokio::test]
async fn external_traffic_causes_few_refusals() {
    let (mut ours, mut refused, mut seen) = (0, 0, 0);
    for seed in seeds() {
        println!("HOOPAI_SEED={seed}");
        let mut rng = Rng::with_seed(seed);
        let simulation = Simulation::new();
        let span = 120_000;
        // The other process uses half of the limit, in bursts, and ignores replies.
        for _ in 0..rng.usize(6..12) {
            let (at, size) = (rng.u64(0..span), rng.usize(1..=MAX));
            let (clock, server) = (simulation.fixture.clock.clone(), simulation.server.clone());
            drop(simulation.fixture.spawn(async move {
                clock.sleep(ms(at)).await;
                for _ in 0..size {
                    lock(&server).arrive(clock.elapsed());
                }
            }));
        }
        let tasks = (0..200)
            .map(|_| simulation.call(CallPlan::draw(&mut rng, span)))
            .collect();
        let calls = simulation.fixture.run(tasks).await;
        simulation.check(&calls);
        ours += lock(&simulation.server).ours.len();
        refused += lock(&simulation.server).refused;
        seen += calls.iter().filter(|call| call.external > 0).count();
        // All calls were admitted in the end, not much later than the last of them arrived.
        assert!(
            simulation.fixture.clock.elapsed() < ms(2 * span),
            "{:?}",
            simulation.fixture.clock
        );
    }
    println!("{refused} of {ours} were refused, {seen} replies showed external requests");
    assert!(refused * 8 < ours, "{refused} of {ours}");
    assert!(seen > 0);
}
