//! A reply is read although its encoding is not UTF-8 or stray bytes stand around it and in it: by calls, by lists and by
//! errors. What was replaced or skipped is drift, and the bytes as they came are kept.

use std::sync::{Arc, Mutex};

use hoopai::rate_limit::RateLimitSettings;
use hoopai::retry::NoRetry;
use hoopai::{ApiErrorKind, CallOptions, Client, Drift, DriftKind, ErrorKind, Method};
use hoopai_conformance::{Reply, Server};
use serde_json::Value;

/// A body: what it is, its bytes, and the content type that is declared.
struct Variant {
    what: &'static str,
    bytes: Vec<u8>,
    content_type: &'static str,
    /// It holds something that a text cannot be told from any more.
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

/// A JSON text in many encodings and with many stray bytes. It holds the name `Jörg` once.
fn variants(json: &str) -> Vec<Variant> {
    let around = |before: &str, after: &str| format!("{before}{json}{after}").into_bytes();
    let latin_1: Vec<u8> = json.chars().map(|char| char as u8).collect();
    let name = |name: &[u8]| {
        let (before, after) = json.split_once("Jörg").unwrap();
        [before.as_bytes(), name, after.as_bytes()].concat()
    };
    let utf_8 = "application/json";
    [
        ("a mark", around("\u{feff}", ""), utf_8, false),
        (
            "two marks and blanks",
            around("\u{feff} \u{feff}\n", "\n"),
            utf_8,
            false,
        ),
        ("NULs before", around("\0\0", ""), utf_8, false),
        ("NULs behind", around("", "\0\0\0"), utf_8, false),
        (
            "blanks of all kinds",
            around("\u{b}\u{a0}\u{2003}", "\u{c}\u{85}"),
            utf_8,
            false,
        ),
        ("a guard", around(")]}',\n", ""), utf_8, false),
        ("a short guard", around(")]}'\n", ""), utf_8, false),
        ("a loop", around("for(;;);", ""), utf_8, false),
        ("a bracket too many", around("", "}"), utf_8, false),
        ("text behind", around("", "\nOK"), utf_8, false),
        (
            "another document",
            around("", "{\"contact\":null}"),
            utf_8,
            false,
        ),
        (
            "a page behind",
            around("", "<!-- served by 7 -->"),
            utf_8,
            false,
        ),
        (
            "UTF-16, little end first",
            utf_16(json, true, u16::to_le_bytes),
            utf_8,
            false,
        ),
        (
            "UTF-16, big end first",
            utf_16(json, true, u16::to_be_bytes),
            utf_8,
            false,
        ),
        (
            "UTF-16 without a mark",
            utf_16(json, false, u16::to_le_bytes),
            "application/json; charset=utf-16le",
            false,
        ),
        (
            "UTF-16 undeclared",
            utf_16(json, false, u16::to_be_bytes),
            utf_8,
            false,
        ),
        (
            "declared Latin-1",
            latin_1.clone(),
            "application/json; charset=ISO-8859-1",
            false,
        ),
        (
            "quoted Latin-1",
            latin_1.clone(),
            "application/json;charset=\"windows-1252\"",
            false,
        ),
        ("undeclared Latin-1", latin_1, utf_8, true),
        ("half a character", name(b"J\xc3"), utf_8, true),
        (
            "a control character",
            name("Jörg\u{1}".as_bytes()),
            utf_8,
            true,
        ),
        ("a line break", name("Jörg\n".as_bytes()), utf_8, true),
        ("a NUL", name("Jörg\0".as_bytes()), utf_8, true),
        ("half a pair", name(br"J\ud83d"), utf_8, true),
        ("a backslash", name(br"J\org"), utf_8, true),
    ]
    .into_iter()
    .map(|(what, bytes, content_type, lossy)| Variant {
        what,
        bytes,
        content_type,
        lossy,
    })
    .collect()
}

/// A server that answers everything with what is in its place.
async fn server(status: u16) -> (Server, Arc<Mutex<(Vec<u8>, &'static str)>>) {
    let place = Arc::new(Mutex::new((Vec::new(), "application/json")));
    let answer = place.clone();
    let server = Server::start(move |request| {
        if request.target.contains("skip=2") {
            return Reply::json(200, r#"{"contacts":[],"count":2}"#);
        }
        let (body, content_type) = answer.lock().unwrap().clone();
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Reply::default().write(head).write(body)
    });
    (server.await, place)
}

fn client(url: &str, seen: &Arc<Mutex<Vec<Drift>>>) -> Client {
    let seen = seen.clone();
    Client::builder()
        .private_token("pit-1")
        .location("loc1")
        .base_url(url)
        .retry(NoRetry)
        .limits(RateLimitSettings::unlimited())
        .drift_observer(
            move |_: Option<&'static hoopai::runtime::operation::Operation>, drift: &Drift| {
                seen.lock().unwrap().push(drift.clone());
            },
        )
        .build()
        .unwrap()
}

fn strict() -> CallOptions {
    CallOptions::new().strict(true)
}

#[tokio::test]
async fn calls_read_them() {
    let (server, place) = server(200).await;
    let seen = Arc::default();
    let client = client(&server.url, &seen);
    for variant in variants(r#"{"contact":{"id":"c1","firstName":"Jörg"},"traceId":"t-1"}"#) {
        *place.lock().unwrap() = (variant.bytes.clone(), variant.content_type);
        let what = variant.what;
        let call = || client.contacts().get_contact().contact_id("c1");
        let reply = call()
            .send()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
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
            std::mem::take(&mut *seen.lock().unwrap()),
            reply.drift(),
            "{what}"
        );
        if what == "half a pair" {
            // It is JSON, and was drift of the string all along.
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

        let error = call().options(strict()).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
        assert_eq!(error.body().unwrap(), &variant.bytes, "{what}");
        let value = client.request(Method::Get, "/x").send().await.unwrap();
        assert_eq!(value["contact"]["id"], "c1", "{what}");
        seen.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn lists_read_them() {
    let (server, place) = server(200).await;
    let seen = Arc::default();
    let client = client(&server.url, &seen);
    for variant in
        variants(r#"{"contacts":[{"id":"c1"},{"id":"c2","firstName":"Jörg"}],"count":2}"#)
    {
        *place.lock().unwrap() = (variant.bytes.clone(), variant.content_type);
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
        let drift = std::mem::take(&mut *seen.lock().unwrap());
        assert!(!drift.is_empty(), "{what}");

        let mut pages = call().pages();
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!((page.items(), page.drift()), (2, &*drift), "{what}");
        assert!(
            call().options(strict()).collect_all(10).await.is_err(),
            "{what}"
        );
        seen.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn errors_read_them() {
    let (server, place) = server(400).await;
    let client = client(&server.url, &Arc::default());
    for variant in variants(
        r#"{"statusCode":400,"message":"Contact not found","code":"Jörg","traceId":"t-1"}"#,
    ) {
        *place.lock().unwrap() = (variant.bytes.clone(), variant.content_type);
        let what = variant.what;
        let error = client
            .contacts()
            .get_contact()
            .contact_id("c1")
            .send()
            .await
            .unwrap_err();
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

/// What is no JSON stays none: nothing is made up.
#[tokio::test]
async fn what_is_broken_stays_an_error() {
    let (server, place) = server(200).await;
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
        *place.lock().unwrap() = (body.to_vec(), "application/json");
        let error = client
            .contacts()
            .get_contact()
            .contact_id("c1")
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.body().unwrap(), body);
    }
    // Nothing but stray bytes is as good as nothing.
    for body in [&b"\xef\xbb\xbf"[..], b"\0\0", b"\xef\xbb\xbf null"] {
        *place.lock().unwrap() = (body.to_vec(), "application/json");
        let reply = client.request(Method::Get, "/x").send().await.unwrap();
        assert_eq!(*reply, Value::Null);
        let reply = client
            .contacts()
            .get_contact()
            .contact_id("c1")
            .send()
            .await
            .unwrap();
        assert!(reply.contact.is_none());
        assert!(
            reply
                .drift()
                .iter()
                .any(|drift| drift.kind == DriftKind::Empty)
        );
    }
}

/// Bytes at random before, in and behind a reply end in a reply or an error, and never in a panic.
#[tokio::test]
async fn bytes_at_random_do_no_harm() {
    let (server, place) = server(200).await;
    let client = client(&server.url, &Arc::default());
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let seed = now.as_nanos() as u64 | 1;
    println!("SEED={seed}");
    let mut state = seed;
    let mut random = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % end
    };
    let json = r#"{"contact":{"id":"c1","firstName":"J\u00f6rg","tags":["a\\b"]}}"#;
    for _ in 0..400 {
        let mut body = json.as_bytes().to_vec();
        for _ in 0..1 + random(4) {
            let (at, byte) = (random(body.len() + 1), random(256) as u8);
            match random(3) {
                0 => body.insert(at, byte),
                1 if at < body.len() => body[at] = byte,
                _ => body.truncate(at.max(1)),
            }
        }
        *place.lock().unwrap() = (body.clone(), "application/json");
        match client
            .contacts()
            .get_contact()
            .contact_id("c1")
            .send()
            .await
        {
            Ok(reply) if reply.raw_body().is_some() => {
                assert_eq!(reply.raw_body().unwrap(), &body, "SEED={seed}");
                assert!(!reply.drift().is_empty(), "SEED={seed}");
            }
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Decode, "SEED={seed}: {error}"),
        }
    }
}
