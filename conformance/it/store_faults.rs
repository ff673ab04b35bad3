//! Shared token stores behind a network with faults, with servers that crash and processes that are
//! suspended.
//!
//! `HOOPAI_FAULT_RUNS` sets the number of random runs of each store.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use hoopai::auth::{FileStore, Lease, Record, StoreError, Swap, TokenKey, TokenSet, TokenStore};
use hoopai::runtime::time::{BoxFuture, Clock, SystemClock};
use hoopai::{AuthErrorKind, Client, Error};
use hoopai_test_support::{Direction, Fault, Proxy, Reply, Request, Server, seeds};
use secrecy::ExposeSecret;

use crate::client::{app, read};
use crate::databases::{Database, PATIENCE, key, number, open, record};

const DAY: u64 = 86_400;
const HOUR: Duration = Duration::from_secs(3_600);
const LEASE_LIFETIME: Duration = Duration::from_secs(2);

/// The system clock at a multiple of its speed, ahead by a time that tests set, and with an error of
/// the time of day.
#[derive(Clone)]
struct FastClock {
    start: (Instant, SystemTime),
    speed: u32,
    ahead: Arc<AtomicU64>,
    error: i64,
}

impl FastClock {
    fn new(speed: u32) -> Self {
        FastClock {
            start: (Instant::now(), SystemTime::now()),
            speed,
            ahead: Arc::default(),
            error: 0,
        }
    }

    fn passed(&self) -> Duration {
        let ahead = Duration::from_secs(self.ahead.load(Ordering::SeqCst));
        self.start.0.elapsed() * self.speed + ahead
    }

    fn advance(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for FastClock {
    fn now(&self) -> Instant {
        self.start.0 + self.passed()
    }

    fn system_time(&self) -> SystemTime {
        let error = Duration::from_secs(self.error.unsigned_abs());
        let time = self.start.1 + self.passed();
        if self.error < 0 {
            time - error
        } else {
            time + error
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration / self.speed)
    }
}

/// A platform that rotates refresh tokens, which consist of a location and a number.
struct Platform {
    server: Server,
    state: Arc<Mutex<PlatformState>>,
}

#[derive(Default)]
struct PlatformState {
    serials: HashMap<String, u64>,
    /// Whether the last reply is repeated.
    repeats: bool,
    /// Refreshes that replaced a token.
    refreshes: usize,
    /// Requests with a token that was replaced.
    spent: usize,
    delay: Duration,
    /// Is called when a token was replaced.
    on_refresh: Option<Box<dyn FnMut() + Send>>,
}

impl PlatformState {
    fn refresh(&mut self, request: &Request) -> Reply {
        let token = request.form("refresh_token").unwrap();
        let (location, sent) = token.split_once('/').unwrap();
        let sent: u64 = sent.parse().unwrap();
        let serial = self.serials.entry(location.to_owned()).or_insert(1);
        if sent == *serial {
            *serial += 1;
            self.refreshes += 1;
        } else {
            self.spent += 1;
            if !self.repeats || sent + 1 != *serial {
                return Reply::json(400, r#"{"error":"invalid_grant"}"#);
            }
        }
        let body = format!(
            r#"{{"access_token":"access-{location}-{serial}","refresh_token":"{location}/{serial}","expires_in":86399,"userType":"Location","companyId":"com-1","locationId":"{location}"}}"#
        );
        if let Some(on_refresh) = &mut self.on_refresh {
            on_refresh();
        }
        Reply::json(200, body).after(self.delay)
    }
}

impl Platform {
    fn start() -> Self {
        let state = Arc::new(Mutex::new(PlatformState::default()));
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| {
            if request.target == "/oauth/token" {
                return shared.lock().unwrap().refresh(request);
            }
            Reply::json(200, r#"{"contact":{"id":"c"}}"#)
        });
        Platform { server, state }
    }

    fn state(&self) -> MutexGuard<'_, PlatformState> {
        self.state.lock().unwrap()
    }

    fn refreshes(&self) -> usize {
        self.state().refreshes
    }

    fn client(&self, store: &Arc<dyn TokenStore>, clock: impl Clock) -> Client {
        Client::builder()
            .oauth_app(app())
            .token_store(Arc::clone(store))
            .base_url(&self.server.url)
            .clock(clock)
            .timeout(HOUR)
            .attempt_timeout(HOUR)
            .build()
            .unwrap()
    }

    /// Asserts that the last call was sent with the last token of a location.
    fn assert_last_token_used(&self, location: &str) {
        let serial = self.state().serials[location];
        let expected = format!("Bearer access-{location}-{serial}");
        let last = self.server.last();
        assert_eq!(last.header("authorization"), Some(expected.as_str()));
    }
}

/// Stores tokens of a location, of which the access token has expired.
async fn install(store: &Arc<dyn TokenStore>, location: &str) {
    let refresh = format!("{location}/1");
    let tokens = TokenSet::new("old", Some(refresh.into()), SystemTime::UNIX_EPOCH);
    let record = Record::new(tokens, 1);
    let swap = store.swap(&key(location), None, Some(record)).await;
    assert_eq!(swap.unwrap(), Swap::Done);
}

async fn stored(store: &Arc<dyn TokenStore>, location: &str) -> Record {
    store.load(&key(location)).await.unwrap().unwrap()
}

/// Asserts that the last token of a location is stored, and that no refresh is pending.
async fn assert_saved(store: &Arc<dyn TokenStore>, platform: &Platform, location: &str) {
    let record = stored(store, location).await;
    let serial = platform.state().serials[location];
    let token = record.tokens.refresh_token().unwrap().expose_secret();
    assert_eq!(token, format!("{location}/{serial}"));
    assert!(record.pending.is_none() && record.rejected_at.is_none());
}

async fn call(client: &Client, location: &str) -> Result<(), Error> {
    read(&client.as_location(location)).await.map(drop)
}

/// Calls until a call succeeds, with pauses by the clock of the client.
async fn call_until_success(client: &Client, location: &str, clock: &FastClock) {
    let started = Instant::now();
    while let Err(error) = call(client, location).await {
        assert!(started.elapsed() < PATIENCE, "{error}");
        clock.sleep(Duration::from_secs(1)).await;
    }
}

/// A store without faults of the network.
fn direct(database: &Database) -> Arc<dyn TokenStore> {
    database.open(database.port(), Duration::from_secs(30), LEASE_LIFETIME)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn operations_end_within_their_timeout_and_work_again() {
    const TIMEOUT: Duration = Duration::from_millis(400);
    for database in Database::start_all().await {
        let name = database.name();
        let checks = Direction::ALL.into_iter().flat_map(|direction| {
            [
                Fault::Cut,
                Fault::Reset,
                Fault::HalfOpen,
                Fault::Latency(Duration::from_secs(5)),
            ]
            .map(|fault| (direction, fault))
        });
        for (direction, fault) in checks {
            let proxy = Proxy::start(database.port(), 1).await;
            let store = database.open(proxy.port(), TIMEOUT, LEASE_LIFETIME);
            let key = key(&format!("{direction:?} {fault:?}"));
            // All connections of a pool are open.
            let warm = || async {
                let started = Instant::now();
                while store.load(&key).await.is_err() {
                    assert!(started.elapsed() < PATIENCE, "{name}");
                }
            };
            tokio::join!(warm(), warm(), warm(), warm());
            proxy.set(direction, fault);
            let operations = async {
                let load = store.load(&key).await.map(drop);
                let swap = store.swap(&key, None, Some(record(1))).await.map(drop);
                let keys = store.keys("app-1").await.map(drop);
                let lease = store.lease(&key, HOUR).await.map(drop);
                [load, swap, keys, lease]
            };
            let results = tokio::time::timeout(PATIENCE, operations).await;
            for result in results.expect("operations end") {
                assert!(result.is_err(), "{name}, {direction:?}, {fault:?}");
            }
            proxy.heal();
            // Lost connections are replaced: one by each operation at the latest.
            let mut attempts = 0;
            while let Err(error) = store.load(&key).await {
                attempts += 1;
                assert!(attempts < 10, "{name}, {direction:?}, {fault:?}: {error}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_whose_storing_is_uncertain_are_kept() {
    for database in Database::start_all().await {
        for direction in Direction::ALL {
            for fault in [Fault::Cut, Fault::Reset, Fault::HalfOpen] {
                let location = &*format!("{direction:?}-{fault:?}");
                let platform = Platform::start();
                let proxy = Arc::new(Proxy::start(database.port(), 1).await);
                let timeout = Duration::from_millis(400);
                let store = database.open(proxy.port(), timeout, HOUR);
                let direct = direct(&database);
                install(&direct, location).await;
                let faulty = Arc::clone(&proxy);
                platform.state().on_refresh = Some(Box::new(move || faulty.set(direction, fault)));
                let clock = FastClock::new(20);
                let client = platform.client(&store, clock.clone());
                for _ in 0..5 {
                    call_until_success(&client, location, &clock).await;
                    platform.assert_last_token_used(location);
                }
                assert_eq!(platform.refreshes(), 1);
                proxy.heal();
                assert!(client.tokens().unwrap().wait_idle(HOUR).await);
                assert_saved(&direct, &platform, location).await;
                let other = platform.client(&direct, clock.clone());
                call(&other, location).await.unwrap();
                platform.assert_last_token_used(location);
                let state = platform.state();
                assert_eq!((state.refreshes, state.spent), (1, 0));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_continue_until_the_token_expires() {
    for mut database in Database::start_all().await {
        for is_crash in [true, false] {
            let location = &*format!("crash-{is_crash}");
            let platform = Platform::start();
            let proxy = Proxy::start(database.port(), 1).await;
            let timeout = Duration::from_millis(400);
            let store = database.open(proxy.port(), timeout, LEASE_LIFETIME);
            install(&direct(&database), location).await;
            let clock = FastClock::new(20);
            let client = platform.client(&store, clock.clone());
            call_until_success(&client, location, &clock).await;
            if is_crash {
                tokio::task::block_in_place(|| database.kill());
            } else {
                for direction in Direction::ALL {
                    proxy.set(direction, Fault::HalfOpen);
                }
            }
            // The last hour, in which the token is due for a refresh, too.
            for _ in 0..23 {
                call(&client, location).await.unwrap();
                platform.assert_last_token_used(location);
                clock.advance(3_600);
            }
            clock.advance(3_600);
            for _ in 0..3 {
                let error = call(&client, location).await.unwrap_err();
                let kind = error.auth_error_kind();
                assert_eq!(kind, Some(AuthErrorKind::Store), "{error}");
            }
            assert_eq!(platform.refreshes(), 1);
            if is_crash {
                tokio::task::block_in_place(|| database.restart());
            }
            proxy.heal();
            call_until_success(&client, location, &clock).await;
            platform.assert_last_token_used(location);
            assert_eq!(platform.refreshes(), 2);
            assert_saved(&direct(&database), &platform, location).await;
        }
    }
}

/// Counts operations.
struct CountingStore {
    inner: Arc<dyn TokenStore>,
    operations: Arc<AtomicUsize>,
}

impl TokenStore for CountingStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.operations.fetch_add(1, Ordering::SeqCst);
        self.inner.load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        self.operations.fetch_add(1, Ordering::SeqCst);
        self.inner.swap(key, expected, new)
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        self.operations.fetch_add(1, Ordering::SeqCst);
        self.inner.lease(key, ttl)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_returns_gets_few_requests() {
    const ACCOUNTS: usize = 24;
    const MANAGERS: usize = 3;
    const CALLERS: usize = 10;
    for database in Database::start_all().await {
        let platform = Platform::start();
        let proxy = Proxy::start(database.port(), 1).await;
        let locations: Vec<_> = (0..ACCOUNTS).map(|n| format!("stampede-{n}")).collect();
        let store = direct(&database);
        for location in &locations {
            install(&store, location).await;
        }
        for direction in Direction::ALL {
            proxy.set(direction, Fault::Cut);
        }
        // A minute of the limit of the token endpoint is a second.
        let clock = FastClock::new(60);
        let operations = Arc::new(AtomicUsize::new(0));
        let mut callers = Vec::new();
        for _ in 0..MANAGERS {
            let store: Arc<dyn TokenStore> = Arc::new(CountingStore {
                inner: database.open(proxy.port(), Duration::from_secs(5), HOUR),
                operations: Arc::clone(&operations),
            });
            let client = platform.client(&store, clock.clone());
            for location in &locations {
                for _ in 0..CALLERS {
                    let (client, location) = (client.clone(), location.clone());
                    let clock = clock.clone();
                    callers.push(tokio::spawn(async move {
                        call_until_success(&client, &location, &clock).await;
                    }));
                }
            }
        }
        clock.sleep(Duration::from_secs(20)).await;
        assert_eq!(platform.refreshes(), 0);
        let (during, connections) = (operations.swap(0, Ordering::SeqCst), proxy.connections());
        proxy.heal();
        for caller in callers {
            caller.await.unwrap();
        }
        let operations = operations.load(Ordering::SeqCst);
        let opened = proxy.connections() - connections;
        println!(
            "{}: {during} operations without the server, {operations} afterwards, {opened} connections",
            database.name()
        );
        let state = platform.state();
        assert_eq!((state.refreshes, state.spent), (ACCOUNTS, 0));
        // Not each caller reads the store, only each account in each process does, until its turn at
        // the token endpoint has come.
        assert!(operations < ACCOUNTS * MANAGERS * 40, "{operations}");
    }
}

/// The store and the platform of a process that is suspended.
const STORE: &str = "HOOPAI_CONFORMANCE_SUSPENDED_STORE";
const URL: &str = "HOOPAI_CONFORMANCE_SUSPENDED_URL";
const LOCATION: &str = "HOOPAI_CONFORMANCE_SUSPENDED_LOCATION";

/// The work of a process that is suspended: one call.
#[test]
fn suspended_process() {
    let (Ok(store), Ok(url)) = (std::env::var(STORE), std::env::var(URL)) else {
        return;
    };
    let location = std::env::var(LOCATION).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::builder()
            .oauth_app(app())
            .token_store(open(&store, Duration::from_secs(10), LEASE_LIFETIME))
            .base_url(&url)
            .build()
            .unwrap();
        call(&client, &location).await.unwrap();
    });
}

/// A process, which is killed at the end of the test, also after a panic.
struct Suspended(Child);

impl Suspended {
    fn start(store: &str, platform: &Platform, location: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_faults::suspended_process", "--nocapture"])
            .envs([
                (STORE, store),
                (URL, &platform.server.url),
                (LOCATION, location),
            ])
            .stdout(Stdio::null())
            .spawn();
        Suspended(child.unwrap())
    }

    fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let done = Command::new("kill").args([signal, &id]).status();
        assert!(done.unwrap().success());
    }

    /// Waits until the process has ended. Returns whether its call succeeded.
    async fn succeeds(&mut self) -> bool {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.success();
            }
            assert!(started.elapsed() < PATIENCE, "the process ends");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// When a process is suspended, for twice the time of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Before it sends its refresh.
    BeforeRequest,
    /// After the platform has received the refresh. Is its reply repeated?
    AfterRequest { repeats: bool },
}

async fn suspend(database: &Database, moment: Moment) {
    let location = match moment {
        Moment::BeforeRequest => "before",
        Moment::AfterRequest { repeats: true } => "repeated",
        Moment::AfterRequest { repeats: false } => "refused",
    };
    let platform = Platform::start();
    let proxy = Proxy::start(database.port(), 1).await;
    let direct = direct(database);
    install(&direct, location).await;
    let refreshed = Arc::new(AtomicUsize::new(0));
    {
        let (mut state, refreshed) = (platform.state(), Arc::clone(&refreshed));
        state.delay = Duration::from_millis(300);
        state.repeats = moment == Moment::AfterRequest { repeats: true };
        state.on_refresh = Some(Box::new(move || {
            refreshed.fetch_add(1, Ordering::SeqCst);
        }));
    }
    if moment == Moment::BeforeRequest {
        // The process waits for the reply of the store when the record is stored.
        proxy.set(
            Direction::ToClient,
            Fault::Latency(Duration::from_millis(100)),
        );
    }
    let url = database.url(proxy.port());
    let mut process = Suspended::start(&url, &platform, location);
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < PATIENCE, "the process refreshes");
        let is_reached = match moment {
            Moment::BeforeRequest => stored(&direct, location).await.pending.is_some(),
            Moment::AfterRequest { .. } => refreshed.load(Ordering::SeqCst) > 0,
        };
        if is_reached {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    process.signal("-STOP");
    let suspended = Instant::now();
    let before = refreshed.load(Ordering::SeqCst);
    assert_eq!(before, usize::from(moment != Moment::BeforeRequest));
    let other = platform.client(&direct, SystemClock);
    let called = call(&other, location).await;
    match moment {
        Moment::AfterRequest { repeats: false } => {
            assert!(called.unwrap_err().needs_reinstall());
        }
        _ => called.unwrap(),
    }
    tokio::time::sleep((2 * LEASE_LIFETIME).saturating_sub(suspended.elapsed())).await;
    process.signal("-CONT");
    assert!(process.succeeds().await, "{moment:?}");
    assert_saved(&direct, &platform, location).await;
    call(&other, location).await.unwrap();
    platform.assert_last_token_used(location);
    let state = platform.state();
    let spent = usize::from(moment != Moment::BeforeRequest);
    assert_eq!((state.refreshes, state.spent), (1, spent), "{moment:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn suspended_processes_lose_no_token() {
    for database in Database::start_all().await {
        let moments = [
            Moment::BeforeRequest,
            Moment::AfterRequest { repeats: true },
            Moment::AfterRequest { repeats: false },
        ];
        let [before, repeated, refused] = moments.map(|moment| suspend(&database, moment));
        tokio::join!(before, repeated, refused);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clock_errors_of_five_minutes_cause_no_second_refresh() {
    let directory = tempfile::tempdir().unwrap();
    let databases = Database::start_all().await;
    let mut stores: Vec<_> = databases.iter().map(direct).collect();
    stores.push(Arc::new(FileStore::open(directory.path()).unwrap()));
    for store in stores {
        let platform = Platform::start();
        install(&store, "skewed").await;
        platform.state().delay = Duration::from_millis(50);
        let clock = FastClock::new(1);
        let clients = [-300, 0, 300].map(|error| {
            let clock = FastClock {
                error,
                ..clock.clone()
            };
            platform.client(&store, clock)
        });
        for refreshes in 1..=3 {
            let [behind, exact, ahead] = &clients;
            let calls = tokio::join!(
                call(behind, "skewed"),
                call(exact, "skewed"),
                call(ahead, "skewed"),
                call(ahead, "skewed"),
            );
            calls.0.and(calls.1).and(calls.2).and(calls.3).unwrap();
            {
                let state = platform.state();
                assert_eq!((state.refreshes, state.spent), (refreshes, 0));
            }
            assert_saved(&store, &platform, "skewed").await;
            clock.advance(DAY + 600);
        }
    }
}

/// One run: three processes over proxies whose faults change, in three days.
struct Run<'a> {
    database: &'a mut Database,
    seed: u64,
}

impl Run<'_> {
    async fn run(&mut self) -> (usize, usize) {
        let mut random = Rng::with_seed(self.seed);
        let platform = Platform::start();
        platform.state().repeats = random.bool();
        let clock = FastClock::new(20);
        let locations: Vec<_> = (0..3).map(|n| format!("run-{}-{n}", self.seed)).collect();
        let direct = direct(self.database);
        for location in &locations {
            install(&direct, location).await;
        }
        let (mut proxies, mut clients) = (Vec::new(), Vec::new());
        for index in 0..3 {
            let proxy = Proxy::start(self.database.port(), self.seed + index).await;
            let (timeout, lifetime) = (Duration::from_millis(250), Duration::from_secs(1));
            let store = self.database.open(proxy.port(), timeout, lifetime);
            let error = random.i64(-300..=300);
            let clock = FastClock {
                error,
                ..clock.clone()
            };
            clients.push(platform.client(&store, clock));
            proxies.push(proxy);
        }
        for _ in 0..3 {
            let mut calls = Vec::new();
            let crash = random.u8(..4) == 0;
            for step in 0..30 {
                let fault = match random.u8(..8) {
                    0 => Fault::Cut,
                    1 => Fault::Reset,
                    2 => Fault::HalfOpen,
                    3 => Fault::Latency(Duration::from_millis(random.u64(1..300))),
                    _ => Fault::None,
                };
                proxies[random.usize(..3)].set(Direction::ALL[random.usize(..2)], fault);
                if crash && step == 10 {
                    tokio::task::block_in_place(|| self.database.restart());
                }
                let client = clients[random.usize(..3)].clone();
                let location = locations[random.usize(..3)].clone();
                calls.push(tokio::spawn(async move { call(&client, &location).await }));
                tokio::time::sleep(Duration::from_millis(random.u64(1..30))).await;
            }
            for proxy in &proxies {
                proxy.heal();
            }
            for called in calls {
                let called = tokio::time::timeout(PATIENCE, called).await;
                if let Err(error) = called.expect("calls end").unwrap() {
                    let kind = error.auth_error_kind();
                    assert!(
                        matches!(
                            kind,
                            Some(
                                AuthErrorKind::Store
                                    | AuthErrorKind::Unavailable
                                    | AuthErrorKind::ReinstallNeeded
                            )
                        ),
                        "seed {}: {error}",
                        self.seed
                    );
                }
            }
            for client in &clients {
                let idle = client.tokens().unwrap().wait_idle(HOUR).await;
                assert!(idle, "seed {}: tokens are stored", self.seed);
            }
            for location in &locations {
                for client in &clients {
                    call_until_success(client, location, &clock).await;
                }
                assert_saved(&direct, &platform, location).await;
            }
            clock.advance(DAY + 600);
        }
        let state = platform.state();
        (state.refreshes, state.spent)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_faults_lose_no_token() {
    for mut database in Database::start_all().await {
        let runs = number("HOOPAI_FAULT_RUNS", 2);
        let mut total = (0, 0);
        for seed in seeds(runs) {
            let mut run = Run {
                database: &mut database,
                seed,
            };
            let (refreshes, spent) = run.run().await;
            total = (total.0 + refreshes, total.1 + spent);
        }
        println!(
            "{}: {runs} runs, {} refreshes, {} requests with a spent token, 0 tokens lost",
            database.name(),
            total.0,
            total.1
        );
    }
}
