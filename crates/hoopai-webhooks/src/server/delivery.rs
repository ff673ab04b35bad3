//! A verified and reserved delivery.

use std::sync::Arc;

use crate::events::Event;
use crate::replay::{ReplayError, Reservation};
use crate::verify::Verified;

/// A verified and reserved delivery: an extractor of axum, for states that contain a
/// [`Receiver`](crate::Receiver).
///
/// Requests that are not accepted are answered as [`Rejection`](crate::Rejection) describes, and the
/// handler is not called. Call [`commit`](Delivery::commit) once the event is handled. A delivery
/// that is dropped before can be handled when the platform repeats it, so reply with a status that
/// is not 2xx. A list of several events is one delivery, whose event is
/// [`Event::Unknown`](crate::Event::Unknown); `delivery.verified().events()` has each of them. Give the parameter a name: a delivery that matches `_` is dropped at once.
///
/// ```
/// use hoopai_webhooks::{Delivery, Receiver, Verifier};
/// use http::StatusCode;
///
/// async fn webhook(delivery: Delivery) -> StatusCode {
///     println!("{:?}", delivery.event());
///     match delivery.commit().await {
///         Ok(()) => StatusCode::OK,
///         Err(_) => StatusCode::SERVICE_UNAVAILABLE,
///     }
/// }
///
/// let app: axum::Router = axum::Router::new()
///     .route("/webhooks", axum::routing::post(webhook))
///     .with_state(Receiver::new(Verifier::new()));
/// ```
#[derive(Debug)]
pub struct Delivery {
    pub(super) event: Arc<Event>,
    pub(super) verified: Verified,
    pub(super) reservation: Reservation,
}

impl Delivery {
    /// The event.
    pub fn event(&self) -> &Arc<Event> {
        &self.event
    }

    /// The body and the kind of its signature.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// Records that the event was handled. Repetitions are then answered without calling the
    /// handler.
    ///
    /// # Errors
    /// The replay guard fails.
    pub async fn commit(mut self) -> Result<(), ReplayError> {
        self.reservation.commit().await
    }
}
