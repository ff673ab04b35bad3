//! The limiter on a real server, with real processes, against a stub of the platform that counts by
//! itself.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hoopai_redis::RedisLimiter;
use hoopai_runtime::observe::{CallInfo, Observer, WaitReason};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::rate_limit::conformance::LimiterChecks;
use hoopai_runtime::rate_limit::{LimitKey, LimiterBackend, ShareReport};
use hoopai_runtime::{Handle, Method};
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

/// An old snapshot has no shares that were granted later, but can have the declaration that none were
/// lost. The server can be back before a report is due.
#[tokio::test]
async fn a_server_with_an_old_snapshot_gives_no_share_that_others_have() {
    let Some(mut server) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let key = LimitKey::new("app", "location:1");
    let report = |client, number, demand, interval| {
        let mut report = ShareReport::new(client, 60, interval);
        (report.number, report.demand, report.need) = (number, demand, demand);
        report
    };
    // The entry of the snapshot expires after 14 intervals.
    for (interval, reports) in [(20, 8), (60_000, 1)] {
        let interval = Duration::from_millis(interval);
        let limiter = RedisLimiter::connect(&server.url()).unwrap();
        send::<()>(&server, &["FLUSHALL"]);
        begin_before(&server);
        let before = report(1, 1, 20, interval);
        let share = limiter.exchange(&key, &before).await.unwrap().share;
        assert_eq!(share, 20);
        send::<()>(&server, &["SAVE"]);
        let mut after = report(1, 2, 60, interval);
        after.share = share;
        for number in 0..reports {
            after.number += number;
            after.share = limiter.exchange(&key, &after).await.unwrap().share;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(after.share, 60);
        server.restart();
        let limiter = RedisLimiter::connect(&server.url()).unwrap();
        let other = report(2, 1, 60, interval);
        let reply = limiter.exchange(&key, &other).await.unwrap();
        assert_eq!(reply.share, 0, "{interval:?}");
        assert!(reply.is_recovering, "{interval:?}");
    }
}

/// The platform: counts requests in its own window, and refuses what is above the limit.
#[derive(Default)]
pub(crate) struct Platform {
    counted: VecDeque<Instant>,
    pub(crate) succeeded: Vec<Instant>,
    pub(crate) refused: usize,
    /// Each request, with the name of its call, and whether it was refused.
    arrived: Vec<(String, Duration, bool)>,
}

/// The time of day, which all processes of a test read.
fn time_of_day() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap()
}

/// The header with the name of a call, and the variable with the name of a process.
const CALL: &str = "x-call";

/// The times of the requests in the windows of rejections.
#[derive(Default)]
pub(crate) struct Rejections {
    /// Those without a late request in their window.
    pub(crate) unexplained: usize,
    /// Requests that were counted later than half an interval after they were sent.
    pub(crate) late: usize,
    rows: String,
}

impl fmt::Display for Rejections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rows)
    }
}

impl Platform {
    /// Explains the rejections by the times at which processes sent their requests. Shares allow for
    /// half an interval from the last check of a permit to the count of its request (see `Ledger`).
    pub(crate) fn rejections(&self, sent: &[Sent], interval: Duration) -> Rejections {
        let mut times: HashMap<&str, VecDeque<&Sent>> = HashMap::new();
        for sent in sent {
            times.entry(&sent.call).or_default().push_back(sent);
        }
        let requests: Vec<_> = self
            .arrived
            .iter()
            .map(|(call, at, is_refused)| {
                let sent = times.get_mut(&**call).and_then(VecDeque::pop_front);
                (call, sent, *at, *is_refused)
            })
            .collect();
        let is_late = |sent: &Option<&Sent>, at: Duration| {
            sent.is_some_and(|sent| at.saturating_sub(sent.at) > interval / 2)
        };
        let mut rejections = Rejections::default();
        for (index, (_, sent, at, _)) in requests.iter().enumerate() {
            rejections.late += usize::from(is_late(sent, *at));
            if !requests[index].3 {
                continue;
            }
            let window = || {
                let requests = requests[..=index].iter();
                requests.filter(|(_, _, counted, _)| *counted + interval > *at)
            };
            if !window().any(|(_, sent, at, _)| is_late(sent, *at)) {
                rejections.unexplained += 1;
            }
            if rejections.rows.is_empty() {
                rejections.rows = "call: admitted, sent and counted, before the rejection\n".into();
                for (call, sent, counted, _) in window() {
                    let before = |time: Duration| at.saturating_sub(time);
                    let sent = sent.map(|sent| (sent.admitted.map(before), before(sent.at)));
                    let row = format!("{call}: {sent:?}, {:?}\n", before(*counted));
                    rejections.rows.push_str(&row);
                }
            }
        }
        rejections
    }
}

/// When a process sent a request.
pub(crate) struct Sent {
    call: String,
    /// The end of its wait for the limit.
    admitted: Option<Duration>,
    at: Duration,
}

impl Sent {
    /// Reads the output of a process.
    fn of_output(output: &str) -> Vec<Self> {
        let lines = output.lines().filter_map(|line| {
            let mut words = line.strip_prefix("sent ")?.split(' ');
            let call = words.next()?.to_owned();
            let mut time = || words.next()?.parse().ok().map(Duration::from_micros);
            let (at, admitted) = (time()?, time());
            Some(Sent { call, admitted, at })
        });
        lines.collect()
    }
}

tokio::task_local! {
    /// The name of the call of a task.
    static NAME: String;
}

/// Records when requests are sent.
#[derive(Clone, Default)]
struct Times {
    admitted: Arc<Mutex<HashMap<String, Duration>>>,
    sent: Arc<Mutex<String>>,
}

impl Observer for Times {
    fn on_wait(&self, _: &CallInfo<'_>, _: WaitReason, _: Duration) {
        let mut admitted = self.admitted.lock().unwrap();
        admitted.insert(NAME.get(), time_of_day());
    }

    fn on_send(&self, _: &CallInfo<'_>, _: u32) {
        let now = time_of_day();
        let admitted = self.admitted.lock().unwrap().remove(&NAME.get());
        let admitted = admitted.map(|at| at.as_micros().to_string());
        let (name, admitted) = (NAME.get(), admitted.unwrap_or_default());
        let line = format!("sent {name} {} {admitted}\n", now.as_micros());
        self.sent.lock().unwrap().push_str(&line);
    }
}

pub(crate) fn platform(load: Load) -> (Server, Arc<Mutex<Platform>>) {
    let platform = Arc::new(Mutex::new(Platform::default()));
    let counts = platform.clone();
    let server = Server::on_thread(move |request| {
        let mut counts = counts.lock().unwrap();
        let (now, time) = (Instant::now(), time_of_day());
        let call = request.header(CALL).unwrap_or_default().to_owned();
        while counts
            .counted
            .front()
            .is_some_and(|at| *at + load.interval <= now)
        {
            counts.counted.pop_front();
        }
        let is_refused = counts.counted.len() >= load.max;
        counts.arrived.push((call, time, is_refused));
        if is_refused {
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
    let times = Times::default();
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
            .observer(times.clone())
            .build()
            .unwrap();
        let calls: Vec<_> = (0..calls)
            .map(|number| {
                let name = format!("{}-{number}", std::process::id());
                let call = handle.request(Method::GET, "/contacts/c");
                let call = call.header(CALL, name.clone());
                let call = async move { call.send().await.is_ok() };
                tokio::spawn(NAME.scope(name, call))
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
    println!("\n{}", times.sent.lock().unwrap());
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
            .stdout(Stdio::piped())
            .spawn();
        Process(process.unwrap())
    }

    /// Asserts that all of its calls succeed. Returns when it sent its requests.
    pub(crate) fn succeeds(mut self) -> Vec<Sent> {
        // The pipe holds the output of about a thousand calls.
        let status = self.0.wait().unwrap();
        let mut output = String::new();
        let mut stdout = self.0.stdout.take().unwrap();
        stdout.read_to_string(&mut output).unwrap();
        assert!(status.success(), "{output}");
        Sent::of_output(&output)
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
    // The calls last longer than the outage.
    let load = Load {
        calls: LOAD_OF_ALL.calls + 15 * outage().as_secs() as usize,
        ..LOAD_OF_ALL
    };
    let processes = start_processes(&redis, &server, load);
    let count = || platform.lock().unwrap().succeeded.len();
    while count() < 500 {
        std::thread::sleep(Duration::from_millis(20));
    }
    redis.kill();
    let (before, outage) = (count(), outage());
    std::thread::sleep(outage);
    let during = count() - before;
    drop(processes);
    let platform = platform.lock().unwrap();
    println!(
        "{during} successes in {outage:?} without Redis, {} rejections",
        platform.refused
    );
    assert_eq!(platform.refused, 0);
    let possible = LOAD_OF_ALL.max as u64 * outage.as_secs();
    assert!(
        during as u64 * 100 >= possible * 70,
        "{during} of {possible}"
    );
}

/// The time without Redis: `HOOPAI_OUTAGE_SECONDS`, or ten intervals.
fn outage() -> Duration {
    let seconds = std::env::var("HOOPAI_OUTAGE_SECONDS").ok();
    Duration::from_secs(seconds.map_or(10, |seconds| {
        seconds.parse().expect("a number in HOOPAI_OUTAGE_SECONDS")
    }))
}
