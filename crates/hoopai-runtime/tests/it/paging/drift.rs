//! Drift of items, with the same paths as in the whole reply.

use std::sync::{Arc, Mutex};

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::operation::{Operation, Paging};
use hoopai_runtime::{CallOptions, Drift, Method};
use hoopai_test_support::Server;

use super::fake_list::{Item, ItemsReply, OFFSET, handle, ids, list};
use crate::clients::Clients;

const DRIFTED: &str = r#" {"meta":{"total":4},"items":[{"id":"0"},{"id":1,"tags":["a",{"b":"]"}],"visits":"2"},
    null,{"what":"jane@example.com"},"jane"]}"#;

const TOTAL: Paging = Paging {
    total: Some("meta.total"),
    ..OFFSET
};

type Observed = Arc<Mutex<Vec<String>>>;

/// Returns a handle that records drift, and the record.
fn recording_handle(server: &Server) -> (hoopai_runtime::Handle, Observed) {
    let observed = Observed::default();
    let own = observed.clone();
    let observer = move |_: Option<&'static Operation>, drift: &Drift| {
        own.lock().unwrap().push(drift.to_string());
    };
    let handle = server.builder().drift_observer(observer).build().unwrap();
    (handle, observed)
}

#[tokio::test]
async fn item_drift_paths_equal_those_of_the_whole_reply() {
    let server = Server::with_body(DRIFTED);
    let (handle, observed) = recording_handle(&server);
    let call = handle.request(Method::GET, "/items");
    let mut pages = call.pages::<ItemsReply>(TOTAL);
    let page = pages.next().await.unwrap().unwrap();
    let whole = std::mem::take(&mut *observed.lock().unwrap());
    assert_eq!(whole.len(), page.drift().len());
    assert!(whole.len() >= 5, "{whole:?}");
    assert!(
        whole
            .iter()
            .any(|line| line.starts_with("`items[1].visits`: ")),
        "{whole:?}"
    );

    let mut list = list(&handle, TOTAL);
    for index in 0..5 {
        let item = list.next().await.unwrap().unwrap();
        let other = &page.items.as_ref().unwrap()[index];
        assert_eq!(&item, other, "{index}");
        assert_eq!(item.extra.whole(), other.extra.whole());
    }
    assert_eq!(*observed.lock().unwrap(), whole);
    assert!(list.next().await.is_none());
}

#[tokio::test]
async fn drift_paths_start_with_the_items_path() {
    for (items, reply, path) in [
        ("", r#"[{"id":"0"},{"visits":"2"}]"#, "[1].visits"),
        ("a.b", r#"{"a":{"b":[{"visits":"2"}]}}"#, "a.b[0].visits"),
        ("a.1", r#"{"a":[[],[{"tags":[1]}]]}"#, "a[1][0].tags[0]"),
    ] {
        let server = Server::with_body(reply);
        let (handle, observed) = recording_handle(&server);
        let rule = Paging { items, ..OFFSET };
        let mut list = list(&handle, rule);
        while let Some(Ok(_)) = list.next().await {}
        let observed = observed.lock().unwrap();
        assert!(
            observed[0].starts_with(&format!("`{path}`: ")),
            "{observed:?}"
        );
    }
}

#[tokio::test]
async fn drift_paths_in_nested_lists_are_joined() {
    let server = Server::with_body(r#"{"items":[["a"],["b",1]]}"#);
    let (handle, observed) = recording_handle(&server);
    let call = handle.request(Method::GET, "/items");
    let mut list = call.stream::<Vec<String>>(OFFSET);
    while let Some(Ok(_)) = list.next().await {}
    let observed = observed.lock().unwrap();
    assert!(observed[0].starts_with("`items[1][1]`: "), "{observed:?}");
}

#[tokio::test]
async fn strict_mode_fails_at_the_drifted_item() {
    let server = Server::with_body(DRIFTED);
    let handle = handle(&server);
    let call = handle.request(Method::GET, "/items");
    let mut strict = call
        .options(CallOptions::new().strict(true))
        .stream::<Item>(TOTAL);
    let (received, error) = ids(&mut strict).await;
    assert_eq!(received, ["0"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.json_path(), Some("items[1].id"));
    assert_eq!(error.status().unwrap().as_u16(), 200);
    assert!(!format!("{error} {error:?}").contains("jane"));
    // A lenient client resumes from there.
    let mut rest = list(&handle, TOTAL).resume(strict.position());
    assert_eq!(rest.next().await.unwrap().unwrap().visits, Some(2));
}

#[tokio::test]
async fn mistyped_item_is_an_error_at_its_path() {
    let server = Server::with_body(r#"  {"items":["a",2,["jane"],"b"]}"#);
    let call = handle(&server).request(Method::GET, "/items");
    let mut list = call.stream::<String>(OFFSET);
    assert_eq!(list.next().await.unwrap().unwrap(), "a");
    assert_eq!(list.next().await.unwrap().unwrap(), "2");
    let error = list.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.json_path(), Some("items[2]"));
    assert!(!format!("{error} {error:?}").contains("jane"));
    assert!(list.next().await.is_none());
    assert_eq!(list.position().items(), 2);
}
