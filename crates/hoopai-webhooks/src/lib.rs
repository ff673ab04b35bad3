//! Webhooks of the HoopAI Platform: signature verification, typed events, deduplication and server
//! integration.
//!
//! A [`Verifier`] checks that a delivery comes from the platform, and [`Verified::event`] decodes
//! its [`Event`]:
//!
//! ```
//! use hoopai_webhooks::{Event, Verifier};
//! use http::HeaderMap;
//!
//! fn receive(headers: &HeaderMap, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//!     let verifier = Verifier::builder().app_id("67f1c2d3e4b5a69788990011").build();
//!     match verifier.verify(headers, body)?.event()? {
//!         Event::ContactCreate(contact) => println!("{:?}", contact.id),
//!         other => println!("{:?}", other.kind()),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The client `hoopai` includes this crate as `hoopai::webhooks`, with its feature `webhooks`. Its
//! features `webhooks-axum`, `webhooks-rsa` and `webhooks-testing` are those of this crate without
//! the prefix; `auth` is always enabled there.
//!
//! The platform delivers each event at least once. A [`ReplayGuard`] recognises repetitions.
//!
//! With the feature `axum` there are three ways to serve deliveries. All of them verify, limit the
//! size of bodies, and answer repetitions without calling a handler:
//!
//! | type | the event is handled | choose it if |
//! |---|---|---|
//! | `Dispatcher` | after the reply, from a queue | handlers take long; the platform expects replies within seconds |
//! | `WebhookLayer` | before the reply, by an inner service | no event may be lost in a crash, and handlers are fast |
//! | `Delivery` | before the reply, by a handler of axum | the handler itself decides when an event is handled |
//!
//! # Facts about deliveries
//!
//! - A reply that is not 2xx, or none, has the platform repeat the delivery, up to twelve times.
//!   Earlier the platform repeated deliveries after 429 only. So reply with 2xx whenever the event
//!   is safe.
//! - Order is not guaranteed. One change can cause several events.
//! - `timestamp` and `webhookId` are parts of the signed body, and repetitions have the same values.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod events;
mod ids;
#[cfg(feature = "auth")]
mod lifecycle;
mod replay;
#[cfg(feature = "axum")]
mod server;
#[cfg(feature = "testing")]
mod signer;
mod verify;

pub use events::{Event, EventKind, ParseError};
#[cfg(feature = "auth")]
pub use lifecycle::{Lifecycle, LifecycleOutcome};
pub use replay::{
    DeliveryKey, MemoryReplayGuard, ReplayError, ReplayGuard, ReplayTimes, Reservation,
    ReservationId, ReserveOutcome, Reserved,
};
#[cfg(feature = "axum")]
pub use server::{
    DeadLetter, Delivery, Dispatcher, DispatcherBuilder, EventRouter, HandlerError, Receiver,
    Rejection, WebhookLayer, WebhookService,
};
pub use verify::{
    KeyError, LEGACY_SIGNATURE_HEADER, SIGNATURE_HEADER, SignatureScheme, Verified, Verifier,
    VerifierBuilder, VerifyError,
};

/// Decodes an event **without verifying** that it comes from the platform.
///
/// Anyone can send such a body. Use it for bodies that were verified before, such as from a queue
/// of your own, and in tests.
///
/// # Errors
/// The body is not JSON.
pub fn parse_unverified(body: &[u8]) -> Result<Event, ParseError> {
    Event::parse(body)
}

/// Signed deliveries for tests.
#[cfg(feature = "testing")]
pub mod testing {
    pub use crate::signer::Signer;
}
