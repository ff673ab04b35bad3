//! Checks of requests against the interface over HTTP: accepted requests, and messages of errors.

use hoopai_mock::{Mock, TOKEN};
use hoopai_test_support::interface::declares;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Reply, call, client};

const BOUNDARY: &str = "a-boundary";

async fn send(
    method: Method,
    path: &str,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Reply {
    let mock = Mock::builder()
        .token(TOKEN)
        .start()
        .await
        .expect("a server");
    Reply::of(with(call(&client(), &mock, method, path, TOKEN))).await
}

async fn json_to(method: Method, path: &str, body: Value) -> Reply {
    let bytes = body.to_string();
    send(method, path, |r| {
        r.header(CONTENT_TYPE, "application/json").body(bytes)
    })
    .await
}

/// Asserts that a reply is a 422 with exactly these errors.
#[track_caller]
fn invalid(reply: &Reply, faults: &[(&str, &str)]) {
    assert_eq!(reply.status, 422, "{}", reply.text);
    let body = reply.json();
    let sentences: Vec<&str> = faults.iter().map(|(_, sentence)| *sentence).collect();
    let errors: Vec<Value> = faults
        .iter()
        .map(|(field, message)| json!({ "field": field, "message": message }))
        .collect();
    assert_eq!(body["statusCode"], 422);
    assert_eq!(body["error"], "Unprocessable Entity");
    assert_eq!(body["message"], json!(sentences));
    assert_eq!(body["errors"], json!(errors));
    assert!(body["traceId"].is_string(), "{body}");
}

fn part(name: &str, more: &str, value: &str) -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n"
    )
}

async fn upload(path: &str, body: String) -> Reply {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    send(Method::POST, path, |r| {
        r.header(CONTENT_TYPE, kind).body(body)
    })
    .await
}

#[tokio::test]
async fn invalid_query_is_rejected() {
    let path = "/contacts/?limit=ten&locationId[]=a&tags=x";
    let reply = send(Method::GET, path, |r| r).await;
    invalid(
        &reply,
        &[
            ("limit", "limit must be an integer number"),
            ("locationId", "locationId should not be empty"),
            ("locationId[]", "property locationId[] should not exist"),
            ("tags", "property tags should not exist"),
        ],
    );
    let reply = send(
        Method::GET,
        "/contacts/?locationId=mockLocation00000001&limit=10",
        |r| r,
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn query_array_is_read_as_declared() {
    let path = |fields: &str| {
        format!(
            "/ad-publishing/facebook/reporting?locationId=mockLocation00000001&startDate=a&endDate=b&groupBy=week\
             &type=AD_MANAGER&{fields}"
        )
    };
    let joined = send(Method::GET, &path("fields=clicks,spend"), |r| r).await;
    assert_eq!(joined.status, 200, "{}", joined.text);
    let unknown = send(Method::GET, &path("fields=clicks,hopes"), |r| r).await;
    assert_eq!(unknown.status, 422, "{}", unknown.text);
    let sentence = unknown.json()["message"][0]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        sentence
            .starts_with("each value in fields must be one of the following values: impressions, "),
        "{sentence}"
    );
}

#[tokio::test]
async fn unlisted_path_parameter_is_rejected() {
    let reply = send(Method::GET, "/calendars/resources/boats/abc", |r| r).await;
    invalid(
        &reply,
        &[(
            "resourceType",
            "resourceType must be one of the following values: equipments, rooms",
        )],
    );
}

#[tokio::test]
async fn invalid_body_is_rejected_at_any_depth() {
    let reply = json_to(
        Method::POST,
        "/contacts/",
        json!({
            "locationId": "mockLocation00000001",
            "email": 12,
            "nickName": "Zoe",
            "tags": ["a", 1],
            "inboundDndSettings": { "all": { "status": "maybe", "until": 1 } },
        }),
    )
    .await;
    invalid(
        &reply,
        &[
            ("email", "email must be a string"),
            (
                "inboundDndSettings.all.status",
                "inboundDndSettings.all.status must be one of the following values: active, inactive",
            ),
            (
                "inboundDndSettings.all.until",
                "inboundDndSettings.all.property until should not exist",
            ),
            ("nickName", "property nickName should not exist"),
            ("tags", "each value in tags must be a string"),
        ],
    );
    let reply = json_to(
        Method::POST,
        "/contacts/",
        json!({ "email": "zoe@example.com" }),
    )
    .await;
    invalid(&reply, &[("locationId", "locationId should not be empty")]);
    let reply = json_to(Method::POST, "/contacts/", json!(["no object"])).await;
    invalid(&reply, &[("body", "body must be an object")]);
}

#[tokio::test]
async fn malformed_json_returns_400() {
    let deep = "[".repeat(100_000);
    for (body, message) in [
        (
            "{\"email\": }",
            "Unexpected token in JSON at line 1, column 11",
        ),
        ("{\"email\": \"a", "Unexpected end of JSON input"),
        ("{'email': 1}", "Unexpected token in JSON"),
        (&deep, "Unexpected token in JSON"),
        ("\u{feff}{}", "Unexpected token in JSON"),
    ] {
        let body = body.to_owned();
        let reply = send(Method::POST, "/contacts/", |r| {
            r.header(CONTENT_TYPE, "application/json").body(body)
        })
        .await;
        reply.refused(400, message);
    }
}

#[tokio::test]
async fn other_content_type_returns_415() {
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let reply = send(Method::POST, "/contacts/", |r| {
            r.header(CONTENT_TYPE, kind).body("{}")
        })
        .await;
        reply.refused(415, "Unsupported Media Type: ");
    }
    let reply = send(Method::POST, "/contacts/", |r| r.body("{}")).await;
    reply.refused(415, "Content-Type must be application/json");
    let reply = send(Method::POST, "/contacts/", |r| r).await;
    invalid(&reply, &[("locationId", "locationId should not be empty")]);
    let reply = send(
        Method::GET,
        "/contacts/?locationId=mockLocation00000001",
        |r| {
            r.header(CONTENT_TYPE, "application/json")
                .body("{\"query\":\"zoe\"}")
        },
    )
    .await;
    invalid(&reply, &[("query", "property query should not exist")]);
}

#[tokio::test]
async fn multipart_form_is_checked() {
    let path = "/medias/upload-file";
    let file = "; filename=\"a.txt\"\r\nContent-Type: text/plain";
    let end = format!("--{BOUNDARY}--\r\n");
    let good =
        part("file", file, "hello") + &part("hosted", "", "false") + &part("name", "", "a") + &end;
    let reply = upload(path, good).await;
    assert!((200..300).contains(&reply.status), "{}", reply.text);

    let wrong =
        part("hosted", "", "perhaps") + &part("name", file, "a") + &part("pages", "", "1") + &end;
    invalid(
        &upload(path, wrong).await,
        &[
            ("name", "name must not be a file"),
            ("hosted", "hosted must be a boolean value"),
            ("pages", "property pages should not exist"),
        ],
    );
    let twice = part("file", file, "a") + &part("file", file, "b") + &end;
    invalid(
        &upload(path, twice).await,
        &[("file", "file must be one file")],
    );
}

#[tokio::test]
async fn malformed_multipart_form_returns_400() {
    let path = "/medias/upload-file";
    upload(path, part("name", "", "a"))
        .await
        .refused(400, "Multipart: Unexpected end of form");
    upload(path, "no form at all".into())
        .await
        .refused(400, "Multipart: ");
    let nameless =
        format!("--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\na\r\n--{BOUNDARY}--\r\n");
    upload(path, nameless)
        .await
        .refused(400, "Multipart: A part has no name");
    let many = part("name", "", "a").repeat(1001) + &format!("--{BOUNDARY}--\r\n");
    upload(path, many)
        .await
        .refused(400, "Multipart: Too many parts");
    let reply = send(Method::POST, path, |r| {
        r.header(CONTENT_TYPE, "multipart/form-data")
            .body("--x--\r\n")
    })
    .await;
    reply.refused(400, "Multipart: Boundary not found");
}

/// Bodies that are slow to check, or whose errors would be larger than the body.
#[tokio::test]
async fn number_of_reported_errors_is_bounded() {
    let keys: Vec<String> = (0..20_000).map(|n| format!("\"key{n}\":{n}")).collect();
    let long_key = "k".repeat(500_000);
    let tags = vec!["1"; 200_000].join(",");
    for body in [
        format!("{{{}}}", keys.join(",")),
        format!("{{\"{long_key}\":1}}"),
        format!("{{\"tags\":[{tags}]}}"),
    ] {
        let reply = send(Method::POST, "/contacts/", |r| {
            r.header(CONTENT_TYPE, "application/json").body(body)
        })
        .await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert!(reply.text.len() < 64 << 10, "{} bytes", reply.text.len());
    }
}

#[tokio::test]
async fn form_array_is_read_from_parts_or_json() {
    let path = "/conversations/messages/upload";
    let ids = ["contactId", "conversationId", "locationId"];
    let body =
        json!({ "contactId": "", "conversationId": "", "locationId": "", "attachmentUrls": [] });
    if !declares("POST", path, &body) {
        return;
    }
    let ids: String = ids
        .iter()
        .map(|name| part(name, "", "mockLocation00000001"))
        .collect();
    for (lists, is_valid) in [
        (
            part("attachmentUrls", "", "a") + &part("attachmentUrls", "", "b"),
            true,
        ),
        (part("attachmentUrls", "", "[\"a\", \"b\"]"), true),
        (part("attachmentUrls", "", "[1]"), false),
        (part("attachmentUrls", "", "{}"), false),
    ] {
        let body = ids.clone() + &lists + &format!("--{BOUNDARY}--\r\n");
        let reply = upload(path, body).await;
        assert_eq!(reply.status != 422, is_valid, "{}", reply.text);
    }
}

#[tokio::test]
async fn malformed_email_returns_error_of_guide() {
    let contact = |email: &str| json!({ "locationId": "mockLocation00000001", "email": email });
    let reply = json_to(Method::POST, "/contacts/", contact("jane@example")).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    let mut body = reply.json();
    assert_eq!(body["message"], "Validation failed");
    let errors = json!([{ "field": "email", "message": "Invalid email format" }]);
    assert_eq!(body["errors"], errors);
    // Other errors come with it, and a nested field is named by its full path.
    let mut wrong = contact("jane");
    wrong["firstName"] = 1.into();
    body = json_to(Method::POST, "/contacts/", wrong).await.json();
    assert_eq!(
        body["message"],
        json!(["Invalid email format", "firstName must be a string"])
    );
    let mut calendar = json!({ "locationId": "mockLocation00000001", "name": "Calls" });
    calendar["notifications"] = json!([]);
    calendar["alertEmail"] = "absent".into();
    body = json_to(Method::POST, "/calendars/", calendar).await.json();
    assert_eq!(body["errors"][0]["field"], "alertEmail", "{body}");
    let reply = json_to(Method::POST, "/contacts/", contact("jane@example.com")).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}
