//! The limiter behind networks with faults, on a server that crashes and loses its entries, with
//! clocks that differ.
//!
//! `HOOPAI_FAULT_RUNS` sets the number of random runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use hoopai_redis::RedisLimiter;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::time::{BoxFuture, Clock, SystemClock};
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Direction, Fault, Proxy, RedisServer, Reply, Server, seeds};

const CLIENTS: usize = 6;
const CALLS: usize = 60;
const MAX: usize = 40;
const INTERVAL: Duration = Duration::from_millis(250);

/// The longest time of a run.
const PATIENCE: Duration = Duration::from_secs(60);

/// The system clock, with an error of the time of day.
struct SkewedClock {
    seconds: u64,
    is_ahead: bool,
}

impl Clock for SkewedClock {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn system_time(&self) -> SystemTime {
        let error = Duration::from_secs(self.seconds);
        match self.is_ahead {
            true => SystemClock.system_time() + error,
            false => SystemClock.system_time() - error,
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// The times of the counted requests, and the number of refused ones.
#[derive(Default)]
struct Counts {
    window: VecDeque<Instant>,
    succeeded: usize,
    refused: usize,
}

fn platform() -> (Server, Arc<Mutex<Counts>>) {
    let counts = Arc::new(Mutex::new(Counts::default()));
    let shared = counts.clone();
    let server = Server::on_thread(move |_| {
        let mut counts = shared.lock().unwrap();
        let now = Instant::now();
        while counts
            .window
            .front()
            .is_some_and(|at| *at + INTERVAL <= now)
        {
            counts.window.pop_front();
        }
        if counts.window.len() >= MAX {
            counts.refused += 1;
            return Reply::json(429, r#"{"statusCode":429,"message":"Too Many Requests"}"#);
        }
        counts.window.push_back(now);
        counts.succeeded += 1;
        Reply::json(200, r#"{"contact":{"id":"c"}}"#)
    });
    (server, counts)
}

fn fault(random: &mut Rng) -> Fault {
    match random.u8(..8) {
        0 => Fault::Cut,
        1 => Fault::Reset,
        2 => Fault::HalfOpen,
        3 => Fault::Latency(Duration::from_millis(random.u64(1..100))),
        _ => Fault::None,
    }
}

/// One run. Returns the numbers of refused requests and of crashes, and the time.
async fn run(redis: &mut RedisServer, seed: u64) -> (usize, usize, Duration) {
    let mut random = Rng::with_seed(seed);
    let (server, counts) = platform();
    let started = Instant::now();
    let (mut proxies, mut calls) = (Vec::new(), Vec::new());
    for client in 0..CLIENTS {
        let proxy = Proxy::start(redis.port(), random.u64(..)).await;
        let url = format!("redis://127.0.0.1:{}/0", proxy.port());
        let limiter = RedisLimiter::connect(&url).unwrap();
        let limits = RateLimitSettings::default()
            .max(MAX as u32)
            .interval(INTERVAL)
            .daily(random.bool().then_some(10_000))
            .without_share(0)
            .max_wait(PATIENCE);
        let handle = Handle::builder()
            .private_token("pit-1")
            .location("loc-1")
            .base_url(&server.url)
            .clock(SkewedClock {
                seconds: random.u64(..=300),
                is_ahead: random.bool(),
            })
            .limits(limits)
            .limiter_backend(limiter.prefix(format!("run-{seed}")))
            .timeout(PATIENCE)
            .build()
            .unwrap();
        // Some join later, without a share.
        let start = match client {
            0..4 => 0,
            _ => random.u64(..1500),
        };
        for _ in 0..CALLS {
            let call = handle.request(Method::GET, "/contacts/c");
            let pause = Duration::from_millis(start + random.u64(..500));
            calls.push(tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                call.send().await.map(drop)
            }));
        }
        proxies.push(proxy);
    }
    let mut crashes = 0;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(random.u64(20..120))).await;
        let proxy = &proxies[random.usize(..CLIENTS)];
        proxy.set(Direction::ALL[random.usize(..2)], fault(&mut random));
        if random.u8(..12) == 0 {
            crashes += 1;
            // A partitioned process cannot report a share that is lost, so none is.
            for proxy in &proxies {
                proxy.heal();
            }
            tokio::task::block_in_place(|| redis.kill());
            tokio::time::sleep(Duration::from_millis(random.u64(..400))).await;
            tokio::task::block_in_place(|| redis.restart());
            tokio::time::sleep(INTERVAL * 2).await;
        }
    }
    for proxy in &proxies {
        proxy.heal();
    }
    for call in calls {
        let call = tokio::time::timeout(PATIENCE, call).await;
        let result = call.unwrap_or_else(|_| panic!("seed {seed}: a call does not end"));
        result
            .unwrap()
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let counts = counts.lock().unwrap();
    assert_eq!(counts.succeeded, CLIENTS * CALLS, "seed {seed}");
    (counts.refused, crashes, started.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_faults_do_not_exceed_the_limit() {
    let Some(mut redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let runs = std::env::var("HOOPAI_FAULT_RUNS").ok();
    let runs = runs.map_or(2, |runs| {
        runs.parse().expect("a number in HOOPAI_FAULT_RUNS")
    });
    let (mut crashes, mut longest, mut failed) = (0, Duration::ZERO, Vec::new());
    for seed in seeds(runs) {
        let (refused, crashed, took) = run(&mut redis, seed).await;
        crashes += crashed;
        longest = longest.max(took);
        if refused > 0 {
            failed.push((seed, refused));
        }
    }
    println!(
        "{runs} runs, {crashes} crashes of Redis, the longest took {longest:?}, seeds with rejections: {failed:?}"
    );
    assert!(failed.is_empty(), "{failed:?}");
}
