//! Values of a request never appear in output, in any place and encoding in which a reply repeats
//! them.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hoopai::auth::{AccountId, OAuthApp, TokenSet};
use hoopai::contacts::types::{CreateContactRequest, GetContactResponse};
use hoopai::retry::NoRetry;
use hoopai::{Client, ClientBuilder, Error, Method, Part};
use hoopai_test_support::{Reply, Server, log};
use serde_json::json;

use crate::client::{Observed, observe_drift};

mod generators;

use generators::{ENCODINGS, Planted, Random, SHAPES, encoded, odd_success, secret, shaped, value};

/// The next reply: status, content type, body, and the value in its headers. It is sent to requests
/// below this path: a client of an earlier round may still be repeating a refresh, and has not sent
/// the value.
#[derive(Clone, Default)]
struct Next {
    path: String,
    status: u16,
    content_type: String,
    body: String,
    echoed: String,
}

type Script = Arc<Mutex<Next>>;

const CURSOR: &str = "Qm4rk0fTheFirstPage7";

fn server(script: &Script) -> Server {
    let script = script.clone();
    Server::start(move |request| {
        let Next {
            path,
            status,
            content_type,
            body,
            echoed,
        } = script.lock().unwrap().clone();
        if !request.target.starts_with(&path) {
            return Reply::json(400, r#"{"error":"invalid_grant"}"#);
        }
        if request.target.contains("startAfterId") || !request.target.contains("limit=2") {
            let mut headers = vec![("content-type", &*content_type)];
            if echoed.bytes().all(|byte| byte.is_ascii_graphic()) {
                let names = ["x-request-id", "x-trace-id", "retry-after", "location"];
                headers.extend(names.map(|name| (name, &*echoed)));
            }
            return Reply::with_headers(status, &headers, body);
        }
        // The first page of a list, with the cursor of the second request.
        let meta = json!({"startAfter": "1767225600000", "startAfterId": CURSOR, "total": 9, "nextPage": 2});
        let page = json!({"contacts": [{"id": "a"}, {"id": CURSOR}], "meta": meta});
        Reply::json(200, page.to_string())
    })
}

fn json_reply(status: u16, body: String) -> Next {
    Next {
        status,
        content_type: "application/json".to_owned(),
        body,
        ..Next::default()
    }
}

fn show(out: &mut String, what: &impl Debug) {
    let _ = writeln!(out, "{what:?}\n{what:#?}");
}

/// Writes the output of an error to `out`, and that of accessors of unmasked values to `raw`.
fn show_error(out: &mut String, raw: &mut String, error: &Error) {
    show(out, error);
    let _ = writeln!(out, "{error}\n{error:#}\n{:?}", error.json_path());
    for field in error.field_errors() {
        show(out, field);
    }
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let _ = writeln!(out, "{deeper}\n{deeper:?}\n{deeper:#?}");
        cause = deeper.source();
    }
    let _ = writeln!(
        raw,
        "{:?} {:?} {:?}",
        error.code(),
        error.trace_id(),
        error.meta()
    );
    let _ = writeln!(raw, "{:?} {:?}", error.messages(), error.request_id());
    for field in error.field_errors() {
        let _ = writeln!(raw, "{} {}", field.field, field.message);
    }
}

/// A reply type with arbitrary keys.
type TextsByKey = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Call,
    Map,
    Model,
    Page,
    Upload,
    Code,
    Refresh,
    LocationToken,
}

const KINDS: [Kind; 8] = [
    Kind::Call,
    Kind::Map,
    Kind::Model,
    Kind::Page,
    Kind::Upload,
    Kind::Code,
    Kind::Refresh,
    Kind::LocationToken,
];

/// The values in the requests of one client.
struct Values {
    token: String,
    refresh: String,
    code: String,
    client_secret: String,
    key: String,
    location: String,
    company: String,
    id: String,
    name: String,
    email: String,
    odd: String,
    file: String,
}

impl Values {
    fn new(random: &mut Random) -> Self {
        Values {
            token: random.secret(),
            refresh: random.secret(),
            code: random.secret(),
            client_secret: random.secret(),
            key: random.secret(),
            location: random.id(),
            company: random.id(),
            id: random.id(),
            name: random.name(),
            email: random.email(),
            odd: random.odd(),
            file: format!("{}.pdf", random.name()),
        }
    }

    fn planted(&self, kind: Kind) -> Vec<Planted> {
        match kind {
            Kind::Call | Kind::Map => vec![
                secret(&self.token),
                secret(&self.key),
                value(&self.location),
                value(&self.id),
                value(&self.name),
                value(&self.email),
                value(&self.odd),
            ],
            Kind::Model => vec![
                secret(&self.token),
                value(&self.location),
                value(&self.name),
                value(&self.email),
                value(&self.odd),
            ],
            Kind::Page => vec![
                secret(&self.token),
                value(&self.location),
                value(&self.name),
                value(CURSOR),
            ],
            Kind::Upload => vec![
                secret(&self.token),
                value(&self.id),
                value(&self.name),
                value(&self.file),
            ],
            Kind::Code => vec![secret(&self.code), secret(&self.client_secret)],
            Kind::Refresh => vec![secret(&self.refresh), secret(&self.client_secret)],
            Kind::LocationToken => vec![
                secret(&self.token),
                value(&self.company),
                value(&self.location),
            ],
        }
    }
}

fn builder(url: &str) -> ClientBuilder {
    Client::builder().base_url(url).retry(NoRetry)
}

fn private(url: &str, values: &Values) -> ClientBuilder {
    builder(url)
        .private_token(values.token.clone())
        .location(values.location.clone())
}

/// Sends a request. Returns the output of its result, and that of accessors of unmasked values.
#[expect(deprecated, reason = "it pages by cursors of the reply")]
async fn run(kind: Kind, url: &str, values: &Values) -> (String, String) {
    let (mut out, mut raw) = (String::new(), String::new());
    let client = match kind {
        Kind::Code | Kind::Refresh | Kind::LocationToken => {
            let app = OAuthApp::new(
                "app-1",
                values.client_secret.clone(),
                "https://app.example/back",
            );
            builder(url).oauth_app(app).build().unwrap()
        }
        _ => private(url, values).build().unwrap(),
    };
    macro_rules! show_result {
        ($result:expr) => {
            match $result {
                Ok(reply) => {
                    show(&mut out, &reply);
                    for drift in reply.drift() {
                        let _ = writeln!(out, "{drift} {drift:?}");
                    }
                }
                Err(error) => show_error(&mut out, &mut raw, &error),
            }
        };
    }
    match kind {
        Kind::Call | Kind::Map => {
            let body = json!({"deep": [{"value": values.odd}], "email": values.email});
            let call = client
                .request(Method::POST, "/custom/{id}")
                .path("id", values.id.clone())
                .query("who", values.name.clone())
                .header("x-app-key", values.key.clone())
                .json(&body);
            match kind {
                Kind::Map => show_result!(call.send_as::<TextsByKey>().await),
                _ => show_result!(call.send_as::<GetContactResponse>().await),
            }
        }
        Kind::Model => {
            let contact = CreateContactRequest::default()
                .email(values.email.clone())
                .name(values.name.clone())
                .company_name(values.odd.clone());
            show_result!(
                client
                    .contacts()
                    .create_contact()
                    .body(contact)
                    .send()
                    .await
            );
        }
        Kind::Page => {
            let list = client
                .contacts()
                .list_contacts()
                .limit(2)
                .query(values.name.clone());
            let mut items = list.stream();
            while let Some(item) = items.next().await {
                match item {
                    Ok(item) => show(&mut out, &item),
                    Err(error) => show_error(&mut out, &mut raw, &error),
                }
            }
        }
        Kind::Upload => {
            let call = client.medias().upload_media_file();
            let call = call
                .file(Part::bytes(values.file.clone(), b"contents".to_vec()))
                .name(values.name.clone())
                .parent_id(values.id.clone());
            show_result!(call.send().await);
        }
        Kind::Code => match client
            .tokens()
            .unwrap()
            .exchange_code(values.code.clone())
            .await
        {
            Ok(installation) => show(&mut out, &installation),
            Err(error) => show_error(&mut out, &mut raw, &error),
        },
        Kind::Refresh | Kind::LocationToken => {
            let now = SystemTime::now();
            let (resource, expires) = match kind {
                Kind::Refresh => (AccountId::location(&values.location), now),
                _ => (
                    AccountId::company(&values.company),
                    now + Duration::from_secs(80_000),
                ),
            };
            let tokens = TokenSet::new(
                values.token.clone(),
                Some(values.refresh.clone().into()),
                expires,
            );
            client
                .tokens()
                .unwrap()
                .install(resource, tokens)
                .await
                .unwrap();
            let client = match kind {
                Kind::Refresh => client,
                _ => client.as_company(&values.company),
            };
            let client = client.as_location(&values.location);
            show_result!(
                client
                    .contacts()
                    .get_contact()
                    .contact_id("c1")
                    .send()
                    .await
            );
        }
    }
    (out, raw)
}

/// Returns the text in lower case, without the backslashes that `Debug` adds.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|char| *char != '\\')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns a part of the repeated value that is shown: a sequence of letters, or the whole value.
fn leak(shown: &str, echoed: &str, planted: &Planted) -> Option<String> {
    let shown = folded(shown);
    let least = if planted.secret { 10 } else { 16 };
    for text in [folded(echoed), folded(&planted.text)] {
        let letters: Vec<char> = text.trim_matches('…').chars().collect();
        for window in letters.windows(least.min(letters.len())) {
            let part: String = window.iter().collect();
            if shown.contains(&part) {
                return Some(part);
            }
        }
    }
    None
}

const STATUSES: [u16; 10] = [400, 401, 403, 404, 409, 422, 429, 500, 503, 302];

/// Replies for each kind of request, unless the environment variable `ROUNDS` is set.
const ROUNDS: usize = 25;

/// Reads a number from the environment.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn random_replies_reveal_no_request_value() {
    let rounds = setting("ROUNDS").map_or(ROUNDS, |rounds| rounds as usize);
    let seed = setting("SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("SEED={seed}");
    log::capture();
    let mut random = Random::with_seed(seed);
    let script = Script::default();
    let server = server(&script);
    let (mut logged, mut masked) = (0, 0);
    for round in 0..rounds {
        for kind in KINDS {
            let values = Values::new(&mut random);
            let planted = random.pick(&values.planted(kind)).clone();
            let encoding = random.below(ENCODINGS);
            let echoed = encoded(&mut random, &planted, encoding);
            let success = random.below(6) == 0
                && !matches!(kind, Kind::Code | Kind::Refresh | Kind::LocationToken);
            let (status, (content, body)) = match success {
                true => (200, odd_success(&mut random, &echoed)),
                false => {
                    let shape = random.below(SHAPES);
                    (*random.pick(&STATUSES), shaped(&mut random, shape, &echoed))
                }
            };
            let path = format!("/{round}-{kind:?}");
            let url = format!("{}{path}", server.url);
            *script.lock().unwrap() = Next {
                path,
                status,
                content_type: content.to_owned(),
                body: body.clone(),
                echoed: echoed.clone(),
            };
            let (shown, raw) = run(kind, &url, &values).await;
            let log = log::take().concat();
            logged += log.len();
            masked += usize::from(shown.contains("***"));
            for (what, text) in [("shown", &shown), ("logged", &log)] {
                if let Some(part) = leak(text, &echoed, &planted) {
                    panic!(
                        "SEED={seed}, round {round}, {kind:?}, encoding {encoding}: {part:?} of {planted:?} is {what}\n{status} {body}\n{text}"
                    );
                }
            }
            if planted.secret
                && let Some(part) = leak(&raw, &echoed, &planted)
            {
                panic!(
                    "SEED={seed}, round {round}, {kind:?}, encoding {encoding}: {part:?} of {planted:?} is returned\n{status} {body}\n{raw}"
                );
            }
        }
    }
    assert!(logged > rounds * 1000, "the log is not captured: {logged}");
    assert!(masked > rounds, "no message was shown: {masked}");
}

#[tokio::test]
async fn ordinary_messages_are_not_masked() {
    let script = Script::default();
    let server = server(&script);
    let values = Values::new(&mut Random::with_seed(7));
    let client = private(&server.url, &values).build().unwrap();
    for message in [
        "Contact not found for id",
        "property locationId should not exist",
        "limit must not be greater than 100",
        "The token has no access to this location.",
        "Location is not active",
        "email must be an email",
        "version header was not found.",
        "type must be one of: OAuth, contact, true, en, 1, dateAdded",
    ] {
        let body = json!({"statusCode": 422, "message": message}).to_string();
        *script.lock().unwrap() = json_reply(422, body);
        let call = client
            .request(Method::POST, "/custom/{id}")
            .path("id", "c1")
            .query("type", "contact")
            .query("page", 100)
            .query("sort", "dateAdded")
            .json(&json!({"on": true, "n": 1, "lang": "en", "kind": "Location", "fields": ["email", "locationId"]}));
        let error = call.send().await.unwrap_err();
        let message = message.trim_end_matches('.');
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn observed_drift_contains_no_request_value() {
    let script = Script::default();
    let server = server(&script);
    let values = Values::new(&mut Random::with_seed(11));
    let observed = Observed::default();
    let builder = private(&server.url, &values);
    let client = observe_drift(builder, &observed).build().unwrap();
    let key = "Zanzibara";
    let body = json!({key: {key: 1, values.token.as_str(): 2}}).to_string();
    *script.lock().unwrap() = json_reply(200, body);
    let call = client
        .request(Method::POST, "/custom/{id}")
        .path("id", key)
        .json(&json!({"a": key}));
    let reply = call.send_as::<TextsByKey>().await.unwrap();
    assert_eq!(reply.drift().len(), 2);
    let observed = observed.lock().unwrap();
    assert_eq!(*observed, reply.drift());
    let shown: Vec<String> = observed.iter().map(ToString::to_string).collect();
    let text = folded(&format!("{shown:?} {observed:?}"));
    assert!(
        !text.contains("zanzibara") && !text.contains(&folded(&values.token)),
        "{text}"
    );
}
