//! A lease that this process holds, with its end by the clocks of this machine.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hoopai_runtime::time::Clock;

use super::context::Context;
use crate::record::TokenKey;
use crate::store::{Lease, TokenStore};
use crate::store_error::StoreError;

/// The time after which another process may take over a refresh.
///
/// It is for processes that hang, and longer than a request with all its waiting. Stores that
/// detect the end of a process free its lease sooner.
const LEASE_TTL: Duration = Duration::from_secs(5 * 60);

/// How long to wait for the refresh of another process.
pub(crate) const LEASE_WAIT: Duration = Duration::from_secs(90);
pub(super) const LEASE_PAUSE: Duration = Duration::from_millis(20);
pub(super) const LEASE_PAUSE_MAX: Duration = Duration::from_secs(2);

/// A lease and its end by two clocks: one that stops while the machine sleeps, and one that can be
/// set.
pub(super) struct ActiveLease {
    lease: Lease,
    expires_at: (Instant, SystemTime),
}

impl ActiveLease {
    /// Takes the lease of a key. `None`: another process has it.
    pub(super) async fn try_acquire(
        store: &dyn TokenStore,
        clock: &dyn Clock,
        key: &TokenKey,
    ) -> Result<Option<Self>, StoreError> {
        Self::try_acquire_for(store, clock, key, LEASE_TTL).await
    }

    /// Takes the lease of a key for a time.
    pub(super) async fn try_acquire_for(
        store: &dyn TokenStore,
        clock: &dyn Clock,
        key: &TokenKey,
        ttl: Duration,
    ) -> Result<Option<Self>, StoreError> {
        let expires_at = (clock.now() + ttl, clock.system_time() + ttl);
        let lease = store.lease(key, ttl).await?;
        Ok(lease.map(|lease| ActiveLease { lease, expires_at }))
    }

    /// Whether another process may have the lease by now.
    pub(super) fn is_expired(&self, clock: &dyn Clock) -> bool {
        let (instant, time) = self.expires_at;
        !self.lease.is_held() || clock.now() >= instant || clock.system_time() >= time
    }

    pub(super) async fn release(self) {
        self.lease.release().await;
    }
}

/// A wait for the lease of another process, which is counted when it is dropped.
pub(super) struct LeaseWait {
    context: Arc<Context>,
    since: Instant,
}

impl LeaseWait {
    pub(super) fn start(context: &Arc<Context>) -> Self {
        Self {
            context: context.clone(),
            since: context.clock.now(),
        }
    }
}

impl Drop for LeaseWait {
    fn drop(&mut self) {
        let now = self.context.clock.now();
        let wait = now.saturating_duration_since(self.since);
        self.context.counters.add_lease_wait(wait);
        tracing::debug!(?wait, "a refresh waited for that of another process");
    }
}
