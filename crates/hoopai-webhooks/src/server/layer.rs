//! A layer of tower.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use hoopai_runtime::time::BoxFuture;
use http::Request;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use super::delivery::Delivery;
use super::receiver::Receiver;
use super::rejection::Rejection;

/// A layer of tower that calls the inner service for verified deliveries only, and once for each.
///
/// The inner service receives the body and, as extensions of the request,
/// [`Verified`](crate::Verified) and `Arc<`[`Event`](crate::Event)`>`. The delivery counts as
/// handled if the inner service replies with 2xx. Otherwise it can be handled when the platform
/// repeats it, also after a panic and if the client disconnects.
///
/// Of a list of several events, the inner service receives each as a request of its own, until one
/// is not handled. Its last reply is the reply to the delivery.
///
/// ```
/// use std::sync::Arc;
///
/// use axum::Extension;
/// use hoopai_webhooks::{Event, Receiver, Verifier, WebhookLayer};
///
/// async fn webhook(Extension(event): Extension<Arc<Event>>) {
///     println!("{event:?}");
/// }
///
/// let app: axum::Router = axum::Router::new()
///     .route("/webhooks", axum::routing::post(webhook))
///     .layer(WebhookLayer::new(Receiver::new(Verifier::new())));
/// ```
#[derive(Clone, Debug)]
pub struct WebhookLayer {
    receiver: Receiver,
}

impl WebhookLayer {
    /// Creates a layer.
    pub fn new(receiver: Receiver) -> Self {
        WebhookLayer { receiver }
    }
}

impl<S> Layer<S> for WebhookLayer {
    type Service = WebhookService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WebhookService {
            receiver: self.receiver.clone(),
            inner,
        }
    }
}

/// The service of a [`WebhookLayer`].
#[derive(Clone)]
pub struct WebhookService<S> {
    receiver: Receiver,
    inner: S,
}

impl<S> fmt::Debug for WebhookService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}

impl<S, B> Service<Request<B>> for WebhookService<S>
where
    S: Service<Request<Body>> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that is ready, and not its clone, must be called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let receiver = self.receiver.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let verified = match receiver.read_and_verify(&parts, body).await {
                Ok(verified) => verified,
                Err(rejection) => return Ok(rejected(rejection)),
            };
            let events = verified.divide();
            if events.len() > 1 {
                // It is that of the list.
                parts.headers.remove(CONTENT_LENGTH);
            }
            let mut handled = None;
            for part in events {
                let delivery = match receiver.reserve(part).await {
                    Ok(delivery) => delivery,
                    Err(Rejection::Duplicate) => continue,
                    Err(rejection) => return Ok(rejected(rejection)),
                };
                if handled.is_some() {
                    poll_fn(|context| inner.poll_ready(context)).await?;
                }
                let response = handle(&mut inner, &parts, delivery).await?;
                if !response.status().is_success() {
                    return Ok(response);
                }
                handled = Some(response);
            }
            Ok(handled.unwrap_or_else(|| rejected(Rejection::Duplicate)))
        })
    }
}

/// Calls the inner service for an event, and commits its reservation after a 2xx reply.
async fn handle<S>(inner: &mut S, parts: &Parts, delivery: Delivery) -> Result<Response, S::Error>
where
    S: Service<Request<Body>>,
    S::Response: IntoResponse,
{
    let Delivery {
        event,
        verified,
        mut reservation,
    } = delivery;
    let body = Body::from(verified.body().clone());
    let mut request = Request::from_parts(parts.clone(), body);
    request.extensions_mut().insert(verified);
    request.extensions_mut().insert(event);
    let response = inner.call(request).await?.into_response();
    if response.status().is_success()
        && let Err(error) = reservation.commit().await
    {
        tracing::error!(
            "a handled delivery was not recorded and is handled again if it is repeated: {error}"
        );
    }
    Ok(response)
}

fn rejected(rejection: Rejection) -> Response {
    rejection.log();
    rejection.into_response()
}
