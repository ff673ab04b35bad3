//! Counts of refreshes, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What happened to the tokens of an app in this process, since its token manager was created. See
/// [`TokenManager::metrics`](crate::TokenManager::metrics).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenMetrics {
    /// Refreshes that ended with a token, requested by this process or read from the store.
    pub refreshes: u64,
    /// Refreshes that failed.
    pub failures: u64,
    /// Failed refreshes whose error is one of the token store.
    pub store_failures: u64,
    /// Failed refreshes after which calls continue with the token in memory, as it has not expired:
    /// the store or the platform could not be reached in time.
    pub fallbacks: u64,
    /// Leases that this process took. Most lead to a request; others to a token that another process
    /// has stored just before.
    pub leases: u64,
    /// Refreshes that found the lease taken by another process.
    pub lease_waits: u64,
    /// The time that these refreshes have waited, in total.
    pub lease_wait: Duration,
    /// Refreshes that ended with a token of the store, such as the first one after the start. The
    /// difference to [`refreshes`](Self::refreshes) are those by this process.
    pub adopted: u64,
}

/// The counters of [`TokenMetrics`].
#[derive(Default)]
pub(crate) struct Counters {
    pub(super) refreshes: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) store_failures: AtomicU64,
    pub(super) fallbacks: AtomicU64,
    pub(super) leases: AtomicU64,
    pub(super) lease_waits: AtomicU64,
    lease_wait_micros: AtomicU64,
    pub(super) adopted: AtomicU64,
}

/// Adds one to a counter.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn add_lease_wait(&self, wait: Duration) {
        count(&self.lease_waits);
        let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        self.lease_wait_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> TokenMetrics {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TokenMetrics {
            refreshes: of(&self.refreshes),
            failures: of(&self.failures),
            store_failures: of(&self.store_failures),
            fallbacks: of(&self.fallbacks),
            leases: of(&self.leases),
            lease_waits: of(&self.lease_waits),
            lease_wait: Duration::from_micros(of(&self.lease_wait_micros)),
            adopted: of(&self.adopted),
        }
    }
}
