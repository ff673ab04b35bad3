//! The limiter backend of clients in one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::backend::{LimitKey, LimiterBackend, LimiterError, ShareReply, ShareReport};
use super::ledger::Ledger;
use crate::time::{BoxFuture, Clock, SystemClock, lock};

/// Divides limits among the clients of one process. Clones share one state.
///
/// A single client needs no backend: all of its handles share its limiters.
#[derive(Clone)]
pub struct MemoryLimiter(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    start: Instant,
    ledgers: Mutex<HashMap<LimitKey, Ledger>>,
}

/// The number of ledgers below which none is removed.
const FEW: usize = 64;

impl MemoryLimiter {
    /// Creates a backend without shares.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// Creates a backend that reads this clock.
    pub fn with_clock(clock: impl Clock) -> Self {
        MemoryLimiter(Arc::new(Shared {
            start: clock.now(),
            clock: Arc::new(clock),
            ledgers: Mutex::default(),
        }))
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the number of limits.
impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = lock(&self.0.ledgers).len();
        f.debug_struct("MemoryLimiter")
            .field("limits", &limits)
            .finish()
    }
}

impl LimiterBackend for MemoryLimiter {
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        let mut ledgers = lock(&self.0.ledgers);
        // A ledger with the time zero is a new one.
        let now =
            self.0.clock.now().saturating_duration_since(self.0.start) + Duration::from_secs(1);
        if ledgers.len() >= FEW && !ledgers.contains_key(key) && ledgers.len().is_power_of_two() {
            ledgers.retain(|_, ledger| !ledger.is_idle(now));
        }
        let ledger = ledgers.entry(key.clone()).or_default();
        let reply = ledger.exchange(now, report);
        Box::pin(async move { Ok(reply) })
    }
}
