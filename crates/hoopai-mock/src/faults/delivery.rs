//! The delivery of a reply to the client.

use std::time::Duration;

/// The delivery of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// In chunks, with a delay before each.
    Drip {
        bytes: usize,
        pause: Duration,
    },
    /// Half of the body; then the connection is closed.
    Cut,
    /// No reply: the connection is closed.
    Close,
    /// No reply: the connection is reset.
    Reset,
}
