//! A store in memory, which is lost when the process ends.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hoopai_runtime::time::{BoxFuture, Clock, SystemClock};

use super::{Lease, LeaseGuard, Swap, TokenStore};
use crate::record::{Record, TokenKey};
use crate::store_error::StoreError;
use crate::util::sync::lock;

/// Keeps tokens in memory: for tests, and for apps that are authorized anew after each start.
/// Clones share their records.
#[derive(Clone)]
pub struct MemoryStore(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    records: HashMap<TokenKey, Record>,
    leases: HashMap<TokenKey, LeaseEntry>,
    last_lease_id: u64,
}

struct LeaseEntry {
    id: u64,
    expires_at: Instant,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store whose leases expire by another clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        MemoryStore(Arc::new(Shared {
            clock,
            state: Mutex::default(),
        }))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the number of records.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("records", &lock(&self.0.state).records.len())
            .finish_non_exhaustive()
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        let record = lock(&self.0.state).records.get(key).cloned();
        Box::pin(async { Ok(record) })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let records = &mut lock(&self.0.state).records;
            if records.get(key).map(|record| record.revision) != expected {
                return Ok(Swap::Conflict);
            }
            match new {
                Some(record) => records.insert(key.clone(), record),
                None => records.remove(key),
            };
            Ok(Swap::Done)
        })
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        Box::pin(async move {
            let records = &lock(&self.0.state).records;
            let keys = records.keys().filter(|key| key.app == app);
            Ok(Some(keys.cloned().collect()))
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(async move {
            let now = self.0.clock.now();
            let mut state = lock(&self.0.state);
            let active = state.leases.get(key);
            if active.is_some_and(|active| now < active.expires_at) {
                return Ok(None);
            }
            state.last_lease_id += 1;
            let id = state.last_lease_id;
            let expires_at = now + ttl;
            state
                .leases
                .insert(key.clone(), LeaseEntry { id, expires_at });
            Ok(Some(Lease::new(Guard {
                shared: self.0.clone(),
                key: key.clone(),
                id,
            })))
        })
    }
}

struct Guard {
    shared: Arc<Shared>,
    key: TokenKey,
    id: u64,
}

impl LeaseGuard for Guard {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        Box::pin(async {})
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let leases = &mut lock(&self.shared.state).leases;
        // An expired lease may belong to another holder now.
        if leases
            .get(&self.key)
            .is_some_and(|active| active.id == self.id)
        {
            leases.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use hoopai_runtime::auth::AccountId;
    use hoopai_runtime::time::ManualClock;

    use super::MemoryStore;
    use crate::{TokenKey, TokenStore};

    #[tokio::test]
    async fn lease_is_free_when_its_time_is_over() {
        let clock = ManualClock::new();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()));
        let key = TokenKey::new("app", AccountId::location("a"));
        let second = Duration::from_secs(1);
        let expired = store.lease(&key, second * 2).await.unwrap();
        clock.advance(second);
        assert!(store.lease(&key, second).await.unwrap().is_none());
        clock.advance(second);
        let next = store.lease(&key, second).await.unwrap();
        assert!(next.is_some());
        // The release of an expired lease does not free that of the next holder.
        drop(expired);
        assert!(store.lease(&key, second).await.unwrap().is_none());
        drop(next);
        assert!(store.lease(&key, second).await.unwrap().is_some());
    }
}
