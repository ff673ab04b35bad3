//! The limiter on a real server, with real processes, against a stub of the platform that counts by
//! itself.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hoopai_redis::RedisLimiter;
use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::rate_limit::conformance::LimiterChecks;
use hoopai_runtime::rate_limit::{LimitKey, LimiterBackend, ShareReport};
use hoopai_test_support::{RedisServer, Reply, Server};

const URL: &str = "HOOPAI_REDIS_LIMITER_URL";
const PLATFORM: &str = "HOOPAI_REDIS_LIMITER_PLATFORM";
const LOAD: &str = "HOOPAI_REDIS_LIMITER_LOAD";
const PROCESSES: usize = 8;

/// The limit, and the calls of each process.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) max: usize,
    pub(crate) interval: Duration,
    pub(crate) calls: usize,
}

/// The interval is a tenth of the platform's.
const LOAD_OF_ALL: Load = Load {
    max: 100,
    interval: Duration::from_secs(1),
    calls: 250,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let Some(server) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    begin_before(&server);
    let open = || RedisLimiter::connect(&server.url()).unwrap();
    LimiterChecks::new(open(), open()).run().await.unwrap();
    let debug = format!("{:?}", open());
    assert!(!debug.contains("127.0.0.1"), "{debug}");
}

#[tokio::test]
async fn errors_are_typed_and_in_time() {
    let limiter = RedisLimiter::connect("redis://:s3cret@127.0.0.1:1").unwrap();
    let report = ShareReport::new(1, 100, LOAD_OF_ALL.interval);
    let key = LimitKey::new("app", "location:1");
    let error = limiter.exchange(&key, &report).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Redis") && !text.contains("s3cret"), "{text}");
    assert!(RedisLimiter::connect("http://s3cret").is_err());
}

/// The platform: counts requests in its own window, and refuses what is above the limit.
#[derive(Default)]
pub(crate) struct Platform {
    counted: VecDeque<Instant>,
    pub(crate) succeeded: Vec<Instant>,
    pub(crate) refused: usize,
}

pub(crate) fn platform(load: Load) -> (Server, Arc<Mutex<Platform>>) {
    let platform = Arc::new(Mutex::new(Platform::default()));
    let counts = platform.clone();
    let server = Server::on_thread(move |_| {
        let mut counts = counts.lock().unwrap();
        let now = Instant::now();
        while counts
            .counted
            .front()
            .is_some_and(|at| *at + load.interval <= now)
        {
            counts.counted.pop_front();
        }
        if counts.counted.len() >= load.max {
            counts.refused += 1;
            return Reply::json(429, r#"{"statusCode":429,"message":"Too Many Requests"}"#);
        }
        counts.counted.push_back(now);
        counts.succeeded.push(now);
        let remaining = load.max - counts.counted.len();
        let (max, remaining) = (load.max.to_string(), remaining.to_string());
        let interval = load.interval.as_millis().to_string();
        let headers = [
            ("content-type", "application/json"),
            ("x-ratelimit-max", &*max),
            ("x-ratelimit-remaining", &*remaining),
            ("x-ratelimit-interval-milliseconds", &*interval),
        ];
        Reply::with_headers(200, &headers, r#"{"contact":{"id":"c"}}"#)
    });
    (server, platform)
}

/// The work of one process: calls at the same time.
#[test]
fn process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(platform)) = (variable(URL), variable(PLATFORM)) else {
        return;
    };
    let load = variable(LOAD).unwrap();
    let load: Vec<u32> = load
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    let [max, interval, calls] = load[..] else {
        panic!("three numbers");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let succeeded = runtime.block_on(async {
        let limits = RateLimitSettings::default()
            .max(max)
            .interval(Duration::from_millis(interval.into()))
            .max_wait(Duration::from_secs(100));
        let handle = Handle::builder()
            .private_token("pit-1")
            .location("loc-1")
            .base_url(platform)
            .limits(limits)
            .limiter_backend(RedisLimiter::connect(&url).unwrap())
            .build()
            .unwrap();
        let calls: Vec<_> = (0..calls)
            .map(|_| {
                let call = handle.request(hoopai_runtime::Method::GET, "/contacts/c");
                tokio::spawn(async move { call.send().await.is_ok() })
            })
            .collect();
        let mut succeeded = 0;
        for call in calls {
            succeeded += u32::from(call.await.unwrap());
        }
        // The share returns to the others only while the runtime runs.
        drop(handle);
        tokio::time::sleep(Duration::from_millis(200)).await;
        succeeded
    });
    assert_eq!(succeeded, calls);
}

/// A process that ends with the test.
pub(crate) struct Process(std::process::Child);

impl Process {
    pub(crate) fn start(redis: &RedisServer, platform: &Server, load: Load) -> Self {
        let numbers = format!("{} {} {}", load.max, load.interval.as_millis(), load.calls);
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "limiter::process", "--nocapture"])
            .envs([
                (URL, redis.url()),
                (PLATFORM, platform.url.clone()),
                (LOAD, numbers),
            ])
            .stdout(Stdio::null())
            .spawn();
        Process(process.unwrap())
    }

    /// Asserts that all of its calls succeed.
    pub(crate) fn succeeds(mut self) {
        assert!(self.0.wait().unwrap().success());
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let done = Command::new("kill").args([signal, &id]).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_processes(redis: &RedisServer, platform: &Server, load: Load) -> Vec<Process> {
    let start = |_| Process::start(redis, platform, load);
    (0..PROCESSES).map(start).collect()
}

/// Sends a command to the server.
pub(crate) fn send<T: hoopai_redis::redis::FromRedisValue>(
    redis: &RedisServer,
    command: &[&str],
) -> T {
    let client = hoopai_redis::redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let (name, arguments) = command.split_first().unwrap();
    hoopai_redis::redis::cmd(name)
        .arg(arguments)
        .query(&mut connection)
        .unwrap()
}

/// Declares that no entries of the server were lost.
pub(crate) fn begin_before(redis: &RedisServer) {
    send::<()>(redis, &["SET", "hoopai:limits-since", "0"]);
}

/// The number of scripts that the server has run.
pub(crate) fn exchanges(redis: &RedisServer) -> u64 {
    let statistics: String = send(redis, &["INFO", "commandstats"]);
    let calls = |line: &str| {
        let (_, rest) = line.split_once("calls=")?;
        rest.split(',').next()?.parse::<u64>().ok()
    };
    let lines = statistics.lines();
    let scripts = lines.filter(|line| line.starts_with("cmdstat_eval"));
    scripts.filter_map(calls).sum()
}

#[test]
fn eight_processes_share_a_limit() {
    let Some(redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    begin_before(&redis);
    // The time from an admission to the reply adds to each interval, so that it must not be short.
    let load = Load {
        interval: Duration::from_secs(2),
        ..LOAD_OF_ALL
    };
    let (server, platform) = platform(load);
    for process in start_processes(&redis, &server, load) {
        process.succeeds();
    }
    let exchanges = exchanges(&redis);
    let platform = platform.lock().unwrap();
    let (first, last) = (platform.succeeded[0], platform.succeeded.last().unwrap());
    let took = last.duration_since(first);
    let mut counts = vec![0; 30];
    for at in &platform.succeeded {
        counts[(at.duration_since(first).as_secs_f64() / load.interval.as_secs_f64()) as usize] +=
            1;
    }
    println!("calls in each interval: {counts:?}");
    let ratio = took.as_secs_f64() / (load.interval * 19).as_secs_f64();
    println!(
        "{} successes, {} rejections, {took:?} ({ratio:.3} of the ideal time), {exchanges} \
         exchanges ({:.3} per call)",
        platform.succeeded.len(),
        platform.refused,
        exchanges as f64 / 2000.0
    );
    assert_eq!((platform.succeeded.len(), platform.refused), (2000, 0));
    assert!(exchanges <= 400, "{exchanges}");
    // The calls fill 20 intervals exactly, so a single unused slot would add 5 %.
    assert!(ratio <= 1.05, "{ratio}");
}

#[test]
fn without_redis_processes_keep_to_their_shares() {
    let Some(mut redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    begin_before(&redis);
    let (server, platform) = platform(LOAD_OF_ALL);
    let processes = start_processes(&redis, &server, LOAD_OF_ALL);
    let count = || platform.lock().unwrap().succeeded.len();
    while count() < 500 {
        std::thread::sleep(Duration::from_millis(20));
    }
    redis.kill();
    let (before, outage) = (count(), Duration::from_secs(10));
    std::thread::sleep(outage);
    let during = count() - before;
    drop(processes);
    let platform = platform.lock().unwrap();
    println!(
        "{during} successes in {outage:?} without Redis, {} rejections",
        platform.refused
    );
    assert_eq!(platform.refused, 0);
    assert!(during >= 700, "{during} of 1000");
}
