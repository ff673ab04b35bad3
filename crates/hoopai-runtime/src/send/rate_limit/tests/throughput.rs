//! The part of the limit that is used with slow replies, against servers that count at different
//! moments.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use hoopai_test_support::seed;

use super::super::RateLimitSettings;
use super::{Fixture, headers, ms};
use crate::time::{Clock, lock};

const MAX: usize = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// When the server counts a request, as a part of the time between sending and reply.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Counts {
    At(f64),
    Random,
    /// At a random one of both ends.
    Extremes,
    /// Alternately early and late.
    Alternating,
    /// A fixed time after sending, plus a small random one.
    After(u64, u64),
}

#[derive(Clone, Copy, Debug)]
enum Replies {
    Fixed(u64),
    Uniform(u64, u64),
    /// Mostly this; one in 20 takes ten times as long.
    LongTailed(u64),
}

#[derive(Default)]
struct Server {
    window: VecDeque<Duration>,
    accepted: Vec<Duration>,
    refused: usize,
}

impl Server {
    fn count(&mut self, now: Duration, ours: bool) -> (u16, usize) {
        while self.window.front().is_some_and(|at| *at + WINDOW <= now) {
            self.window.pop_front();
        }
        if self.window.len() >= MAX {
            self.refused += usize::from(ours);
            return (429, 0);
        }
        self.window.push_back(now);
        if ours {
            self.accepted.push(now);
        }
        (200, MAX - self.window.len())
    }
}

/// Returns the part of the limit that was used between 50 s and 150 s, and the number of refusals.
async fn run(seed: u64, counts: Counts, replies: Replies, others: usize) -> (f64, usize) {
    let fixture = Fixture::new(
        RateLimitSettings::default()
            .daily(None)
            .max_wait(Duration::MAX),
    );
    let server: Arc<Mutex<Server>> = Arc::default();
    let mut rng = Rng::with_seed(seed);
    for _ in 0..others {
        let (clock, server, at) = (fixture.clock.clone(), server.clone(), rng.u64(0..150_000));
        drop(fixture.spawn(async move {
            clock.sleep(ms(at)).await;
            lock(&server).count(clock.elapsed(), false);
        }));
    }
    let tasks = (0..MAX * 16)
        .map(|index| {
            let takes = match replies {
                Replies::Fixed(time) => time,
                Replies::Uniform(least, most) => rng.u64(least..=most),
                Replies::LongTailed(time) if rng.u8(0..20) == 0 => time * 10,
                Replies::LongTailed(time) => time,
            };
            let up = match counts {
                Counts::At(part) => (takes as f64 * part) as u64,
                Counts::Random => rng.u64(0..=takes),
                Counts::Extremes => rng.choice([0, takes]).unwrap_or(0),
                Counts::Alternating => takes * (index as u64 % 2),
                Counts::After(time, jitter) => (time + rng.u64(0..=jitter)).min(takes),
            };
            let (fixture, server) = (fixture.clone(), server.clone());
            fixture.clone().spawn(async move {
                loop {
                    let mut permit = fixture.limiter.acquire(None).await.unwrap();
                    permit.sent();
                    fixture.clock.sleep(ms(up)).await;
                    let (status, left) = lock(&server).count(fixture.clock.elapsed(), true);
                    fixture.clock.sleep(ms(takes - up)).await;
                    let pairs = [
                        ("x-ratelimit-max", &*MAX.to_string()),
                        ("x-ratelimit-remaining", &*left.to_string()),
                        ("x-ratelimit-interval-milliseconds", "10000"),
                    ];
                    permit.complete(status, &headers(&pairs));
                    if status != 429 {
                        return;
                    }
                }
            })
        })
        .collect();
    fixture.run(tasks).await;
    let server = lock(&server);
    let counted = (ms(50_000), ms(150_000));
    let used = server.accepted.iter();
    let used = used.filter(|at| (counted.0..counted.1).contains(*at));
    (used.count() as f64 / (10 * MAX) as f64, server.refused)
}

/// Without early release, 90.8 % and 76.8 % of the limit are used.
#[tokio::test]
async fn slow_replies_keep_throughput_when_counted_in_order() {
    let seed = seed();
    let steady = [
        Counts::At(0.0),
        Counts::At(0.5),
        Counts::At(1.0),
        Counts::After(50, 0),
    ];
    let mut runs = Vec::new();
    for counts in steady {
        runs.push((Replies::Fixed(1_000), counts, 0.97));
        runs.push((Replies::Fixed(3_000), counts, 0.92));
    }
    for counts in [Counts::At(0.0), Counts::After(50, 0)] {
        runs.push((Replies::Uniform(100, 1_900), counts, 0.97));
        runs.push((Replies::Uniform(500, 5_500), counts, 0.92));
        runs.push((Replies::LongTailed(700), counts, 0.97));
    }
    for (replies, counts, least) in runs {
        let (used, refused) = run(seed, counts, replies, 0).await;
        println!("{replies:?}, {counts:?}: {used:.3} of the limit");
        assert_eq!(refused, 0, "{replies:?}, {counts:?}");
        assert!(used >= least, "{replies:?}, {counts:?}: {used}");
    }
}

/// Slots are then held until one interval after the reply.
#[tokio::test]
async fn server_counting_at_any_moment_refuses_nothing() {
    let seed = seed();
    for replies in [
        Replies::Fixed(1_000),
        Replies::Fixed(3_000),
        Replies::Uniform(100, 1_900),
        Replies::Uniform(500, 5_500),
        Replies::LongTailed(700),
        Replies::Fixed(300),
    ] {
        for counts in [
            Counts::Random,
            Counts::Extremes,
            Counts::Alternating,
            Counts::After(20, 20),
        ] {
            let (used, refused) = run(seed, counts, replies, 0).await;
            println!("{replies:?}, {counts:?}: {used:.3} of the limit");
            assert_eq!(refused, 0, "{replies:?}, {counts:?}");
        }
    }
}

/// External requests are no evidence of an order, and some refusals cannot be avoided.
#[tokio::test]
async fn external_traffic_ends_early_release() {
    let seed = seed();
    for counts in [Counts::At(0.0), Counts::Random] {
        let (used, refused) = run(seed, counts, Replies::Fixed(1_000), 250).await;
        println!("{counts:?}: {used:.3} of the limit, {refused} refused");
        assert!(refused * 5 < MAX * 16, "{counts:?}: {refused}");
    }
}
