//! The number of retries that all calls of a client share.

use std::sync::atomic::{AtomicU64, Ordering};

/// Limits retries during an outage: successful calls pay for retries.
///
/// Retries of rate-limited calls (429) are not charged, since the limiter delays them.
pub trait RetryBudget: Send + Sync + 'static {
    /// Withdraws one retry. Returns `false` if none is left; then the call is not retried.
    fn withdraw(&self) -> bool;

    /// Records a successful call.
    fn deposit(&self);
}

/// The default budget: a number of retries at the start, and a fraction of one for each successful
/// call, up to that number.
///
/// While the platform is down, nothing is deposited, so a client sends at most `capacity` requests
/// in addition to its calls.
#[derive(Debug)]
pub struct TokenBucket {
    /// In thousandths of a retry.
    capacity: u64,
    earned: u64,
    left: AtomicU64,
}

const ONE: u64 = 1000;

impl TokenBucket {
    /// Creates a budget of 100 retries, to which each successful call adds a tenth of one.
    pub fn new() -> Self {
        Self::with(100, 0.1)
    }

    /// Creates a budget of `capacity` retries, to which each successful call adds `earned`, a
    /// number from 0 to 1.
    pub fn with(capacity: u32, earned: f64) -> Self {
        let capacity = u64::from(capacity) * ONE;
        TokenBucket {
            capacity,
            // NaN becomes 0.
            earned: (earned.clamp(0.0, 1.0) * ONE as f64) as u64,
            left: AtomicU64::new(capacity),
        }
    }

    /// The number of retries left.
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed) / ONE
    }

    /// Sets the remaining amount. If it has changed meanwhile, returns the current one as an error.
    fn set(&self, current: u64, left: u64) -> Result<u64, u64> {
        self.left
            .compare_exchange_weak(current, left, Ordering::Relaxed, Ordering::Relaxed)
    }
}

impl Default for TokenBucket {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryBudget for TokenBucket {
    fn withdraw(&self) -> bool {
        let mut left = self.left.load(Ordering::Relaxed);
        while left >= ONE {
            match self.set(left, left - ONE) {
                Ok(_) => return true,
                Err(changed) => left = changed,
            }
        }
        false
    }

    fn deposit(&self) {
        // The bucket is usually full, and a successful call then writes nothing.
        let mut left = self.left.load(Ordering::Relaxed);
        while left < self.capacity {
            match self.set(left, (left + self.earned).min(self.capacity)) {
                Ok(_) => return,
                Err(changed) => left = changed,
            }
        }
    }
}

/// An unlimited budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnlimitedRetryBudget;

impl RetryBudget for UnlimitedRetryBudget {
    fn withdraw(&self) -> bool {
        true
    }

    fn deposit(&self) {}
}

#[cfg(test)]
mod tests {
    use super::{RetryBudget, TokenBucket, UnlimitedRetryBudget};

    #[test]
    fn unlimited_budget_is_never_used_up() {
        assert!((0..1_000).all(|_| UnlimitedRetryBudget.withdraw()));
    }

    #[test]
    fn successful_calls_pay_for_retries() {
        let budget = TokenBucket::with(3, 0.5);
        assert_eq!((0..9).filter(|_| budget.withdraw()).count(), 3);
        budget.deposit();
        assert!(!budget.withdraw(), "half a retry is none");
        budget.deposit();
        assert!(budget.withdraw());
        (0..100).for_each(|_| budget.deposit());
        assert_eq!(budget.left(), 3, "no more than its capacity");
        for earned in [f64::NAN, -1.0, 0.0] {
            let budget = TokenBucket::with(1, earned);
            assert!(budget.withdraw());
            (0..100).for_each(|_| budget.deposit());
            assert!(!budget.withdraw());
        }
    }
}
