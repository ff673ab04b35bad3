//! Checks of token stores, for tests of your own implementation.
//!
//! ```
//! use hoopai_auth::MemoryStore;
//! use hoopai_auth::conformance::TokenStoreChecks;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), hoopai_auth::conformance::Violation> {
//! let store = MemoryStore::new();
//! TokenStoreChecks::new(store.clone(), store).run().await
//! # }
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hoopai_runtime::time::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use crate::util::hex::random_hex;
use crate::{
    AccountId, Fingerprint, PendingRefresh, Record, StoreError, Swap, TokenKey, TokenSet,
    TokenStore,
};

/// The lifetime of leases that must end by themselves.
const SHORT: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const WRITERS: usize = 8;
const WRITES: usize = 20;

const LIST_RULE: &str = "keys returns the keys of all records of an app, each once";

type Wait = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// The checks of a token store.
pub struct TokenStoreChecks {
    first: Arc<dyn TokenStore>,
    second: Arc<dyn TokenStore>,
    leases_expire: bool,
    wait: Wait,
}

/// A rule that a store breaks.
#[derive(Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What the store did.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the token store breaks a rule: {}; {}",
            self.rule, self.found
        )
    }
}

impl std::error::Error for Violation {}

impl TokenStoreChecks {
    /// Checks a store through two handles of the same data, as two processes open it. The records
    /// have an app id of their own and are removed afterwards.
    pub fn new(first: impl TokenStore, second: impl TokenStore) -> Self {
        Self {
            first: Arc::new(first),
            second: Arc::new(second),
            leases_expire: true,
            wait: Arc::new(|time| Box::pin(tokio::time::sleep(time))),
        }
    }

    /// Sets that leases end with the process of their holder, and not before: the store detects
    /// that, as [`FileStore`](crate::FileStore) does.
    #[must_use]
    pub fn leases_end_with_their_process(mut self) -> Self {
        self.leases_expire = false;
        self
    }

    /// Sets how to wait for the end of a lease; by default, in real time for a second.
    #[must_use]
    pub fn wait_by<F>(mut self, wait: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.wait = Arc::new(move |time| Box::pin(wait(time)));
        self
    }

    /// Runs all checks. Must be called in a Tokio runtime.
    ///
    /// # Errors
    /// Returns the first rule that the store breaks.
    pub async fn run(&self) -> Result<(), Violation> {
        let app = random_hex::<8>().map_err(|error| violation("setup", error.to_string()))?;
        let app = format!("conformance-{app}");
        let key = |account| TokenKey::new(&*app, account);
        self.revisions(&key(AccountId::location("revisions")))
            .await?;
        self.records(&key(AccountId::location("records"))).await?;
        self.keys(&app).await?;
        self.concurrency(&key(AccountId::location("concurrency")))
            .await?;
        self.leases(&key(AccountId::location("leases"))).await?;
        if self.leases_expire {
            self.expiry(&key(AccountId::location("expiry"))).await?;
        }
        Ok(())
    }

    async fn revisions(&self, key: &TokenKey) -> Result<(), Violation> {
        const RULE: &str = "swap stores a record only if the stored revision is the expected one";
        let stored = Check { rule: RULE, key };
        // Handles alternate, so that neither may answer from memory alone.
        let [a, b] = [&self.first, &self.second];
        stored.is(a, None).await?;
        for (store, expected, new, result) in [
            (a, Some(1), Some(2), Swap::Conflict),
            (a, None, Some(1), Swap::Done),
            (b, None, Some(9), Swap::Conflict),
            (b, Some(1), Some(2), Swap::Done),
            (a, Some(1), Some(3), Swap::Conflict),
            (a, Some(1), None, Swap::Conflict),
            (b, Some(2), Some(u64::MAX), Swap::Done),
            (a, Some(2), None, Swap::Conflict),
            (a, Some(u64::MAX), None, Swap::Done),
            (b, Some(u64::MAX), None, Swap::Conflict),
            (b, None, None, Swap::Done),
        ] {
            stored.swap(store, expected, new, result).await?;
        }
        stored.is(b, None).await
    }

    async fn records(&self, key: &TokenKey) -> Result<(), Violation> {
        const RULE: &str = "load returns what swap stored, unchanged";
        let check = Check { rule: RULE, key };
        let mut record = record(7);
        record.pending = Some(PendingRefresh {
            since: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_001),
            fingerprint: Fingerprint::of(&SecretString::from("refresh")),
            attempt: 3,
            answered: true,
        });
        record.rejected_at = Some(SystemTime::UNIX_EPOCH + MINUTE);
        let swap = self.first.swap(key, None, Some(record.clone())).await;
        check.expect(swap, Swap::Done)?;
        let loaded = self
            .second
            .load(key)
            .await
            .map_err(|error| check.error(&error))?;
        let loaded = loaded.ok_or_else(|| check.found("there is no record"))?;
        if loaded.to_json(key) != record.to_json(key) {
            return Err(check.found("the record has changed"));
        }
        check.swap(&self.second, Some(7), None, Swap::Done).await
    }

    async fn keys(&self, app: &str) -> Result<(), Violation> {
        const RULE: &str = "each app and account has a record of its own";
        let long = "a".repeat(300);
        let keys = [
            TokenKey::new(app, AccountId::location("a")),
            TokenKey::new(app, AccountId::location("A")),
            TokenKey::new(app, AccountId::company("a")),
            TokenKey::new(app, AccountId::location("../a")),
            TokenKey::new(app, AccountId::location("a:b'\"\\%\u{1f600}")),
            TokenKey::new(app, AccountId::location("")),
            TokenKey::new(app, AccountId::location(long)),
            TokenKey::new(format!("{app}-other"), AccountId::location("a")),
            TokenKey::new(format!("{app}:a"), AccountId::location("")),
        ];
        for (revision, key) in (1..).zip(&keys) {
            let check = Check { rule: RULE, key };
            check
                .swap(&self.first, None, Some(revision), Swap::Done)
                .await?;
        }
        let count = keys.iter().filter(|key| key.app == app).count();
        self.listed(&keys[..count]).await?;
        for (revision, key) in (1..).zip(&keys) {
            let check = Check { rule: RULE, key };
            check.is(&self.second, Some(revision)).await?;
            check
                .swap(&self.second, Some(revision), None, Swap::Done)
                .await?;
        }
        for key in &keys {
            self.not_listed(key).await?;
        }
        Ok(())
    }

    /// Checks that the store lists these keys of one app and no others, if it lists any.
    async fn listed(&self, keys: &[TokenKey]) -> Result<(), Violation> {
        for key in keys {
            let check = Check {
                rule: LIST_RULE,
                key,
            };
            for store in [&self.first, &self.second] {
                let listed = store.keys(&key.app).await;
                let Some(listed) = listed.map_err(|error| check.error(&error))? else {
                    continue;
                };
                if listed.len() != keys.len() || !listed.contains(key) {
                    let count = listed.len();
                    return Err(check.found(format!(
                        "keys returned {count} keys instead of {}, or others",
                        keys.len()
                    )));
                }
            }
        }
        Ok(())
    }

    async fn not_listed(&self, key: &TokenKey) -> Result<(), Violation> {
        let check = Check {
            rule: LIST_RULE,
            key,
        };
        let listed = self.first.keys(&key.app).await;
        let listed = listed.map_err(|error| check.error(&error))?;
        if listed.is_some_and(|listed| listed.contains(key)) {
            return Err(check.found("keys returned the key of a removed record"));
        }
        Ok(())
    }

    async fn concurrency(&self, key: &TokenKey) -> Result<(), Violation> {
        const RULE: &str = "of concurrent swaps of one revision, one succeeds";
        let check = Check { rule: RULE, key };
        check.swap(&self.first, None, Some(0), Swap::Done).await?;
        let writer = |index: usize| {
            let store = match index % 2 {
                0 => Arc::clone(&self.first),
                _ => Arc::clone(&self.second),
            };
            let key = key.clone();
            tokio::spawn(async move {
                let mut done = 0;
                for _ in 0..WRITES {
                    let last = store.load(&key).await?.map_or(0, |record| record.revision);
                    let new = Some(record(last + 1));
                    done += u64::from(store.swap(&key, Some(last), new).await? == Swap::Done);
                }
                Ok::<u64, StoreError>(done)
            })
        };
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        let mut done = 0;
        for writer in writers {
            let result = writer
                .await
                .map_err(|error| check.found(error.to_string()))?;
            done += result.map_err(|error| check.error(&error))?;
        }
        check.is(&self.first, Some(done)).await?;
        check.swap(&self.first, Some(done), None, Swap::Done).await
    }

    async fn leases(&self, key: &TokenKey) -> Result<(), Violation> {
        const RULE: &str = "one holder at a time has the lease of a key";
        let check = Check { rule: RULE, key };
        let other = TokenKey::new(&*key.app, AccountId::location("another"));
        let first = check.lease(&self.first, key, MINUTE).await?;
        let first = first.ok_or_else(|| check.found("a free lease was not given"))?;
        for store in [&self.first, &self.second] {
            if check.lease(store, key, MINUTE).await?.is_some() {
                return Err(check.found("the lease was given twice"));
            }
        }
        let another = check.lease(&self.second, &other, MINUTE).await?;
        let another = another.ok_or_else(|| check.found("the lease of another key was refused"))?;
        another.release().await;
        first.release().await;
        let next = check.lease(&self.second, key, MINUTE).await?;
        let next = next.ok_or_else(|| check.found("a released lease was not given"))?;
        next.release().await;
        Ok(())
    }

    async fn expiry(&self, key: &TokenKey) -> Result<(), Violation> {
        const RULE: &str = "a lease ends after its lifetime, and then belongs to its next holder";
        let check = Check { rule: RULE, key };
        let expired = check.lease(&self.first, key, SHORT).await?;
        let expired = expired.ok_or_else(|| check.found("a free lease was not given"))?;
        (self.wait)(SHORT + SHORT / 4).await;
        let current = check.lease(&self.second, key, MINUTE).await?;
        let current = current.ok_or_else(|| check.found("the lease did not end"))?;
        // A late release must not end the lease of the next holder.
        expired.release().await;
        if check.lease(&self.first, key, MINUTE).await?.is_some() {
            return Err(check.found("a late release ended the lease of another holder"));
        }
        current.release().await;
        Ok(())
    }
}

impl fmt::Debug for TokenStoreChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStoreChecks")
            .field("leases_expire", &self.leases_expire)
            .finish_non_exhaustive()
    }
}

/// A rule, and the key with which it is checked.
struct Check<'a> {
    rule: &'static str,
    key: &'a TokenKey,
}

impl Check<'_> {
    async fn is(
        &self,
        store: &Arc<dyn TokenStore>,
        expected: Option<u64>,
    ) -> Result<(), Violation> {
        let record = store
            .load(self.key)
            .await
            .map_err(|error| self.error(&error))?;
        let revision = record.map(|record| record.revision);
        if revision == expected {
            return Ok(());
        }
        Err(self.found(format!(
            "the stored revision is {revision:?} and not {expected:?}"
        )))
    }

    async fn swap(
        &self,
        store: &Arc<dyn TokenStore>,
        expected: Option<u64>,
        new: Option<u64>,
        result: Swap,
    ) -> Result<(), Violation> {
        let swap = store.swap(self.key, expected, new.map(record)).await;
        self.expect(swap, result)
    }

    fn expect(&self, swap: Result<Swap, StoreError>, expected: Swap) -> Result<(), Violation> {
        let swap = swap.map_err(|error| self.error(&error))?;
        if swap == expected {
            return Ok(());
        }
        Err(self.found(format!("swap returned {swap:?} and not {expected:?}")))
    }

    async fn lease(
        &self,
        store: &Arc<dyn TokenStore>,
        key: &TokenKey,
        ttl: Duration,
    ) -> Result<Option<crate::Lease>, Violation> {
        store
            .lease(key, ttl)
            .await
            .map_err(|error| self.error(&error))
    }

    fn error(&self, error: &StoreError) -> Violation {
        self.found(format!("there was an error: {error}"))
    }

    fn found(&self, found: impl Into<String>) -> Violation {
        violation(self.rule, found)
    }
}

fn violation(rule: &'static str, found: impl Into<String>) -> Violation {
    Violation {
        rule,
        found: found.into(),
    }
}

/// A record whose tokens differ by revision.
fn record(revision: u64) -> Record {
    let token = |name: &str| SecretString::from(format!("{name}-\u{e9}\"\\-{revision}"));
    let access = token("access").expose_secret().to_owned();
    let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(1_900_000_000_123);
    Record::new(
        TokenSet::new(access, Some(token("refresh")), expires),
        revision,
    )
}
