//! What the faults do to one request.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::{Drift, Fault, FaultId, drift};
use crate::exchange::Outgoing;
use crate::interface::Operation;

/// The longest delay before a reply.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// The longest time that a dripping body takes.
const LONGEST_DRIP: Duration = Duration::from_secs(300);

/// What the faults do to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    strikes: Vec<Strike>,
}

#[derive(Clone, Debug)]
struct Strike {
    id: FaultId,
    fault: Fault,
    seed: u64,
}

/// How a reply goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Whole,
    /// In pieces, with time before each.
    Drip {
        bytes: usize,
        pause: Duration,
    },
    /// Half of the body, and then the end of the connection.
    Cut,
    /// Nothing: the connection is closed.
    Close,
    /// Nothing: the connection is reset.
    Reset,
}

impl Verdict {
    pub(super) fn push(&mut self, id: FaultId, fault: Fault, seed: u64) {
        self.strikes.push(Strike { id, fault, seed });
    }

    pub(super) fn is_final(&self) -> bool {
        self.faults().any(Fault::is_final)
    }

    /// The rules that struck.
    pub(crate) fn ids(&self) -> Vec<FaultId> {
        self.strikes.iter().map(|strike| strike.id).collect()
    }

    /// Whether the request is never processed.
    pub(crate) fn instead_of_processing(&self) -> bool {
        self.faults().any(Fault::is_before)
    }

    /// The reply in place of processing; none where the connection ends.
    pub(crate) fn reply(&self, trace_id: &str, unix: Duration) -> Option<Outgoing> {
        self.faults().find_map(|fault| match fault {
            Fault::Status(failure) => Some(failure.reply(trace_id, unix)),
            Fault::Denied(denial) => Some(denial.reply(trace_id)),
            _ => None,
        })
    }

    /// What becomes of the reply to a request that was processed.
    pub(crate) fn change(
        &self,
        mut reply: Outgoing,
        operation: Option<&Operation>,
        trace_id: &str,
        unix: Duration,
    ) -> Outgoing {
        for strike in &self.strikes {
            match &strike.fault {
                Fault::StatusAfter(failure) if reply.status.is_success() => {
                    reply = failure.reply(trace_id, unix);
                }
                Fault::Drift(kind) => drift_body(&mut reply, operation, *kind, None, strike.seed),
                Fault::DriftAt(kind, at) => {
                    drift_body(&mut reply, operation, *kind, Some(at), strike.seed);
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

    /// The real time that passes before the reply.
    pub(crate) fn delay(&self) -> Duration {
        let delays = self.faults().filter_map(|fault| match fault {
            Fault::Delay(delay) => Some(*delay),
            _ => None,
        });
        delays
            .fold(Duration::ZERO, Duration::saturating_add)
            .min(LONGEST_DELAY)
    }

    /// How the reply goes out.
    pub(crate) fn wire(&self, length: usize) -> Wire {
        let mut wire = Wire::Whole;
        for fault in self.faults() {
            match fault {
                Fault::CloseBefore | Fault::CloseAfter => return Wire::Close,
                Fault::ResetBefore | Fault::ResetAfter => return Wire::Reset,
                Fault::Cut => return Wire::Cut,
                Fault::Drip { bytes, pause } => {
                    let pause = (*pause).clamp(Duration::from_millis(1), LONGEST_DRIP);
                    let pieces = (LONGEST_DRIP.as_millis() / pause.as_millis().max(1)).max(1);
                    let fewest = length.div_ceil(usize::try_from(pieces).unwrap_or(usize::MAX));
                    wire = Wire::Drip {
                        bytes: (*bytes).max(fewest).max(1),
                        pause,
                    };
                }
                _ => {}
            }
        }
        wire
    }

    fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.strikes.iter().map(|strike| &strike.fault)
    }
}

fn drift_body(
    reply: &mut Outgoing,
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
