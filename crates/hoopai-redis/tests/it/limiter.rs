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
const PROCESSES: usize = 8;
const CALLS: usize = 250;
const MAX: usize = 100;

/// A tenth of the platform's.
const INTERVAL: Duration = Duration::from_secs(1);

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
    let report = ShareReport::new(1, 100, INTERVAL);
    let key = LimitKey::new("app", "location:1");
    let error = limiter.exchange(&key, &report).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Redis") && !text.contains("s3cret"), "{text}");
    assert!(RedisLimiter::connect("http://s3cret").is_err());
}

/// The platform: counts requests in its own window, and refuses what is above the limit.
#[derive(Default)]
struct Platform {
    counted: VecDeque<Instant>,
    succeeded: Vec<Instant>,
    refused: usize,
}

fn platform() -> (Server, Arc<Mutex<Platform>>) {
    let platform = Arc::new(Mutex::new(Platform::default()));
    let counts = platform.clone();
    let server = Server::on_thread(move |_| {
        let mut counts = counts.lock().unwrap();
        let now = Instant::now();
        while counts
            .counted
            .front()
            .is_some_and(|at| *at + INTERVAL <= now)
        {
            counts.counted.pop_front();
        }
        if counts.counted.len() >= MAX {
            counts.refused += 1;
            return Reply::json(429, r#"{"statusCode":429,"message":"Too Many Requests"}"#);
        }
        counts.counted.push_back(now);
        counts.succeeded.push(now);
        let remaining = MAX - counts.counted.len();
        let (max, remaining) = (MAX.to_string(), remaining.to_string());
        let interval = INTERVAL.as_millis().to_string();
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
    let (Ok(url), Ok(platform)) = (std::env::var(URL), std::env::var(PLATFORM)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let succeeded = runtime.block_on(async {
        let limits = RateLimitSettings::default()
            .interval(INTERVAL)
            .max_wait(Duration::from_secs(100));
        let handle = Handle::builder()
            .private_token("pit-1")
            .location("loc-1")
            .base_url(platform)
            .limits(limits)
            .limiter_backend(RedisLimiter::connect(&url).unwrap())
            .build()
            .unwrap();
        let calls: Vec<_> = (0..CALLS)
            .map(|_| {
                let call = handle.request(hoopai_runtime::Method::GET, "/contacts/c");
                tokio::spawn(async move { call.send().await.is_ok() })
            })
            .collect();
        let mut succeeded = 0;
        for call in calls {
            succeeded += usize::from(call.await.unwrap());
        }
        succeeded
    });
    assert_eq!(succeeded, CALLS);
}

fn start_processes(redis: &RedisServer, platform: &Server) -> Vec<std::process::Child> {
    let start = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "limiter::process", "--nocapture"])
            .envs([(URL, redis.url()), (PLATFORM, platform.url.clone())])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    (0..PROCESSES).map(start).collect()
}

fn wait_for(processes: Vec<std::process::Child>) {
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
}

/// Declares that no entries of the server were lost.
fn begin_before(redis: &RedisServer) {
    let client = hoopai_redis::redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    hoopai_redis::redis::cmd("SET")
        .arg("hoopai:limits-since")
        .arg(0)
        .exec(&mut connection)
        .unwrap();
}

/// The number of scripts that the server has run.
fn exchanges(redis: &RedisServer) -> u64 {
    let client = hoopai_redis::redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let statistics: String = hoopai_redis::redis::cmd("INFO")
        .arg("commandstats")
        .query(&mut connection)
        .unwrap();
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
    let (server, platform) = platform();
    wait_for(start_processes(&redis, &server));
    let exchanges = exchanges(&redis);
    let platform = platform.lock().unwrap();
    let (first, last) = (platform.succeeded[0], platform.succeeded.last().unwrap());
    let took = last.duration_since(first);
    println!(
        "{} successes, {} rejections, {took:?} of at least 19 s, {exchanges} exchanges ({:.3} per \
         call)",
        platform.succeeded.len(),
        platform.refused,
        exchanges as f64 / 2000.0
    );
    assert_eq!((platform.succeeded.len(), platform.refused), (2000, 0));
    assert!(exchanges <= 400, "{exchanges}");
}

#[test]
fn without_redis_processes_keep_to_their_shares() {
    let Some(mut redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    begin_before(&redis);
    let (server, platform) = platform();
    let processes = start_processes(&redis, &server);
    let count = || platform.lock().unwrap().succeeded.len();
    while count() < 500 {
        std::thread::sleep(Duration::from_millis(20));
    }
    redis.kill();
    let (before, outage) = (count(), Duration::from_secs(10));
    std::thread::sleep(outage);
    let during = count() - before;
    for mut process in processes {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let platform = platform.lock().unwrap();
    println!(
        "{during} successes in {outage:?} without Redis, {} rejections",
        platform.refused
    );
    assert_eq!(platform.refused, 0);
    assert!(during >= 700, "{during} of 1000");
}
