//! Requests that cannot succeed are rejected before a connection is made. The server reads bytes
//! from its socket and uses no code of the client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hoopai::contacts::types::{CreateContactRequest, UpdateContactRequest};
use hoopai::serde_json::json;
use hoopai::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::client::private;

/// A server that answers each connection with `{}`.
struct Stub {
    url: String,
    connections: Arc<AtomicUsize>,
    /// The text of each request, up to the end of its body.
    requests: mpsc::UnboundedReceiver<String>,
}

impl Stub {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let (sender, requests) = mpsc::unbounded_channel();
        let accepted = connections.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let mut text = String::new();
                let mut bytes = [0; 4096];
                while !text.ends_with('}') {
                    match socket.read(&mut bytes).await {
                        Ok(length @ 1..) => {
                            text += std::str::from_utf8(&bytes[..length]).unwrap();
                        }
                        _ => break,
                    }
                }
                let reply = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = socket.write_all(reply.as_bytes()).await;
                let _ = sender.send(text);
            }
        });
        Stub {
            url,
            connections,
            requests,
        }
    }
}

fn assert_rejected(error: &Error, parameter: &str, parts: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    assert_eq!(error.parameters(), [parameter], "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error}");
        assert!(
            format!("{error:?}").contains(part),
            "`Debug` shows it: {error:?}"
        );
    }
}

#[tokio::test]
async fn invalid_requests_open_no_connection() {
    let stub = Stub::start().await;
    let contacts = private(&stub.url).build().unwrap();
    let contacts = contacts.contacts();

    let body = UpdateContactRequest::new().null("postalcode");
    let call = contacts.update_contact().contact_id("c1").body(body);
    let known = ["`postalcode`", "postal_code", "first_name", "`extra`"];
    assert_rejected(&call.await.unwrap_err(), "postalcode", &known);

    #[allow(deprecated, reason = "the list has a declared maximum")]
    let call = contacts.list_contacts().limit(5_000);
    assert_rejected(&call.await.unwrap_err(), "limit", &["maximum of 100"]);

    let error = contacts.get_contact().await.unwrap_err();
    assert_rejected(&error, "contactId", &["`.contact_id(..)`"]);

    let no_location = hoopai::Client::builder().private_token("pit-1");
    let client = no_location.base_url(&stub.url).build().unwrap();
    let search = client.contacts().search_contacts();
    assert_rejected(
        &search.await.unwrap_err(),
        "locationId",
        &["`.location(..)`"],
    );

    assert_eq!(stub.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn cleared_fields_and_json_of_the_caller_arrive() {
    let mut stub = Stub::start().await;
    let client = private(&stub.url).build().unwrap();
    let contacts = client.contacts();

    let body = UpdateContactRequest::new().null("postal_code").city("Oslo");
    let call = contacts.update_contact().contact_id("c1").body(body);
    call.await.unwrap();
    let request = stub.requests.recv().await.unwrap();
    assert!(
        request.starts_with("PUT /contacts/c1 HTTP/1.1\r\n"),
        "{request}"
    );
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"city":"Oslo","postalCode":null}"#);

    let call = contacts.add_contact_to_campaign().contact_id("c1");
    let call = call.campaign_id("p1").body(json!({"source": "fair"}));
    call.await.unwrap();
    let request = stub.requests.recv().await.unwrap();
    assert!(request.ends_with(r#"{"source":"fair"}"#), "{request}");

    let body = CreateContactRequest::new().email("jane@example.com");
    contacts.create_contact().body(body).await.unwrap();
    let request = stub.requests.recv().await.unwrap();
    assert!(
        request.starts_with("POST /contacts/ HTTP/1.1\r\n"),
        "{request}"
    );
}
