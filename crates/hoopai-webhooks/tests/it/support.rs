//! Deliveries, requests and runs on a manual clock.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use hoopai_runtime::time::ManualClock;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{MemoryReplayGuard, Receiver};
use http::{Request, Response, StatusCode};
use tower_service::Service;

/// A body with ids of its own.
pub(crate) fn body(event_type: &str, id: usize) -> String {
    format!(
        r#"{{"type":"{event_type}","locationId":"location-secret","appId":"app1","timestamp":"2026-04-22T01:50:02.780Z","webhookId":"w{id}"}}"#
    )
}

/// A signed POST request.
pub(crate) fn request(body: impl Into<String>) -> Request<Body> {
    let body = body.into();
    let mut request = Request::post("/webhooks")
        .body(Body::from(body.clone()))
        .unwrap();
    *request.headers_mut() = Signer::new().sign(body.as_bytes());
    request
}

/// A receiver of requests that the test signer signed, and its guard.
pub(crate) fn receiver(clock: &ManualClock) -> (Receiver, MemoryReplayGuard) {
    let guard = MemoryReplayGuard::new().clock(Arc::new(clock.clone()));
    let receiver = Receiver::new(Signer::new().verifier().build());
    (receiver.replay_guard(guard.clone()), guard)
}

/// Sends a request to a service.
pub(crate) async fn send<S>(service: &S, request: Request<Body>) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone,
    S::Error: std::fmt::Debug,
{
    let mut service = service.clone();
    std::future::poll_fn(|context| service.poll_ready(context))
        .await
        .unwrap();
    service.call(request).await.unwrap()
}

/// Sends a request, and returns the status of a reply without a body.
pub(crate) async fn status<S>(service: &S, request: Request<Body>) -> StatusCode
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone,
    S::Error: std::fmt::Debug,
{
    let response = send(service, request).await;
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1000)
        .await
        .unwrap();
    assert!(body.is_empty(), "a reply has no details");
    status
}

/// Runs tasks of the current thread until nothing happens any more without the clock.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// A list that handlers add to.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
