//! The limiter while Redis loses its entries, processes are suspended, networks have faults, and
//! clocks differ, against a stub of the platform that counts by itself.
//!
//! `HOOPAI_FAULT_RUNS` sets the number of random runs.

use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use hoopai_redis::RedisLimiter;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::time::{BoxFuture, Clock, SystemClock};
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Direction, Fault, Proxy, RedisServer, Server, seeds};

use crate::limiter::{Load, Process, Rejections, begin_before, exchanges, platform, send};

/// The longest time of a run.
const PATIENCE: Duration = Duration::from_secs(100);

/// The number of random runs: `HOOPAI_FAULT_RUNS`, or this one.
fn runs(default: u64) -> u64 {
    let runs = std::env::var("HOOPAI_FAULT_RUNS").ok();
    runs.map_or(default, |runs| {
        runs.parse().expect("a number in HOOPAI_FAULT_RUNS")
    })
}

/// What happens to Redis or to processes under load.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// All entries are removed.
    Flush,
    /// The server crashes, loses its entries, and is started again after this time.
    Crash(Duration),
    /// The server crashes and starts with entries of an earlier time.
    OldSnapshot,
    /// Three processes are suspended for this time, while the entries are lost.
    Suspend(Duration),
}

/// A tenth of the platform's limit and a twentieth of its interval.
const OF_PROCESSES: Load = Load {
    max: 60,
    interval: Duration::from_millis(500),
    calls: 200,
};

/// Redis loses its entries, and processes are suspended, under the load of eight processes.
#[test]
fn processes_keep_to_the_limit_when_redis_loses_its_entries() {
    let Some(mut redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let mut failed = Vec::new();
    for seed in seeds(runs(1)) {
        let (refused, rejections, report) = run_of_processes(&mut redis, seed);
        println!(
            "seed {seed}: {refused} rejections, {} without a late request, {} late requests, \
             {report}\n{rejections}",
            rejections.unexplained, rejections.late
        );
        // A process can be stopped after its last check of a permit and before the request is
        // written. Such a request is late, and no client can prevent it.
        if rejections.unexplained > 0 {
            failed.push((seed, refused));
        }
    }
    assert!(failed.is_empty(), "seeds with rejections: {failed:?}");
}

fn run_of_processes(redis: &mut RedisServer, seed: u64) -> (usize, Rejections, String) {
    let mut random = Rng::with_seed(seed);
    let interval = OF_PROCESSES.interval;
    send::<()>(redis, &["FLUSHALL"]);
    begin_before(redis);
    let (server, platform) = platform(OF_PROCESSES);
    let processes: Vec<_> = (0..8)
        .map(|_| Process::start(redis, &server, OF_PROCESSES))
        .collect();
    let count = || platform.lock().unwrap().succeeded.len();
    let mut events = [
        Event::Flush,
        Event::Crash(interval.mul_f64(random.f64() * 2.0)),
        Event::OldSnapshot,
        // For twice the time for which the whole share can be used, or any part of it.
        Event::Suspend(interval * if random.bool() { 3 } else { 20 }),
    ];
    random.shuffle(&mut events);
    let mut busiest = 0;
    for (index, event) in (1..).zip(events) {
        // The calls of three processes can be those that are left.
        while count() < index * 200 + random.usize(..100) {
            std::thread::sleep(Duration::from_millis(5));
        }
        match event {
            Event::Flush => send::<()>(redis, &["FLUSHALL"]),
            Event::Crash(outage) => {
                redis.kill();
                std::thread::sleep(outage);
                redis.restart();
            }
            Event::OldSnapshot => {
                send::<()>(redis, &["SAVE"]);
                std::thread::sleep(interval * 2);
                redis.restart();
            }
            Event::Suspend(pause) => {
                let suspended = random.usize(..6);
                for process in &processes[suspended..suspended + 3] {
                    process.signal("-STOP");
                }
                std::thread::sleep(interval.mul_f64(random.f64()));
                send::<()>(redis, &["FLUSHALL"]);
                std::thread::sleep(pause);
                for process in &processes[suspended..suspended + 3] {
                    process.signal("-CONT");
                }
            }
        }
        let before = exchanges(redis);
        std::thread::sleep(interval);
        busiest = busiest.max(exchanges(redis) - before);
    }
    let sent: Vec<_> = processes.into_iter().flat_map(Process::succeeds).collect();
    // Eight processes usually exchange 16 times in an interval, and at most 128 times.
    assert!(busiest <= 128, "seed {seed}: {busiest}");
    let platform = platform.lock().unwrap();
    assert_eq!(
        platform.succeeded.len(),
        8 * OF_PROCESSES.calls,
        "seed {seed}"
    );
    let took = platform
        .succeeded
        .last()
        .unwrap()
        .duration_since(platform.succeeded[0]);
    let report = format!("{took:?}, at most {busiest} exchanges in an interval after {events:?}");
    let rejections = platform.rejections(&sent, interval);
    (platform.refused, rejections, report)
}

/// The system clock, with an error of the time of day.
struct SkewedClock {
    error: Duration,
    is_ahead: bool,
}

impl Clock for SkewedClock {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn system_time(&self) -> SystemTime {
        match self.is_ahead {
            true => SystemClock.system_time() + self.error,
            false => SystemClock.system_time() - self.error,
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

const CLIENTS: usize = 6;
const OF_CLIENTS: Load = Load {
    max: 40,
    interval: Duration::from_millis(250),
    calls: 60,
};

fn client(random: &mut Rng, proxy: &Proxy, server: &Server, prefix: &str) -> Handle {
    let limiter = RedisLimiter::connect(&format!("redis://127.0.0.1:{}/0", proxy.port()));
    let limits = RateLimitSettings::default()
        .max(OF_CLIENTS.max as u32)
        .interval(OF_CLIENTS.interval)
        .daily(random.bool().then_some(10_000))
        .without_share(0)
        .max_wait(PATIENCE);
    let clock = SkewedClock {
        error: Duration::from_secs(random.u64(..=300)),
        is_ahead: random.bool(),
    };
    let builder = Handle::builder()
        .private_token("pit-1")
        .location("loc-1")
        .base_url(&server.url)
        .clock(clock)
        .limits(limits)
        .limiter_backend(limiter.unwrap().prefix(prefix))
        .timeout(PATIENCE);
    builder.build().unwrap()
}

/// One run. Returns the numbers of refused requests and of lost entries.
async fn run(redis: &mut RedisServer, seed: u64) -> (usize, usize) {
    let mut random = Rng::with_seed(seed);
    let (server, counts) = platform(OF_CLIENTS);
    let (mut proxies, mut calls) = (Vec::new(), Vec::new());
    for number in 0..CLIENTS {
        let proxy = Proxy::start(redis.port(), random.u64(..)).await;
        let client = client(&mut random, &proxy, &server, &format!("run-{seed}"));
        // Some join later, without a share.
        let start = match number {
            0..4 => 0,
            _ => random.u64(..1500),
        };
        for _ in 0..OF_CLIENTS.calls {
            let call = client.request(Method::GET, "/contacts/c");
            let pause = Duration::from_millis(start + random.u64(..500));
            calls.push(tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                call.send().await.map(drop)
            }));
        }
        proxies.push((proxy, Instant::now()));
    }
    let mut losses = 0;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(random.u64(20..120))).await;
        let index = random.usize(..CLIENTS);
        let fault = match random.u8(..8) {
            0 => Fault::Cut,
            1 => Fault::Reset,
            2 => Fault::HalfOpen,
            3 => Fault::Latency(Duration::from_millis(random.u64(1..100))),
            _ => Fault::None,
        };
        proxies[index]
            .0
            .set(Direction::ALL[random.usize(..2)], fault);
        match random.u8(..12) {
            0 => {
                losses += 1;
                tokio::task::block_in_place(|| send::<()>(redis, &["FLUSHALL"]));
            }
            1 => {
                losses += 1;
                tokio::task::block_in_place(|| redis.kill());
                tokio::time::sleep(Duration::from_millis(random.u64(..400))).await;
                tokio::task::block_in_place(|| redis.restart());
            }
            _ => {}
        }
        // A process that is cut off alone for longer than eight intervals is a case of its own.
        for (proxy, healed) in &mut proxies {
            if healed.elapsed() > OF_CLIENTS.interval * 6 {
                proxy.heal();
                *healed = Instant::now();
            }
        }
    }
    for (proxy, _) in &proxies {
        proxy.heal();
    }
    for call in calls {
        let call = tokio::time::timeout(PATIENCE, call).await;
        let result = call.unwrap_or_else(|_| panic!("seed {seed}: a call does not end"));
        let result = result.unwrap();
        result.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let counts = counts.lock().unwrap();
    let succeeded = counts.succeeded.len();
    assert_eq!(succeeded, CLIENTS * OF_CLIENTS.calls, "seed {seed}");
    (counts.refused, losses)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn faults_of_networks_do_not_exceed_the_limit() {
    let Some(mut redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let (mut losses, mut failed) = (0, Vec::new());
    let runs = runs(2);
    for seed in seeds(runs) {
        let (refused, lost) = run(&mut redis, seed).await;
        losses += lost;
        if refused > 0 {
            failed.push((seed, refused));
        }
    }
    println!("{runs} runs, entries lost {losses} times, seeds with rejections: {failed:?}");
    assert!(failed.is_empty(), "{failed:?}");
}

/// The network loses a connection without an error. The next exchanges use another one, also if the
/// limiter stops waiting before the time of the connection ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_replies_is_replaced() {
    let Some(redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    begin_before(&redis);
    for direction in Direction::ALL {
        let (server, counts) = platform(OF_CLIENTS);
        let proxy = Proxy::start(redis.port(), 1).await;
        let client = client(&mut Rng::with_seed(1), &proxy, &server, "hoopai");
        let call = || async { client.request(Method::GET, "/contacts/c").send().await };
        call().await.unwrap();
        proxy.set(direction, Fault::HalfOpen);
        while !client.rate_limit_snapshot().is_cut_off {
            call().await.unwrap();
        }
        proxy.heal();
        while client.rate_limit_snapshot().is_cut_off {
            call().await.unwrap();
        }
        assert!(proxy.connections() >= 2);
        assert_eq!(counts.lock().unwrap().refused, 0, "{direction:?}");
    }
}
