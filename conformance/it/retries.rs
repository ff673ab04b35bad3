//! Requests that the server did not process by its own account are sent again once, idempotent or
//! not. Error replies keep their status if their body does not arrive. Permanent failures are not
//! retried.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hoopai::auth::MemoryStore;
use hoopai::retry::NoRetry;
use hoopai::{AuthErrorKind, Client, Error};
use hoopai_test_support::{Reply, Server};

use crate::client::{app, create, private, read};
use crate::tls::{HOST, Http2Reply, TestCertificate, TlsOptions, TlsServer};

/// Sends a create. Returns how often it reaches a server that sends these replies, and its result.
async fn create_against(replies: &'static [Http2Reply]) -> (usize, Result<(), Error>) {
    let certificate = TestCertificate::for_host(HOST);
    let script = |number: usize| replies.get(number).copied().unwrap_or(Http2Reply::Ok);
    let (server, requests) = TlsServer::http2(&certificate, script).await;
    let client = server.client(&certificate).build().unwrap();
    let result = create(&client).await;
    (requests.load(Ordering::SeqCst), result)
}

#[tokio::test]
async fn unprocessed_request_is_sent_again_once() {
    for (replies, sent, succeeds) in [
        (&[Http2Reply::Ok][..], 1, true),
        (&[Http2Reply::Refused], 2, true),
        (&[Http2Reply::GoAwayBelow], 2, true),
        (&[Http2Reply::Refused, Http2Reply::Refused], 2, false),
        (&[Http2Reply::GoAwayBelow, Http2Reply::Refused], 2, false),
        // These may have been processed.
        (&[Http2Reply::GoAwayAt], 1, false),
        (&[Http2Reply::Reset], 1, false),
        (&[Http2Reply::RefuseAfterHead], 1, false),
        (&[Http2Reply::GoAwayAfterHead], 1, false),
        (&[Http2Reply::Short], 1, false),
    ] {
        let (requests, result) = create_against(replies).await;
        assert_eq!(requests, sent, "{replies:?}: {result:?}");
        assert_eq!(result.is_ok(), succeeds, "{replies:?}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.attempts() as usize, sent, "{replies:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn byte_stream_shorter_than_its_length_is_an_error() {
    let certificate = TestCertificate::for_host(HOST);
    let (server, _) = TlsServer::http2(&certificate, |_| Http2Reply::Short).await;
    let client = server.client(&certificate).build().unwrap();
    let conversations = client.conversations();
    let call = conversations.get_message_recording().message_id("m1");
    let reply = call.location_id("loc1").send().await.unwrap();
    let error = reply.into_inner().collect().await.unwrap_err();
    assert!(error.to_string().contains("declared length"), "{error}");
}

#[tokio::test]
async fn unprocessed_request_is_not_retried_with_no_retry() {
    let certificate = TestCertificate::for_host(HOST);
    let (server, requests) = TlsServer::http2(&certificate, |_| Http2Reply::Refused).await;
    let client = server.client(&certificate).retry(NoRetry).build().unwrap();
    let error = create(&client).await.unwrap_err();
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("REFUSED_STREAM"), "{error}");
}

fn oauth_client(server: &TlsServer, trusted: &TestCertificate) -> Client {
    let builder = Client::builder()
        .oauth_app(app())
        .token_store(MemoryStore::new());
    server.complete(builder, trusted).build().unwrap()
}

#[tokio::test]
async fn unprocessed_token_request_is_sent_again_once() {
    for (replies, sent, message) in [
        (&[Http2Reply::Refused][..], 2, None),
        (&[Http2Reply::GoAwayBelow], 2, None),
        (
            &[Http2Reply::Refused, Http2Reply::Refused],
            2,
            Some("still valid"),
        ),
        // These may have been processed.
        (&[Http2Reply::GoAwayAt], 1, Some("is not known")),
        (&[Http2Reply::Reset], 1, Some("is not known")),
    ] {
        let certificate = TestCertificate::for_host(HOST);
        let script = |number: usize| replies.get(number).copied().unwrap_or(Http2Reply::Tokens);
        let (server, requests) = TlsServer::http2(&certificate, script).await;
        let client = oauth_client(&server, &certificate);
        let result = client.tokens().unwrap().exchange_code("code").await;
        assert_eq!(requests.load(Ordering::SeqCst), sent, "{replies:?}");
        let text = result.err().map(|error| error.to_string());
        assert_eq!(text.is_some(), message.is_some(), "{replies:?}: {text:?}");
        if let (Some(text), Some(message)) = (text, message) {
            assert!(text.contains(message), "{replies:?}: {text}");
        }
    }
}

#[tokio::test]
async fn invalid_token_endpoint_certificate_is_no_outage() {
    let (valid, other) = (
        TestCertificate::for_host(HOST),
        TestCertificate::for_host("other.test"),
    );
    let server = TlsServer::http1(&valid, TlsOptions::default()).await;
    let client = oauth_client(&server, &other);
    let result = client.tokens().unwrap().exchange_code("code").await;
    let error = result.unwrap_err();
    assert_eq!(
        error.auth_error_kind(),
        Some(AuthErrorKind::Unreachable),
        "{error}"
    );
    assert!(!error.is_retryable(), "{error}");
    assert!(
        error.to_string().contains("add_root_certificate"),
        "{error}"
    );
    assert_eq!(server.connections(), 1, "{error}");
}

#[tokio::test]
async fn invalid_certificate_error_names_remedy_and_is_not_retried() {
    let (valid, other) = (
        TestCertificate::for_host(HOST),
        TestCertificate::for_host("other.test"),
    );
    let expired = TestCertificate::expired(HOST);
    for (name, presented, trusted, remedy) in [
        ("unknown issuer", &valid, &other, "add_root_certificate"),
        ("wrong name", &other, &other, "resolve"),
        ("expired", &expired, &expired, "clock"),
    ] {
        let server = TlsServer::http1(presented, TlsOptions::default()).await;
        let client = server.client(trusted).build().unwrap();
        let error = read(&client).await.unwrap_err();
        assert!(
            error.is_connect() && !error.is_retryable(),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(remedy), "{name}: {error}");
        assert_eq!(server.connections(), 1, "{name}: {error}");
    }
}

#[tokio::test]
async fn error_reply_without_body_keeps_its_status() {
    let head = |status: u16| {
        format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n"
        )
    };
    for status in [400, 401, 403, 404, 422, 429, 500, 503, 520, 530] {
        for part in ["", r#"{"message":"not this one"#] {
            for hangs in [true, false] {
                let reply = Reply::raw(head(status)).write(part);
                let reply = if hangs { reply.hang() } else { reply.close() };
                let server = Server::with_reply(reply);
                let client = private(&server.url)
                    .attempt_timeout(Duration::from_millis(250))
                    .retry(NoRetry)
                    .build()
                    .unwrap();
                let error = create(&client).await.unwrap_err();
                let received = error.status().map(|status| status.as_u16());
                assert_eq!(received, Some(status), "{part} {hangs}: {error}");
                assert_eq!(error.attempts(), 1, "{error}");
            }
        }
    }
}

#[tokio::test]
async fn gateway_statuses_are_retried_for_reads_only() {
    for status in [502, 503, 504].into_iter().chain(520..=530) {
        let server = Server::with_reply(Reply::json(status, "{}"));
        let client = private(&server.url).random(|| 0.0).build().unwrap();
        let (read, created) = (read(&client).await, create(&client).await);
        assert_eq!(read.unwrap_err().attempts(), 5, "{status}");
        assert_eq!(created.unwrap_err().attempts(), 1, "{status}");
    }
}
