//! The events that the platform delivers.
//!
//! [`Event::parse`] decodes a body into one variant of [`Event`]. A variant holds a [`Payload`],
//! which dereferences to the model of the event, such as [`Contact`](types::Contact). Events about
//! the same kind of item have the same model, so that one arm can handle several events:
//!
//! ```
//! use hoopai_webhooks::Event;
//!
//! # fn main() -> Result<(), hoopai_webhooks::ParseError> {
//! let body = br#"{"type":"ContactCreate","locationId":"L1","id":"C1","firstName":"Ada"}"#;
//! match Event::parse(body)? {
//!     Event::ContactCreate(contact) | Event::ContactUpdate(contact) => {
//!         assert_eq!(contact.first_name.as_deref(), Some("Ada"));
//!         assert_eq!(contact.envelope().location_id(), Some("L1"));
//!     }
//!     other => println!("{:?} is not handled", other.event_type()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Deviations
//!
//! The platform does not document every field and value. Decoding therefore accepts all JSON objects:
//!
//! | received | result |
//! |---|---|
//! | a field that is not known | kept in `extra` of the model |
//! | a value of another type | converted, or kept in `extra`; listed in [`drift`](Payload::drift) |
//! | a `type` in another case or with other separators, such as `contact_create`, or an [alias](EventKind::aliases) | the event |
//! | a `type` that is not known, or none | [`Event::Unknown`] |
//! | more than 127 levels of nesting | [`Event::Unknown`] with its [`kind`](UnknownEvent::kind) |
//! | a list of one event | the event |
//! | a list of several events | [`Event::Unknown`]; [`Verified::events`](crate::Verified::events) has each of them |
//! | another list | [`Event::Unknown`] |
//! | a value that is neither object nor list, or no JSON | [`ParseError`] |
//!
//! [`Event::raw`] returns the JSON as it was sent, and serializing an event writes it again.
//!
//! # Values of `type`
//!
//! Not all values of `type` are certain, because the platform documents some events without one.
//! [`EventKind::types`] lists the values of each event and their [`TypeEvidence`].

#[macro_use]
mod definition;
mod envelope;
#[cfg(feature = "testing")]
#[rustfmt::skip]
mod fixtures;
#[rustfmt::skip]
mod list;
mod parse;
mod payload;
mod provider;
#[rustfmt::skip]
pub mod types;
mod unknown;
mod workflow;

pub use definition::{EventType, TypeEvidence};
pub use envelope::{Envelope, Tenant};
pub use list::{Event, EventKind};
pub use parse::ParseError;
pub use payload::Payload;
pub use provider::ProviderDelivery;
pub use unknown::UnknownEvent;
pub use workflow::{
    WorkflowAction, WorkflowDelivery, WorkflowError, WorkflowLocation, WorkflowReference,
    WorkflowSecret,
};

/// An invented payload of an event: every known field with a plausible value.
///
/// Equal events have equal payloads, and `webhookId` differs between events.
#[cfg(feature = "testing")]
pub fn fixture(kind: EventKind) -> &'static str {
    fixtures::FIXTURES[kind as usize]
}
