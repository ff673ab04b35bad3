//! Display, Debug, spans and events of all operations and replies contain no token and no personal
//! data.

use std::fmt::{Debug, Display, Write};

use crate::operations::{all_operations, qualified_name};
use hoopai::runtime::Call;
use hoopai::runtime::operation::{BodyKind, Operation, Reply};
use hoopai::{Client, Handle, Part, serde_json};
use hoopai_test_support::{Server, log};
use serde_json::{Map, Value, json};

const TOKEN: &str = "pit-Pl4nted-T0ken-5ecret";
const LOCATION: &str = "Pl4ntedL0cat1onId00xy";
const ID: &str = "Pl4ntedP4thId0000wxyz";
const EMAIL: &str = "planted.person@example.com";
const NAME: &str = "Plantesa Plantington";
const PHONE: &str = "+15550177001";

/// Parts of these values that must not be shown.
const FORBIDDEN: [&str; 7] = [
    "T0ken",
    "L0cat1on",
    "P4thId",
    "planted",
    "Plantesa",
    "Plantington",
    "5550177001",
];

/// The replies to each operation, which repeat the personal data.
fn replies() -> Vec<(u16, String)> {
    let text = format!("{NAME} <{EMAIL}>, {PHONE}, of {LOCATION} with {ID} has no right");
    let message = json!({"statusCode": 422, "message": [text, format!("property {EMAIL} should not exist")],
        "errors": [{"field": "email", "message": format!("{EMAIL} is taken by {NAME}")}], "traceId": "t-1"});
    vec![
        (200, json!({"contact": text, "contacts": {"email": EMAIL}, "id": [ID], "name": {"first": NAME}, "traceId": "t-1"}).to_string()),
        (200, json!([EMAIL, NAME, {"id": ID}]).to_string()),
        (200, format!("{{\"email\": \"{EMAIL}\", \"name\": \"{NAME}")),
        (400, json!({"error": text, "status": 400}).to_string()),
        (401, json!({"statusCode": 401, "message": format!("Invalid JWT {TOKEN} of {EMAIL}")}).to_string()),
        (403, json!({"message": text, "canonicalCode": "FORBIDDEN"}).to_string()),
        (409, json!({"statusCode": 400, "message": "exists", "meta": {"contactName": NAME, "contactId": ID}}).to_string()),
        (422, message.to_string()),
        (500, format!("<html><body>{text} {TOKEN}</body></html>")),
        (503, String::new()),
    ]
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

/// A call with personal data in all its parameters and body fields.
fn call(handle: &Handle, operation: &'static Operation) -> Call {
    let mut call = Call::new(handle, operation);
    for part in operation.path.split(['{', '}']).skip(1).step_by(2) {
        call.path(part, ID);
    }
    let size = operation.paging.and_then(|paging| paging.size);
    for (number, parameter) in operation.query.iter().enumerate() {
        // A phone number would be a page size above the maximum, which is rejected.
        if size.is_some_and(|size| size.to.name() == parameter.name) {
            call.query(parameter.name, "1");
            continue;
        }
        call.query(parameter.name, [EMAIL, NAME, PHONE][number % 3]);
    }
    // The client redacts a name only if the request has it; it recognizes the other values.
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

fn show_display(out: &mut String, what: &impl Display) {
    let _ = writeln!(out, "{what}\n{what:#}");
}

async fn run_and_show(out: &mut String, handle: &Handle, operation: &'static Operation) {
    let call = call(handle, operation);
    show(out, &call);
    macro_rules! show_reply {
        ($future:expr) => {{
            let future = $future;
            show(out, &future);
            match future.await {
                Ok(reply) => {
                    show(out, &reply);
                    reply.drift().iter().for_each(|drift| {
                        show(out, drift);
                        show_display(out, drift);
                    });
                }
                Err(error) => {
                    show(out, &error);
                    show_display(out, &error);
                    let mut cause = std::error::Error::source(&error);
                    while let Some(deeper) = cause {
                        show(out, &deeper);
                        show_display(out, &deeper);
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
        Reply::Empty => show_reply!(call.send_empty()),
        // All models share one implementation of Debug.
        _ => show_reply!(call.send_json::<hoopai::contacts::types::GetContactResponse>()),
    }
}

#[tokio::test]
async fn no_output_contains_secrets_or_personal_data() {
    log::capture();
    let mut operations = 0;
    for (status, body) in replies() {
        let server = Server::with_reply(hoopai_test_support::Reply::json(status, body));
        let handle = handle(&server.url);
        let mut out = String::new();
        show(&mut out, &handle);
        for operation in all_operations() {
            operations += 1;
            run_and_show(&mut out, &handle, operation).await;
            assert_redacted(status, operation, &out);
            out.clear();
            let log = log::take().concat();
            assert!(!log.is_empty(), "{}: no log lines", operation.name);
            assert_redacted(status, operation, &log);
        }
    }
    assert_eq!(operations, 609 * replies().len());
}

fn assert_redacted(status: u16, operation: &Operation, shown: &str) {
    for part in FORBIDDEN {
        if let Some(at) = shown.find(part) {
            let bytes = shown.as_bytes();
            let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
            panic!(
                "{} with status {status} shows `{part}`: …{}…",
                qualified_name(operation),
                String::from_utf8_lossy(around)
            );
        }
    }
}
