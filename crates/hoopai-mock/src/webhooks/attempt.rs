//! The journal of deliveries.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// One attempt to deliver an event.
///
/// `Debug` hides the body and the signature.
#[derive(Clone)]
#[non_exhaustive]
pub struct DeliveryAttempt {
    /// The URL of the subscription.
    pub url: String,
    /// The event's `type` as sent; empty if the body has none.
    pub event_type: String,
    /// The event's `webhookId`, the same in all attempts; empty if the body has none.
    pub webhook_id: String,
    /// The number of attempts before this one to deliver the same event.
    pub retries: u32,
    /// The time at which the attempt began, by the server's clock, since its start.
    pub at: Duration,
    /// The body.
    pub body: Bytes,
    /// The value of `X-GHL-Signature`; `None` if it was not sent.
    pub signature: Option<String>,
    /// What became of the attempt.
    pub outcome: DeliveryOutcome,
}

/// The outcome of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryOutcome {
    /// The receiver answered with this status.
    Answered(u16),
    /// There was no answer within 10 s of real time.
    TimedOut,
    /// The connection failed, for this reason.
    Failed(String),
}

impl DeliveryOutcome {
    /// Whether the receiver answered with a status from 200 to 299.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }
}

impl DeliveryAttempt {
    /// Returns the body as JSON; `None` if it is not JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for DeliveryAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryAttempt")
            .field("url", &self.url)
            .field("event_type", &self.event_type)
            .field("webhook_id", &self.webhook_id)
            .field("retries", &self.retries)
            .field("at", &self.at)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
