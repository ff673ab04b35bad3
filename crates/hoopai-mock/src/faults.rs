//! Faults: what goes wrong, scripted or by chance.

use crate::exchange::Outgoing;
use crate::interface::Operation;

/// Something that goes wrong with a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A status in place of the reply, with JSON as the platform would have it.
    Status(u16),
}

/// Which requests a fault strikes.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// The fault.
    pub fault: Fault,
}

/// A server's faults.
#[derive(Default)]
pub struct Faults {}

/// What the faults do to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {}

impl Faults {
    pub(crate) fn strike(&self, operation: Option<&Operation>, number: u64, seed: u64) -> Verdict {
        let _ = (operation, number, seed);
        Verdict {}
    }
}

impl Verdict {
    /// Whether the request is never processed.
    pub(crate) fn instead_of_processing(&self) -> bool {
        false
    }

    /// The reply in place of processing.
    pub(crate) fn reply(&self) -> Option<Outgoing> {
        None
    }

    /// What becomes of the reply to a request that was processed.
    pub(crate) fn change(&self, reply: Outgoing, operation: Option<&Operation>) -> Outgoing {
        let _ = operation;
        reply
    }
}
