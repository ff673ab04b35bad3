//! A server on loopback that records what reaches it.

use std::sync::{Arc, Mutex};

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hoopai::Client;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A server that answers every request in the same way, and remembers them.
pub(crate) struct Recorder {
    received: Arc<Mutex<Vec<Received>>>,
    address: String,
}

impl Recorder {
    /// Answers with this content type and body.
    pub(crate) async fn answering(content_type: &'static str, body: &'static str) -> Self {
        Self::start(200, content_type, body.to_owned()).await
    }

    /// Answers with this status other than 2xx and this JSON.
    pub(crate) async fn refusing(status: u16, body: String) -> Self {
        Self::start(status, "application/json", body).await
    }

    async fn start(status: u16, content_type: &'static str, body: String) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&received);
        let answer = move |request: Request| {
            let (seen, body) = (Arc::clone(&seen), body.clone());
            async move {
                let (head, body_in) = request.into_parts();
                let bytes = to_bytes(body_in, 1 << 20).await.unwrap_or_default();
                let target = head.uri.to_string();
                let one = Received {
                    method: head.method,
                    target,
                    headers: head.headers,
                    body: bytes,
                };
                seen.lock().unwrap().push(one);
                let status = StatusCode::from_u16(status).unwrap();
                (status, [("content-type", content_type)], body).into_response() as Response
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { received, address }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A client of this server, with a token and a default location.
    pub(crate) fn client(&self) -> Client {
        Client::builder()
            .private_token("pit-secret")
            .location("LOC")
            .base_url(&self.address)
            .build()
            .unwrap()
    }

    /// The requests that came since the last look.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }

    /// The one request that came since the last look.
    pub(crate) fn only(&self) -> Received {
        let mut received = self.received.lock().unwrap();
        assert_eq!(received.len(), 1, "one call sends one request");
        received.remove(0)
    }
}
