//! The parts of one running server.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::check::UndeclaredPolicy;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::limits::RateLimiter;
use crate::state::State;
use crate::tokens::TokenStore;
use crate::webhooks::Webhooks;

/// The parts of one running server. Each part has its own lock, which is never held while another
/// part is called.
pub(crate) struct ServerState {
    pub(crate) clock: Clock,
    pub(crate) tokens: TokenStore,
    pub(crate) limiter: RateLimiter,
    pub(crate) state: State,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: Webhooks,
    /// The seed of ids, made-up replies and random faults.
    pub(crate) seed: u64,
    pub(crate) undeclared: UndeclaredPolicy,
    pub(crate) requests: AtomicU64,
}

impl ServerState {
    /// Returns the number of the next request, from 0.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}
