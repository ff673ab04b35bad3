//! The condition under which tests of a regenerated tree are skipped. The committed tree is settled,
//! so that none of its tests is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hoopai_test_support::interface::{declares, has_operation, is_settled};
use serde_json::{Value, json};

#[test]
fn request_that_does_not_fit_fails_in_a_settled_tree_only() {
    let contact = |more: Value| {
        let mut body = json!({ "locationId": "l", "firstName": "Ada" });
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        body
    };
    let get = |target: &'static str| ("GET", target, Value::Null);
    let post = |more: Value| ("POST", "/contacts/", contact(more));
    assert!(has_operation("GET /contacts/{contactId}") && has_operation("GET /contacts/c1"));
    for (method, target, body) in [
        get("/contacts/?locationId=l&limit=1"),
        post(json!({})),
        post(json!({ "tags": ["vip"] })),
    ] {
        assert!(declares(method, target, &body), "{target} {body}");
    }
    for ((method, target, body), problem) in [
        (get("/contacts"), "it has no such operation"),
        (
            get("/contacts/?locationId=l&colour=red"),
            "no `colour` in its query",
        ),
        (get("/contacts/"), "`locationId` is required in its query"),
        (post(json!({ "colour": "red" })), "no `colour` in its body"),
        (
            post(json!({ "tags": "vip" })),
            "`tags` of its body is of type \"array\"",
        ),
        (
            post(json!({ "tags": [1] })),
            "an item of `tags` of its body is of type \"string\"",
        ),
        (
            ("POST", "/contacts/", json!({ "firstName": "Ada" })),
            "\"locationId\" is required in its body",
        ),
        (("DELETE", "/contacts/c1", json!({})), "it has no body"),
    ] {
        match catch_unwind(AssertUnwindSafe(|| declares(method, target, &body))) {
            Ok(declared) => assert!(!declared && !is_settled(), "{target}: {problem}"),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().expect("a message");
                assert!(is_settled() && message.contains(problem), "{message}");
            }
        }
    }
}
