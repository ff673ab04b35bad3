//! The checks of token stores: own stores pass them, and broken ones fail.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};

use crate::conformance::{TokenStoreChecks, Violation};
use crate::{FileStore, Lease, MemoryStore, Record, StoreError, Swap, TokenKey, TokenStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn own_stores_conform() {
    let clock = ManualClock::new();
    let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
    let checks = TokenStoreChecks::new(memory.clone(), memory).wait_by(move |time| {
        clock.advance(time);
        async {}
    });
    checks.run().await.unwrap();

    let directory = tempfile::tempdir().unwrap();
    let open = || FileStore::open(directory.path()).unwrap();
    let checks = TokenStoreChecks::new(open(), open()).leases_end_with_their_process();
    checks.run().await.unwrap();
}

/// A rule that a store breaks.
#[derive(Clone, Copy, PartialEq)]
enum Break {
    IgnoresRevision,
    KeepsRemoved,
    LoadsMissing,
    DropsPending,
    IgnoresCase,
    SharesLeases,
    KeepsLeases,
    ListsAllApps,
    ListsRemoved,
    LocksOneProcess,
}

#[derive(Clone)]
struct Broken {
    store: MemoryStore,
    how: Break,
    /// A lock of the process.
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl TokenStore for Broken {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            let stored = self.store.load(&self.key(key)).await?;
            Ok(match self.how {
                Break::LoadsMissing => stored.or_else(|| {
                    let tokens = crate::TokenSet::new("old", None, SystemTime::UNIX_EPOCH);
                    Some(Record::new(tokens, 1))
                }),
                _ => stored,
            })
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        mut new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let key = self.key(key);
            let mut expected = expected;
            match self.how {
                Break::IgnoresRevision => {
                    let stored = self.store.load(&key).await?;
                    expected = stored.map(|record| record.revision);
                }
                Break::KeepsRemoved if new.is_none() => return Ok(Swap::Done),
                Break::LocksOneProcess => {
                    let _guard = self.lock.lock().await;
                    let revision = || async {
                        let stored = self.store.load(&key).await;
                        stored.map(|record| record.map(|record| record.revision))
                    };
                    if revision().await? != expected {
                        return Ok(Swap::Conflict);
                    }
                    tokio::task::yield_now().await;
                    return self.store.swap(&key, revision().await?, new).await;
                }
                Break::DropsPending => {
                    if let Some(new) = &mut new {
                        new.pending = None;
                    }
                }
                _ => {}
            }
            self.store.swap(&key, expected, new).await
        })
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        Box::pin(async move {
            let keys = self.store.keys(app).await?;
            let mut keys = keys.unwrap_or_default();
            let a = |app: &str| TokenKey::new(app, crate::AccountId::location("a"));
            match self.how {
                Break::ListsAllApps => keys.push(a(&format!("{app}-other"))),
                Break::ListsRemoved if keys.is_empty() => keys.push(a(app)),
                _ => {}
            }
            Ok(Some(keys))
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(async move {
            match self.how {
                Break::SharesLeases => MemoryStore::new().lease(key, ttl).await,
                Break::KeepsLeases => self.store.lease(key, ttl * 2).await,
                _ => self.store.lease(key, ttl).await,
            }
        })
    }
}

impl Broken {
    fn key(&self, key: &TokenKey) -> TokenKey {
        let mut key = key.clone();
        if self.how == Break::IgnoresCase {
            let id = key.account.id().to_lowercase();
            key.account = match key.account {
                crate::AccountId::Company(_) => crate::AccountId::company(id),
                _ => crate::AccountId::location(id),
            };
        }
        key
    }
}

#[tokio::test]
async fn broken_stores_are_found() {
    for (how, rule) in [
        (Break::IgnoresRevision, "the expected one"),
        (Break::KeepsRemoved, "the expected one"),
        (Break::LoadsMissing, "the expected one"),
        (Break::DropsPending, "unchanged"),
        (Break::IgnoresCase, "a record of its own"),
        (Break::SharesLeases, "one holder at a time"),
        (Break::KeepsLeases, "ends after its lifetime"),
        (Break::ListsAllApps, "the keys of all records"),
        (Break::ListsRemoved, "the keys of all records"),
        (Break::LocksOneProcess, "one succeeds"),
    ] {
        let clock = ManualClock::new();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()) as Arc<dyn Clock>);
        let process = || Broken {
            store: store.clone(),
            how,
            lock: Arc::default(),
        };
        let checks = TokenStoreChecks::new(process(), process()).wait_by(move |time| {
            clock.advance(time);
            async {}
        });
        let Violation { rule: found, .. } = checks.run().await.unwrap_err();
        assert!(found.contains(rule), "{found}: {rule}");
    }
}
