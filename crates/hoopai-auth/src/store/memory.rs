//! A store that forgets all when the process ends.

use std::collections::BTreeMap;
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
    entries: BTreeMap<TokenKey, Entry>,
    serial: u64,
}

#[derive(Default)]
struct Entry {
    record: Option<Record>,
    lease: Option<Held>,
}

impl Kept {
    fn entry(&mut self, key: &TokenKey) -> &mut Entry {
        self.entries.entry(key.clone()).or_default()
    }

    /// Forgets a key under which nothing is kept any more.
    fn tidy(&mut self, key: &TokenKey) {
        let entry = self.entries.get(key);
        if entry.is_some_and(|entry| entry.record.is_none() && entry.lease.is_none()) {
            self.entries.remove(key);
        }
    }
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
        let kept = lock(&self.0.kept);
        let there = |entry: &&Entry| entry.record.is_some();
        let records = kept.entries.values().filter(there).count();
        f.debug_struct("MemoryStore")
            .field("records", &records)
            .finish_non_exhaustive()
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        let kept = lock(&self.0.kept);
        let entry = kept.entries.get(key);
        let found = entry.and_then(|entry| entry.record.clone());
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
            let entry = kept.entry(key);
            let is_expected = entry.record.as_ref().map(|record| record.revision) == expected;
            if is_expected {
                entry.record = new;
            }
            kept.tidy(key);
            Ok(if is_expected {
                Swap::Done
            } else {
                Swap::Conflict
            })
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
            let serial = kept.serial + 1;
            let entry = kept.entry(key);
            if entry.lease.as_ref().is_some_and(|held| now < held.until) {
                return Ok(None);
            }
            let until = now + ttl;
            entry.lease = Some(Held { serial, until });
            kept.serial = serial;
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
        let entry = kept.entry(&self.key);
        // It may have ended and be another's by now.
        if entry
            .lease
            .as_ref()
            .is_some_and(|held| held.serial == self.serial)
        {
            entry.lease = None;
        }
        kept.tidy(&self.key);
    }
}
