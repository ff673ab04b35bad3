//! Processes are killed at random moments of a refresh. Only a refresh token that was replaced and
//! not yet saved is lost. None is lost if the platform repeats its reply for 30 s.
//!
//! The processes run this test binary with [`STORE`] set. Each refreshes in a loop, over a store
//! that all share: files, PostgreSQL or Redis.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use hoopai::auth::{AccountId, FileStore, TokenKey, TokenSet, TokenStore};
use hoopai::runtime::time::{BoxFuture, Clock, SystemClock};
use hoopai::{Client, Error};
use hoopai_postgres::PostgresStore;
use hoopai_redis::RedisStore;
use hoopai_test_support::{PostgresServer, RedisServer, Reply, Request, Server};
use secrecy::ExposeSecret;

use crate::client::{app, read};

/// The store: the directory of files, or a URL. It is set in the processes to kill.
const STORE: &str = "HOOPAI_CONFORMANCE_STORE";
const URL: &str = "HOOPAI_CONFORMANCE_URL";
/// The first day of a round by the clocks of its processes.
const DAY: &str = "HOOPAI_CONFORMANCE_DAY";

/// Each client has a clock two days ahead of the previous one, so its access token has expired.
const STEP: u32 = 2;

/// The days of a round, more than its processes use.
const ROUND: u32 = 2_000;

/// The longest time for one step, on a slow disk too. A process blocked by a remnant of a killed one
/// needs longer.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);

const GRACE: Duration = Duration::from_secs(30);

/// The kills after which one at the latest must have lost an installation, with strict rotation.
const MAX_KILLS: usize = 500;

fn location() -> AccountId {
    AccountId::location("loc-1")
}

/// The system clock, ahead by a number of days.
struct ClockAhead(u32);

impl Clock for ClockAhead {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn system_time(&self) -> SystemTime {
        SystemClock.system_time() + Duration::from_secs(86_400) * self.0
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// Opens a store. The leases of killed processes end soon.
pub(crate) fn open(store: &str) -> Arc<dyn TokenStore> {
    let lifetime = Duration::from_millis(300);
    if store.starts_with("postgres:") {
        Arc::new(
            PostgresStore::connect(store)
                .unwrap()
                .lease_lifetime(lifetime),
        )
    } else if store.starts_with("redis:") {
        Arc::new(RedisStore::connect(store).unwrap().lease_lifetime(lifetime))
    } else {
        Arc::new(FileStore::open(store).unwrap())
    }
}

fn client(url: &str, store: &Arc<dyn TokenStore>, day: u32) -> Client {
    Client::builder()
        .oauth_app(app())
        .token_store(Arc::clone(store))
        .base_url(url)
        .clock(ClockAhead(day))
        .build()
        .unwrap()
}

async fn call(client: &Client) -> Result<(), Error> {
    read(&client.as_location("loc-1")).await.map(drop)
}

/// The work of the processes to kill. Each client starts with an expired token.
#[test]
fn child_process() {
    let (Ok(store), Ok(url)) = (std::env::var(STORE), std::env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let first: u32 = std::env::var(DAY).unwrap().parse().unwrap();
        let store = open(&store);
        for day in (first..).step_by(STEP as usize) {
            let _ = call(&client(&url, &store, day)).await;
        }
    });
}

/// The platform's tokens of one installation.
struct Tokens {
    /// The number of refresh tokens so far. Only the last one is valid.
    serial: u64,
    rotated: Instant,
    grace: Duration,
    refused: u64,
    repeated: u64,
    random: Rng,
}

impl Tokens {
    fn refresh(&mut self, request: &Request) -> Reply {
        let sent = request.form("refresh_token").unwrap();
        let sent: u64 = sent.trim_start_matches("refresh-").parse().unwrap();
        let is_repeated = sent + 1 == self.serial && self.rotated.elapsed() < self.grace;
        if sent == self.serial {
            self.serial += 1;
            self.rotated = Instant::now();
        } else if is_repeated {
            self.repeated += 1;
        } else {
            self.refused += 1;
            return Reply::json(400, r#"{"error":"invalid_grant"}"#);
        }
        let serial = self.serial;
        let body = format!(
            r#"{{"access_token":"access-{serial}","refresh_token":"refresh-{serial}","expires_in":86399,"userType":"Location","companyId":"com-1","locationId":"loc-1"}}"#
        );
        let delay = Duration::from_micros(self.random.u64(..6_000));
        Reply::json(200, body).after(delay)
    }
}

/// Processes that are killed at the end of the test, also after a panic.
struct Processes(Vec<Child>);

impl Processes {
    fn start(number: usize, url: &str, store: &str, day: u32) -> Self {
        let start = |_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "killed_processes::child_process", "--nocapture"])
                .envs([(STORE, store), (URL, url)])
                .env(DAY, day.to_string())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        Processes((0..number).map(start).collect())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // SIGKILL, on Unix.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn stored_serial(store: &Arc<dyn TokenStore>) -> u64 {
    let key = TokenKey::new("app-1", location());
    let record = store.load(&key).await.unwrap().unwrap();
    let token = record.tokens.refresh_token().unwrap().expose_secret();
    token.trim_start_matches("refresh-").parse().unwrap()
}

/// Counts over all rounds.
#[derive(Debug, Default)]
struct Outcome {
    kills: usize,
    /// Kills after the platform replaced the token and before the client saved it.
    before_save: usize,
    /// Rounds after which the installation was lost.
    lost: usize,
}

async fn kill_processes(place: &str, kills: usize, at_once: usize, grace: Duration) -> Outcome {
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    let kind = place.split(':').next().filter(|_| place.contains("://"));
    println!(
        "seed {seed}, {at_once} processes, grace {grace:?}, store {}",
        kind.unwrap_or("files")
    );
    let mut random = Rng::with_seed(seed);
    let tokens = Arc::new(Mutex::new(Tokens {
        serial: 1,
        rotated: Instant::now(),
        grace,
        refused: 0,
        repeated: 0,
        random: Rng::with_seed(seed.wrapping_add(1)),
    }));
    let platform = tokens.clone();
    let server = Server::start(move |request| {
        if request.target == "/oauth/token" {
            return platform.lock().unwrap().refresh(request);
        }
        Reply::json(200, r#"{"contact":{"id":"c"}}"#)
    });
    let store = open(place);
    let serial = || tokens.lock().unwrap().serial;
    let mut outcome = Outcome::default();
    let mut day = 0;
    let mut is_installed = false;
    // With strict rotation, a test without a loss would prove nothing: on a busy machine, few kills
    // hit the time between the rotation and the saving.
    let is_unproven = |outcome: &Outcome| {
        grace.is_zero() && outcome.lost == 0 && outcome.kills < MAX_KILLS.max(kills)
    };
    while outcome.kills < kills || is_unproven(&outcome) {
        // The clock of the next client is ahead of those of all killed ones.
        let next = client(&server.url, &store, day + ROUND - STEP);
        if !is_installed {
            let name = format!("refresh-{}", serial());
            let installed = TokenSet::new("access", Some(name.into()), SystemTime::UNIX_EPOCH);
            let tokens = next.tokens().unwrap();
            tokens.install(location(), installed).await.unwrap();
        } else {
            assert_eq!(
                stored_serial(&store).await,
                serial(),
                "the last round saved its token"
            );
        }

        let before = server.count();
        let refused = tokens.lock().unwrap().refused;
        let mut processes = Processes::start(at_once, &server.url, place, day);
        day += ROUND;
        let deadline = Instant::now() + STEP_TIMEOUT;
        while server.count() == before {
            assert!(Instant::now() < deadline, "the processes refresh");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while let Some(mut child) = processes.0.pop() {
            // Half of the kills happen at any moment, half soon after the platform replaced the
            // token.
            let mut wait = Duration::from_micros(random.u64(..30_000));
            let last = serial();
            if random.bool() {
                while serial() == last && tokens.lock().unwrap().refused == refused {
                    assert!(
                        Instant::now() < deadline,
                        "no refresh after {} requests",
                        server.count() - before
                    );
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
                wait /= 3;
            }
            tokio::time::sleep(wait).await;
            child.kill().unwrap();
            child.wait().unwrap();
            outcome.kills += 1;
        }
        // The server still processes requests that were sent before the kill.
        tokio::time::sleep(Duration::from_millis(2)).await;

        let is_unsaved = stored_serial(&store).await != serial();
        let called = tokio::time::timeout(STEP_TIMEOUT, call(&next)).await;
        let called = called.expect("no killed process blocks the next one");
        let saved = stored_serial(&store).await;
        let after = tokens.lock().unwrap();
        outcome.before_save += usize::from(is_unsaved || after.refused > refused);
        is_installed = match called {
            Ok(()) => true,
            Err(error) => {
                assert!(error.needs_reinstall(), "{error}");
                // The platform replaced the token, and the new one was not saved.
                assert!(saved < after.serial, "{error}");
                outcome.lost += 1;
                false
            }
        };
    }
    println!("{outcome:?}, repeated {}", tokens.lock().unwrap().repeated);
    outcome
}

/// One process at a time, and five.
async fn without_loss(store: &str, kills: usize) {
    for at_once in [1, 5] {
        let outcome = kill_processes(store, kills, at_once, GRACE).await;
        assert_eq!(outcome.lost, 0, "{outcome:?}");
    }
}

async fn with_loss_of_unsaved_tokens(store: &str, kills: usize) {
    for at_once in [1, 5] {
        let outcome = kill_processes(store, kills, at_once, Duration::ZERO).await;
        // A database can still save the token of a process after it was killed.
        assert!(
            (1..=outcome.before_save).contains(&outcome.lost),
            "{outcome:?}"
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_with_grace_period_loses_no_installation() {
    let directory = tempfile::tempdir().unwrap();
    without_loss(directory.path().to_str().unwrap(), kills(100)).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_with_strict_rotation_loses_only_unsaved_tokens() {
    let directory = tempfile::tempdir().unwrap();
    with_loss_of_unsaved_tokens(directory.path().to_str().unwrap(), kills(100)).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_with_postgres_loses_only_unsaved_tokens() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    PostgresStore::connect(&server.url())
        .unwrap()
        .migrate()
        .await
        .unwrap();
    without_loss(&server.url(), kills(30)).await;
    with_loss_of_unsaved_tokens(&server.url(), kills(30)).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_with_redis_loses_only_unsaved_tokens() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    without_loss(&server.url(), kills(30)).await;
    with_loss_of_unsaved_tokens(&server.url(), kills(30)).await;
}

/// The kills of a run: `HOOPAI_KILLS`, or this number.
fn kills(default: usize) -> usize {
    let kills = std::env::var("HOOPAI_KILLS").ok();
    kills.map_or(default, |kills| {
        kills.parse().expect("a number in HOOPAI_KILLS")
    })
}
