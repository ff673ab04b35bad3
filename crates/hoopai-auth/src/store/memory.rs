//! A store that forgets all when the process ends.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hoopai_runtime::time::{BoxFuture, Clock, SystemClock};

use super::{Lease, LeaseGuard, StoreError, Swap, TokenStore};
use crate::lock;
use crate::{Record, TokenKey};

/// Keeps tokens in memory: for tests, and for apps that are authorised anew with each start. Clones share what they keep.
#[derive(Clone)]
pub struct MemoryStore(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    records: HashMap<TokenKey, Record>,
    leases: HashMap<TokenKey, Held>,
    serial: u64,
}

struct Held {
    serial: u64,
    until: Instant,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store whose leases end by another clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        MemoryStore(Arc::new(Shared {
            clock,
            kept: Mutex::default(),
        }))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows how many records there are.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = lock(&self.0.kept).records.len();
        f.debug_struct("MemoryStore")
            .field("records", &records)
            .finish_non_exhaustive()
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        let found = lock(&self.0.kept).records.get(key).cloned();
        Box::pin(async { Ok(found) })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let mut kept = lock(&self.0.kept);
            if kept.records.get(key).map(|record| record.revision) != expected {
                return Ok(Swap::Conflict);
            }
            match new {
                Some(record) => kept.records.insert(key.clone(), record),
                None => kept.records.remove(key),
            };
            Ok(Swap::Done)
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(async move {
            let now = self.0.clock.now();
            let mut kept = lock(&self.0.kept);
            if kept.leases.get(key).is_some_and(|held| now < held.until) {
                return Ok(None);
            }
            kept.serial += 1;
            let serial = kept.serial;
            let until = now + ttl;
            kept.leases.insert(key.clone(), Held { serial, until });
            Ok(Some(Lease::new(Guard {
                shared: self.0.clone(),
                key: key.clone(),
                serial,
            })))
        })
    }
}

struct Guard {
    shared: Arc<Shared>,
    key: TokenKey,
    serial: u64,
}

impl LeaseGuard for Guard {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        Box::pin(async {})
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut kept = lock(&self.shared.kept);
        // It may have ended and be another's by now.
        if kept
            .leases
            .get(&self.key)
            .is_some_and(|held| held.serial == self.serial)
        {
            kept.leases.remove(&self.key);
        }
    }
}
