//! The times of a replay guard.

use std::time::Duration;

/// Times are cut to this one, which clocks and databases can add to a moment.
const MAX_TIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How long a replay guard keeps its entries.
///
/// ```
/// use std::time::Duration;
///
/// use hoopai_webhooks::ReplayTimes;
///
/// let times = ReplayTimes::default().with_window(Duration::from_secs(24 * 60 * 60));
/// assert_eq!(times.window().as_secs(), 86_400);
/// assert_eq!(times.reservation_time().as_secs(), 900);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayTimes {
    window: Duration,
    reservation_time: Duration,
}

impl ReplayTimes {
    /// The time for which handled deliveries are remembered.
    pub fn window(self) -> Duration {
        self.window
    }

    /// The time after which reservations expire.
    pub fn reservation_time(self) -> Duration {
        self.reservation_time
    }

    /// Sets the time for which handled deliveries are remembered, at most 100 years.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window.min(MAX_TIME);
        self
    }

    /// Sets the time after which reservations expire, at most 100 years.
    #[must_use]
    pub fn with_reservation_time(mut self, time: Duration) -> Self {
        self.reservation_time = time.min(MAX_TIME);
        self
    }
}

/// 72 hours, and 15 minutes for reservations.
impl Default for ReplayTimes {
    fn default() -> Self {
        ReplayTimes {
            window: Duration::from_secs(72 * 60 * 60),
            reservation_time: Duration::from_secs(15 * 60),
        }
    }
}
