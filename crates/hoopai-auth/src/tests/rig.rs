//! A platform, a clock, a store, and managers on it that stand for processes.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use hoopai_runtime::auth::BearerToken;
use hoopai_runtime::time::{Clock, ManualClock, SystemClock};

use super::platform::{CLIENT_ID, CLIENT_SECRET, LOCATION, Platform};
use crate::manager::{Account, TokenManager};
use crate::{AccountId, FileStore, MemoryStore, OAuthApp, Record, Swap, TokenKey, TokenStore};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct Rig {
    pub(super) platform: Arc<Platform>,
    pub(super) clock: ManualClock,
    pub(super) store: Arc<dyn TokenStore>,
    /// Whether managers go by the machine's clock.
    pub(super) real_time: bool,
    pub(super) directory: Option<tempfile::TempDir>,
    pub(super) _watch: mpsc::Sender<()>,
}

/// Ends tests that wait for a clock that nobody moves: a mistake is then a failure and not a run without end.
fn watch() -> mpsc::Sender<()> {
    let (watch, gone) = mpsc::channel();
    let test = std::thread::current().name().map(str::to_owned);
    std::thread::spawn(move || {
        if gone.recv_timeout(MINUTE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{} hangs", test.unwrap_or_default());
            std::process::exit(1);
        }
    });
    watch
}

pub(super) fn app() -> OAuthApp {
    OAuthApp::new(CLIENT_ID, CLIENT_SECRET, "https://example.com/callback")
}

pub(super) fn location() -> AccountId {
    AccountId::location(LOCATION)
}

pub(super) fn key(resource: AccountId) -> TokenKey {
    TokenKey::new(CLIENT_ID, resource)
}

impl Rig {
    pub(super) fn in_memory() -> Self {
        let clock = ManualClock::new();
        Rig {
            platform: Arc::default(),
            store: Arc::new(MemoryStore::with_clock(Arc::new(clock.clone()))),
            clock,
            real_time: false,
            directory: None,
            _watch: watch(),
        }
    }

    pub(super) fn in_files() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path().join("tokens")).unwrap();
        Rig {
            platform: Arc::default(),
            store: Arc::new(store),
            clock: ManualClock::new(),
            real_time: false,
            directory: Some(directory),
            _watch: watch(),
        }
    }

    pub(super) fn time(&self) -> Arc<dyn Clock> {
        if self.real_time {
            Arc::new(SystemClock)
        } else {
            Arc::new(self.clock.clone())
        }
    }

    /// A new process.
    pub(super) fn manager(&self) -> TokenManager {
        TokenManager::new(
            app(),
            self.store.clone(),
            self.platform.clone(),
            self.time(),
            None,
        )
    }

    /// The account in a new process.
    pub(super) fn account(&self) -> Account {
        self.manager().account_through(location(), None)
    }

    /// Tokens that live a day and have so much of it left are in the store.
    pub(super) async fn install(&self, resource: AccountId, left: Duration) {
        let now = self.time().system_time();
        let tokens = self.platform.installed(resource.clone(), DAY, left, now);
        let key = key(resource);
        let stored = self.store.load(&key).await.unwrap();
        let expected = stored.map(|record| record.revision);
        let record = Record::new(tokens, expected.unwrap_or_default() + 1);
        let swapped = self.store.swap(&key, expected, Some(record)).await;
        assert_eq!(swapped.unwrap(), Swap::Done);
    }

    pub(super) async fn stored(&self, resource: AccountId) -> Record {
        self.store.load(&key(resource)).await.unwrap().unwrap()
    }

    /// The record of the location is at rest: its token is the one in use and good, and nothing is noted.
    pub(super) async fn assert_at_rest(&self, grant: &BearerToken) {
        let record = self.stored(location()).await;
        assert!(
            record.pending.is_none() && record.dead.is_none(),
            "{record:?}"
        );
        let header = BearerToken::new(&record.tokens.access_token).unwrap();
        assert!(header == *grant, "the token in use is the stored one");
        assert!(self.platform.is_good(grant));
    }

    /// Moves the clock on whenever somebody waits for it, until this is dropped.
    pub(super) fn time_flies(&self) -> TimeFlies {
        let clock = self.clock.clone();
        TimeFlies(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(2)).await;
                clock.advance_to_next();
            }
        }))
    }
}

pub(super) struct TimeFlies(tokio::task::JoinHandle<()>);

impl Drop for TimeFlies {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits, in real time, until something is so.
pub(super) async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to be that {what}");
}
