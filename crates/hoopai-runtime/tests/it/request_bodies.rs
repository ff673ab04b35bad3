//! Request bodies: JSON, URL-encoded and multipart.

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use futures_util::stream;
use hoopai_runtime::Part;
use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::serde_json::json;
use hoopai_test_support::{Request, Server};

use crate::clients::{Clients, LOCATION};
use crate::sample_api::types::Contact;

#[tokio::test]
async fn only_set_fields_are_sent() {
    let server = Server::with_body("{}");
    let contact = Contact::new()
        .first_name("Jane")
        .tags(Vec::<String>::new())
        .dnd(false);
    server
        .client()
        .update_contact()
        .contact_id("c")
        .body(contact)
        .send()
        .await
        .unwrap();
    let request = server.single();
    assert_eq!(
        (request.method.as_str(), &*request.text()),
        ("PUT", r#"{"firstName":"Jane","dnd":false,"tags":[]}"#)
    );
}

#[tokio::test]
async fn default_location_fills_json_body() {
    let server = Server::with_body("{}");
    server
        .client_with_location()
        .create_contact()
        .body(Contact::new().first_name("Jane"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        server.last().json(),
        json!({"firstName": "Jane", "locationId": LOCATION})
    );

    let mut contact = Contact::new().first_name("Jane");
    contact.extra.insert("locationId", "own");
    let call = server.client_with_location().create_contact().body(contact);
    call.send().await.unwrap();
    assert_eq!(
        server.last().json(),
        json!({"firstName": "Jane", "locationId": "own"})
    );

    let call = server
        .client_with_location()
        .create_contact()
        .body(Contact::new().first_name("Jane"));
    call.extra_body("locationId", "own").send().await.unwrap();
    assert_eq!(
        server.last().json(),
        json!({"firstName": "Jane", "locationId": "own"})
    );
}

#[tokio::test]
async fn extra_fields_are_added_and_replace() {
    let server = Server::with_body("{}");
    let call = server
        .client()
        .update_contact()
        .contact_id("c")
        .body(Contact::new().first_name("Jane").id("1"));
    call.extra_body("id", json!(null))
        .extra_body("customFields", json!([{"id": "f"}]))
        .send()
        .await
        .unwrap();
    assert_eq!(
        server.last().text(),
        r#"{"firstName":"Jane","id":null,"customFields":[{"id":"f"}]}"#
    );

    server
        .client()
        .update_contact()
        .contact_id("c")
        .extra_body("alone", false)
        .extra_body("alone", true)
        .send()
        .await
        .unwrap();
    assert_eq!(server.last().text(), r#"{"alone":true}"#);
    assert_eq!(
        server.last().header("content-type"),
        Some("application/json")
    );

    server
        .client()
        .get_contact()
        .contact_id("c")
        .extra_body("on", "a read")
        .send()
        .await
        .unwrap();
    assert_eq!(server.last().text(), r#"{"on":"a read"}"#);
}

#[tokio::test]
async fn missing_required_body_or_field_is_named() {
    let server = Server::with_body("{}");
    let call = server.client_with_location().create_contact();
    let error = call.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(error.parameters(), ["body", "firstName"], "{error}");

    let error = server
        .client_with_location()
        .create_contact()
        .body(Contact::new())
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.parameter(), Some("firstName"));

    let error = server
        .client()
        .create_contact()
        .body(Contact::new().first_name("Jane"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.parameter(), Some("locationId"));
    assert!(
        error
            .to_string()
            .contains("set a default with `.location(..)`"),
        "{error}"
    );

    let call = server.client_with_location().upload_file().hosted(true);
    let error = call.send().await.unwrap_err();
    assert_eq!(error.parameter(), Some("file"));
    let call = server.client().location_token().body(Contact::new());
    let error = call.send().await.unwrap_err();
    assert_eq!(error.parameter(), Some("locationId"));
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn form_is_urlencoded() {
    let server = Server::with_body("{}");
    let fields = Contact::new()
        .first_name("Jane & Döe")
        .visits(3)
        .dnd(true)
        .tags(["a", "b"]);
    server
        .client_with_location()
        .location_token()
        .body(fields)
        .extra_body("n", 1.0)
        .send()
        .await
        .unwrap();
    let request = server.single();
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let text = request.text();
    let mut pairs: Vec<&str> = text.split('&').collect();
    pairs.sort();
    let location = format!("locationId={LOCATION}");
    assert_eq!(
        pairs,
        [
            "dnd=true",
            "firstName=Jane%20%26%20D%C3%B6e",
            &location,
            "n=1",
            "tags=a",
            "tags=b",
            "visits=3"
        ]
    );
}

#[derive(Debug, PartialEq)]
struct Field {
    name: String,
    file: Option<String>,
    kind: Option<String>,
    bytes: Vec<u8>,
}

impl Field {
    fn text(name: &str, value: &str) -> Self {
        Field {
            name: name.into(),
            file: None,
            kind: None,
            bytes: value.into(),
        }
    }

    fn file(name: &str, file: &str, kind: &str, bytes: &[u8]) -> Self {
        Field {
            name: name.into(),
            file: Some(file.into()),
            kind: Some(kind.into()),
            bytes: bytes.into(),
        }
    }
}

/// Parses a body with another implementation of `multipart/form-data`.
async fn fields(request: &Request) -> Vec<Field> {
    let kind = request.header("content-type").unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    let request = axum::http::Request::post("/")
        .header("content-type", kind)
        .body(Body::from(request.body.clone()))
        .unwrap();
    let mut multipart = Multipart::from_request(request, &()).await.unwrap();
    let mut out = Vec::new();
    while let Some(field) = multipart.next_field().await.unwrap() {
        out.push(Field {
            name: field.name().unwrap().to_owned(),
            file: field.file_name().map(str::to_owned),
            kind: field.content_type().map(str::to_owned),
            bytes: field.bytes().await.unwrap().to_vec(),
        });
    }
    out
}

#[tokio::test]
async fn file_is_sent_from_bytes() {
    let server = Server::with_body("{}");
    let bytes: Vec<u8> = (0..=255).collect();
    server
        .client_with_location()
        .upload_file()
        .hosted(false)
        .file(Part::bytes("photo.png", bytes.clone()))
        .send()
        .await
        .unwrap();
    let request = server.single();
    assert_eq!(
        fields(&request).await,
        [
            Field::text("hosted", "false"),
            Field::file("file", "photo.png", "image/png", &bytes),
            Field::text("altId", LOCATION),
            Field::text("altType", "location"),
        ]
    );
    assert_eq!(
        request.header("content-length"),
        Some(&*request.body.len().to_string())
    );
}

#[tokio::test]
async fn file_is_sent_from_stream() {
    for length in [None, Some(6)] {
        let server = Server::with_body("{}");
        let pieces =
            stream::iter(["abc", "def"].map(|piece| Ok::<_, std::io::Error>(piece.as_bytes())));
        let part = Part::stream("data.bin", pieces, length).content_type("text/csv");
        let call = server.client().upload_file().file(part);
        call.send().await.unwrap();
        let request = server.single();
        assert_eq!(
            fields(&request).await,
            [Field::file("file", "data.bin", "text/csv", b"abcdef")]
        );
        assert_eq!(request.header("content-length").is_some(), length.is_some());
        assert_eq!(
            request.header("transfer-encoding"),
            if length.is_some() {
                None
            } else {
                Some("chunked")
            }
        );
    }
}

#[tokio::test]
async fn part_names_are_set_at_run_time() {
    let server = Server::with_body("{}");
    let call = server
        .client()
        .upload_file()
        .file(b"one".to_vec())
        .part("field-1", Part::bytes("a.pdf", "x"));
    call.part("field-1", Part::text("again"))
        .extra_body("more", json!(["p", "q"]))
        .send()
        .await
        .unwrap();
    assert_eq!(
        fields(&server.single()).await,
        [
            Field::file("file", "file", "application/octet-stream", b"one"),
            Field::file("field-1", "a.pdf", "application/pdf", b"x"),
            Field::text("field-1", "again"),
            Field::text("more", "p"),
            Field::text("more", "q"),
        ]
    );
}

#[tokio::test]
async fn any_file_name_arrives_unchanged() {
    for name in ["a\"b;c.png", "Döe 1.png", "a/b.png"] {
        let server = Server::with_body("{}");
        let call = server.client().upload_file().file(Part::bytes(name, "x"));
        call.send().await.unwrap();
        assert_eq!(
            fields(&server.single()).await,
            [Field::file("file", name, "image/png", b"x")]
        );
    }
}

#[tokio::test]
async fn part_name_with_line_break_is_rejected() {
    let server = Server::with_body("{}");
    let name = "a\r\nX-Evil: 1";
    for call in [
        server.client().upload_file().file(Part::bytes(name, "x")),
        server
            .client()
            .upload_file()
            .file(Part::bytes("f", "x"))
            .part(name, Part::text("x")),
    ] {
        let error = call.send().await.unwrap_err();
        assert!(error.to_string().contains("control characters"), "{error}");
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn failing_stream_fails_the_call() {
    let server = Server::with_body("{}");
    let pieces = stream::iter([Ok("abc"), Err(std::io::Error::other("disk is gone"))]);
    let error = server
        .client()
        .upload_file()
        .file(Part::stream("f", pieces, None))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.to_string().contains("disk is gone"), "{error}");
}

#[tokio::test]
async fn invalid_content_type_is_rejected() {
    let server = Server::with_body("{}");
    let part = Part::bytes("f", "x").content_type("no type");
    let call = server.client().upload_file().file(part);
    let error = call.send().await.unwrap_err();
    assert!(
        error.to_string().contains("the part `file` cannot be sent"),
        "{error}"
    );
    assert_eq!(server.count(), 0);
}
