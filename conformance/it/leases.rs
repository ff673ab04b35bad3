//! One process refreshes at a time, regardless of clock errors and of foreign files in the
//! directory of the store.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hoopai::auth::{AccountId, FileStore, StoreErrorKind, TokenKey, TokenSet, TokenStore};
use hoopai::runtime::time::{BoxFuture, Clock};
use hoopai::{AuthErrorKind, Client};
use hoopai_test_support::{Reply, Server};

use crate::client::{app, read};

const DAY: Duration = Duration::from_secs(86_400);

fn location() -> AccountId {
    AccountId::location("loc-1")
}

fn key() -> TokenKey {
    TokenKey::new("app-1", location())
}

/// A clock with a fixed error. Short waits end at once. Long ones, which limit a call, never end.
#[derive(Clone)]
struct WrongClock {
    start: Instant,
    time: SystemTime,
    passed: Arc<Mutex<Duration>>,
}

impl WrongClock {
    fn at(time: SystemTime) -> Self {
        WrongClock {
            start: Instant::now(),
            time,
            passed: Arc::default(),
        }
    }

    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn system_time(&self) -> SystemTime {
        self.time + self.passed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > Duration::from_secs(60) {
            return Box::pin(std::future::pending());
        }
        *self.passed.lock().unwrap() += duration;
        Box::pin(tokio::task::yield_now())
    }
}

#[tokio::test]
async fn lease_of_running_holder_is_kept_under_any_clock() {
    let server = Server::with_reply(Reply::json(500, "{}"));
    let now = SystemTime::now();
    for time in [now, now + 3_650 * DAY, now - 3_650 * DAY, now + DAY] {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let clock = WrongClock::at(time);
        let client = Client::builder()
            .oauth_app(app())
            .token_store(FileStore::open(directory.path()).unwrap())
            .base_url(&server.url)
            .clock(clock.clone())
            .build()
            .unwrap();
        let tokens = TokenSet::new("a", Some("r".into()), SystemTime::UNIX_EPOCH);
        client
            .tokens()
            .unwrap()
            .install(location(), tokens)
            .await
            .unwrap();
        // The holder keeps its expired lease, as a suspended machine does.
        let lease = store.lease(&key(), Duration::ZERO).await.unwrap().unwrap();
        let error = read(&client.as_location("loc-1")).await.unwrap_err();
        assert_eq!(
            error.auth_error_kind(),
            Some(AuthErrorKind::Unavailable),
            "{error}"
        );
        assert!(error.to_string().contains("another process"), "{error}");
        assert!(clock.passed() >= Duration::from_secs(60));
        assert_eq!(server.count(), 0);
        lease.release().await;
        assert!(store.lease(&key(), DAY).await.unwrap().is_some());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn directory_writable_by_others_is_rejected() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("tokens");
    fs::create_dir(&directory).unwrap();
    let set_mode = |mode| fs::set_permissions(&directory, fs::Permissions::from_mode(mode));
    for mode in [0o777, 0o770, 0o720, 0o702, 0o1777, 0o2775] {
        set_mode(mode).unwrap();
        let error = FileStore::open(&directory).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsafe, "{mode:o}");
        assert_eq!(error.path(), Some(&*fs::canonicalize(&directory).unwrap()));
        assert!(error.to_string().contains("chmod 700"), "{error}");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }
    for mode in [0o700, 0o750, 0o755] {
        set_mode(mode).unwrap();
        FileStore::open(&directory).unwrap();
    }
}

/// File types that are not regular files.
#[cfg(unix)]
const FOREIGN: [&str; 5] = ["link", "dangling link", "fifo", "socket", "directory"];

#[cfg(unix)]
fn create(kind: &str, at: &Path, outside: &Path) {
    use std::os::unix::fs::symlink;
    match kind {
        "link" => symlink(outside, at).unwrap(),
        "dangling link" => symlink(outside.with_extension("missing"), at).unwrap(),
        "socket" => drop(std::os::unix::net::UnixListener::bind(at).unwrap()),
        "directory" => fs::create_dir(at).unwrap(),
        _ => {
            let made = std::process::Command::new("mkfifo").arg(at).status();
            assert!(made.unwrap().success());
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn open_rejects_all_but_regular_files() {
    for file in ["json", "guard", "lease", "held"] {
        for kind in FOREIGN {
            let parent = tempfile::tempdir().unwrap();
            let (directory, outside) = (parent.path().join("s"), parent.path().join("outside"));
            fs::write(&outside, "untouched").unwrap();
            let store = FileStore::open(&directory).unwrap();
            let path = store.path_of(&key());
            let at = match file {
                "held" => {
                    fs::write(path.with_extension("lease"), r#"{"holder":"ab"}"#).unwrap();
                    path.with_extension("ab.held")
                }
                _ => path.with_extension(file),
            };
            create(kind, &at, &outside);
            let work = async {
                match file {
                    "json" => store.load(&key()).await.map(drop),
                    "guard" => store.swap(&key(), None, None).await.map(drop),
                    _ => store.lease(&key(), DAY).await.map(drop),
                }
            };
            let outcome = tokio::time::timeout(Duration::from_secs(20), work).await;
            let error = outcome.expect("no wait").unwrap_err();
            assert_eq!(
                error.kind(),
                StoreErrorKind::Unsafe,
                "{kind} as {file}: {error}"
            );
            let expected = match kind {
                "link" | "dangling link" => "a symbolic link",
                "directory" => "a directory",
                _ => "a FIFO, socket or device",
            };
            assert!(error.to_string().contains(expected), "{kind}: {error}");
            assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched");
            assert!(!outside.with_extension("missing").exists());
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn temporary_files_are_not_written_through_links() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, outside) = (parent.path().join("s"), parent.path().join("outside"));
    fs::write(&outside, "untouched").unwrap();
    let store = FileStore::open(&directory).unwrap();
    for extension in ["new", "lease-new"] {
        let at = store.path_of(&key()).with_extension(extension);
        create("link", &at, &outside);
    }
    assert!(store.lease(&key(), DAY).await.unwrap().is_some());
    let client = Client::builder()
        .oauth_app(app())
        .token_store(store)
        .build()
        .unwrap();
    let tokens = TokenSet::new("a", Some("r".into()), SystemTime::now() + DAY);
    client
        .tokens()
        .unwrap()
        .install(location(), tokens)
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched");
}
