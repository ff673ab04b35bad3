//! Tokens and personal data reach no Display, no Debug, no span and no event, whatever the operation and whatever the platform
//! answers.

use std::fmt::{Debug, Display, Write};
use std::sync::Mutex;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hoopai::runtime::Call;
use hoopai::runtime::operation::{BodyKind, Operation, Reply};
use hoopai::{Client, Handle, Part, serde_json};
use serde_json::{Map, Value, json};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

const TOKEN: &str = "pit-Pl4nted-T0ken-5ecret";
const LOCATION: &str = "Pl4ntedL0cat1onId00xy";
const ID: &str = "Pl4ntedP4thId0000wxyz";
const EMAIL: &str = "planted.person@example.com";
const NAME: &str = "Plantesa Plantington";
const PHONE: &str = "+15550177001";

/// Parts of them that must be seen nowhere.
const MARKS: [&str; 7] = [
    "T0ken",
    "L0cat1on",
    "P4thId",
    "planted",
    "Plantesa",
    "Plantington",
    "5550177001",
];

static LOG: Mutex<String> = Mutex::new(String::new());

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock()
            .unwrap()
            .push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the server answers, one after the other for each operation: it repeats all that is personal.
fn answers() -> Vec<(u16, String)> {
    let said = format!("{NAME} <{EMAIL}>, {PHONE}, of {LOCATION} with {ID} has no right");
    let message = json!({"statusCode": 422, "message": [said, format!("property {EMAIL} should not exist")],
        "errors": [{"field": "email", "message": format!("{EMAIL} is taken by {NAME}")}], "traceId": "t-1"});
    vec![
        (200, json!({"contact": said, "contacts": {"email": EMAIL}, "id": [ID], "name": {"first": NAME}, "traceId": "t-1"}).to_string()),
        (200, json!([EMAIL, NAME, {"id": ID}]).to_string()),
        (200, format!("{{\"email\": \"{EMAIL}\", \"name\": \"{NAME}")),
        (400, json!({"error": said, "status": 400}).to_string()),
        (401, json!({"statusCode": 401, "message": format!("Invalid JWT {TOKEN} of {EMAIL}")}).to_string()),
        (403, json!({"message": said, "canonicalCode": "FORBIDDEN"}).to_string()),
        (409, json!({"statusCode": 400, "message": "exists", "meta": {"contactName": NAME, "contactId": ID}}).to_string()),
        (422, message.to_string()),
        (500, format!("<html><body>{said} {TOKEN}</body></html>")),
        (503, String::new()),
    ]
}

async fn server(status: u16, body: String) -> String {
    let answer = move || {
        let body = body.clone();
        async move {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("content-type", "application/json")], body).into_response() as Response
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    address
}

fn handle(address: &str) -> Handle {
    let client = Client::builder()
        .private_token(TOKEN)
        .location(LOCATION)
        .base_url(address)
        .limits(hoopai::rate_limit::RateLimitSettings::unlimited())
        .retry(hoopai::retry::DefaultRetryPolicy::new().max_attempts(2))
        .random(|| 0.0)
        .build()
        .unwrap();
    client.into()
}

/// A call with personal data wherever it can carry some.
fn call(handle: &Handle, operation: &'static Operation) -> Call {
    let mut call = Call::new(handle, operation);
    for part in operation.path.split(['{', '}']).skip(1).step_by(2) {
        call.path(part, ID);
    }
    let size = operation.paging.and_then(|paging| paging.size);
    for (number, parameter) in operation.query.iter().enumerate() {
        // A number would be a page size above the maximum, with which nothing is sent.
        if size.is_some_and(|size| size.to.name() == parameter.name) {
            call.query(parameter.name, "1");
            continue;
        }
        call.query(parameter.name, [EMAIL, NAME, PHONE][number % 3]);
    }
    // A name can be masked only where the call carried it; addresses, numbers and ids are known by their looks.
    call.extra_query("more", [EMAIL, NAME, PHONE].map(str::to_owned).to_vec());
    let Some(body) = operation.body else {
        return call;
    };
    let fields = ["email", "name", "phone"]
        .into_iter()
        .zip([EMAIL, NAME, PHONE]);
    match body.kind {
        BodyKind::Multipart => {
            call.part(
                "file",
                Part::bytes(format!("{NAME}.pdf"), EMAIL.as_bytes().to_vec()),
            );
            fields.for_each(|(name, value)| call.text(name, value));
            body.fields.iter().for_each(|name| call.text(name, NAME));
        }
        kind => {
            let fields: Map<String, Value> = fields
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .chain(
                    body.fields
                        .iter()
                        .map(|name| ((*name).to_owned(), Value::from(NAME))),
                )
                .collect();
            if kind == BodyKind::Json {
                call.json(&fields);
            } else {
                call.form(&fields);
            }
        }
    }
    call
}

fn show(out: &mut String, what: &(impl Debug + ?Sized)) {
    let _ = writeln!(out, "{what:?}\n{what:#?}");
}

fn say(out: &mut String, what: &impl Display) {
    let _ = writeln!(out, "{what}\n{what:#}");
}

async fn tell(out: &mut String, handle: &Handle, operation: &'static Operation) {
    let call = call(handle, operation);
    show(out, &call);
    macro_rules! told {
        ($sending:expr) => {{
            let sending = $sending;
            show(out, &sending);
            match sending.await {
                Ok(reply) => {
                    show(out, &reply);
                    reply.drift().iter().for_each(|drift| {
                        show(out, drift);
                        say(out, drift);
                    });
                }
                Err(error) => {
                    show(out, &error);
                    say(out, &error);
                    let mut cause = std::error::Error::source(&error);
                    while let Some(deeper) = cause {
                        show(out, &deeper);
                        say(out, &deeper);
                        cause = deeper.source();
                    }
                    error
                        .field_errors()
                        .iter()
                        .for_each(|field| show(out, field));
                }
            }
        }};
    }
    match operation.reply {
        Reply::Empty => told!(call.send_empty()),
        // Models of every module show themselves as this one does.
        _ => told!(call.send_json::<hoopai::contacts::types::GetContactResponse>()),
    }
}

#[tokio::test]
async fn nothing_personal_is_shown() {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(|| Log)
        .init();
    let mut operations = 0;
    for (status, body) in answers() {
        let handle = handle(&server(status, body).await);
        let mut out = String::new();
        show(&mut out, &handle);
        for operation in hoopai::OPERATIONS.iter().copied().flatten().copied() {
            operations += 1;
            tell(&mut out, &handle, operation).await;
            clean(status, operation, &out);
            out.clear();
            // Lines of reqwest and hyper are theirs.
            let log = std::mem::take(&mut *LOG.lock().unwrap());
            let ours: Vec<&str> = log.lines().filter(|line| line.contains("hoopai")).collect();
            assert!(!ours.is_empty(), "{}: the log is not heard", operation.name);
            clean(status, operation, &ours.join("\n"));
        }
    }
    assert_eq!(operations, 609 * answers().len());
}

fn clean(status: u16, operation: &Operation, shown: &str) {
    for mark in MARKS {
        if let Some(at) = shown.find(mark) {
            let bytes = shown.as_bytes();
            let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
            panic!(
                "{}.{} answered {status} shows `{mark}`: …{}…",
                operation.module,
                operation.name,
                String::from_utf8_lossy(around)
            );
        }
    }
}
