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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant, SystemTime};

    use hoopai_runtime::auth::AccountId;
    use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};

    use super::{ActiveLease, LEASE_WAIT};
    use crate::{Lease, LeaseGuard, MemoryStore, TokenKey};

    const SECOND: Duration = Duration::from_secs(1);

    /// The times of two clocks.
    struct Times(Instant, SystemTime);

    impl Clock for Times {
        fn now(&self) -> Instant {
            self.0
        }

        fn system_time(&self) -> SystemTime {
            self.1
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    fn key() -> TokenKey {
        TokenKey::new("app", AccountId::location("a"))
    }

    #[tokio::test]
    async fn lease_expires_by_the_first_clock_that_reaches_its_end() {
        let start = Times(Instant::now(), SystemTime::UNIX_EPOCH);
        let ttl = SECOND * 60;
        // The lease itself is held all the time.
        let store = MemoryStore::with_clock(Arc::new(ManualClock::new()));
        let lease = ActiveLease::try_acquire_for(&store, &start, &key(), ttl).await;
        let lease = lease.unwrap().unwrap();
        for (instant, time, expired) in [
            (0, 0, false),
            (59, 59, false),
            // The time of day was set, or the machine was suspended.
            (0, 60, true),
            (60, 0, true),
            (60, 60, true),
        ] {
            let now = Times(start.0 + SECOND * instant, start.1 + SECOND * time);
            assert_eq!(lease.is_expired(&now), expired, "{instant} {time}");
        }
    }

    /// Some stores free a lease only then, and not when it is dropped.
    #[tokio::test]
    async fn lease_is_released_in_its_store() {
        struct Guard(Arc<AtomicBool>);

        impl LeaseGuard for Guard {
            fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
                Box::pin(async move { self.0.store(true, Ordering::Relaxed) })
            }
        }

        let released = Arc::new(AtomicBool::new(false));
        let lease = ActiveLease {
            lease: Lease::new(Guard(released.clone())),
            expires_at: (Instant::now(), SystemTime::UNIX_EPOCH),
        };
        lease.release().await;
        assert!(released.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn lease_of_a_refresh_lasts_longer_than_others_wait() {
        let clock = ManualClock::new();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()));
        let acquire = || async {
            ActiveLease::try_acquire(&store, &clock, &key())
                .await
                .unwrap()
        };
        let lease = acquire().await.unwrap();
        clock.advance(LEASE_WAIT * 2);
        assert!(!lease.is_expired(&clock));
        assert!(acquire().await.is_none());
        // A process that hangs blocks others for some minutes.
        clock.advance(LEASE_WAIT * 2);
        assert!(lease.is_expired(&clock));
        assert!(acquire().await.is_some());
    }
}
