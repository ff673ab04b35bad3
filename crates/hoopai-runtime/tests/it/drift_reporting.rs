//! Reports of drift: reply, observer, log, counter and strict mode.

use std::sync::{Arc, Mutex};

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::json::from_slice;
use hoopai_runtime::operation::Operation;
use hoopai_runtime::{
    CallOptions, Drift, DriftCounter, DriftKind, DriftObserver, Error, Method, Response,
};
use hoopai_test_support::{Reply, Server, log};

use crate::clients::Clients;
use crate::sample_api::Client;
use crate::sample_api::types::{Contact, ContactReply, ContactsReply};

/// Returns the drift, one deviation per line.
fn drift_text(drift: &[Drift]) -> String {
    let lines: Vec<String> = drift.iter().map(Drift::to_string).collect();
    lines.join("\n")
}

async fn get_strictly(server: &Server) -> Result<Response<ContactReply>, Error> {
    let call = server.client().get_contact().contact_id("c");
    call.options(CallOptions::new().strict(true)).send().await
}

#[derive(Clone, Default)]
struct Observed(Arc<Mutex<Vec<String>>>);

impl Observed {
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

const DRIFTED: &str =
    r#"{"contact":{"id":12,"friends":[{"visits":"jane@example.com"}]},"traceId":"t-1"}"#;

#[tokio::test]
async fn drift_is_reported_to_reply_observer_and_log() {
    let server = Server::with_body(DRIFTED);
    let observed = Observed::default();
    let own = observed.clone();
    let observer = move |operation: Option<&'static Operation>, drift: &Drift| {
        let name = operation.map_or("none", |operation| operation.name);
        own.0.lock().unwrap().push(format!("{name} {drift}"));
    };
    let handle = server.builder().drift_observer(observer).build().unwrap();
    log::capture();
    let reply = Client::new(&handle).get("c").await.unwrap();
    let log = log::take();

    let expected = [
        "`contact.id`: a number was read as a string",
        "`contact.friends[0].visits`: a string where a whole number is declared was set aside",
    ];
    assert_eq!(drift_text(reply.drift()), expected.join("\n"));
    assert_eq!(
        observed.lines(),
        expected.map(|line| format!("get_contact {line}"))
    );
    assert!(reply.raw().is_none());
    assert_eq!(
        reply.contact.as_ref().unwrap().friends.as_ref().unwrap()[0]
            .extra
            .len(),
        1
    );

    let log: Vec<String> = log
        .into_iter()
        .filter(|line| line.contains("hoopai::drift"))
        .collect();
    assert_eq!(log.len(), 2);
    assert!(log[0].contains("DEBUG") && log[1].contains("WARN"));
    for part in [
        "contacts.get_contact",
        "path=\"contact.friends[0].visits\"",
        "expected=\"a whole number\"",
        "found=\"a string\"",
    ] {
        assert!(log[1].contains(part), "{part}: {}", log[1]);
    }
    assert!(!log.concat().contains("jane"));

    handle
        .request(Method::GET, "/x")
        .send_as::<Vec<Contact>>()
        .await
        .unwrap();
    assert_eq!(
        observed.lines(),
        ["none `$`: an object where a list is declared was set aside"]
    );
}

#[tokio::test]
async fn strict_client_and_call_return_an_error() {
    let observed = Observed::default();
    let own = observed.clone();
    let observer = move |_: Option<&'static Operation>, drift: &Drift| {
        own.0.lock().unwrap().push(drift.path.clone())
    };
    let server = Server::with_body(DRIFTED);
    let builder = server.builder().strict(true);
    let strict = Client::new(builder.drift_observer(observer).build().unwrap());
    let error = strict.get("c").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.json_path(), error.trace_id()),
        (ErrorKind::Decode, Some("contact.id"), Some("t-1"))
    );
    assert_eq!(
        observed.lines(),
        ["contact.id", "contact.friends[0].visits"]
    );
    let call = strict.get_contact().contact_id("c");
    let lenient = call.options(CallOptions::new().strict(false));
    assert!(lenient.send().await.is_ok());
    let error = get_strictly(&server).await.unwrap_err();
    assert!(error.is_decode() && error.body().unwrap() == DRIFTED);

    for (body, path) in [
        (r#"{"appointment":{}}"#, "$"),
        ("[]", "$"),
        (r#"{"contact":{"x":1}}"#, "contact"),
    ] {
        let server = Server::with_body(body);
        let error = get_strictly(&server).await.unwrap_err();
        assert_eq!(error.json_path(), Some(path), "{error}");
    }
    let fine = r#"{"contact":{"id":"c","status":"parked","odd":1,"score":1,"visits":null}}"#;
    for body in [fine, "{}"] {
        let server = Server::with_body(body);
        get_strictly(&server).await.unwrap();
    }
}

#[tokio::test]
async fn drift_is_counted_by_operation_and_path_without_indexes() {
    let list =
        r#"{"contacts":[{"id":1,"visits":"x"},{"id":2},{"id":"3","visits":""}],"count":"3"}"#;
    let server = Server::with_body(list);
    let counter = DriftCounter::new();
    let builder = server.builder().drift_observer(counter.clone());
    let handle = builder.build().unwrap();
    let client = Client::new(&handle);
    for _ in 0..2 {
        let call = client.page_contacts().extra_query("locationId", "L");
        call.send().await.unwrap();
    }
    handle
        .request(Method::GET, "/contacts/")
        .send_as::<ContactsReply>()
        .await
        .unwrap();
    let rows: Vec<String> = counter
        .snapshot()
        .iter()
        .map(|row| {
            let operation = row.operation.map_or("none", |operation| operation.name);
            format!("{operation} {} {:?} {}", row.path, row.kind, row.count)
        })
        .collect();
    assert_eq!(
        rows,
        [
            "none contacts[].id Coerced 2",
            "none contacts[].visits Unparsed 1",
            "none count Coerced 1",
            "page_contacts contacts[].id Coerced 4",
            "page_contacts contacts[].visits Unparsed 2",
            "page_contacts count Coerced 2",
        ]
    );
    assert_eq!(counter.total(), 12);
    assert_eq!(format!("{counter:?}"), "DriftCounter { total: 12 }");
}

#[test]
fn drift_counter_bounds_its_paths() {
    let counter = DriftCounter::new();
    for number in 0..5_000 {
        let text = format!("{{\"byName\":{{\"k{number}\":{{\"visits\":\"x\"}}}}}}");
        let read = from_slice::<Contact>(text.as_bytes()).unwrap();
        counter.drift(None, &read.drift[0]);
    }
    let rows = counter.snapshot();
    assert_eq!((rows.len(), counter.total()), (4_097, 5_000));
    assert_eq!((rows[0].path.as_str(), rows[0].count), ("*", 904));
}

/// Operations with a declared body, with an undeclared one, with any JSON, and with lists.
#[tokio::test]
async fn empty_reply_with_declared_body_is_drift() {
    for (status, body, found) in [
        (200, "", "nothing"),
        (200, " \n", "nothing"),
        (201, "null", "null"),
        (204, "", "nothing"),
        (205, "", "nothing"),
    ] {
        let server = Server::with_reply(Reply::json(status, body));
        let observed = Observed::default();
        let own = observed.clone();
        let observer = move |_: Option<&'static Operation>, drift: &Drift| {
            own.0.lock().unwrap().push(drift.to_string());
        };
        let builder = server.builder().location("l");
        let handle = builder.drift_observer(observer).build().unwrap();
        let client = Client::new(&handle);
        let reply = client.get("c").await.unwrap();
        let expected = format!("`$`: {found} where an object is declared");
        assert_eq!(drift_text(reply.drift()), expected);
        assert_eq!(reply.drift()[0].kind, DriftKind::Empty);
        assert_eq!((reply.contact.as_ref(), reply.raw()), (None, None));
        let list = client.search_contacts().query("q").send().await.unwrap();
        let expected_list = format!("`$`: {found} where a list is declared");
        assert_eq!(drift_text(list.drift()), expected_list);
        assert_eq!(observed.lines(), [expected.clone(), expected_list]);

        // Without drift, the list would appear to end here.
        assert!(client.page_contacts().stream().next().await.is_none());
        assert_eq!(observed.lines(), std::slice::from_ref(&expected));
        let mut pages = client.page_contacts().pages();
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!((page.items(), page.drift().len()), (0, 1));
        assert_eq!(observed.lines(), [expected]);

        let strict = CallOptions::new().strict(true);
        let get = client.get_contact().contact_id("c");
        let list = || client.page_contacts().options(strict.clone());
        for error in [
            get.options(strict.clone()).send().await.err(),
            list().stream().next().await.unwrap().err(),
            list().pages().next().await.unwrap().err(),
        ] {
            let error = error.unwrap();
            assert_eq!(
                (error.kind(), error.json_path()),
                (ErrorKind::Decode, Some("$")),
                "{error}"
            );
            assert_eq!(
                error.status().map(|own| own.as_u16()),
                Some(status),
                "{error}"
            );
            let message = format!("the reply is empty ({found} where an object is declared)");
            assert!(error.to_string().contains(&message), "{error}");
        }
        observed.lines();

        // These declare no body.
        let delete = client.delete_contact().contact_id("c");
        delete.options(strict.clone()).send().await.unwrap();
        let list = client.list_contacts().options(strict.clone());
        assert!(list.send().await.unwrap().drift().is_empty());
        let raw = || handle.request(Method::GET, "/x").options(strict.clone());
        assert!(raw().send().await.unwrap().drift().is_empty());
        assert!(raw().send_as::<Option<Contact>>().await.unwrap().is_none());
        assert!(observed.lines().is_empty());
    }
}
