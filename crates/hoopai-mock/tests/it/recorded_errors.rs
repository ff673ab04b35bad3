//! Recorded errors of the platform, compared with the server's errors for the same requests:
//! status, message and shape.

use std::path::{Path, PathBuf};

use hoopai_mock::{COMPANY, LOCATION, Mock, RateLimitSettings, TOKEN, TokenSpec};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, call, client};

fn folder() -> Option<PathBuf> {
    let shared = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let folder = std::env::var_os("HOOPAI_PAYLOADS").map_or_else(shared, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "SKIPPED: there are no recorded replies in {}; set HOOPAI_PAYLOADS to their folder",
        folder.display()
    );
    None
}

/// Asserts that a body has every key of a recorded body except for the trace id, and its messages.
fn assert_contains(recorded: &Value, ours: &Value, at: &str) {
    for (key, value) in recorded.as_object().into_iter().flatten() {
        let own = ours.get(key);
        match (value, own) {
            _ if key == "traceId" => assert!(own.is_some(), "{at}: no {key} in {ours}"),
            (Value::Object(_), Some(own)) => assert_contains(value, own, at),
            // The server reports a missing value once, the platform once for each rule.
            (Value::Array(all), Some(Value::Array(own))) => {
                assert!(!own.is_empty(), "{at}");
                let strange = own.iter().find(|one| !all.contains(one));
                assert_eq!(strange, None, "{at}: not among {all:?}");
            }
            (Value::String(_), Some(Value::String(_)))
                if ["contactId", "contactName", "matchingField"].contains(&key.as_str()) => {}
            (value, own) => assert_eq!(Some(value), own, "{at}: {key}"),
        }
    }
}

#[tokio::test]
async fn error_equals_recorded_error() {
    let Some(folder) = folder() else { return };
    let limits = RateLimitSettings {
        burst: 1,
        ..RateLimitSettings::default()
    };
    let busy = Mock::builder()
        .limits(limits)
        .start()
        .await
        .expect("a server");
    let builder = Mock::builder().token(TOKEN).scope_status(401);
    let company = TokenSpec::company(COMPANY);
    let few = TokenSpec::location(LOCATION).scopes(["users.readonly"]);
    let builder = builder
        .token_with("pit-company", company)
        .token_with("pit-few", few);
    let mock = builder.start().await.expect("a server");
    let client = client();
    let get = |path: &str| call(&client, &mock, Method::GET, path, TOKEN);
    let post = |path: &str| call(&client, &mock, Method::POST, path, TOKEN);
    let upload = |token: &str| call(&client, &mock, Method::POST, "/medias/upload-file", token);
    let bare = |path: &str| client.get(format!("{}{path}", mock.url()));
    let seed = mock.seed();
    let contact = seed.contacts(LOCATION, 1).remove(0);
    let list = format!("/contacts/?locationId={LOCATION}");
    let ada = json!({ "locationId": LOCATION, "firstName": "Ada", "email": "ada@example.com" });
    let user = json!({ "companyId": COMPANY, "firstName": "A", "lastName": "B", "email": "ada@example.com",
                       "password": "aB3!aB3!", "type": "account", "role": "user", "locationIds": [LOCATION] });
    let association = seed.items("associations", LOCATION, 1).remove(0);
    let relation = json!({ "locationId": LOCATION, "associationId": association, "firstRecordId": "a", "secondRecordId": "b" });
    for (path, body) in [
        ("/contacts/", &ada),
        ("/users/", &user),
        ("/associations/relations", &relation),
    ] {
        let first = Reply::of(post(path).json(body)).await;
        assert!(first.status < 300, "{path}: {}", first.text);
    }
    let first = Reply::of(call(&client, &busy, Method::GET, &list, TOKEN)).await;
    assert_eq!(first.status, 200);
    let unknown = "Hk7dD1fI4gZ1lS1kO8qQ";
    let removed = "/oauth/installedLocations?companyId=Hk7dD1fI4gZ1lS1kO8qQ&appId=d90ebcf5aa89ed2a168f23e7&limit=100&skip=0&isInstalled=true";
    let payment = json!({ "altId": LOCATION, "altType": "location", "mode": "cash" });
    let search =
        json!({ "locationId": LOCATION, "page": 1, "pageSize": 5, "query": "", "searchAfter": [] });
    let unknown_field = json!({ "locationId": LOCATION, "page": 1, "pageLimit": 5,
                                "filters": [{ "field": "additional_phones", "operator": "eq", "value": "1" }] });
    // A file and a request.
    let cases = [
        (
            "_no_spec_path/POST__~oauth~reconnect__1",
            post("/oauth/reconnect"),
        ),
        (
            "associations/POST__~associations~relations__1",
            post("/associations/relations").json(&relation),
        ),
        (
            "contacts/GET__~contacts~__2",
            call(&client, &busy, Method::GET, &list, TOKEN),
        ),
        (
            "contacts/GET__~contacts~__3",
            call(&client, &mock, Method::GET, &list, "pit-few"),
        ),
        (
            "contacts/GET__~contacts~__4",
            bare(&list).bearer_auth(TOKEN),
        ),
        (
            "contacts/GET__~contacts~{contactId}__3",
            get(&format!("/contacts/{unknown}")),
        ),
        (
            "contacts/GET__~contacts~{contactId}~notes__3",
            get(&format!("/contacts/{contact}/notes?locationId={LOCATION}")),
        ),
        (
            "contacts/GET__~contacts~{contactId}~tasks~{taskId}__1",
            get(&format!("/contacts/{contact}/tasks/search")),
        ),
        (
            "contacts/POST__~contacts~__3",
            post("/contacts/").json(&ada),
        ),
        (
            "contacts/POST__~contacts~search__7",
            post("/contacts/search").json(&unknown_field),
        ),
        (
            "conversation-ai/GET__~conversation-ai~agents~{agentId}__1",
            get(&format!("/conversation-ai/agents/{unknown}")),
        ),
        (
            "invoices/GET__~invoices~__1",
            get(&format!("/invoices/?altId={LOCATION}&limit=10")),
        ),
        ("medias/POST__~medias~upload-file__1", upload("unknown")),
        ("medias/POST__~medias~upload-file__2", upload("pit-company")),
        (
            "oauth/GET__~oauth~installedLocations__1",
            bare(removed).bearer_auth(TOKEN).header("Version", "v3"),
        ),
        (
            "objects/POST__~objects~{schemaKey}~records~search__2",
            post("/objects/contact/records/search").json(&search),
        ),
        (
            "payments/POST__~payments~orders~{orderId}~record-payment__1",
            post("/payments/orders/nothing/record-payment").json(&payment),
        ),
        ("users/POST__~users~__1", post("/users/").json(&user)),
    ];
    for (file, request) in cases {
        let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).expect(file);
        let text = text.replace("350ae902-2078-a98b-4b66-e63405b7ad7c", &association);
        let recorded: Value = serde_json::from_str(&text).expect(file);
        let reply = Reply::of(request).await;
        assert_eq!(recorded["status"], reply.status, "{file}: {}", reply.text);
        assert_contains(&recorded["body"], &reply.json(), file);
    }
}

/// Reported errors for unknown items, which no recorded reply contains.
#[tokio::test]
async fn unknown_item_returns_reported_error() {
    let mock = Mock::builder().start().await.expect("a server");
    let client = client();
    let get = |path: &'static str| Reply::of(call(&client, &mock, Method::GET, path, TOKEN));
    get("/users/absent")
        .await
        .refused(401, "The user does not exist.");
    for path in [
        "/conversations/messages/nothing",
        "/conversations/messages/email/nothing",
    ] {
        let reply = get(path).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert_eq!(reply.field("canonicalCode"), "CONVERSATIONS_MSG_NOT_FOUND");
    }
}
