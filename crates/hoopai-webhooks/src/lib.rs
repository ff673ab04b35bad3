//! Webhooks of the HoopAI Platform: signature verification, typed events, deduplication and server
//! integration.

mod envelope;
pub mod events;
mod replay;
#[cfg(feature = "testing")]
mod signer;
mod verify;

pub use events::{Event, ParseError};
pub use replay::{
    DeliveryKey, MemoryReplayGuard, ReplayError, ReplayGuard, Reservation, ReservationId,
    ReserveOutcome, Reserved,
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
