//! A receiver of webhooks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The longest time for which tests wait for a delivery.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server that keeps what it receives. It answers 200, or the statuses that were queued.
pub(crate) struct Receiver {
    address: std::net::SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
    count: watch::Sender<usize>,
}

#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn signature(&self) -> Option<&str> {
        let value = self.headers.get("x-ghl-signature");
        value.map(|value| value.to_str().expect("text"))
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let own = Arc::clone(&state);
        let handler = move |headers: HeaderMap, body: Bytes| async move {
            let received = Received { headers, body };
            own.received.lock().expect("a lock").push(received);
            own.count.send_modify(|count| *count += 1);
            let answer = own.answers.lock().expect("a lock").pop_front();
            StatusCode::from_u16(answer.unwrap_or(200)).expect("a status")
        };
        let router = axum::Router::new().route("/hooks", post(handler));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            state,
            task: task.abort_handle(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// Answers the next deliveries with these statuses.
    pub(crate) fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.state.answers.lock().expect("a lock").extend(statuses);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("a lock").clone()
    }

    pub(crate) fn count(&self) -> usize {
        *self.state.count.borrow()
    }

    /// Returns the `type` of each delivery in order.
    pub(crate) fn types(&self) -> Vec<String> {
        let types = self.received().into_iter().map(|one| {
            let body = one.json();
            body["type"].as_str().unwrap_or_default().to_owned()
        });
        types.collect()
    }

    /// Waits until this number of deliveries was received.
    pub(crate) async fn wait_for(&self, count: usize) -> bool {
        let mut received = self.state.count.subscribe();
        let reached = received.wait_for(|received| *received >= count);
        matches!(tokio::time::timeout(PATIENCE, reached).await, Ok(Ok(_)))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
