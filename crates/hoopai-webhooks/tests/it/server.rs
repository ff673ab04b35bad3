//! The extractor and the layer, in an application of axum.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRef, State};
use axum::routing::post;
use axum::{Extension, Router};
use hoopai_runtime::time::ManualClock;
use hoopai_test_support::log;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    Delivery, Event, MemoryReplayGuard, Receiver, Rejection, Verified, WebhookLayer,
};
use http::{HeaderValue, Method, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Log, body, receiver, request, settle, status};

#[derive(Clone)]
struct AppState {
    receiver: Receiver,
    log: Log,
    reply: StatusCode,
}

impl FromRef<AppState> for Receiver {
    fn from_ref(state: &AppState) -> Self {
        state.receiver.clone()
    }
}

async fn extracting(State(state): State<AppState>, delivery: Delivery) -> StatusCode {
    state
        .log
        .add(String::from_utf8_lossy(delivery.verified().body()));
    assert!(matches!(**delivery.event(), Event::Unknown(_)));
    if state.reply == StatusCode::OK {
        delivery.commit().await.unwrap();
    }
    state.reply
}

async fn layered(
    State(state): State<AppState>,
    Extension(event): Extension<Arc<Event>>,
    Extension(verified): Extension<Verified>,
    body: Bytes,
) -> StatusCode {
    assert!(matches!(*event, Event::Unknown(_)));
    assert_eq!(verified.body(), &body);
    state.log.add(String::from_utf8_lossy(&body));
    match state.reply {
        StatusCode::IM_A_TEAPOT => panic!("a handler fails"),
        reply => reply,
    }
}

/// An application per way of integration, which replies to all deliveries with a status.
fn apps(
    clock: &ManualClock,
    reply: StatusCode,
) -> [(&'static str, Router, Log, MemoryReplayGuard); 2] {
    let state = || {
        let (receiver, guard) = receiver(clock);
        let receiver = receiver.max_body(1000);
        (
            AppState {
                receiver,
                log: Log::default(),
                reply,
            },
            guard,
        )
    };
    let (extractor, extractor_guard) = state();
    let log = extractor.log.clone();
    let app = Router::new()
        .route("/webhooks", post(extracting))
        .with_state(extractor);
    let (layer, layer_guard) = state();
    let layer_log = layer.log.clone();
    let layer_app = Router::new()
        .route("/webhooks", post(layered))
        .layer(WebhookLayer::new(layer.receiver.clone()))
        .with_state(layer);
    [
        ("extractor", app, log, extractor_guard),
        ("layer", layer_app, layer_log, layer_guard),
    ]
}

#[tokio::test]
async fn delivery_is_handled_once() {
    for (name, app, log, guard) in apps(&ManualClock::new(), StatusCode::OK) {
        let body = body("UnknownThing", 1);
        for _ in 0..3 {
            assert_eq!(status(&app, request(&body)).await, StatusCode::OK, "{name}");
        }
        assert_eq!(log.take(), [body], "{name}");
        assert_eq!(guard.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn failed_delivery_is_handled_again() {
    for (name, app, log, guard) in apps(&ManualClock::new(), StatusCode::SERVICE_UNAVAILABLE) {
        for _ in 0..3 {
            let status = status(&app, request(body("UnknownThing", 1))).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{name}");
        }
        assert_eq!(log.take().len(), 3, "{name}");
        assert!(guard.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn panicking_handler_releases_its_delivery() {
    let [_, (_, app, _, guard)] = apps(&ManualClock::new(), StatusCode::IM_A_TEAPOT);
    let task = tokio::spawn(async move { status(&app, request(body("UnknownThing", 1))).await });
    assert!(task.await.unwrap_err().is_panic());
    assert!(guard.is_empty());
}

#[tokio::test]
async fn unacceptable_requests_get_a_status_and_no_details() {
    for (name, app, log, guard) in apps(&ManualClock::new(), StatusCode::OK) {
        let with = |change: fn(&mut Request<Body>)| {
            let mut request = request(body("UnknownThing", 1));
            change(&mut request);
            request
        };
        let unsigned = with(|request| request.headers_mut().clear());
        let twice = with(|request| {
            let value = request.headers()["x-ghl-signature"].clone();
            request.headers_mut().append("x-ghl-signature", value);
        });
        let foreign = with(|request| {
            let value = Signer::with_seed([3; 32]).signature(body("UnknownThing", 1).as_bytes());
            let value = HeaderValue::try_from(value).unwrap();
            request.headers_mut().insert("x-ghl-signature", value);
        });
        let broken = with(|request| {
            let parts = [Ok("{"), Err("connection reset")].map(|part| part.map(Bytes::from));
            *request.body_mut() = Body::new(Broken(parts.into()));
        });
        let large = request("x".repeat(1001));
        let unannounced = {
            let mut request = request("x".repeat(1001));
            let chunks = (0..1001).map(|_| Ok(Bytes::from("x")));
            *request.body_mut() = Body::new(Broken(chunks.collect()));
            request
        };
        for (case, request, expected) in [
            ("unsigned", unsigned, StatusCode::UNAUTHORIZED),
            ("header twice", twice, StatusCode::BAD_REQUEST),
            ("other key", foreign, StatusCode::UNAUTHORIZED),
            ("not JSON", request("hello"), StatusCode::BAD_REQUEST),
            ("empty", request(""), StatusCode::BAD_REQUEST),
            ("incomplete", broken, StatusCode::BAD_REQUEST),
            ("large", large, StatusCode::PAYLOAD_TOO_LARGE),
            (
                "large without length",
                unannounced,
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
        ] {
            assert_eq!(status(&app, request).await, expected, "{name}: {case}");
        }
        let mut get = request(body("UnknownThing", 1));
        *get.method_mut() = Method::GET;
        assert_eq!(
            status(&app, get).await,
            StatusCode::METHOD_NOT_ALLOWED,
            "{name}"
        );
        assert!(log.take().is_empty() && guard.is_empty(), "{name}");
        let longest = request(format!("[{}]", " ".repeat(998)));
        assert_eq!(status(&app, longest).await, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn slow_bodies_end_after_a_limit() {
    let clock = ManualClock::new();
    let (receiver, guard) = receiver(&clock);
    let receiver = receiver
        .body_timeout(Duration::from_secs(10))
        .clock(Arc::new(clock.clone()));
    let (head, _) = request(body("ContactCreate", 1)).into_parts();
    let first = Bytes::from_static(b"{\"type\":");
    let slow = tokio::spawn(async move { receiver.receive(&head, Stalling([first].into())).await });
    settle().await;
    clock.advance(Duration::from_secs(9));
    settle().await;
    assert!(!slow.is_finished());
    clock.advance(Duration::from_secs(1));
    let rejection = slow.await.unwrap().unwrap_err();
    assert!(matches!(rejection, Rejection::BodyTimeout), "{rejection:?}");
    assert_eq!(rejection.status(), StatusCode::REQUEST_TIMEOUT);
    assert!(guard.is_empty());
}

/// A body of 64 KiB parts, which counts the bytes that are read.
struct Large {
    left: u64,
    is_announced: bool,
    read: Arc<AtomicU64>,
}

impl http_body::Body for Large {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, &'static str>>> {
        let part = self.left.min(64 * 1024);
        if part == 0 {
            return std::task::Poll::Ready(None);
        }
        self.left -= part;
        self.read.fetch_add(part, Ordering::Relaxed);
        let part = Bytes::from(vec![b' '; usize::try_from(part).unwrap()]);
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(part))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match self.is_announced {
            true => http_body::SizeHint::with_exact(self.left),
            false => http_body::SizeHint::default(),
        }
    }
}

#[tokio::test]
async fn rest_of_a_large_body_is_read_up_to_a_limit() {
    const MIB: u64 = 1024 * 1024;
    let (receiver, _) = receiver(&ManualClock::new());
    for (length, is_announced, is_expecting, expected) in [
        (10 * MIB, true, false, 10 * MIB),
        (10 * MIB, false, false, 10 * MIB),
        (10 * MIB, true, true, 0),
        (100 * MIB, true, false, 0),
        (100 * MIB, false, false, 17 * MIB),
    ] {
        let read = Arc::new(AtomicU64::new(0));
        let body = Large {
            left: length,
            is_announced,
            read: read.clone(),
        };
        let (mut head, _) = request("").into_parts();
        if is_expecting {
            let value = HeaderValue::from_static("100-continue");
            head.headers.insert(http::header::EXPECT, value);
        }
        let rejection = receiver.receive(&head, body).await.unwrap_err();
        assert!(matches!(rejection, Rejection::TooLarge), "{rejection:?}");
        let read = read.load(Ordering::Relaxed);
        let tolerance = if expected == 17 * MIB { MIB } else { 0 };
        assert!(read.abs_diff(expected) <= tolerance, "{length}: {read}");
    }
}

/// Over a connection, as a client that sends its whole request before it reads the reply.
#[tokio::test]
async fn client_of_a_large_body_receives_the_reply() {
    let (receiver, _) = receiver(&ManualClock::new());
    let app = Router::new()
        .route("/webhooks", post(|_: Delivery| async {}))
        .with_state(receiver);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let body = vec![b' '; 10 * 1024 * 1024];
    let head = format!(
        "POST /webhooks HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len(),
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&body).await.unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    assert!(reply.ends_with("\r\n\r\n"), "{reply}");
}

/// A body that stalls after these parts.
struct Stalling(std::collections::VecDeque<Bytes>);

impl http_body::Body for Stalling {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, &'static str>>> {
        match self.0.pop_front() {
            Some(part) => std::task::Poll::Ready(Some(Ok(http_body::Frame::data(part)))),
            None => std::task::Poll::Pending,
        }
    }
}

/// A body in these parts.
struct Broken(std::collections::VecDeque<Result<Bytes, &'static str>>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, &'static str>>> {
        let part = self.0.pop_front();
        std::task::Poll::Ready(part.map(|part| part.map(http_body::Frame::data)))
    }
}

#[tokio::test]
async fn rejections_are_logged_without_content() {
    log::capture();
    for (_, app, _, _) in apps(&ManualClock::new(), StatusCode::OK) {
        let mut forged = request(body("UnknownThing", 1));
        *forged.body_mut() = Body::from(body("UnknownThing", 2));
        status(&app, forged).await;
        status(&app, request("location-secret")).await;
        status(&app, request(body("UnknownThing", 3))).await;
        status(&app, request(body("UnknownThing", 3))).await;
    }
    let lines = log::take().concat();
    assert!(lines.contains("a delivery was rejected"), "{lines}");
    assert!(!lines.contains("location-secret"), "{lines}");
}

/// Over a connection: the client disconnects while the handler runs.
#[tokio::test]
async fn disconnected_client_releases_the_delivery() {
    let clock = ManualClock::new();
    let (receiver, guard) = receiver(&clock);
    let log = Log::default();
    let entered = log.clone();
    let app = Router::new()
        .route(
            "/webhooks",
            post(move |delivery: Delivery| async move {
                entered.add("entered");
                std::future::pending::<()>().await;
                drop(delivery);
            }),
        )
        .with_state(receiver);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let body = body("UnknownThing", 1);
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /webhooks HTTP/1.1\r\nhost: localhost\r\nx-ghl-signature: {}\r\ncontent-length: {}\r\n\r\n{body}",
        Signer::new().signature(body.as_bytes()),
        body.len(),
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let wait_until = async |condition: &dyn Fn() -> bool| {
        for _ in 0..5000 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the server does not react");
    };
    wait_until(&|| guard.len() == 1 && !log.take().is_empty()).await;
    client.shutdown().await.unwrap();
    drop(client);
    wait_until(&|| guard.is_empty()).await;
    settle().await;
    let mut again = tokio::net::TcpStream::connect(address).await.unwrap();
    again.write_all(head.as_bytes()).await.unwrap();
    wait_until(&|| guard.len() == 1).await;
}

#[tokio::test]
async fn layer_handles_the_events_of_a_list_one_by_one() {
    let [first, second, third] = [1, 2, 3].map(|id| body("UnknownThing", id));
    let list = format!("[{first},\n{second}]");
    let [_, (_, app, log, guard)] = apps(&ManualClock::new(), StatusCode::OK);
    assert_eq!(status(&app, request(&second)).await, StatusCode::OK);
    let longer = format!("[{first},{second},{third}]");
    for _ in 0..2 {
        assert_eq!(status(&app, request(&longer)).await, StatusCode::OK);
    }
    assert_eq!(log.take(), [&*second, &*first, &*third]);
    assert_eq!(guard.len(), 3);
    // A failure ends the list, which is repeated.
    let [extractor, (_, app, log, guard)] =
        apps(&ManualClock::new(), StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..2 {
        let status = status(&app, request(&list)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(log.take(), [&*first]);
    }
    assert!(guard.is_empty());
    // The extractor has the list as one delivery.
    let (_, app, log, _) = extractor;
    status(&app, request(&list)).await;
    assert_eq!(log.take(), [list]);
}
