//! A fake platform, a clock, a store, and token managers, each of which represents a process.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use hoopai_runtime::Error;
use hoopai_runtime::auth::BearerToken;
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::{Clock, ManualClock, SystemClock};

use super::fake_platform::{CLIENT_ID, CLIENT_SECRET, FakePlatform, LOCATION};
use crate::manager::{Account, CheckpointHook, Context, TokenManager};
use crate::{AccountId, FileStore, MemoryStore, OAuthApp, Record, Swap, TokenKey, TokenStore};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct Harness {
    pub(super) platform: Arc<FakePlatform>,
    pub(super) clock: ManualClock,
    pub(super) store: Arc<dyn TokenStore>,
    /// Whether managers use the system clock.
    pub(super) real_time: bool,
    pub(super) directory: Option<tempfile::TempDir>,
    pub(super) _watchdog: mpsc::Sender<()>,
}

/// Ends a test that waits for a clock that does not advance, so that it fails and does not hang.
fn start_watchdog() -> mpsc::Sender<()> {
    let (watchdog, dropped) = mpsc::channel();
    let test = std::thread::current().name().map(str::to_owned);
    std::thread::spawn(move || {
        if dropped.recv_timeout(MINUTE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{} hangs", test.unwrap_or_default());
            std::process::exit(1);
        }
    });
    watchdog
}

pub(super) fn app() -> OAuthApp {
    OAuthApp::new(CLIENT_ID, CLIENT_SECRET, "https://example.com/callback")
}

pub(super) fn location() -> AccountId {
    AccountId::location(LOCATION)
}

pub(super) fn key(account: AccountId) -> TokenKey {
    TokenKey::new(CLIENT_ID, account)
}

impl Harness {
    fn new(clock: ManualClock, store: Arc<dyn TokenStore>) -> Self {
        Harness {
            platform: Arc::default(),
            store,
            clock,
            real_time: false,
            directory: None,
            _watchdog: start_watchdog(),
        }
    }

    pub(super) fn in_memory() -> Self {
        let clock = ManualClock::new();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()));
        Self::new(clock, Arc::new(store))
    }

    /// A harness whose location has tokens with a lifetime of a day, of which `left` remains.
    pub(super) async fn with_tokens(left: Duration) -> Self {
        let harness = Self::in_memory();
        harness.install(location(), left).await;
        harness
    }

    pub(super) fn in_files() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path().join("tokens")).unwrap();
        Harness {
            directory: Some(directory),
            ..Self::new(ManualClock::new(), Arc::new(store))
        }
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        if self.real_time {
            Arc::new(SystemClock)
        } else {
            Arc::new(self.clock.clone())
        }
    }

    /// A new process.
    pub(super) fn manager(&self) -> TokenManager {
        TokenManager::new(self.context())
    }

    pub(super) fn context(&self) -> Context {
        Context {
            app: app(),
            store: self.store.clone(),
            endpoint: self.platform.clone(),
            clock: self.clock(),
            observer: None,
            counters: Arc::default(),
            checkpoints: None,
        }
    }

    /// The account in a new process whose refreshes run a hook at each checkpoint.
    pub(super) fn account_with_hook(&self, hook: Arc<dyn CheckpointHook>) -> Account {
        let manager = TokenManager::new(Context {
            checkpoints: Some(hook),
            ..self.context()
        });
        manager.account_through(location(), None)
    }

    /// The account in a new process.
    pub(super) fn account(&self) -> Account {
        self.manager().account_through(location(), None)
    }

    /// Stores tokens with a lifetime of a day, of which `left` remains.
    pub(super) async fn install(&self, account: AccountId, left: Duration) {
        let now = self.clock().system_time();
        let tokens = self.platform.issue_tokens(account.clone(), DAY, left, now);
        let key = key(account);
        let stored = self.store.load(&key).await.unwrap();
        let expected = stored.map(|record| record.revision);
        let record = Record::new(tokens, expected.unwrap_or_default() + 1);
        let swapped = self.store.swap(&key, expected, Some(record)).await;
        assert_eq!(swapped.unwrap(), Swap::Done);
    }

    /// Stores a record in place of the one that it was made from.
    pub(super) async fn replace(&self, account: AccountId, mut record: Record) {
        let expected = record.revision;
        record.revision += 1;
        let key = key(account);
        let swapped = self.store.swap(&key, Some(expected), Some(record)).await;
        assert_eq!(swapped.unwrap(), Swap::Done);
    }

    pub(super) async fn stored(&self, account: AccountId) -> Record {
        self.store.load(&key(account)).await.unwrap().unwrap()
    }

    /// Asserts that the stored token of the location is `token` and valid, and that no
    /// refresh is pending.
    pub(super) async fn assert_consistent(&self, token: &BearerToken) {
        let record = self.stored(location()).await;
        assert!(
            record.pending.is_none() && record.rejected_at.is_none(),
            "{record:?}"
        );
        let header = BearerToken::new(&record.tokens.access_token).unwrap();
        assert!(header == *token, "the token in use is the stored one");
        assert!(self.platform.is_valid(token));
    }

    /// Advances the clock to the end of each sleep, until the result is dropped.
    pub(super) fn auto_advance(&self) -> AutoAdvance {
        let clock = self.clock.clone();
        AutoAdvance(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(2)).await;
                clock.advance_to_next();
            }
        }))
    }
}

pub(super) struct AutoAdvance(tokio::task::JoinHandle<()>);

impl Drop for AutoAdvance {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns the error of the next call.
pub(super) async fn error_of(account: &Account) -> Error {
    account.authorization().await.unwrap_err()
}

#[track_caller]
pub(super) fn assert_kind(error: &Error, kind: AuthErrorKind) {
    assert_eq!(error.auth_error_kind(), Some(kind), "{error}");
}

#[track_caller]
pub(super) fn assert_contains(error: &impl std::error::Error, text: &str) {
    assert!(error.to_string().contains(text), "{error}");
}

/// Waits, in real time, until a condition holds.
pub(super) async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("timeout: waited until {what}");
}
