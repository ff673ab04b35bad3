//! A limiter for each resource, since the platform limits an app in each location and company apart.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::{Limiter, RateLimitSettings};
use crate::time::{Clock, lock};

/// Below so many none is looked for that could go.
const FEW: usize = 64;

/// The limiters of all resources. Clones are the same registry.
#[derive(Clone)]
pub(crate) struct Limiters(Arc<Inner>);

struct Inner {
    settings: RateLimitSettings,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

struct Known {
    limiters: HashMap<String, Limiter>,
    /// At this number those that hold nothing are dropped. It is twice the number that was left the last time, so that
    /// each addition costs constant time on average.
    sweep_at: usize,
}

impl Limiters {
    /// A registry whose limiters begin with these settings.
    pub(crate) fn new(settings: RateLimitSettings, clock: Arc<dyn Clock>) -> Self {
        Limiters(Arc::new(Inner {
            settings,
            clock,
            known: Mutex::new(Known {
                limiters: HashMap::new(),
                sweep_at: FEW,
            }),
        }))
    }

    /// The limiter of a resource. It is the same one for as long as anybody holds it, or it has something to remember.
    pub(crate) fn get(&self, key: &str) -> Limiter {
        let mut known = lock(&self.0.known);
        if let Some(limiter) = known.limiters.get(key) {
            return limiter.clone();
        }
        if known.limiters.len() >= known.sweep_at {
            // Nobody can come to hold one meanwhile: they are given out under this lock.
            known.limiters.retain(|_, limiter| !limiter.is_disposable());
            known.sweep_at = FEW.max(known.limiters.len().saturating_mul(2));
            let room = known.sweep_at;
            known.limiters.shrink_to(room);
        }
        let limiter = Limiter::new(self.0.settings.clone(), self.0.clock.clone());
        known.limiters.insert(key.to_owned(), limiter.clone());
        limiter
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0.known).limiters.len()
    }
}

/// Shows no keys, which are ids of apps and accounts.
impl fmt::Debug for Limiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limiters({})", self.len())
    }
}
