//! Items that are not as declared: told of as in a whole reply, with their place in it.

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

type Heard = Arc<Mutex<Vec<String>>>;

/// A handle that notes each drift.
fn noting(server: &Server) -> (hoopai_runtime::Handle, Heard) {
    let heard = Heard::default();
    let own = heard.clone();
    let observer = move |_: Option<&'static Operation>, drift: &Drift| {
        own.lock().unwrap().push(drift.to_string());
    };
    let handle = server.builder().drift_observer(observer).build().unwrap();
    (handle, heard)
}

#[tokio::test]
async fn an_item_drifts_where_it_does_in_the_whole_reply() {
    let server = Server::with_body(DRIFTED);
    let (handle, heard) = noting(&server);
    let call = handle.request(Method::Get, "/items");
    let mut pages = call.pages::<ItemsReply>(TOTAL);
    let page = pages.next().await.unwrap().unwrap();
    let whole = std::mem::take(&mut *heard.lock().unwrap());
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
    assert_eq!(*heard.lock().unwrap(), whole);
    assert!(list.next().await.is_none());
}

#[tokio::test]
async fn places_are_those_of_the_rule() {
    for (items, reply, path) in [
        ("", r#"[{"id":"0"},{"visits":"2"}]"#, "[1].visits"),
        ("a.b", r#"{"a":{"b":[{"visits":"2"}]}}"#, "a.b[0].visits"),
        ("a.1", r#"{"a":[[],[{"tags":[1]}]]}"#, "a[1][0].tags[0]"),
    ] {
        let server = Server::with_body(reply);
        let (handle, heard) = noting(&server);
        let rule = Paging { items, ..OFFSET };
        let mut list = list(&handle, rule);
        while let Some(Ok(_)) = list.next().await {}
        let heard = heard.lock().unwrap();
        assert!(heard[0].starts_with(&format!("`{path}`: ")), "{heard:?}");
    }
}

#[tokio::test]
async fn places_in_items_that_are_lists_are_joined_to_theirs() {
    let server = Server::with_body(r#"{"items":[["a"],["b",1]]}"#);
    let (handle, heard) = noting(&server);
    let call = handle.request(Method::Get, "/items");
    let mut list = call.stream::<Vec<String>>(OFFSET);
    while let Some(Ok(_)) = list.next().await {}
    let heard = heard.lock().unwrap();
    assert!(heard[0].starts_with("`items[1][1]`: "), "{heard:?}");
}

#[tokio::test]
async fn in_strict_mode_the_item_is_an_error_and_those_before_it_are_not() {
    let server = Server::with_body(DRIFTED);
    let handle = handle(&server);
    let call = handle.request(Method::Get, "/items");
    let mut strict = call
        .options(CallOptions::new().strict(true))
        .stream::<Item>(TOTAL);
    let (came, error) = ids(&mut strict).await;
    assert_eq!(came, ["0"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.json_path(), Some("items[1].id"));
    assert_eq!(error.status().unwrap().as_u16(), 200);
    assert!(!format!("{error} {error:?}").contains("jane"));
    // Who is less strict goes on from there.
    let mut rest = list(&handle, TOTAL).resume(strict.position());
    assert_eq!(rest.next().await.unwrap().unwrap().visits, Some(2));
}

#[tokio::test]
async fn an_item_that_fits_its_type_in_no_way_is_an_error_at_its_place() {
    let server = Server::with_body(r#"  {"items":["a",2,["jane"],"b"]}"#);
    let call = handle(&server).request(Method::Get, "/items");
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
