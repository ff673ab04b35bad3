//! Patterns that name operations: a pattern without a match panics with a suggestion.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hoopai_mock::{Fault, FaultRule, LOCATION, Mock, TOKEN};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Reply, call, client};

/// Returns the message of a panic.
#[track_caller]
pub(crate) fn panic_of<T>(call: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(call)) else {
        panic!("it did not panic");
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_owned(),
    }
}

/// Patterns without a match, and the suggested names.
const WRONG: &[(&str, &[&str])] = &[
    ("contacts.craete_contact", &["contacts.create_contact"]),
    ("contacts.craete-contact", &["contacts.create-contact"]),
    ("contact.create_contact", &["contacts.create_contact"]),
    ("contacts.search_contact", &["contacts.search_contacts"]),
    (
        "contacts.list",
        &["contacts.list_notes", "contacts.list_tasks"],
    ),
    ("create_contact", &["contacts.create_contact"]),
    ("contactz", &["contacts"]),
    ("contactz.*", &["contacts"]),
    ("*.create_kontact*", &[]),
    ("zebra", &[]),
    ("", &[]),
    ("GET /contacts", &["GET /contacts/"]),
    ("/contact/", &["/contacts/"]),
    ("GET /contacts/?limit=1", &[]),
    (
        "PATCH /contacts/{contactId}",
        &["GET /contacts/{contactId}"],
    ),
    ("FETCH /contacts/", &["GET /contacts/"]),
    ("/contacts/abc/takss", &["/contacts/{contactId}/tasks"]),
    ("POST /nowhere/*", &[]),
    ("http://localhost/contacts/", &[]),
];

/// Patterns with a match.
const RIGHT: &[&str] = &[
    "contacts.create_contact",
    "contacts.create-contact",
    "opportunities.Upsert-opportunity",
    "payments.create-integration provider",
    "contacts.*",
    "*.create_*",
    "*.create-*",
    "contact*",
    "contacts",
    "*",
    "GET /contacts/{contactId}",
    "GET /contacts/{anything}",
    "GET /contacts/aB3dE5",
    "get /contacts/",
    "* /contacts/*",
    "/contacts/*/tasks",
    "GET /oauth/chooselocation",
];

#[tokio::test]
async fn unmatched_pattern_panics_with_closest_names() {
    let mock = Mock::builder().start().await.expect("a server");
    for (pattern, closest) in WRONG {
        let by_rule = panic_of(|| FaultRule::new(Fault::status(503)).on(pattern));
        let by_journal = panic_of(|| mock.journal().of(pattern));
        assert_eq!(by_rule, by_journal, "{pattern}");
        assert!(by_rule.contains(&format!("`{pattern}`")), "{by_rule}");
        for name in *closest {
            assert!(by_rule.contains(&format!("`{name}`")), "{by_rule}");
        }
        assert!(by_rule.matches('`').count() <= 8, "{by_rule}");
        let spec = format!("503,on={pattern}").parse::<FaultRule>();
        assert_eq!(spec.expect_err(pattern).to_string(), by_rule);
    }
    for pattern in RIGHT {
        let _ = FaultRule::new(Fault::status(503)).on(pattern);
        assert!(mock.journal().of(pattern).is_empty(), "{pattern}");
    }
}

#[test]
fn rule_that_never_applies_panics() {
    let rule = || FaultRule::new(Fault::status(503));
    for chance in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let text = panic_of(|| rule().chance(chance));
        assert!(text.contains("not within 0.0 and 1.0"), "{text}");
    }
    let second = std::time::Duration::from_secs(1);
    let text = panic_of(|| rule().between(second, second));
    assert!(text.contains("is not after"), "{text}");
    let spec = "503,from=20s,until=10s".parse::<FaultRule>();
    let text = spec.expect_err("no time").to_string();
    assert!(text.contains("a time after `from`"), "{text}");
}

/// Reads both names of all operations from the interface files.
fn operations() -> Vec<(String, String, String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/interface");
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder).expect("the interface") {
        let path = file.expect("a file").path();
        let module = path.file_stem().and_then(|name| name.to_str());
        let module = module.expect("a name").to_owned();
        let text = std::fs::read(&path).expect("a document");
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let name = |key: &str| {
                    let name = operation[key].as_str();
                    format!(
                        "{module}.{}",
                        name.unwrap_or_else(|| panic!("no {key} at {path}"))
                    )
                };
                let line = format!("{} {path}", method.to_uppercase());
                all.push((
                    name("operationId"),
                    name("x-hoopai-name"),
                    line,
                    path.clone(),
                ));
            }
        }
    }
    assert!(!all.is_empty());
    all
}

#[tokio::test]
async fn every_operation_matches_both_names_and_path() {
    let mock = Mock::builder().start().await.expect("a server");
    for (id, name, line, path) in operations() {
        for pattern in [&id, &name, &line, &path] {
            assert!(mock.journal().of(pattern).is_empty(), "{pattern}");
        }
    }
}

#[tokio::test]
async fn both_names_match_same_requests() {
    let mock = Mock::builder().start().await.expect("a server");
    let client = client();
    let path = format!("/contacts/?locationId={LOCATION}");
    for (pattern, status) in [
        ("contacts.list_contacts", 503),
        ("contacts.get-contacts", 503),
        ("contacts.list_*", 503),
        ("contacts.list_notes", 200),
    ] {
        let rule = FaultRule::new(Fault::status(503)).on(pattern).times(1);
        let id = mock.faults().add(rule);
        let reply = Reply::of(call(&client, &mock, Method::GET, &path, TOKEN)).await;
        assert_eq!(reply.status, status, "{pattern}");
        mock.faults().remove(id);
    }
    for pattern in [
        "contacts.list_contacts",
        "contacts.get-contacts",
        "contacts",
    ] {
        assert_eq!(mock.journal().of(pattern).len(), 4, "{pattern}");
    }
}
