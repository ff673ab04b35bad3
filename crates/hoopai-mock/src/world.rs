//! Everything that one server knows and remembers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::check::Undeclared;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::interface::Interface;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::state::State;
use crate::tokens::Tokens;

/// One server's world. Each part locks for itself, and none holds its lock across another's.
pub(crate) struct World {
    pub(crate) interface: &'static Interface,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) state: State,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    /// What made-up replies and ids are made from.
    pub(crate) seed: u64,
    /// What becomes of what the interface does not declare, unless a request says otherwise.
    pub(crate) undeclared: Undeclared,
    /// The largest request body, in bytes.
    pub(crate) body_limit: usize,
    pub(crate) requests: AtomicU64,
}

impl World {
    /// A number of its own for each request; the trace id is made of it.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}
