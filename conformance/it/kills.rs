//! Processes are killed at any moment of a refresh. Only a refresh token that was replaced and not saved yet is lost, and none where
//! the platform gives the same tokens again for 30 s.
//!
//! The processes are this test binary, started anew with [`STORE`] set. Each refreshes without end, over a file store that all share.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hoopai::auth::{AccountId, FileStore, OAuthApp, TokenKey, TokenSet};
use hoopai::runtime::time::{BoxFuture, Clock, SystemClock};
use hoopai::{Client, Error};
use hoopai_conformance::{Reply, Request, Server};

/// The directory of the store; set for the processes that are killed.
const STORE: &str = "HOOPAI_CONFORMANCE_STORE";
const URL: &str = "HOOPAI_CONFORMANCE_URL";
/// The first day of a round by the clocks of its processes.
const DAY: &str = "HOOPAI_CONFORMANCE_DAY";

/// Each client has a clock that is two days later than the one before, so each has an access token that is over.
const STEP: u32 = 2;

/// So many days are enough for a round.
const ROUND: u32 = 2_000;

/// A process that hangs on what a killed one left would need longer.
const BOUND: Duration = Duration::from_secs(20);

const GRACE: Duration = Duration::from_secs(30);

fn location() -> AccountId {
    AccountId::location("loc-1")
}

/// The machine's clock, set forward by days.
struct Later(u32);

impl Clock for Later {
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

fn client(url: &str, store: &Path, day: u32) -> Client {
    Client::builder()
        .oauth_app(OAuthApp::new("app-1", "secret", "https://example.com"))
        .token_store(FileStore::open(store).unwrap())
        .base_url(url)
        .clock(Later(day))
        .build()
        .unwrap()
}

async fn call(client: &Client) -> Result<(), Error> {
    let client = client.as_location("loc-1");
    let sent = client.contacts().get_contact().contact_id("c").send();
    sent.await.map(drop)
}

/// What the processes do. Each client begins with a token that is over, as after a night.
#[test]
fn child() {
    let (Ok(store), Ok(url)) = (std::env::var(STORE), std::env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let first: u32 = std::env::var(DAY).unwrap().parse().unwrap();
        for day in (first..).step_by(STEP as usize) {
            let _ = call(&client(&url, Path::new(&store), day)).await;
        }
    });
}

/// The platform's tokens of one installation.
struct Tokens {
    /// How many refresh tokens there were; the last is the one that is good.
    serial: u64,
    rotated: Instant,
    grace: Duration,
    refused: u64,
    repeated: u64,
    random: Random,
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
        let late = Duration::from_micros(self.random.below(6_000));
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        Reply::default().wait(late).write(head).write(body)
    }
}

/// A linear congruential generator: the moments of the kills can be repeated by their seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        let multiplied = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = multiplied.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Processes that end with the test, however it ends.
struct Processes(Vec<Child>);

impl Processes {
    fn start(number: usize, url: &str, store: &Path, day: u32) -> Self {
        let start = |_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "kills::child", "--nocapture"])
                .envs([(STORE, store.to_str().unwrap()), (URL, url)])
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

fn stored_serial(store: &Path) -> u64 {
    let key = TokenKey::new("app-1", location());
    let path = FileStore::open(store).unwrap().path_of(&key);
    let record: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let token = record["refresh_token"].as_str().unwrap();
    token.trim_start_matches("refresh-").parse().unwrap()
}

/// What became of the installation.
#[derive(Debug, Default)]
struct Outcome {
    kills: usize,
    /// Kills between the platform's change of the token and its save.
    in_the_gap: usize,
    lost: usize,
}

async fn kill(kills: usize, at_once: usize, grace: Duration) -> Outcome {
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    println!("seed {seed}, {at_once} processes, grace {grace:?}");
    let mut random = Random(seed);
    let tokens = Arc::new(Mutex::new(Tokens {
        serial: 1,
        rotated: Instant::now(),
        grace,
        refused: 0,
        repeated: 0,
        random: Random(seed.wrapping_add(1)),
    }));
    let platform = tokens.clone();
    let server = Server::start(move |request| {
        if request.target == "/oauth/token" {
            return platform.lock().unwrap().refresh(request);
        }
        Reply::json(200, r#"{"contact":{"id":"c"}}"#)
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path();
    let serial = || tokens.lock().unwrap().serial;
    let mut outcome = Outcome::default();
    let mut day = 0;
    let mut is_installed = false;
    while outcome.kills < kills {
        // The client that follows the killed ones is later than all of them.
        let next = client(&server.url, store, day + ROUND - STEP);
        if !is_installed {
            let name = format!("refresh-{}", serial());
            let installed = TokenSet::new("access", Some(name.into()), SystemTime::UNIX_EPOCH);
            let tokens = next.tokens().unwrap();
            tokens.install(location(), installed).await.unwrap();
        } else {
            assert_eq!(stored_serial(store), serial(), "the last round ended well");
        }

        let before = server.count();
        let refused = tokens.lock().unwrap().refused;
        let mut processes = Processes::start(at_once, &server.url, store, day);
        day += ROUND;
        let deadline = Instant::now() + BOUND;
        while server.count() == before {
            assert!(Instant::now() < deadline, "the processes refresh");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while let Some(mut child) = processes.0.pop() {
            // Half of the kills are anywhere, half soon after the platform has changed the token.
            let mut wait = Duration::from_micros(random.below(30_000));
            let last = serial();
            if random.below(2) == 0 {
                while serial() == last && tokens.lock().unwrap().refused == refused {
                    assert!(Instant::now() < deadline, "the processes refresh");
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
                wait /= 3;
            }
            tokio::time::sleep(wait).await;
            child.kill().unwrap();
            child.wait().unwrap();
            outcome.kills += 1;
        }
        // What was sent before the end is still carried out.
        tokio::time::sleep(Duration::from_millis(2)).await;

        let was_in_gap = stored_serial(store) != serial();
        let called = tokio::time::timeout(BOUND, call(&next)).await;
        let called = called.expect("a process that follows is held up by none that was killed");
        let after = tokens.lock().unwrap();
        outcome.in_the_gap += usize::from(was_in_gap || after.refused > refused);
        is_installed = match called {
            Ok(()) => true,
            Err(error) => {
                assert!(error.needs_reinstall(), "{error}");
                // The platform has changed the token, and the new one was not saved.
                assert!(stored_serial(store) < after.serial, "{error}");
                outcome.lost += 1;
                false
            }
        };
    }
    println!("{outcome:?}, repeated {}", tokens.lock().unwrap().repeated);
    outcome
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn with_a_grace_no_installation_is_lost() {
    for at_once in [1, 5] {
        let outcome = kill(100, at_once, GRACE).await;
        assert_eq!(outcome.lost, 0, "{outcome:?}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn with_strict_rotation_only_what_was_not_saved_is_lost() {
    for at_once in [1, 5] {
        let outcome = kill(100, at_once, Duration::ZERO).await;
        assert_eq!(outcome.lost, outcome.in_the_gap, "{outcome:?}");
    }
}
