//! Rate limits that the server does not declare, or reports wrongly.
//!
//! Servers count on the clock of the client, which is moved whenever nothing is on the wire.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use hoopai::observe::{CallInfo, CallOutcome, Observer};
use hoopai::time::ManualClock;
use hoopai::{Client, Error, ErrorKind};
use hoopai_conformance::{Reply, Request, Server};

const CONTACT: &str = r#"{"contact":{"id":"c1"}}"#;
const TOO_MANY: &str = r#"{"statusCode":429,"message":"Too Many Requests"}"#;

/// How many requests are on the wire.
#[derive(Clone, Default)]
struct OnTheWire(Arc<AtomicUsize>);

impl Observer for OnTheWire {
    fn on_send(&self, _: &CallInfo<'_>, _: u32) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn on_attempt(&self, _: &CallInfo<'_>, _: &CallOutcome) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Setup {
    server: Server,
    client: Client,
    clock: ManualClock,
    on_the_wire: OnTheWire,
}

impl Setup {
    async fn new(
        clock: ManualClock,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(script).await;
        let on_the_wire = OnTheWire::default();
        let client = Client::builder()
            .private_token("pit-1")
            .location("loc1")
            .base_url(&server.url)
            .clock(clock.clone())
            .observer(on_the_wire.clone())
            .build()
            .unwrap();
        Setup {
            server,
            client,
            clock,
            on_the_wire,
        }
    }

    /// Runs until the work is done, and moves the clock while nothing is on the wire.
    async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let (mut quiet, mut seen) = (0, (0, 0));
        loop {
            let polled = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            if let Poll::Ready(value) = polled.await {
                return value;
            }
            tokio::task::yield_now().await;
            let now = (
                self.clock.sleepers(),
                self.on_the_wire.0.load(Ordering::SeqCst),
            );
            quiet = if now == seen && now.1 == 0 {
                quiet + 1
            } else {
                0
            };
            seen = now;
            if quiet > 20 {
                self.clock.advance_to_next();
                quiet = 0;
            }
        }
    }

    async fn read(&self) -> Result<(), Error> {
        let read = self.client.contacts().get_contact().contact_id("c1");
        self.run(read.send()).await.map(drop)
    }

    /// So many calls at once. Returns the errors.
    async fn burst(&self, calls: usize) -> Vec<Error> {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..calls {
            let contacts = self.client.contacts();
            tasks.spawn(contacts.get_contact().contact_id("c1").send());
        }
        let results = self.run(tasks.join_all()).await;
        results.into_iter().filter_map(Result::err).collect()
    }
}

#[tokio::test]
async fn a_limit_that_is_not_declared_is_learnt_from_refusals() {
    for (limit, interval) in [(25, Duration::from_secs(2)), (60, Duration::from_secs(10))] {
        let clock = ManualClock::new();
        let (time, window) = (clock.clone(), Mutex::new(VecDeque::new()));
        let setup = Setup::new(clock, move |_| {
            let (mut window, now) = (window.lock().unwrap(), time.elapsed());
            while window.front().is_some_and(|at| *at + interval <= now) {
                window.pop_front();
            }
            if window.len() >= limit {
                return Reply::json(429, TOO_MANY);
            }
            window.push_back(now);
            Reply::json(200, CONTACT)
        })
        .await;
        let failed = setup.burst(250).await;
        assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
        let (sent, took) = (setup.server.count(), setup.clock.elapsed());
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
async fn a_zero_that_other_replies_contradict_blocks_nothing() {
    for wrong in 0..3 {
        let replies = AtomicUsize::new(0);
        let setup = Setup::new(ManualClock::new(), move |_| {
            let number = replies.fetch_add(1, Ordering::SeqCst);
            let left = (199_999 - number).to_string();
            let left = if number == wrong { "0" } else { &*left };
            Reply::with(200, &daily(left), CONTACT)
        })
        .await;
        for call in 0..6 {
            let result = setup.read().await;
            assert!(result.is_ok(), "reply {wrong}, call {call}: {result:?}");
        }
    }
}

/// Each reply reports that nothing is left, and yet all calls go well.
#[tokio::test]
async fn a_server_that_always_reports_zero_blocks_nothing() {
    let setup = Setup::new(ManualClock::new(), |_| {
        Reply::with(200, &daily("0"), CONTACT)
    })
    .await;
    for _ in 0..20 {
        setup.read().await.unwrap();
    }
    assert_eq!(setup.server.count(), 20);
}

#[tokio::test]
async fn an_end_of_the_day_that_contradicts_itself_renews_nothing() {
    let replies = AtomicUsize::new(0);
    let setup = Setup::new(ManualClock::new(), move |_| {
        let number = replies.fetch_add(1, Ordering::SeqCst);
        let left = (2_000 - number).to_string();
        let mut headers = daily(&left);
        let reset = ["40000000", "100", "86400000", "40000000"][number.min(3)];
        headers.push(("x-ratelimit-daily-reset", reset));
        Reply::with(200, &headers, CONTACT)
    })
    .await;
    for _ in 0..4 {
        setup.read().await.unwrap();
        setup.clock.advance(Duration::from_secs(1));
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
async fn a_day_that_is_spent_is_probed_by_one_call_at_an_interval() {
    let clock = ManualClock::new();
    let time = clock.clone();
    let hour = Duration::from_secs(3_600);
    let setup = Setup::new(clock, move |_| match time.elapsed() {
        Duration::ZERO => Reply::with(200, &daily("5000"), CONTACT),
        now if now < hour => Reply::with(429, &daily("0"), TOO_MANY),
        _ => Reply::with(200, &daily("150000"), CONTACT),
    })
    .await;
    setup.read().await.unwrap();
    setup.clock.advance(Duration::from_secs(60));
    let error = setup.read().await.unwrap_err();
    assert!(error.is_rate_limited(), "{error}");
    let refused = setup.server.count();

    let mut probes = 0;
    while setup.clock.elapsed() < hour {
        for error in setup.burst(20).await {
            assert!(error.is_rate_limited(), "{error}");
            let wait = error.retry_after().unwrap();
            assert!(wait <= Duration::from_secs(300), "{wait:?}");
        }
        probes = setup.server.count() - refused;
        let due = setup.clock.elapsed().as_secs() / 300 + 1;
        assert!(probes as u64 <= due, "{probes} probes");
        setup.clock.advance(Duration::from_secs(100));
    }
    assert!(probes >= 8, "{probes} probes");

    // Another kind of error than a refusal of the server: nothing was sent.
    setup.clock.advance(Duration::from_secs(300));
    setup.read().await.unwrap();
    let failed = setup.burst(20).await;
    assert!(failed.is_empty(), "{}", failed[0]);
    assert_eq!(
        setup.client.handle().rate_limit_snapshot().daily_left,
        Some(150_000 - 20)
    );
}

#[tokio::test]
async fn a_call_that_is_held_for_the_day_says_when_to_try_again() {
    let setup = Setup::new(ManualClock::new(), |_| {
        Reply::with(429, &daily("0"), TOO_MANY)
    })
    .await;
    setup.read().await.unwrap_err();
    let sent = setup.server.count();
    let error = setup.read().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimit, 0));
    assert!(error.to_string().contains("5 min"), "{error}");
    assert_eq!(setup.server.count(), sent);
}
