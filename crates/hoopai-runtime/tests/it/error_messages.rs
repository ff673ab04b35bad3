//! The text of errors in detail: no repetition, and counts of messages and attempts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::observe::{CallInfo, CallOutcome, Observer};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::Backoff;
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Error, Handle, Method};
use hoopai_test_support::{Reply, Server};

use crate::clients::{Clients, TOKEN};
use crate::sample_api::Client;

async fn refused(status: u16, body: &Value) -> Error {
    let server = Server::with_reply(Reply::json(status, body.to_string()));
    let call = server.client().get_contact().contact_id("c1");
    call.send().await.unwrap_err()
}

#[tokio::test]
async fn repeated_message_is_printed_once() {
    for (body, expected) in [
        (
            json!({ "message": ["tags must be an array"], "errors": [{ "field": "tags", "message": "tags must be an array" }] }),
            "tags must be an array",
        ),
        (
            json!({ "message": ["tags must be an array", "a is empty", "tags must be an array"] }),
            "tags must be an array; a is empty",
        ),
        (
            json!({ "message": "Tags must be an array.", "errors": [{ "field": "tags", "message": "must be an array" }] }),
            "Tags must be an array",
        ),
        (
            json!({ "message": "must be an array", "errors": [{ "field": "tags", "message": "must be an array" }] }),
            "tags: must be an array",
        ),
        (
            json!({ "message": "Validation failed: tags must be an array, a is empty", "errors": { "tags": ["tags must be an array"], "a": ["is empty"] } }),
            "Validation failed: tags must be an array, a is empty",
        ),
        // Different messages with the same words are kept.
        (
            json!({ "message": ["b must be set"], "errors": [{ "field": "a", "message": "must be set" }] }),
            "b must be set; a: must be set",
        ),
        (
            json!({ "message": ["metadata must be set"], "errors": [{ "field": "data", "message": "must be set" }] }),
            "metadata must be set; data: must be set",
        ),
        (
            json!({ "message": [{ "property": "a", "constraints": { "isString": "a must be a string" } }] }),
            "a must be a string",
        ),
    ] {
        let error = refused(422, &body).await;
        let (_, text) = error
            .to_string()
            .split_once("(422): ")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert_eq!(text, format!("{expected}."), "{body}");
    }
}

#[tokio::test]
async fn sentences_end_with_one_full_stop() {
    for (status, message, text) in [
        (
            401,
            "The user does not exist.",
            "(401): The user does not exist. Check the ids",
        ),
        (
            401,
            "The user does not exist",
            "(401): The user does not exist. Check the ids",
        ),
        (400, "It failed...", "(400): It failed."),
        (400, "It failed!", "(400): It failed!"),
        (400, " . ", "(400)."),
        (422, "a is odd.", "(422): a is odd."),
    ] {
        let error = refused(status, &json!({ "message": message })).await;
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains(".."), "{error}");
    }
}

#[tokio::test]
async fn repeated_id_is_printed_once() {
    for (request, printed) in [
        ("t-1", "[trace id t-1]"),
        ("r-1", "[trace id t-1, request id r-1]"),
    ] {
        let (headers, body) = (
            [("x-request-id", request)],
            r#"{"message":"m","traceId":"t-1"}"#,
        );
        let server = Server::with_reply(Reply::with_headers(400, &headers, body));
        let call = server.client().get_contact().contact_id("c1");
        let error = call.send().await.unwrap_err();
        assert!(error.to_string().ends_with(printed), "{error}");
        assert_eq!(
            (error.trace_id(), error.request_id()),
            (Some("t-1"), Some(request))
        );
    }
}

#[tokio::test]
async fn debug_output_starts_with_display_output() {
    let error = refused(401, &json!({ "message": "The user does not exist." })).await;
    let debug = format!("{error:?}");
    assert!(
        debug.starts_with(&format!(
            "Error {{ message: \"{error}\", kind: Status, status: 401, api_error_kind: NotFound"
        )),
        "{debug}"
    );
    let error = Handle::builder().build().unwrap_err();
    assert!(format!("{error:?}").contains("no token is set"));
}

#[tokio::test]
async fn many_messages_are_counted() {
    let messages: Vec<String> = (0..100_000)
        .map(|at| format!("field{at}x is odd"))
        .collect();
    let fields: Vec<Value> = messages
        .iter()
        .map(|message| json!({ "field": "a", "message": message }))
        .collect();
    let error = refused(422, &json!({ "message": messages, "errors": fields })).await;
    let text = error.to_string();
    assert!(text.contains("; and 199890 more."), "{text}");
    assert_eq!(
        (error.messages().len(), error.field_errors().len()),
        (100_000, 100_000)
    );
}

struct NoWait;

impl Backoff for NoWait {
    fn delay(&self, _: u32, _: f64) -> Duration {
        Duration::ZERO
    }
}

/// The events of an observer.
#[derive(Default)]
struct Events {
    sent: Vec<u32>,
    ended: Vec<u32>,
    call: Option<CallOutcome>,
}

#[derive(Clone, Default)]
struct RecordingObserver(Arc<Mutex<Events>>);

impl Observer for RecordingObserver {
    fn on_send(&self, _: &CallInfo<'_>, attempt: u32) {
        self.0.lock().unwrap().sent.push(attempt);
    }

    fn on_attempt(&self, _: &CallInfo<'_>, end: &CallOutcome) {
        self.0.lock().unwrap().ended.push(end.attempts);
    }

    fn on_call(&self, _: &CallInfo<'_>, end: &CallOutcome) {
        self.0.lock().unwrap().call = Some(*end);
    }
}

/// Sends a call with the default retry policy.
async fn call(url: &str) -> (Error, RecordingObserver) {
    let observed = RecordingObserver::default();
    let handle = Handle::builder()
        .private_token(TOKEN)
        .base_url(url)
        .backoff(NoWait)
        .limits(RateLimitSettings::unlimited())
        .observer(observed.clone())
        .build()
        .unwrap();
    let read = Client::new(handle).get_contact().contact_id("c1").send();
    (read.await.unwrap_err(), observed)
}

#[tokio::test]
async fn unconnected_attempts_are_not_counted_as_sent() {
    let (error, observed) = call(&Server::refusing_url()).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 0));
    let text = error.to_string();
    assert!(text.ends_with("then try again. (tried 5 times)"), "{text}");
    assert!(text.contains("so nothing was sent"), "{text}");
    assert!(error.is_retryable());
    let observed = observed.0.lock().unwrap();
    assert_eq!(
        (&*observed.sent, &*observed.ended),
        (&[1, 2, 3, 4, 5][..], &[1, 2, 3, 4, 5][..])
    );
    assert_eq!(observed.call.unwrap().attempts, 0);
}

#[tokio::test]
async fn sent_attempts_are_counted_separately() {
    let reply = Reply::with_headers(503, &[("connection", "close")], "").close();
    let server = Server::for_one_connection(reply);
    let (error, observed) = call(&server.url).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1));
    assert!(
        error.to_string().ends_with("(tried 5 times, sent 1 times)"),
        "{error}"
    );
    assert_eq!(observed.0.lock().unwrap().call.unwrap().attempts, 1);

    let server = Server::with_reply(Reply::json(503, "{}"));
    let (error, observed) = call(&server.url).await;
    assert!(error.to_string().ends_with(" (sent 5 times)"), "{error}");
    assert_eq!((error.attempts(), server.count()), (5, 5));
    assert_eq!(observed.0.lock().unwrap().call.unwrap().attempts, 5);
}

#[tokio::test]
async fn html_in_place_of_json_error_names_a_remedy() {
    let server = Server::with_body("<html>Welcome</html>");
    let handle = server.builder().build().unwrap();
    let error = handle.request(Method::GET, "/x").send().await.unwrap_err();
    assert!(error.to_string().contains("check the base URL"), "{error}");
    let server = Server::with_body("");
    let handle = server.builder().build().unwrap();
    let error = handle
        .request(Method::GET, "/x")
        .send_as::<bool>()
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the reply is empty (nothing where a boolean is declared): check the result"),
        "{error}"
    );
}
