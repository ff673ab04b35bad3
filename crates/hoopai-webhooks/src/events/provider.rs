//! Deliveries to the delivery URL of a conversation provider.

use hoopai_runtime::Drift;
use serde_json::value::RawValue;

use super::parse::Delivery;
use super::types::ProviderMessage;
use super::{Envelope, ParseError, Payload, Tenant};

/// A message that a conversation provider is to send.
///
/// The platform sends these deliveries to the delivery URL of the provider. `type` is the channel,
/// such as `SMS` or `Email`, and not the name of an event. `webhookId` and `timestamp` may be
/// missing, so repeated deliveries are recognised by [`message_id`](Self::message_id). The delivery
/// has the Ed25519 signature only.
///
/// ```
/// use hoopai_webhooks::events::ProviderDelivery;
///
/// # fn main() -> Result<(), hoopai_webhooks::ParseError> {
/// let body = br#"{"type":"SMS","messageId":"M1","phone":"+15550100123","message":"Hello"}"#;
/// let delivery = ProviderDelivery::parse(body)?;
/// assert_eq!((delivery.channel(), delivery.message_id()), (Some("SMS"), Some("M1")));
/// assert_eq!(delivery.message().message.as_deref(), Some("Hello"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProviderDelivery(Payload<ProviderMessage>);

impl ProviderDelivery {
    /// Decodes a body, whatever its `type`.
    ///
    /// It does not check who sent the body; verify it first.
    ///
    /// # Errors
    /// The body is not JSON, or not an object that can be decoded.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let payload = Delivery::read(body)?.payload();
        payload
            .map(ProviderDelivery)
            .map_err(|_| ParseError::NotAnObject)
    }

    /// Returns the channel: the value of `type`.
    pub fn channel(&self) -> Option<&str> {
        self.0.envelope().event_type()
    }

    /// Returns the id of the message, by which repeated deliveries are recognised.
    pub fn message_id(&self) -> Option<&str> {
        self.0.message_id.as_deref().filter(|id| !id.is_empty())
    }

    /// Returns the message.
    pub fn message(&self) -> &ProviderMessage {
        &self.0
    }

    /// Returns the values that deliveries of events have.
    pub fn envelope(&self) -> &Envelope {
        self.0.envelope()
    }

    /// Returns the account of the message.
    pub fn tenant(&self) -> Option<Tenant<'_>> {
        self.0.tenant()
    }

    /// Returns the JSON as it was sent.
    pub fn raw(&self) -> &RawValue {
        self.0.raw()
    }

    /// Returns the deviations of the message from its model.
    pub fn drift(&self) -> &[Drift] {
        self.0.drift()
    }
}
