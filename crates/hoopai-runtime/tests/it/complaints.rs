//! The text of errors in detail: nothing is stated twice, and what was sent is counted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::observe::{CallInfo, CallOutcome, Observer};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::Backoff;
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Error, Handle, Method};

use crate::api::Client;
use crate::server::{Answer, Server, TOKEN};

async fn refused(status: u16, body: &Value) -> Error {
    let server = Server::start(Answer::new(status, body.to_string())).await;
    let call = server.client().get_contact().contact_id("c1");
    call.send().await.unwrap_err()
}

#[tokio::test]
async fn each_complaint_is_stated_once() {
    for (body, said) in [
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
        // Different complaints with the same words stay.
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
        assert_eq!(text, format!("{said}."), "{body}");
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
async fn an_id_that_comes_twice_is_printed_once() {
    for (request, printed) in [
        ("t-1", "[trace id t-1]"),
        ("r-1", "[trace id t-1, request id r-1]"),
    ] {
        let answer = Answer::new(400, r#"{"message":"m","traceId":"t-1"}"#);
        let server = Server::start(answer.header("x-request-id", request)).await;
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
async fn debug_begins_with_the_text() {
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
async fn many_complaints_are_counted() {
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

/// What an observer is told.
#[derive(Default)]
struct Ends {
    begun: Vec<u32>,
    ended: Vec<u32>,
    call: Option<CallOutcome>,
}

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Ends>>);

impl Observer for Told {
    fn on_send(&self, _: &CallInfo<'_>, attempt: u32) {
        self.0.lock().unwrap().begun.push(attempt);
    }

    fn on_attempt(&self, _: &CallInfo<'_>, end: &CallOutcome) {
        self.0.lock().unwrap().ended.push(end.attempts);
    }

    fn on_call(&self, _: &CallInfo<'_>, end: &CallOutcome) {
        self.0.lock().unwrap().call = Some(*end);
    }
}

/// A call of a server that is only an address, under the standard policy.
async fn call(url: &str) -> (Error, Told) {
    let told = Told::default();
    let handle = Handle::builder()
        .private_token(TOKEN)
        .base_url(url)
        .backoff(NoWait)
        .limits(RateLimitSettings::unlimited())
        .observer(told.clone())
        .build()
        .unwrap();
    let read = Client::new(handle).get_contact().contact_id("c1").send();
    (read.await.unwrap_err(), told)
}

#[tokio::test]
async fn attempts_without_a_connection_are_not_counted_as_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (error, told) = call(&url).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 0));
    let text = error.to_string();
    assert!(text.ends_with("then try again. (tried 5 times)"), "{text}");
    assert!(text.contains("so nothing was sent"), "{text}");
    assert!(error.is_retryable());
    let told = told.0.lock().unwrap();
    assert_eq!(
        (&*told.begun, &*told.ended),
        (&[1, 2, 3, 4, 5][..], &[1, 2, 3, 4, 5][..])
    );
    assert_eq!(told.call.unwrap().attempts, 0);
}

#[tokio::test]
async fn attempts_that_were_sent_are_counted_among_others() {
    // It answers one request and is gone.
    let url =
        crate::server::raw(b"HTTP/1.1 503 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
    let (error, told) = call(&url).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1));
    assert!(
        error.to_string().ends_with("(tried 5 times, sent 1 times)"),
        "{error}"
    );
    assert_eq!(told.0.lock().unwrap().call.unwrap().attempts, 1);

    let server = Server::start(Answer::new(503, "{}")).await;
    let (error, told) = call(&server.url).await;
    assert!(error.to_string().ends_with(" (sent 5 times)"), "{error}");
    assert_eq!((error.attempts(), server.count()), (5, 5));
    assert_eq!(told.0.lock().unwrap().call.unwrap().attempts, 5);
}

#[tokio::test]
async fn a_page_in_place_of_a_reply_says_what_to_do() {
    let server = Server::start(Answer::json("<html>Welcome</html>")).await;
    let handle = server.builder().build().unwrap();
    let error = handle.request(Method::Get, "/x").send().await.unwrap_err();
    assert!(error.to_string().contains("check the base URL"), "{error}");
    let server = Server::start(Answer::json("")).await;
    let handle = server.builder().build().unwrap();
    let error = handle
        .request(Method::Get, "/x")
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
