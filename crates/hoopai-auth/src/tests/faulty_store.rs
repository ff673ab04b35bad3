//! A store whose writes fail as planned.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;

use super::harness::Harness;
use crate::util::sync::lock;
use crate::{Lease, Record, StoreError, Swap, TokenKey, TokenStore};

/// A store whose first writes behave as planned: the n-th swap has the n-th behavior.
pub(super) struct FaultyStore {
    inner: Arc<dyn TokenStore>,
    swaps: Mutex<VecDeque<SwapBehavior>>,
    pub(super) failures: AtomicU32,
    /// The keys of the leases that were asked for.
    pub(super) leases: Mutex<Vec<TokenKey>>,
}

pub(super) enum SwapBehavior {
    Works,
    Fails,
    /// Stores the record and returns an error.
    FailsAfterStoring,
    Conflicts,
}

/// One write that works, and then nine that fail.
pub(super) fn works_once() -> impl Iterator<Item = SwapBehavior> {
    let failures = (0..9).map(|_| SwapBehavior::Fails);
    [SwapBehavior::Works].into_iter().chain(failures)
}

impl FaultyStore {
    /// Puts a faulty store before the store of a harness.
    pub(super) fn install(
        harness: &mut Harness,
        swaps: impl IntoIterator<Item = SwapBehavior>,
    ) -> Arc<Self> {
        let store = Arc::new(FaultyStore {
            inner: harness.store.clone(),
            swaps: Mutex::new(swaps.into_iter().collect()),
            failures: AtomicU32::new(0),
            leases: Mutex::default(),
        });
        harness.store = store.clone();
        store
    }
}

impl TokenStore for FaultyStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.inner.load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        let behavior = lock(&self.swaps).pop_front();
        Box::pin(async move {
            let full_disk = || StoreError::new("the disk is full", "make room");
            match behavior {
                Some(SwapBehavior::Fails) => {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                    Err(full_disk())
                }
                Some(SwapBehavior::FailsAfterStoring) => {
                    self.inner.swap(key, expected, new).await?;
                    Err(full_disk())
                }
                Some(SwapBehavior::Conflicts) => Ok(Swap::Conflict),
                Some(SwapBehavior::Works) | None => self.inner.swap(key, expected, new).await,
            }
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        lock(&self.leases).push(key.clone());
        self.inner.lease(key, ttl)
    }
}
