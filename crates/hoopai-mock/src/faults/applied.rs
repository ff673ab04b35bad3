//! The faults that are applied to one request.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::delivery::Delivery;
use super::drift::{self, Drift};
use super::fault::{Fault, FaultId};
use crate::exchange::Reply;
use crate::interface::Operation;

/// The longest delay before a reply.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// The longest time for a body in chunks.
const LONGEST_DRIP: Duration = Duration::from_secs(300);

/// The faults that are applied to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppliedFaults {
    faults: Vec<AppliedFault>,
}

#[derive(Clone, Debug)]
struct AppliedFault {
    id: FaultId,
    fault: Fault,
    seed: u64,
}

impl AppliedFaults {
    pub(super) fn push(&mut self, id: FaultId, fault: Fault, seed: u64) {
        self.faults.push(AppliedFault { id, fault, seed });
    }

    /// Whether a fault decides how the request ends.
    pub(super) fn is_final(&self) -> bool {
        self.faults().any(Fault::is_final)
    }

    /// Returns the rules of the faults.
    pub(crate) fn ids(&self) -> Vec<FaultId> {
        self.faults.iter().map(|applied| applied.id).collect()
    }

    /// Whether a fault replaces the processing of the request.
    pub(crate) fn replaces_processing(&self) -> bool {
        self.faults().any(Fault::is_before)
    }

    /// Returns the reply that replaces processing; `None` if the connection is closed.
    pub(crate) fn reply(&self, trace_id: &str, unix: Duration) -> Option<Reply> {
        self.faults().find_map(|fault| match fault {
            Fault::Status(failure) => Some(failure.reply(trace_id, unix)),
            Fault::Denied(denial) => Some(denial.reply(trace_id)),
            _ => None,
        })
    }

    /// Changes the reply of a processed request.
    pub(crate) fn change(
        &self,
        mut reply: Reply,
        operation: Option<&Operation>,
        trace_id: &str,
        unix: Duration,
    ) -> Reply {
        for applied in &self.faults {
            match &applied.fault {
                Fault::StatusAfter(failure) if reply.status.is_success() => {
                    reply = failure.reply(trace_id, unix);
                }
                Fault::Drift(kind) => drift_body(&mut reply, operation, *kind, None, applied.seed),
                Fault::DriftAt(kind, at) => {
                    drift_body(&mut reply, operation, *kind, Some(at), applied.seed);
                }
                Fault::Success(status) if reply.status.is_success() => {
                    let status = StatusCode::from_u16(*status).ok();
                    reply.status = status
                        .filter(StatusCode::is_success)
                        .unwrap_or(reply.status);
                }
                _ => {}
            }
        }
        reply
    }

    /// Returns the real time before the reply.
    pub(crate) fn delay(&self) -> Duration {
        let delays = self.faults().filter_map(|fault| match fault {
            Fault::Delay(delay) => Some(*delay),
            _ => None,
        });
        delays
            .fold(Duration::ZERO, Duration::saturating_add)
            .min(LONGEST_DELAY)
    }

    /// Returns the delivery of a reply with a body of this length.
    pub(crate) fn delivery(&self, length: usize) -> Delivery {
        let mut delivery = Delivery::Whole;
        for fault in self.faults() {
            match fault {
                Fault::CloseBefore | Fault::CloseAfter => return Delivery::Close,
                Fault::ResetBefore | Fault::ResetAfter => return Delivery::Reset,
                Fault::Cut => return Delivery::Cut,
                Fault::Drip { bytes, pause } => {
                    let pause = (*pause).clamp(Duration::from_millis(1), LONGEST_DRIP);
                    let pieces = (LONGEST_DRIP.as_millis() / pause.as_millis().max(1)).max(1);
                    let fewest = length.div_ceil(usize::try_from(pieces).unwrap_or(usize::MAX));
                    delivery = Delivery::Drip {
                        bytes: (*bytes).max(fewest).max(1),
                        pause,
                    };
                }
                _ => {}
            }
        }
        delivery
    }

    fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().map(|applied| &applied.fault)
    }
}

fn drift_body(
    reply: &mut Reply,
    operation: Option<&Operation>,
    kind: Drift,
    at: Option<&str>,
    seed: u64,
) {
    if !reply.status.is_success() {
        return;
    }
    if kind == Drift::Empty {
        reply.body = Bytes::new();
        return;
    }
    let Ok(mut body) = serde_json::from_slice(&reply.body) else {
        return;
    };
    if drift::apply(&mut body, operation, kind, at, seed) {
        reply.body = body.to_string().into();
    }
}
