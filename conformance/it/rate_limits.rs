//! Rate limits that the server does not declare, or reports wrongly.
//!
//! Servers count on the clock of the client, which moves whenever no request is in flight.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use hoopai::{Client, Error, ErrorKind};
use hoopai_test_support::{Reply, Request, Server, VirtualTime};

use crate::client::{private, read};

const CONTACT: &str = r#"{"contact":{"id":"c1"}}"#;
const TOO_MANY: &str = r#"{"statusCode":429,"message":"Too Many Requests"}"#;

struct Setup {
    server: Server,
    client: Client,
    time: VirtualTime,
}

impl Setup {
    fn new(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::on_clock(VirtualTime::default(), script)
    }

    fn on_clock(
        time: VirtualTime,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(script);
        let client = private(&server.url).clock(time.clock.clone());
        Setup {
            client: client.observer(time.clone()).build().unwrap(),
            server,
            time,
        }
    }

    async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let (server, clock) = (&self.server, &self.time.clock);
        let run = self
            .time
            .run(work, || server.count(), |by| clock.advance(by));
        run.await
    }

    async fn read(&self) -> Result<(), Error> {
        self.run(read(&self.client)).await.map(drop)
    }

    /// Sends calls at once. Returns the errors.
    async fn burst(&self, calls: usize) -> Vec<Error> {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..calls {
            let client = self.client.clone();
            tasks.spawn(async move { read(&client).await });
        }
        let results = self.run(tasks.join_all()).await;
        results.into_iter().filter_map(Result::err).collect()
    }
}

#[tokio::test]
async fn undeclared_limit_is_learnt_from_429s() {
    for (limit, interval) in [(25, Duration::from_secs(2)), (60, Duration::from_secs(10))] {
        let time = VirtualTime::default();
        let (clock, window) = (time.clock.clone(), Mutex::new(VecDeque::new()));
        let setup = Setup::on_clock(time, move |_| {
            let (mut window, now) = (window.lock().unwrap(), clock.elapsed());
            while window.front().is_some_and(|at| *at + interval <= now) {
                window.pop_front();
            }
            if window.len() >= limit {
                return Reply::json(429, TOO_MANY);
            }
            window.push_back(now);
            Reply::json(200, CONTACT)
        });
        let failed = setup.burst(250).await;
        assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
        let (sent, took) = (setup.server.count(), setup.time.clock.elapsed());
        println!("{limit} in {interval:?}: 250 calls, {sent} requests, {took:?}");
        assert!(sent < 400, "{sent} requests for 250 calls");
        assert!(took < Duration::from_secs(60), "{took:?}");
    }
}

fn daily(remaining: &str) -> Vec<(&str, &str)> {
    vec![
        ("x-ratelimit-max", "100"),
        ("x-ratelimit-interval-milliseconds", "10000"),
        ("x-ratelimit-limit-daily", "200000"),
        ("x-ratelimit-daily-remaining", remaining),
    ]
}

#[tokio::test]
async fn single_wrong_daily_zero_blocks_no_call() {
    for wrong in 0..3 {
        let setup = Setup::new(move |request| {
            let left = (199_999 - request.index).to_string();
            let left = if request.index == wrong { "0" } else { &*left };
            Reply::with_headers(200, &daily(left), CONTACT)
        });
        for call in 0..6 {
            let result = setup.read().await;
            assert!(result.is_ok(), "reply {wrong}, call {call}: {result:?}");
        }
    }
}

#[tokio::test]
async fn constant_daily_zero_on_success_blocks_no_call() {
    let setup = Setup::new(|_| Reply::with_headers(200, &daily("0"), CONTACT));
    for _ in 0..20 {
        setup.read().await.unwrap();
    }
    assert_eq!(setup.server.count(), 20);
}

#[tokio::test]
async fn contradictory_daily_reset_renews_no_quota() {
    let setup = Setup::new(|request| {
        let left = (2_000 - request.index).to_string();
        let mut headers = daily(&left);
        let reset = ["40000000", "100", "86400000", "40000000"][request.index.min(3)];
        headers.push(("x-ratelimit-daily-reset", reset));
        Reply::with_headers(200, &headers, CONTACT)
    });
    for _ in 0..4 {
        setup.read().await.unwrap();
        setup.time.clock.advance(Duration::from_secs(1));
        let left = setup
            .client
            .handle()
            .rate_limit_snapshot()
            .daily_left
            .unwrap();
        assert!(left <= 2_000, "{left}");
    }
}

#[tokio::test]
async fn spent_day_is_probed_once_per_interval() {
    let time = VirtualTime::default();
    let clock = time.clock.clone();
    let hour = Duration::from_secs(3_600);
    let setup = Setup::on_clock(time, move |_| match clock.elapsed() {
        Duration::ZERO => Reply::with_headers(200, &daily("5000"), CONTACT),
        now if now < hour => Reply::with_headers(429, &daily("0"), TOO_MANY),
        _ => Reply::with_headers(200, &daily("150000"), CONTACT),
    });
    setup.read().await.unwrap();
    setup.time.clock.advance(Duration::from_secs(60));
    let error = setup.read().await.unwrap_err();
    assert!(error.is_rate_limited(), "{error}");
    let refused = setup.server.count();

    let mut probes = 0;
    while setup.time.clock.elapsed() < hour {
        for error in setup.burst(20).await {
            assert!(error.is_rate_limited(), "{error}");
            let wait = error.retry_after().unwrap();
            assert!(wait <= Duration::from_secs(300), "{wait:?}");
        }
        probes = setup.server.count() - refused;
        let due = setup.time.clock.elapsed().as_secs() / 300 + 1;
        assert!(probes as u64 <= due, "{probes} probes");
        setup.time.clock.advance(Duration::from_secs(100));
    }
    assert!(probes >= 8, "{probes} probes");

    // Another kind of error than a refusal of the server: nothing was sent.
    setup.time.clock.advance(Duration::from_secs(300));
    setup.read().await.unwrap();
    let failed = setup.burst(20).await;
    assert!(failed.is_empty(), "{}", failed[0]);
    assert_eq!(
        setup.client.handle().rate_limit_snapshot().daily_left,
        Some(150_000 - 20)
    );
}

#[tokio::test]
async fn call_blocked_by_spent_day_reports_retry_after() {
    let setup = Setup::new(|_| Reply::with_headers(429, &daily("0"), TOO_MANY));
    setup.read().await.unwrap_err();
    let sent = setup.server.count();
    let error = setup.read().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimit, 0));
    assert!(error.to_string().contains("5 min"), "{error}");
    assert_eq!(setup.server.count(), sent);
}
