//! Nothing that a request carried is shown, wherever and in whatever encoding the platform repeats it.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hoopai::auth::{AccountId, OAuthApp, TokenSet};
use hoopai::contacts::types::{CreateContactRequest, GetContactResponse};
use hoopai::retry::NoRetry;
use hoopai::{Client, ClientBuilder, Drift, Error, Method, Part};
use hoopai_conformance::{Reply, Request, Server};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt;

mod said;

use said::{ENCODINGS, Planted, Random, SHAPES, encoded, odd_success, secret, shaped, value};

/// What the next request is answered with: status, content type, body, and what headers repeat.
type Script = Arc<Mutex<(u16, String, String, String)>>;

async fn server(script: &Script) -> Server {
    let script = script.clone();
    Server::start(move |request: &Request| {
        let (status, kind, body, repeated) = script.lock().unwrap().clone();
        if request.target.contains("startAfterId") || !request.target.contains("limit=2") {
            let mut head = format!(
                "HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n",
                body.len()
            );
            if repeated.bytes().all(|byte| byte.is_ascii_graphic()) {
                for name in ["x-request-id", "x-trace-id", "retry-after", "location"] {
                    head.push_str(&format!("{name}: {repeated}\r\n"));
                }
            }
            head.push_str("\r\n");
            return Reply::default().write(head).write(body);
        }
        // The first page of a list, whose marks the second request carries.
        let (after, id) = (
            "1767225600000",
            request.header("x-mark").unwrap_or("Qm4rk0fTheFirstPage7"),
        );
        let meta = json!({"startAfter": after, "startAfterId": id, "total": 9, "nextPage": 2});
        Reply::json(
            200,
            json!({"contacts": [{"id": "a"}, {"id": id}], "meta": meta}).to_string(),
        )
    })
    .await
}

fn show(out: &mut String, what: &impl Debug) {
    let _ = writeln!(out, "{what:?}\n{what:#?}");
}

/// All that can be seen of an error, and raw accessors apart.
fn tell(out: &mut String, raw: &mut String, error: &Error) {
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

/// A type whose keys are data.
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

/// Everything that requests of one client carry.
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
                value("Qm4rk0fTheFirstPage7"),
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

fn private(url: &str, values: &Values) -> Client {
    let client = builder(url)
        .private_token(values.token.clone())
        .location(values.location.clone());
    client.build().unwrap()
}

/// Makes a request and says what can be seen of what comes of it.
#[expect(deprecated, reason = "its pages are asked for by marks of the reply")]
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
        _ => private(url, values),
    };
    macro_rules! see {
        ($result:expr) => {
            match $result {
                Ok(reply) => {
                    show(&mut out, &reply);
                    for drift in reply.drift() {
                        let _ = writeln!(out, "{drift} {drift:?}");
                    }
                }
                Err(error) => tell(&mut out, &mut raw, &error),
            }
        };
    }
    match kind {
        Kind::Call | Kind::Map => {
            let body = json!({"deep": [{"value": values.odd}], "email": values.email});
            let call = client
                .request(Method::Post, "/custom/{id}")
                .path("id", values.id.clone())
                .query("who", values.name.clone())
                .header("x-app-key", values.key.clone())
                .json(&body);
            match kind {
                Kind::Map => see!(call.send_as::<TextsByKey>().await),
                _ => see!(call.send_as::<GetContactResponse>().await),
            }
        }
        Kind::Model => {
            let contact = CreateContactRequest::default()
                .email(values.email.clone())
                .name(values.name.clone())
                .company_name(values.odd.clone());
            see!(
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
                    Err(error) => tell(&mut out, &mut raw, &error),
                }
            }
        }
        Kind::Upload => {
            let call = client.medias().upload_media_file();
            let call = call
                .file(Part::bytes(values.file.clone(), b"contents".to_vec()))
                .name(values.name.clone())
                .parent_id(values.id.clone());
            see!(call.send().await);
        }
        Kind::Code => match client
            .tokens()
            .unwrap()
            .exchange_code(values.code.clone())
            .await
        {
            Ok(installation) => show(&mut out, &installation),
            Err(error) => tell(&mut out, &mut raw, &error),
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
            see!(
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

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The lines of the client's own events and spans since the last time.
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines()
            .filter(|line| line.contains("hoopai"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Case and backslashes left out, which `Debug` adds.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|char| *char != '\\')
        .flat_map(char::to_lowercase)
        .collect()
}

/// A part of what was said that is shown, if one is: so many letters in a row, or all of it.
fn leak(shown: &str, said: &str, planted: &Planted) -> Option<String> {
    let shown = folded(shown);
    let least = if planted.secret { 10 } else { 16 };
    for text in [folded(said), folded(&planted.text)] {
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

/// So many replies are tried of each kind of request, unless the environment says otherwise.
const ROUNDS: usize = 25;

/// A number of the environment.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn nothing_that_was_sent_is_shown() {
    let rounds = setting("ROUNDS").map_or(ROUNDS, |rounds| rounds as usize);
    let seed = setting("SEED").unwrap_or_else(|| {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        now.as_nanos() as u64 | 1
    });
    println!("SEED={seed}");
    let log = Log::default();
    let writer = log.clone();
    let _subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .set_default();
    let mut random = Random(seed);
    let script = Script::default();
    let server = server(&script).await;
    let (mut logged, mut masked) = (0, 0);
    for round in 0..rounds {
        for kind in KINDS {
            let values = Values::new(&mut random);
            let planted = random.pick(&values.planted(kind)).clone();
            let encoding = random.below(ENCODINGS);
            let said = encoded(&mut random, &planted, encoding);
            let success = random.below(6) == 0
                && !matches!(kind, Kind::Code | Kind::Refresh | Kind::LocationToken);
            let (status, (content, body)) = match success {
                true => (200, odd_success(&mut random, &said)),
                false => {
                    let shape = random.below(SHAPES);
                    (*random.pick(&STATUSES), shaped(&mut random, shape, &said))
                }
            };
            *script.lock().unwrap() = (status, content.to_owned(), body.clone(), said.clone());
            let (shown, raw) = run(kind, &server.url, &values).await;
            let log = log.take();
            logged += log.len();
            masked += usize::from(shown.contains("***"));
            for (what, text) in [("shown", &shown), ("logged", &log)] {
                if let Some(part) = leak(text, &said, &planted) {
                    panic!(
                        "SEED={seed}, round {round}, {kind:?}, encoding {encoding}: {part:?} of {planted:?} is {what}\n{status} {body}\n{text}"
                    );
                }
            }
            if planted.secret
                && let Some(part) = leak(&raw, &said, &planted)
            {
                panic!(
                    "SEED={seed}, round {round}, {kind:?}, encoding {encoding}: {part:?} of {planted:?} is handed out\n{status} {body}\n{raw}"
                );
            }
        }
    }
    assert!(logged > rounds * 1000, "the log is not heard: {logged}");
    assert!(masked > rounds, "no message was shown at all: {masked}");
}

/// Redaction leaves what a message says.
#[tokio::test]
async fn ordinary_messages_stay_whole() {
    let script = Script::default();
    let server = server(&script).await;
    let values = Values::new(&mut Random(7));
    let client = private(&server.url, &values);
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
        *script.lock().unwrap() = (422, "application/json".to_owned(), body, String::new());
        let call = client
            .request(Method::Post, "/custom/{id}")
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

/// Drift that a caller counts holds nothing of what was sent.
#[tokio::test]
async fn drift_that_is_observed_names_no_value() {
    let script = Script::default();
    let server = server(&script).await;
    let values = Values::new(&mut Random(11));
    let seen = Arc::new(Mutex::new(String::new()));
    let told = seen.clone();
    let client = builder(&server.url)
        .private_token(values.token.clone())
        .location(values.location.clone())
        .drift_observer(
            move |_: Option<&'static hoopai::runtime::operation::Operation>, drift: &Drift| {
                let _ = writeln!(told.lock().unwrap(), "{drift} {drift:?}");
            },
        )
        .build()
        .unwrap();
    let key = "Zanzibara";
    let body = json!({key: {key: 1, values.token.as_str(): 2}}).to_string();
    *script.lock().unwrap() = (200, "application/json".to_owned(), body, String::new());
    let call = client
        .request(Method::Post, "/custom/{id}")
        .path("id", key)
        .json(&json!({"a": key}));
    let reply = call.send_as::<TextsByKey>().await.unwrap();
    assert_eq!(reply.drift().len(), 2);
    let text = folded(&format!("{} {:?}", seen.lock().unwrap(), reply.drift()));
    assert!(
        !text.contains("zanzibara") && !text.contains(&folded(&values.token)),
        "{text}"
    );
}
