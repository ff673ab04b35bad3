//! The delay before a retry.

use std::time::Duration;

/// Determines the delay before a retry.
pub trait Backoff: Send + Sync + 'static {
    /// The delay before retry number `retry`, starting at 1. `random` is a number in `0.0..1.0`.
    fn delay(&self, retry: u32, random: f64) -> Duration;
}

/// A random delay from zero up to a bound that doubles with each retry, up to a cap. The randomness
/// prevents that calls which failed together are retried together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullJitter {
    base: Duration,
    cap: Duration,
}

impl FullJitter {
    /// Creates a backoff with a first bound of half a second and a cap of 20 seconds.
    pub const fn new() -> Self {
        FullJitter {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
        }
    }

    /// Sets the bound of the first retry.
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the cap of the bounds.
    #[must_use]
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }
}

impl Default for FullJitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff for FullJitter {
    fn delay(&self, retry: u32, random: f64) -> Duration {
        let doublings = retry.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        let part = if random.is_finite() {
            random.clamp(0.0, 1.0)
        } else {
            1.0
        };
        Duration::try_from_secs_f64(bound.as_secs_f64() * part).unwrap_or(bound)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, FullJitter};

    #[test]
    fn bound_doubles_up_to_the_cap() {
        let backoff = FullJitter::new();
        let bounds: Vec<u128> = [1, 2, 3, 6, 7, u32::MAX]
            .map(|retry| backoff.delay(retry, 1.0).as_millis())
            .to_vec();
        assert_eq!(bounds, [500, 1000, 2000, 16_000, 20_000, 20_000]);
        assert_eq!(backoff.delay(3, 0.25), Duration::from_millis(500));
        assert_eq!(backoff.delay(3, 0.0), Duration::ZERO);
        let endless = FullJitter::new().base(Duration::MAX).cap(Duration::MAX);
        for random in [f64::NAN, f64::INFINITY, -1.0, 2.0, 0.999] {
            assert!(backoff.delay(9, random) <= Duration::from_secs(20));
            assert!(endless.delay(u32::MAX, random) <= Duration::MAX);
        }
    }
}
