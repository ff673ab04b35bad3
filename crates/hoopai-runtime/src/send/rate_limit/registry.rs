//! A limiter for each account, since the platform limits an app separately in each location and
//! company.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::{Backend, Limiter, RateLimitSettings};
use crate::time::{Clock, lock};

/// The number of limiters below which none is removed.
const FEW: usize = 64;

/// The limiters of all accounts. Clones share one registry.
#[derive(Clone)]
pub(crate) struct Limiters(Arc<Inner>);

struct Inner {
    settings: Arc<RateLimitSettings>,
    clock: Arc<dyn Clock>,
    /// `None` if limits are not shared with other processes.
    backend: Option<Backend>,
    known: Mutex<Known>,
}

struct Known {
    limiters: HashMap<String, Limiter>,
    /// The number of limiters at which idle ones are removed. It is twice the number that remained
    /// the last time, so that each addition takes constant time on average.
    sweep_at: usize,
}

impl Limiters {
    /// Creates a registry whose limiters start with these settings.
    pub(crate) fn new(
        settings: RateLimitSettings,
        clock: Arc<dyn Clock>,
        backend: Option<Backend>,
    ) -> Self {
        Limiters(Arc::new(Inner {
            settings: Arc::new(settings),
            clock,
            backend,
            known: Mutex::new(Known {
                limiters: HashMap::new(),
                sweep_at: FEW,
            }),
        }))
    }

    /// The limiter of an account. It stays the same while it is in use or has state.
    pub(crate) fn get(&self, key: &str) -> Limiter {
        let mut known = lock(&self.0.known);
        if let Some(limiter) = known.limiters.get(key) {
            return limiter.clone();
        }
        if known.limiters.len() >= known.sweep_at {
            // No other thread can obtain one meanwhile, since this lock is held.
            known.limiters.retain(|_, limiter| !limiter.is_disposable());
            known.sweep_at = FEW.max(known.limiters.len().saturating_mul(2));
            let room = known.sweep_at;
            known.limiters.shrink_to(room);
        }
        let (settings, clock) = (self.0.settings.clone(), self.0.clock.clone());
        let limiter = match &self.0.backend {
            Some(backend) => Limiter::shared(settings, clock, backend.clone(), key),
            None => Limiter::new(settings, clock),
        };
        known.limiters.insert(key.to_owned(), limiter.clone());
        limiter
    }

    /// The number of limiters.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0.known).limiters.len()
    }
}

/// Hides the keys, which are ids of accounts.
impl fmt::Debug for Limiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limiters({})", self.len())
    }
}
