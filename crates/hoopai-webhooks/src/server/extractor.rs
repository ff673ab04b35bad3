//! An extractor of axum.

use axum_core::extract::{FromRef, FromRequest, Request};

use super::delivery::Delivery;
use super::receiver::Receiver;
use super::rejection::Rejection;

impl<S> FromRequest<S> for Delivery
where
    Receiver: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let received = Receiver::from_ref(state).receive(&parts, body).await;
        received.inspect_err(Rejection::log)
    }
}
