//! A clock that tests can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The server's clock: real time or a frozen time, plus the time by which it was advanced. Clones
/// share their state.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    started: Instant,
    started_unix: Duration,
    advanced_millis: AtomicU64,
    frozen: bool,
}

impl Clock {
    /// A clock that follows real time.
    pub fn real() -> Self {
        Self::new(false)
    }

    /// A clock that changes only by [`advance`](Self::advance).
    pub fn frozen() -> Self {
        Self::new(true)
    }

    fn new(frozen: bool) -> Self {
        let started_unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let inner = Inner {
            started: Instant::now(),
            started_unix,
            advanced_millis: AtomicU64::new(0),
            frozen,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.inner
            .advanced_millis
            .fetch_add(millis, Ordering::SeqCst);
    }

    /// The time since the server's start.
    pub fn now(&self) -> Duration {
        let real = if self.inner.frozen {
            Duration::ZERO
        } else {
            self.inner.started.elapsed()
        };
        real + Duration::from_millis(self.inner.advanced_millis.load(Ordering::SeqCst))
    }

    /// The server's start, as time since 1970.
    pub(crate) fn started(&self) -> Duration {
        self.inner.started_unix
    }

    /// The time since 1970.
    pub fn unix(&self) -> Duration {
        self.inner.started_unix + self.now()
    }
}
