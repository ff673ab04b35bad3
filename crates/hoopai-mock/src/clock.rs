//! A clock that tests can move.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

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
    advanced: watch::Sender<Duration>,
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
            advanced: watch::Sender::new(Duration::ZERO),
            frozen,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        let advance = |advanced: &mut Duration| *advanced = advanced.saturating_add(by);
        self.inner.advanced.send_modify(advance);
    }

    /// Whether the clock changes only by [`advance`](Self::advance).
    pub(crate) fn is_frozen(&self) -> bool {
        self.inner.frozen
    }

    /// A new clock of the same kind, which starts now.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.inner.frozen)
    }

    /// Takes back all advances.
    pub(crate) fn reset(&self) {
        self.inner.advanced.send_replace(Duration::ZERO);
    }

    /// The time since the server's start.
    pub fn now(&self) -> Duration {
        let real = if self.inner.frozen {
            Duration::ZERO
        } else {
            self.inner.started.elapsed()
        };
        real.saturating_add(*self.inner.advanced.borrow())
    }

    /// Waits until the clock shows this time since the server's start.
    pub(crate) async fn reach(&self, time: Duration) {
        let mut advanced = self.inner.advanced.subscribe();
        loop {
            let left = time.saturating_sub(self.now());
            if left.is_zero() {
                return;
            }
            let elapsed = async {
                match self.inner.frozen {
                    true => std::future::pending().await,
                    false => tokio::time::sleep(left).await,
                }
            };
            tokio::select! {
                _ = advanced.changed() => {}
                () = elapsed => {}
            }
        }
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
