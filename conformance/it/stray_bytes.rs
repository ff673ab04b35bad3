//! Calls, lists and errors decode replies in other encodings than UTF-8 and with stray bytes around
//! or in them. Replaced and skipped bytes are reported as drift, and the original bytes are kept.

use std::sync::{Arc, Mutex};

use hoopai::rate_limit::RateLimitSettings;
use hoopai::retry::NoRetry;
use hoopai::{ApiErrorKind, CallOptions, Client, DriftKind, ErrorKind, Method};
use hoopai_test_support::{Reply, Server};
use serde_json::Value;

use crate::client::{Observed, observe_drift, private, read};

/// A body with a description, its bytes, and the declared content type.
struct Variant {
    what: &'static str,
    bytes: Vec<u8>,
    content_type: String,
    /// The original text cannot be restored.
    lossy: bool,
}

fn utf_16(text: &str, mark: bool, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = if mark {
        format!("\u{feff}{text}")
    } else {
        text.to_owned()
    };
    marked.encode_utf16().flat_map(unit).collect()
}

/// Returns a JSON text in many encodings and with many stray bytes. The text contains `Jörg` once.
fn variants(json: &str) -> Vec<Variant> {
    let around = |before: &str, after: &str| format!("{before}{json}{after}").into_bytes();
    let latin_1: Vec<u8> = json.chars().map(|char| char as u8).collect();
    let name = |name: &[u8]| {
        let (before, after) = json.split_once("Jörg").unwrap();
        [before.as_bytes(), name, after.as_bytes()].concat()
    };
    let restored = [
        ("a mark", around("\u{feff}", "")),
        ("two marks and blanks", around("\u{feff} \u{feff}\n", "\n")),
        ("NULs before", around("\0\0", "")),
        ("NULs behind", around("", "\0\0\0")),
        (
            "blanks of all kinds",
            around("\u{b}\u{a0}\u{2003}", "\u{c}\u{85}"),
        ),
        ("a guard", around(")]}',\n", "")),
        ("a short guard", around(")]}'\n", "")),
        ("a loop", around("for(;;);", "")),
        ("a bracket too many", around("", "}")),
        ("text behind", around("", "\nOK")),
        ("another document", around("", "{\"contact\":null}")),
        ("a page behind", around("", "<!-- served by 7 -->")),
        (
            "UTF-16, little end first",
            utf_16(json, true, u16::to_le_bytes),
        ),
        (
            "UTF-16, big end first",
            utf_16(json, true, u16::to_be_bytes),
        ),
        ("UTF-16 undeclared", utf_16(json, false, u16::to_be_bytes)),
    ];
    let declared = [
        (
            "UTF-16 without a mark",
            utf_16(json, false, u16::to_le_bytes),
            "; charset=utf-16le",
        ),
        ("declared Latin-1", latin_1.clone(), "; charset=ISO-8859-1"),
        (
            "quoted Latin-1",
            latin_1.clone(),
            ";charset=\"windows-1252\"",
        ),
    ];
    let lossy = [
        ("undeclared Latin-1", latin_1),
        ("half a character", name(b"J\xc3")),
        ("a control character", name("Jörg\u{1}".as_bytes())),
        ("a line break", name("Jörg\n".as_bytes())),
        ("a NUL", name("Jörg\0".as_bytes())),
        ("half a pair", name(br"J\ud83d")),
        ("a backslash", name(br"J\org")),
    ];
    let variant = |what, bytes, parameters: &str, lossy| Variant {
        what,
        bytes,
        content_type: format!("application/json{parameters}"),
        lossy,
    };
    let restored = restored.map(|(what, bytes)| variant(what, bytes, "", false));
    let declared = declared.map(|(what, bytes, charset)| variant(what, bytes, charset, false));
    let lossy = lossy.map(|(what, bytes)| variant(what, bytes, "", true));
    restored.into_iter().chain(declared).chain(lossy).collect()
}

/// The body and content type of the next reply.
type NextReply = Arc<Mutex<(Vec<u8>, String)>>;

fn server(status: u16) -> (Server, NextReply) {
    let next = NextReply::default();
    let reply = next.clone();
    let server = Server::start(move |request| {
        if request.target.contains("skip=2") {
            return Reply::json(200, r#"{"contacts":[],"count":2}"#);
        }
        let (body, content_type) = reply.lock().unwrap().clone();
        Reply::with_headers(status, &[("content-type", &*content_type)], body)
    });
    (server, next)
}

fn client(url: &str, observed: &Observed) -> Client {
    let builder = private(url)
        .retry(NoRetry)
        .limits(RateLimitSettings::unlimited());
    observe_drift(builder, observed).build().unwrap()
}

fn strict() -> CallOptions {
    CallOptions::new().strict(true)
}

#[tokio::test]
async fn calls_decode_replies_with_stray_bytes() {
    let (server, next) = server(200);
    let observed = Observed::default();
    let client = client(&server.url, &observed);
    for variant in variants(r#"{"contact":{"id":"c1","firstName":"Jörg"},"traceId":"t-1"}"#) {
        *next.lock().unwrap() = (variant.bytes.clone(), variant.content_type.clone());
        let what = variant.what;
        let reply = read(&client).await;
        let reply = reply.unwrap_or_else(|error| panic!("{what}: {error}"));
        let contact = reply.contact.as_ref().unwrap();
        assert_eq!(contact.id.as_deref(), Some("c1"), "{what}");
        let name = contact.first_name.as_deref().unwrap();
        assert!(
            name.starts_with('J') && (variant.lossy || name == "Jörg"),
            "{what}: {name}"
        );
        assert_eq!(reply.trace_id(), Some("t-1"), "{what}");

        assert!(!reply.drift().is_empty(), "{what}");
        assert_eq!(
            std::mem::take(&mut *observed.lock().unwrap()),
            reply.drift(),
            "{what}"
        );
        if what == "half a pair" {
            // It is valid JSON, so only the string is drift.
            assert_eq!(
                (reply.drift()[0].kind, reply.raw_body()),
                (DriftKind::Coerced, None)
            );
        } else {
            let kinds = reply.drift().iter().map(|drift| drift.kind);
            assert!(
                kinds.into_iter().all(|kind| kind == DriftKind::Repaired),
                "{what}"
            );
            assert_eq!(reply.raw_body().unwrap(), &variant.bytes, "{what}");
        }
        if variant.lossy {
            assert_eq!(reply.drift()[0].path, "contact.firstName", "{what}");
        }

        let call = client.contacts().get_contact().contact_id("c1");
        let error = call.options(strict()).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
        assert_eq!(error.body().unwrap(), &variant.bytes, "{what}");
        let value = client.request(Method::GET, "/x").send().await.unwrap();
        assert_eq!(value["contact"]["id"], "c1", "{what}");
        observed.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn lists_decode_replies_with_stray_bytes() {
    let (server, next) = server(200);
    let observed = Observed::default();
    let client = client(&server.url, &observed);
    for variant in
        variants(r#"{"contacts":[{"id":"c1"},{"id":"c2","firstName":"Jörg"}],"count":2}"#)
    {
        *next.lock().unwrap() = (variant.bytes.clone(), variant.content_type.clone());
        let what = variant.what;
        let call = || {
            client
                .contacts()
                .list_contacts_by_business()
                .business_id("b1")
        };
        let items = call()
            .collect_all(10)
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let ids: Vec<_> = items
            .iter()
            .map(|item| item.id.as_deref().unwrap())
            .collect();
        assert_eq!(ids, ["c1", "c2"], "{what}");
        let drift = std::mem::take(&mut *observed.lock().unwrap());
        assert!(!drift.is_empty(), "{what}");

        let mut pages = call().pages();
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!((page.items(), page.drift()), (2, &*drift), "{what}");
        assert!(
            call().options(strict()).collect_all(10).await.is_err(),
            "{what}"
        );
        observed.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn errors_decode_replies_with_stray_bytes() {
    let (server, next) = server(400);
    let client = client(&server.url, &Arc::default());
    for variant in variants(
        r#"{"statusCode":400,"message":"Contact not found","code":"Jörg","traceId":"t-1"}"#,
    ) {
        *next.lock().unwrap() = (variant.bytes.clone(), variant.content_type.clone());
        let what = variant.what;
        let error = read(&client).await.unwrap_err();
        assert_eq!(
            error.api_error_kind(),
            Some(ApiErrorKind::NotFound),
            "{what}: {error}"
        );
        assert_eq!(error.messages(), ["Contact not found"], "{what}");
        assert_eq!(error.trace_id(), Some("t-1"), "{what}");
        assert_eq!(error.body().unwrap(), &variant.bytes, "{what}");
    }
}

#[tokio::test]
async fn broken_json_is_a_decode_error() {
    let (server, next) = server(200);
    let client = client(&server.url, &Arc::default());
    for body in [
        &b"\xef\xbb\xbf{\"contact\":{\"id\":\"c1\""[..],
        b"{\"contact\":{\"id\":\"c1\"}",
        b"\0\0{\"contact\"",
        b"OK {\"contact\":null}",
        b"{contact:null}",
        b"{\"contact\":nul}",
        b"\xff\xfe{\0",
        b"\xc3\x28",
        b"<html>\0</html>",
    ] {
        *next.lock().unwrap() = (body.to_vec(), "application/json".to_owned());
        let error = read(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.body().unwrap(), body);
    }
    // A body of stray bytes alone counts as empty.
    for body in [&b"\xef\xbb\xbf"[..], b"\0\0", b"\xef\xbb\xbf null"] {
        *next.lock().unwrap() = (body.to_vec(), "application/json".to_owned());
        let reply = client.request(Method::GET, "/x").send().await.unwrap();
        assert_eq!(*reply, Value::Null);
        let reply = read(&client).await.unwrap();
        assert!(reply.contact.is_none());
        assert!(
            reply
                .drift()
                .iter()
                .any(|drift| drift.kind == DriftKind::Empty)
        );
    }
}

#[tokio::test]
async fn random_bytes_end_in_reply_or_decode_error() {
    let (server, next) = server(200);
    let client = client(&server.url, &Arc::default());
    let seed = fastrand::u64(..);
    println!("SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let json = r#"{"contact":{"id":"c1","firstName":"J\u00f6rg","tags":["a\\b"]}}"#;
    for _ in 0..400 {
        let mut body = json.as_bytes().to_vec();
        for _ in 0..1 + random.usize(..4) {
            let (at, byte) = (random.usize(..=body.len()), random.u8(..));
            match random.u8(..3) {
                0 => body.insert(at, byte),
                1 if at < body.len() => body[at] = byte,
                _ => body.truncate(at.max(1)),
            }
        }
        *next.lock().unwrap() = (body.clone(), "application/json".to_owned());
        match read(&client).await {
            Ok(reply) if reply.raw_body().is_some() => {
                assert_eq!(reply.raw_body().unwrap(), &body, "SEED={seed}");
                assert!(!reply.drift().is_empty(), "SEED={seed}");
            }
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Decode, "SEED={seed}: {error}"),
        }
    }
}
