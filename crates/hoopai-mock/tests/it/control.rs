//! The control interface, as other languages call it.

use std::collections::BTreeSet;
use std::time::Duration;

use hoopai_mock::serde_json::{Value, json};
use hoopai_mock::{
    AGENCY_TOKEN, CLIENT_ID, CLIENT_SECRET, COMPANY, Clock, LOCATION, Mock, Outcome, TOKEN,
};
use reqwest::{Client, Method, RequestBuilder};

use crate::receiver::Receiver;
use crate::support::{Reply, client};

/// A mock with the control interface, and a client.
struct Controlled {
    mock: Mock,
    client: Client,
    /// Sent with each request if it is not empty.
    session: &'static str,
}

impl Controlled {
    async fn start() -> Self {
        Self::of(Mock::builder()).await
    }

    async fn of(builder: hoopai_mock::MockBuilder) -> Self {
        let mock = builder.clock(Clock::frozen()).control(&[]).start().await;
        Self {
            mock: mock.expect("a server"),
            client: client(),
            session: "",
        }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self
            .client
            .request(method, format!("{}{path}", self.mock.url()));
        match self.session {
            "" => request,
            name => request.header("x-hoopai-session", name),
        }
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.request(method, &format!("/__hoopai{path}"));
        match body {
            Value::Null => Reply::of(request).await,
            body => Reply::of(request.json(&body)).await,
        }
    }

    /// A control request that succeeds.
    #[track_caller]
    fn done(reply: &Reply) -> Value {
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        Self::done(&self.control(method, path, body).await)
    }

    async fn api(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        let request = self.request(method, path).bearer_auth(token);
        let request = request.header("version", "2021-07-28");
        match body {
            Value::Null => Reply::of(request).await,
            body => Reply::of(request.json(&body)).await,
        }
    }

    async fn contacts(&self, token: &str) -> u16 {
        let path = format!("/contacts/?locationId={LOCATION}");
        self.api("GET", &path, token, Value::Null).await.status
    }
}

#[tokio::test]
async fn without_control_the_paths_are_unknown() {
    let mock = Mock::builder().start().await.expect("a server");
    for path in ["/", "/__hoopai/status", "/__hoopai/openapi.json"] {
        let reply = Reply::of(client().get(format!("{}{path}", mock.url()))).await;
        assert_eq!(reply.status, 404, "{path}");
    }
    // The header of sessions has no effect.
    let header = |name: &str| {
        let url = format!("{}/contacts/?locationId={LOCATION}", mock.url());
        let request = client().get(url).bearer_auth(TOKEN);
        request
            .header("version", "2021-07-28")
            .header("x-hoopai-session", name.to_owned())
    };
    assert_eq!(Reply::of(header("a")).await.status, 200);
    assert_eq!(mock.journal().count(), 4);
}

#[tokio::test]
async fn document_and_server_have_the_same_operations() {
    let control = Controlled::start().await;
    let document = control.ok("GET", "/openapi.json", Value::Null).await;
    assert_eq!(document["openapi"], "3.0.3");
    let mut ids = BTreeSet::new();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{id} twice");
            // Parameters of the path are those in braces.
            let in_path = operation["parameters"].as_array().into_iter().flatten();
            let in_path = in_path.filter(|one| one["in"] == "path");
            for parameter in in_path {
                let name = parameter["name"].as_str().expect("a name");
                assert!(path.contains(&format!("{{{name}}}")), "{path}");
            }
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    // Each documented operation is one of the server: it is neither unknown nor of another method.
    // Each other method of a documented path is refused, with the documented methods.
    let paths: BTreeSet<&String> = documented.iter().map(|(_, path)| path).collect();
    for path in paths {
        let real = path.replace("{collection}", "contacts");
        let real = real
            .split('/')
            .map(|part| if part.starts_with('{') { "77" } else { part });
        let real = real.collect::<Vec<_>>().join("/");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let is_documented = documented.contains(&(method.to_owned(), path.clone()));
            let query = match path.as_str() {
                _ if path.ends_with("/wait") => "?count=0",
                _ if path.ends_with("most-in-window") => "?seconds=1",
                _ => "",
            };
            let reply = Reply::of(control.request(method, &format!("{real}{query}"))).await;
            assert_eq!(
                reply.status != 405,
                is_documented,
                "{method} {path}: {}",
                reply.text
            );
            let error = reply.json()["error"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(!error.contains("no such path"), "{method} {path}: {error}");
            if reply.status == 405 {
                let listed: BTreeSet<&str> = error
                    .split("it has ")
                    .nth(1)
                    .expect("methods")
                    .split(", ")
                    .collect();
                let own = documented.iter().filter(|(_, other)| other == path);
                let own: BTreeSet<&str> = own.map(|(method, _)| method.as_str()).collect();
                assert_eq!(listed, own, "{path}");
            }
        }
    }
    let unknown = control.control("GET", "/nothing", Value::Null).await;
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.field("error").contains("openapi.json"),
        "{}",
        unknown.text
    );
    // The interface is not in the journal.
    assert_eq!(control.mock.journal().count(), 0);
}

#[tokio::test]
async fn each_part_of_the_library_is_controlled() {
    let control = Controlled::start().await;
    // Seeds.
    let seed = json!({
        "items": [
            { "collection": "contacts", "count": 3 },
            { "collection": "contacts", "fields": { "id": "jane", "firstName": "Jane" } },
            { "collection": "notes", "parent": "jane", "count": 2 },
        ],
        "tokens": [{ "token": "pit-elsewhere", "location": "elsewhere" }],
        "faults": ["503,on=contacts.get-contacts,times=1"],
        "limits": { "daily": 50 },
    });
    let ids = control.ok("POST", "/seed", seed).await;
    let lengths = |index: usize| ids["ids"][index].as_array().map(Vec::len);
    assert_eq!(
        (lengths(0), lengths(1), lengths(2)),
        (Some(3), Some(1), Some(2))
    );
    let state = control.ok("GET", "/state", Value::Null).await;
    let counts = state["collections"].as_array().expect("counts");
    let contacts = counts.iter().find(|one| one["collection"] == "contacts");
    assert_eq!(contacts.expect("contacts")["count"], 4);
    let items = control
        .ok("GET", "/state/contacts?limit=1", Value::Null)
        .await;
    assert_eq!(items["items"].as_array().map(Vec::len), Some(1));
    // Faults.
    assert_eq!(control.contacts(TOKEN).await, 503);
    assert_eq!(control.contacts(TOKEN).await, 200);
    let rule =
        json!({ "fault": "after=422", "times": 1, "text": "a, b", "headers": { "x-a": "1" } });
    let added = control.ok("POST", "/faults", rule).await;
    let reply = control
        .api("GET", "/contacts/jane", TOKEN, Value::Null)
        .await;
    assert_eq!((reply.status, reply.text.as_str()), (422, "a, b"));
    assert_eq!(reply.header("x-a"), Some("1"));
    let id = added["id"].as_u64().expect("an id");
    let listed = control.ok("GET", "/faults", Value::Null).await;
    assert_eq!(
        listed["faults"][1],
        json!({
            "id": id, "rule": "after=422,text=a, b,header=x-a: 1,times=1", "enabled": true, "hits": 1,
        })
    );
    let path = format!("/faults/{id}");
    control
        .ok("PATCH", &path, json!({ "enabled": false }))
        .await;
    control.ok("DELETE", &path, Value::Null).await;
    assert_eq!(
        control.control("DELETE", &path, Value::Null).await.status,
        404
    );
    control.ok("DELETE", "/faults", Value::Null).await;
    // Limits.
    let limits = control
        .ok(
            "PATCH",
            "/limits",
            json!({ "burst": 3, "retryAfter": true }),
        )
        .await;
    assert_eq!(
        (&limits["burst"], &limits["daily"]),
        (&json!(3), &json!(50))
    );
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(control.contacts(TOKEN).await);
    }
    assert_eq!(
        seen,
        [200, 429],
        "three requests were accepted before the last"
    );
    // The clock.
    let before = control.ok("GET", "/clock", Value::Null).await;
    let after = control
        .ok("POST", "/clock/advance", json!({ "seconds": 11.5 }))
        .await;
    assert_eq!(
        after["seconds"].as_f64(),
        before["seconds"].as_f64().map(|at| at + 11.5)
    );
    assert_eq!(after["frozen"], true);
    assert_eq!(control.contacts(TOKEN).await, 200);
    control
        .ok("PATCH", "/limits", json!({ "burst": 1000 }))
        .await;
    // Tokens.
    assert_eq!(control.contacts("pit-elsewhere").await, 403);
    let issued = control
        .ok("POST", "/tokens", json!({ "location": LOCATION }))
        .await;
    let token = issued["token"].as_str().expect("a token");
    assert_eq!(control.contacts(token).await, 200);
    control
        .ok("POST", "/tokens/revoke", json!({ "token": token }))
        .await;
    assert_eq!(control.contacts(token).await, 401);
    let scoped = json!({ "location": LOCATION, "scopes": ["users.readonly"], "kind": "private" });
    let scoped = control.ok("POST", "/tokens", scoped).await;
    let scoped = scoped["token"].as_str().expect("a token");
    assert!(scoped.starts_with("pit-"));
    assert_eq!(control.contacts(scoped).await, 403);
    let own = json!({ "everything": true, "kind": "private", "token": "pit-own" });
    control.ok("POST", "/tokens", own).await;
    assert_eq!(control.contacts("pit-own").await, 200);
    control
        .ok("POST", "/tokens/expire", json!({ "token": "pit-own" }))
        .await;
    assert_eq!(control.contacts("pit-own").await, 401);
    let pair = control
        .ok(
            "POST",
            "/tokens",
            json!({ "company": COMPANY, "kind": "pair" }),
        )
        .await;
    let refresh = pair["refreshToken"].as_str().expect("a token").to_owned();
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
    assert_eq!(
        crate::support::token(&control.client, &control.mock, &form)
            .await
            .status,
        200
    );
    let counts = control.ok("GET", "/tokens/refreshes", Value::Null).await;
    assert_eq!(
        (&counts["total"], &counts["succeeded"]),
        (&json!(1), &json!(1))
    );
    let code = control
        .ok(
            "POST",
            "/tokens",
            json!({ "location": LOCATION, "kind": "code" }),
        )
        .await;
    let code = code["code"].as_str().expect("a code").to_owned();
    let inactive = format!("/locations/{LOCATION}");
    control
        .ok("PATCH", &inactive, json!({ "active": false }))
        .await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
    ];
    assert_eq!(
        crate::support::token(&control.client, &control.mock, &form)
            .await
            .status,
        400
    );
    control
        .ok("PATCH", &inactive, json!({ "active": true }))
        .await;
    assert_eq!(
        crate::support::token(&control.client, &control.mock, &form)
            .await
            .status,
        200
    );
    control
        .ok(
            "POST",
            "/installations",
            json!({ "location": "other", "name": "Other" }),
        )
        .await;
    control
        .ok("DELETE", "/installations/other", Value::Null)
        .await;
    control
        .ok("PUT", "/choice", json!({ "company": COMPANY }))
        .await;
    // The journal.
    let listed = control
        .ok(
            "GET",
            "/journal?operations=contacts.*&status=429",
            Value::Null,
        )
        .await;
    let entries = listed["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["outcome"], "limited");
    let count = control.mock.journal().count();
    assert_eq!(listed["count"], count);
    let path = format!("/journal/wait?count={count}&timeoutSeconds=5");
    let waited = control.ok("GET", &path, Value::Null).await;
    assert_eq!(waited["reached"], true);
    let path = format!("/journal/wait?count={}&timeoutSeconds=0", count + 1);
    assert_eq!(
        control.ok("GET", &path, Value::Null).await["reached"],
        false
    );
    let lead = json!({ "locationId": LOCATION, "firstName": "Twice" });
    for _ in 0..2 {
        let made = control.api("POST", "/contacts/", TOKEN, lead.clone()).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let duplicates = control.ok("GET", "/journal/duplicates", Value::Null).await;
    assert_eq!(
        duplicates["duplicates"][0]["operation"],
        "contacts.create-contact"
    );
    let most = control
        .ok("GET", "/journal/most-in-window?seconds=10", Value::Null)
        .await;
    assert!(most["requests"].as_u64() >= Some(3), "{most}");
    control.ok("DELETE", "/journal", Value::Null).await;
    assert_eq!(control.mock.journal().count(), 0);
    // A reset.
    control.ok("POST", "/reset", Value::Null).await;
    let state = control.ok("GET", "/state", Value::Null).await;
    let counts = state["collections"].as_array().expect("counts");
    assert!(
        !counts.iter().any(|one| one["collection"] == "contacts"),
        "{state}"
    );
    assert_eq!(control.contacts("pit-elsewhere").await, 401);
    assert_eq!(
        control.ok("GET", "/limits", Value::Null).await["burst"],
        100
    );
    assert_eq!(control.mock.clock().now(), Duration::ZERO);
    assert_eq!(
        control.mock.journal().entries()[0].outcome,
        Outcome::Refused
    );
}

#[tokio::test]
async fn webhooks_are_controlled() {
    let control = Controlled::start().await;
    let receiver = Receiver::start().await;
    let subscription = json!({ "url": receiver.url(), "events": ["ContactCreate"] });
    let id = control
        .ok("POST", "/webhooks/subscriptions", subscription)
        .await["id"]
        .clone();
    let event = json!({ "event": "ContactCreate", "fields": { "id": "c1" } });
    let first = control.ok("POST", "/webhooks/events", event.clone()).await;
    let wait = |count: usize| format!("/webhooks/wait?count={count}&timeoutSeconds=10");
    assert_eq!(
        control.ok("GET", &wait(1), Value::Null).await["reached"],
        true
    );
    let settings = json!({ "signature": "other-key", "duplicates": 1, "reordering": true });
    let settings = control.ok("PATCH", "/webhooks", settings).await;
    assert_eq!(settings["publicKey"], control.mock.webhooks().public_key());
    assert_eq!(
        settings["subscriptions"][0]["events"],
        json!(["ContactCreate"])
    );
    control.ok("POST", "/webhooks/events", event).await;
    control.ok("GET", &wait(3), Value::Null).await;
    let resend = format!(
        "/webhooks/events/{}/resend",
        first["webhookId"].as_str().expect("an id")
    );
    control.ok("POST", &resend, Value::Null).await;
    control
        .ok("POST", "/webhooks/events", json!({ "body": "not JSON" }))
        .await;
    control.ok("GET", &wait(6), Value::Null).await;
    let attempts = control.ok("GET", "/webhooks/attempts", Value::Null).await;
    let attempts = attempts["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 6, "{attempts:?}");
    assert!(attempts.iter().all(|one| one["status"] == 200));
    assert_ne!(attempts[0]["signature"], attempts[1]["signature"]);
    control
        .ok(
            "DELETE",
            &format!("/webhooks/subscriptions/{id}"),
            Value::Null,
        )
        .await;
    control
        .ok(
            "POST",
            "/webhooks/events",
            json!({ "event": "ContactCreate" }),
        )
        .await;
    assert_eq!(control.mock.webhooks().pending(), 0);
    let elsewhere = json!({ "url": "http://example.com/" });
    let refused = control
        .control("POST", "/webhooks/subscriptions", elsewhere)
        .await;
    assert_eq!(refused.status, 400);
    let unknown = control.control(
        "POST",
        "/webhooks/events",
        json!({ "event": "ContactCraete" }),
    );
    assert!(unknown.await.text.contains("closest: `ContactCreate`"));
    control.ok("POST", "/reset", Value::Null).await;
    assert_eq!(
        control.ok("GET", "/webhooks/attempts", Value::Null).await,
        json!({ "attempts": [] })
    );
}

#[tokio::test]
async fn errors_name_the_mistake_and_the_remedy() {
    let control = Controlled::start().await;
    for (method, path, body, expected) in [
        ("POST", "/clock/advance", json!({}), "`seconds` is missing"),
        (
            "POST",
            "/clock/advance",
            json!({ "seconds": "1" }),
            "is not a number of seconds",
        ),
        (
            "POST",
            "/clock/advance",
            json!({ "seconds": -1 }),
            "is not a number of seconds",
        ),
        (
            "POST",
            "/clock/advance",
            json!({ "second": 1 }),
            "closest: `seconds`",
        ),
        ("POST", "/clock/advance", json!([]), "send a JSON object"),
        (
            "POST",
            "/faults",
            json!({ "fault": "explode" }),
            "close-after",
        ),
        (
            "POST",
            "/faults",
            json!("503,on=contacts.craete"),
            "closest:",
        ),
        ("POST", "/faults", json!(1), "503,times=2"),
        ("PATCH", "/limits", json!({ "burst": -1 }), "whole number"),
        ("PATCH", "/limits", json!({ "windowSeconds": 0 }), "above 0"),
        ("POST", "/tokens", json!({}), "name one of `location`"),
        (
            "POST",
            "/tokens",
            json!({ "location": "a", "kind": "b" }),
            "none of access",
        ),
        (
            "POST",
            "/tokens",
            json!({ "everything": true, "kind": "code" }),
            "name one instead",
        ),
        (
            "POST",
            "/tokens/revoke",
            json!({ "token": "no" }),
            "no such token",
        ),
        (
            "GET",
            "/journal?operations=nothing",
            Value::Null,
            "no operation is called",
        ),
        (
            "GET",
            "/journal?outcome=nothing",
            Value::Null,
            "none of inFlight",
        ),
        ("GET", "/journal?statsu=1", Value::Null, "closest: `status`"),
        (
            "GET",
            "/journal?status=a",
            Value::Null,
            "is not a whole number",
        ),
        ("GET", "/state/contcats", Value::Null, "closest: `contacts`"),
        (
            "DELETE",
            "/sessions/none",
            Value::Null,
            "GET /__hoopai/sessions",
        ),
        ("POST", "/seed", json!({ "item": [] }), "closest: `items`"),
        (
            "POST",
            "/seed",
            json!({ "items": [{}] }),
            "items[0]: `collection` is missing",
        ),
        (
            "POST",
            "/seed",
            json!({ "items": [{ "collection": "contacts", "fields": { "firstNam": "a" } }] }),
            "firstName",
        ),
        (
            "POST",
            "/seed",
            json!({ "tokens": [{ "token": "a b" }] }),
            "tokens[0]",
        ),
        (
            "PATCH",
            "/webhooks",
            json!({ "signature": "none" }),
            "none of valid",
        ),
        ("POST", "/webhooks/events", json!({}), "name one of `event`"),
    ] {
        let reply = control.control(method, path, body.clone()).await;
        assert!(
            (400..500).contains(&reply.status),
            "{path} {body}: {}",
            reply.text
        );
        let error = reply.field("error");
        assert!(error.contains(expected), "{method} {path} {body}: {error}");
    }
    let request = control.request("POST", "/__hoopai/reset").body("{");
    assert!(
        Reply::of(request)
            .await
            .field("error")
            .contains("the body is not JSON")
    );
}

#[tokio::test]
async fn requests_of_other_origins_and_names_are_refused() {
    let builder = Mock::builder().control(&["mock.internal"]);
    let mock = builder.start().await.expect("a server");
    let url = mock.url();
    let address = url.trim_start_matches("http://").to_owned();
    let port = address.rsplit(':').next().expect("a port").to_owned();
    let status = |path: &'static str, headers: Vec<(&'static str, String)>| {
        let mut request = client().get(format!("{url}{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async move { Reply::of(request).await.status }
    };
    for path in ["/", "/__hoopai/status", "/__hoopai/page.js", "/__hoopai"] {
        for host in [
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "",
            "127.0.0.1.x",
        ] {
            let refused = status(path, vec![("host", host.to_owned())]).await;
            assert_eq!(refused, 403, "{path} {host}");
        }
        for (name, value) in [
            ("origin", "http://evil.example".to_owned()),
            ("origin", "null".to_owned()),
            ("origin", format!("https://{address}")),
            ("origin", format!("http://localhost:{port}")),
            ("sec-fetch-site", "cross-site".to_owned()),
            ("sec-fetch-site", "same-site".to_owned()),
        ] {
            assert_eq!(
                status(path, vec![(name, value.clone())]).await,
                403,
                "{path} {value}"
            );
        }
    }
    for headers in [
        vec![],
        vec![("origin", format!("http://{address}"))],
        vec![("host", format!("localhost:{port}"))],
        vec![("host", format!("MOCK.internal:{port}"))],
        vec![("host", format!("[::1]:{port}"))],
        vec![("sec-fetch-site", "same-origin".to_owned())],
    ] {
        assert_eq!(
            status("/__hoopai/status", headers.clone()).await,
            200,
            "{headers:?}"
        );
    }
    // The API itself has no such rule.
    let api = vec![("host", "services.example".to_owned())];
    assert_eq!(status("/contacts/", api).await, 401);
}

#[tokio::test]
async fn secrets_are_in_no_reply() {
    let control = Controlled::start().await;
    let refresh = {
        let pair = json!({ "location": LOCATION, "kind": "pair" });
        let pair = control.ok("POST", "/tokens", pair).await;
        pair["refreshToken"].as_str().expect("a token").to_owned()
    };
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let reply = crate::support::token(&control.client, &control.mock, &form).await;
    let access = reply.field("access_token");
    let planted = [
        TOKEN,
        AGENCY_TOKEN,
        CLIENT_SECRET,
        &refresh,
        &access,
        "planted-password",
        "planted-cookie",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.planted",
        "pit-unknown-token",
    ];
    let body = json!({
        "locationId": LOCATION, "password": planted[5], "note": format!("call with {TOKEN}"),
        "nested": [{ "apiKey": planted[5], "text": planted[7] }], planted[8]: 1,
    });
    let path = format!(
        "/contacts/?code={}&x={AGENCY_TOKEN}&token={}",
        planted[5], planted[5]
    );
    for token in [TOKEN, &access, planted[7], planted[8]] {
        let request = control.request("POST", &path).bearer_auth(token);
        let request = request.header("cookie", planted[6]).header("x-copy", token);
        let _ = Reply::of(request.json(&body)).await;
    }
    // Long bodies are kept in part, and forms with several parts have names of their own.
    let long = json!({ "password": planted[5], "note": "x".repeat(70_000) });
    let _ = Reply::of(control.request("POST", "/contacts/").json(&long)).await;
    let parts = format!(
        "--b\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n{}\r\n--b--\r\n",
        planted[5]
    );
    let request = control.request("POST", "/medias/upload-file").body(parts);
    let _ = Reply::of(request.header("content-type", "Multipart/form-data; boundary=b")).await;
    let encoded = refresh.replace('-', "%2D");
    let _ = Reply::of(control.request("GET", &format!("/nothing/{encoded}"))).await;
    let text = format!("text with {refresh} and Bearer {}", planted[5]);
    let _ = Reply::of(
        control
            .request("POST", &format!("/nothing/{refresh}"))
            .body(text),
    )
    .await;
    let journal = control.control("GET", "/journal", Value::Null).await;
    assert_eq!(journal.json()["entries"].as_array().map(Vec::len), Some(9));
    assert!(!journal.text.contains(&encoded), "{}", journal.text);
    for path in [
        "/journal",
        "/journal/duplicates",
        "/status",
        "/state",
        "/webhooks",
        "/clock",
    ] {
        let text = control.control("GET", path, Value::Null).await.text;
        for secret in planted {
            assert!(!text.contains(secret), "{path} has {secret}: {text}");
        }
    }
    // Everything else is shown.
    assert!(journal.text.contains("locationId") && journal.text.contains(CLIENT_ID));
}

#[tokio::test]
async fn sessions_are_isolated() {
    let builder = Mock::builder().seed_file(json!({
        "items": [{ "collection": "contacts", "count": 2 }],
        "tokens": [{ "token": "pit-seeded", "location": LOCATION }],
    }));
    let mut control = Controlled::of(builder).await;
    let count = async |control: &Controlled| {
        let path = format!("/contacts/?locationId={LOCATION}");
        let reply = control.api("GET", &path, "pit-seeded", Value::Null).await;
        reply.json()["count"].as_u64()
    };
    control.session = "first";
    let lead = json!({ "locationId": LOCATION, "firstName": "Ada" });
    assert_eq!(
        control.api("POST", "/contacts/", TOKEN, lead).await.status,
        201
    );
    control.ok("PATCH", "/limits", json!({ "burst": 2 })).await;
    control
        .ok("POST", "/clock/advance", json!({ "seconds": 5 }))
        .await;
    let token = control
        .ok("POST", "/tokens", json!({ "location": LOCATION }))
        .await;
    let token = token["token"].as_str().expect("a token").to_owned();
    control.ok("POST", "/faults", json!("503,on=users.*")).await;
    assert_eq!(count(&control).await, Some(3));
    for name in ["second", ""] {
        control.session = name;
        assert_eq!(count(&control).await, Some(2), "{name}");
        assert_eq!(control.contacts(&token).await, 401, "{name}");
        assert_eq!(
            control.ok("GET", "/limits", Value::Null).await["burst"],
            100
        );
        assert_eq!(
            control.ok("GET", "/clock", Value::Null).await["seconds"],
            0.0
        );
        assert_eq!(control.ok("GET", "/journal", Value::Null).await["count"], 2);
        assert_eq!(
            control.ok("GET", "/faults", Value::Null).await["faults"],
            json!([])
        );
    }
    let listed = control.ok("GET", "/sessions", Value::Null).await;
    assert_eq!(
        listed["sessions"],
        json!([
            { "name": "first", "requests": 2 }, { "name": "second", "requests": 2 },
        ])
    );
    // A removed session begins anew.
    control.ok("DELETE", "/sessions/first", Value::Null).await;
    control.session = "first";
    assert_eq!(count(&control).await, Some(2));
    // Their number is bounded.
    control.session = "";
    let limit = listed["limit"].as_u64().expect("a number");
    let mut refused = 0;
    for number in 0..limit + 5 {
        let request = control.request("GET", "/__hoopai/clock");
        let reply = Reply::of(request.header("x-hoopai-session", format!("s{number}"))).await;
        if reply.status == 429 {
            assert!(
                reply
                    .field("error")
                    .contains("DELETE /__hoopai/sessions/NAME")
            );
            refused += 1;
        }
    }
    assert_eq!(refused, 5 + 2);
    assert_eq!(
        control.ok("DELETE", "/sessions", Value::Null).await["removed"],
        limit
    );
    for name in ["a b", "a/b", &"x".repeat(65)] {
        let request = control.request("GET", "/__hoopai/clock");
        let reply = Reply::of(request.header("x-hoopai-session", name)).await;
        assert_eq!(reply.status, 400, "{name}");
    }
}

#[tokio::test]
async fn wrong_seed_fails_the_start() {
    let builder = Mock::builder().seed_file(json!({ "items": [{ "collection": "contcats" }] }));
    let error = builder.start().await.expect_err("an error").to_string();
    assert!(
        error.contains("items[0]") && error.contains("closest: `contacts`"),
        "{error}"
    );
}
