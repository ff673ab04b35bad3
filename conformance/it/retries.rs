//! What a server states by its protocol that it did not do is sent again, once, whatever it is. A refusal stays one, however
//! slowly its body comes. What cannot succeed is not tried again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hoopai::auth::{MemoryStore, OAuthApp};
use hoopai::contacts::types::CreateContactRequest;
use hoopai::retry::NoRetry;
use hoopai::{AuthErrorKind, Client, Error};
use hoopai_conformance::{Reply, Server};

use crate::tls::{Answer, Demands, HOST, Issued, TlsServer};

async fn create(client: &Client) -> Result<(), Error> {
    let body = CreateContactRequest::new().first_name("Ada");
    let call = client.contacts().create_contact().body(body);
    call.send().await.map(|_| ())
}

async fn read(client: &Client) -> Result<(), Error> {
    let call = client.contacts().get_contact().contact_id("c1");
    call.send().await.map(|_| ())
}

/// How often a create reaches the server, and whether it succeeds, if the server does this with the requests in turn.
async fn create_against(answers: &'static [Answer]) -> (usize, Result<(), Error>) {
    let issued = Issued::of(HOST);
    let script = |number: usize| answers.get(number).copied().unwrap_or(Answer::Ok);
    let (server, requests) = TlsServer::http2(&issued, script).await;
    let client = server.client(&issued).build().unwrap();
    let result = create(&client).await;
    (requests.load(Ordering::SeqCst), result)
}

#[tokio::test]
async fn a_request_that_the_server_did_not_process_is_sent_again_once() {
    for (answers, sent, succeeds) in [
        (&[Answer::Ok][..], 1, true),
        (&[Answer::Refuse], 2, true),
        (&[Answer::GoAwayBelow], 2, true),
        (&[Answer::Refuse, Answer::Refuse], 2, false),
        (&[Answer::GoAwayBelow, Answer::Refuse], 2, false),
        // These may have been processed.
        (&[Answer::GoAwayAt], 1, false),
        (&[Answer::Break], 1, false),
        (&[Answer::RefuseAfterHead], 1, false),
        (&[Answer::GoAwayAfterHead], 1, false),
        (&[Answer::Short], 1, false),
    ] {
        let (requests, result) = create_against(answers).await;
        assert_eq!(requests, sent, "{answers:?}: {result:?}");
        assert_eq!(result.is_ok(), succeeds, "{answers:?}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.attempts() as usize, sent, "{answers:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_end_before_their_length_are_an_error() {
    let issued = Issued::of(HOST);
    let (server, _) = TlsServer::http2(&issued, |_| Answer::Short).await;
    let client = server.client(&issued).build().unwrap();
    let conversations = client.conversations();
    let call = conversations.get_message_recording().message_id("m1");
    let reply = call.location_id("loc1").send().await.unwrap();
    let error = reply.into_inner().collect().await.unwrap_err();
    assert!(error.to_string().contains("declared length"), "{error}");
}

#[tokio::test]
async fn a_request_that_was_not_processed_is_not_sent_again_without_retries() {
    let issued = Issued::of(HOST);
    let (server, requests) = TlsServer::http2(&issued, |_| Answer::Refuse).await;
    let client = server.client(&issued).retry(NoRetry).build().unwrap();
    let error = create(&client).await.unwrap_err();
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("REFUSED_STREAM"), "{error}");
}

fn oauth_client(server: &TlsServer, trusted: &Issued) -> Client {
    let app = OAuthApp::new("app-1", "app-secret", "https://example.com/callback");
    let builder = Client::builder()
        .oauth_app(app)
        .token_store(MemoryStore::new());
    server.reached_by(builder, trusted).build().unwrap()
}

#[tokio::test]
async fn a_token_request_that_the_server_did_not_process_is_sent_again_once() {
    for (answers, sent, fault) in [
        (&[Answer::Refuse][..], 2, None),
        (&[Answer::GoAwayBelow], 2, None),
        (&[Answer::Refuse, Answer::Refuse], 2, Some("still good")),
        // These may have been processed.
        (&[Answer::GoAwayAt], 1, Some("is not known")),
        (&[Answer::Break], 1, Some("is not known")),
    ] {
        let issued = Issued::of(HOST);
        let script = |number: usize| answers.get(number).copied().unwrap_or(Answer::Tokens);
        let (server, requests) = TlsServer::http2(&issued, script).await;
        let client = oauth_client(&server, &issued);
        let result = client.tokens().unwrap().exchange_code("code").await;
        assert_eq!(requests.load(Ordering::SeqCst), sent, "{answers:?}");
        let text = result.err().map(|error| error.to_string());
        assert_eq!(text.is_some(), fault.is_some(), "{answers:?}: {text:?}");
        if let (Some(text), Some(fault)) = (text, fault) {
            assert!(text.contains(fault), "{answers:?}: {text}");
        }
    }
}

#[tokio::test]
async fn an_invalid_certificate_of_the_token_endpoint_is_not_an_outage() {
    let (valid, other) = (Issued::of(HOST), Issued::of("other.test"));
    let server = TlsServer::http1(&valid, Demands::default()).await;
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
async fn an_invalid_certificate_is_an_error_with_a_remedy_and_is_not_tried_again() {
    let (valid, other) = (Issued::of(HOST), Issued::of("other.test"));
    let expired = Issued::expired(HOST);
    for (name, presented, trusted, remedy) in [
        ("unknown issuer", &valid, &other, "add_root_certificate"),
        ("wrong name", &other, &other, "resolve"),
        ("expired", &expired, &expired, "clock"),
    ] {
        let server = TlsServer::http1(presented, Demands::default()).await;
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
async fn a_refusal_keeps_its_status_however_slowly_its_body_comes() {
    let head = |status: u16| {
        format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n"
        )
    };
    for status in [400, 401, 403, 404, 422, 429, 500, 503, 520, 530] {
        for part in ["", r#"{"message":"not this one"#] {
            for hangs in [true, false] {
                let server = Server::start(move |_| {
                    let reply = Reply::default().write(head(status)).write(part);
                    if hangs { reply.hang() } else { reply.close() }
                })
                .await;
                let client = Client::builder()
                    .private_token("pit-1")
                    .location("loc1")
                    .base_url(&server.url)
                    .attempt_timeout(Duration::from_millis(40))
                    .retry(NoRetry)
                    .build()
                    .unwrap();
                let error = create(&client).await.unwrap_err();
                let came = error.status().map(|status| status.as_u16());
                assert_eq!(came, Some(status), "{part} {hangs}: {error}");
                assert_eq!(error.attempts(), 1, "{error}");
            }
        }
    }
}

#[tokio::test]
async fn statuses_of_the_edge_count_as_outages() {
    for status in [502, 503, 504].into_iter().chain(520..=530) {
        let server = Server::start(move |_| Reply::json(status, "{}")).await;
        let client = Client::builder()
            .private_token("pit-1")
            .location("loc1")
            .base_url(&server.url)
            .random(|| 0.0)
            .build()
            .unwrap();
        let (read, created) = (read(&client).await, create(&client).await);
        assert_eq!(read.unwrap_err().attempts(), 5, "{status}");
        assert_eq!(created.unwrap_err().attempts(), 1, "{status}");
    }
}
