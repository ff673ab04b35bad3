//! A clock that tests can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The server's clock: the real one, and whatever it was moved ahead by. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    started: Instant,
    started_unix: Duration,
    ahead_millis: AtomicU64,
    /// Whether real time passes at all.
    frozen: bool,
}

impl Clock {
    /// A clock that goes with real time.
    pub fn real() -> Self {
        Self::new(false)
    }

    /// A clock that stands still until it is moved.
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
            ahead_millis: AtomicU64::new(0),
            frozen,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.inner.ahead_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// The time since the server began.
    pub fn now(&self) -> Duration {
        let real = if self.inner.frozen {
            Duration::ZERO
        } else {
            self.inner.started.elapsed()
        };
        real + Duration::from_millis(self.inner.ahead_millis.load(Ordering::SeqCst))
    }

    /// The server's start, since 1970.
    pub(crate) fn started(&self) -> Duration {
        self.inner.started_unix
    }

    /// The time since 1970.
    pub fn unix(&self) -> Duration {
        self.inner.started_unix + self.now()
    }
}
