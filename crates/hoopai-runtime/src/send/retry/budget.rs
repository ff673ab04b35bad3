//! How often all calls of a client together may be sent again.

use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps an outage from being multiplied: what is sent again is paid from what went well.
///
/// Retries of what the rate limit refused (429) are not charged, for the limiter paces them.
pub trait RetryBudget: Send + Sync + 'static {
    /// Pays for one retry. `false`: there is nothing left, and the call is not sent again.
    fn withdraw(&self) -> bool;

    /// A call went well.
    fn deposit(&self);
}

/// Our budget: a number of retries at the start, and a part of one for each call that went well, up to that number.
///
/// While the platform is down nothing is paid in, so that a client sends at most its capacity on top of what it is asked for.
#[derive(Debug)]
pub struct TokenBucket {
    /// In thousandths of a retry.
    capacity: u64,
    earned: u64,
    left: AtomicU64,
}

const ONE: u64 = 1000;

impl TokenBucket {
    /// A budget of 100 retries, to which each call that goes well adds a tenth of one.
    pub fn new() -> Self {
        Self::with(100, 0.1)
    }

    /// A budget of `capacity` retries, to which each call that goes well adds `earned`, a number from 0 to 1.
    pub fn with(capacity: u32, earned: f64) -> Self {
        let capacity = u64::from(capacity) * ONE;
        TokenBucket {
            capacity,
            // What is no number becomes 0.
            earned: (earned.clamp(0.0, 1.0) * ONE as f64) as u64,
            left: AtomicU64::new(capacity),
        }
    }

    /// How many retries are left.
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed) / ONE
    }

    /// Sets what is left. An error if others changed it meanwhile: what it is now.
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
        // Most of the time it is full, and a call that goes well writes nothing.
        let mut left = self.left.load(Ordering::Relaxed);
        while left < self.capacity {
            match self.set(left, (left + self.earned).min(self.capacity)) {
                Ok(_) => return,
                Err(changed) => left = changed,
            }
        }
    }
}

/// A budget without bounds.
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
    use super::{RetryBudget, TokenBucket};

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
