//! Error replies: their kinds, predicates and retries, recorded ones and those of all operations.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use hoopai::Client;
use hoopai::rate_limit::RateLimitSettings;
use hoopai::retry::{Backoff, UnlimitedRetryBudget};
use hoopai::runtime::error::ApiErrorKind as Kind;
use hoopai::runtime::operation::PageParam;
use hoopai::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::call_table::{CALLS, CallInput};
use crate::operations::qualified_name;
use crate::recorded_replies::json_files;
use hoopai_test_support::{Reply, Server};

type Predicate = (&'static str, fn(Kind) -> bool);

const PREDICATES: [Predicate; 8] = [
    ("is_not_found", Kind::is_not_found),
    ("is_auth", Kind::is_auth),
    ("is_forbidden", Kind::is_forbidden),
    ("is_validation", Kind::is_validation),
    ("is_conflict", Kind::is_conflict),
    ("is_unsupported", Kind::is_unsupported),
    ("is_rate_limited", Kind::is_rate_limited),
    ("is_server_error", Kind::is_server_error),
];

/// The kind of each recorded error reply, by the end of its file's path.
const RECORDED: &[(&str, Kind)] = &[
    ("POST__~oauth~reconnect__1.json", Kind::EndpointRemoved),
    ("POST__~associations~relations__1.json", Kind::Duplicate),
    ("contacts/GET__~contacts~__2.json", Kind::RateLimited),
    ("contacts/GET__~contacts~__3.json", Kind::MissingScope),
    ("contacts/GET__~contacts~__4.json", Kind::InvalidVersion),
    ("GET__~contacts~{contactId}__3.json", Kind::NotFound),
    ("GET__~contacts~{contactId}__4.json", Kind::NotFound),
    ("GET__~contacts~{contactId}~notes__3.json", Kind::Validation),
    (
        "GET__~contacts~{contactId}~tasks~{taskId}__1.json",
        Kind::NotFound,
    ),
    ("POST__~contacts~__3.json", Kind::Duplicate),
    ("POST__~contacts~__4.json", Kind::Validation),
    ("POST__~contacts~search__7.json", Kind::Validation),
    (
        "GET__~conversation-ai~agents~{agentId}__1.json",
        Kind::NotFound,
    ),
    (
        "POST__~conversations~messages~inbound__1.json",
        Kind::Internal,
    ),
    ("GET__~invoices~__1.json", Kind::Validation),
    ("POST__~medias~upload-file__1.json", Kind::ExpiredToken),
    ("POST__~medias~upload-file__2.json", Kind::WrongTokenKind),
    (
        "GET__~oauth~installedLocations__1.json",
        Kind::EndpointRemoved,
    ),
    (
        "POST__~objects~{schemaKey}~records~search__2.json",
        Kind::Validation,
    ),
    (
        "POST__~payments~orders~{orderId}~record-payment__1.json",
        Kind::NotFound,
    ),
    (
        "GET__~products~collections~{collectionId}__1.json",
        Kind::RouteNotSupported,
    ),
    (
        "POST__~social-media-posting~{locationId}~posts~list__1.json",
        Kind::Validation,
    ),
    ("POST__~users~__1.json", Kind::Duplicate),
    ("unknown-user-401.json", Kind::NotFound),
    ("object-record-location.json", Kind::WrongLocation),
    ("inbound-message.json", Kind::Validation),
];

/// The folders of recorded replies and of public reports.
fn folders() -> [PathBuf; 2] {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/payloads");
    let payloads = env::var_os("HOOPAI_PAYLOADS").map_or(default, PathBuf::from);
    let reports = payloads.join("../reports");
    [payloads, reports]
}

/// Collects every status other than 2xx of a document, with the body next to it.
fn find_error_replies(value: &Value, found: &mut Vec<(u16, Value)>) {
    if let (Some(status), Some(body)) = (value["status"].as_u64(), value.get("body")) {
        if !(200..300).contains(&status) {
            found.push((status.try_into().expect("a status"), body.clone()));
        }
        return;
    }
    match value {
        Value::Object(fields) => {
            fields
                .values()
                .for_each(|value| find_error_replies(value, found));
        }
        Value::Array(items) => {
            items
                .iter()
                .for_each(|value| find_error_replies(value, found));
        }
        _ => {}
    }
}

async fn call_error(status: u16, body: &Value) -> Error {
    let server = Server::with_reply(Reply::json(status, body.to_string()));
    let client = builder(&server)
        .retry(hoopai::retry::NoRetry)
        .build()
        .unwrap();
    let call = client.request(hoopai::Method::GET, "/recorded");
    call.send().await.expect_err("an error reply")
}

#[tokio::test]
async fn recorded_error_reply_has_its_kind() {
    let mut paths = Vec::new();
    for folder in folders() {
        let files = json_files(&folder);
        if files.is_empty() {
            eprintln!(
                "SKIPPED: there are no recorded error replies in {}",
                folder.display()
            );
        }
        paths.extend(files);
    }
    let mut known = 0;
    for path in paths {
        let text = fs::read(&path).expect("a file");
        let mut found = Vec::new();
        find_error_replies(&serde_json::from_slice(&text).expect("JSON"), &mut found);
        for (status, body) in found {
            let name = path.display().to_string();
            let error = call_error(status, &body).await;
            println!("{name}: {:?}\n    {error}", error.api_error_kind());
            match RECORDED.iter().find(|(end, _)| name.ends_with(end)) {
                Some((_, kind)) => {
                    known += 1;
                    assert_eq!(error.api_error_kind(), Some(*kind), "{name}: {error}");
                }
                None => assert_ne!(error.api_error_kind(), Some(Kind::Other), "{name}: {error}"),
            }
            let shown = error.to_string();
            assert!(!shown.contains(".."), "{name}: {error}");
            let traces = body["traceId"]
                .as_str()
                .map_or(0, |id| shown.matches(id).count());
            assert!(traces <= 1, "{name}: {error}");
            if error.api_error_kind() == Some(Kind::Duplicate) && !body["meta"].is_null() {
                assert_eq!(error.meta(), Some(&body["meta"]), "{name}");
            }
        }
    }
    assert!(known == 0 || known == RECORDED.len(), "{known}");
}

/// The tables in `docs/src/errors.md` and in the rustdoc of [`Kind`] agree with the predicates.
#[test]
fn documented_error_tables_match_the_predicates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in [
        "docs/src/errors.md",
        "crates/hoopai-runtime/src/error/api_error_kind.rs",
    ] {
        let text = fs::read_to_string(root.join(file)).expect("text");
        let mut columns: Vec<String> = Vec::new();
        let mut seen = 0;
        for line in text.lines() {
            let row = line.trim_start_matches("///").trim();
            let Some(row) = row.strip_prefix('|') else {
                continue;
            };
            let cells: Vec<&str> = row
                .trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect();
            if cells[0] == "kind" {
                columns = cells
                    .iter()
                    .map(|cell| cell.trim_matches('`').to_owned())
                    .collect();
                continue;
            }
            if columns.is_empty() || cells.len() != columns.len() {
                continue;
            }
            for name in cells[0]
                .split(',')
                .map(|name| name.trim().trim_matches('`'))
            {
                let Some(kind) = Kind::ALL.iter().find(|kind| format!("{kind:?}") == name) else {
                    assert!(name.starts_with('-'), "{file}: {name} is no error kind");
                    continue;
                };
                seen += 1;
                for (column, cell) in columns.iter().zip(&cells).skip(1) {
                    let column = column.trim_end_matches("()");
                    let predicate = PREDICATES.iter().find(|(name, _)| *name == column);
                    let is_set = !cell.is_empty();
                    if let Some((_, is_true)) = predicate {
                        assert_eq!(is_set, is_true(*kind), "{file}: {kind:?}, {column}");
                    } else if column == "retried" {
                        let transient = [Kind::RateLimited, Kind::Internal, Kind::Unavailable];
                        assert_eq!(is_set, transient.contains(kind), "{file}: {kind:?}");
                    } else if column == "predicates" {
                        let is_true = PREDICATES.iter().filter(|(_, is_true)| is_true(*kind));
                        let names: Vec<String> =
                            is_true.map(|(name, _)| format!("`{name}`")).collect();
                        assert_eq!(*cell, names.join(", "), "{file}: {kind:?}");
                    }
                }
            }
        }
        assert_eq!(seen, Kind::ALL.len(), "{file} lists each error kind once");
    }
}

struct NoWait;

impl Backoff for NoWait {
    fn delay(&self, _: u32, _: f64) -> Duration {
        Duration::ZERO
    }
}

fn builder(server: &Server) -> hoopai::ClientBuilder {
    Client::builder()
        .private_token("pit-secret")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited())
        .backoff(NoWait)
        .retry_budget(UnlimitedRetryBudget)
}

#[tokio::test]
async fn every_operation_is_retried_only_if_that_is_safe() {
    let body = |message: &str| json!({ "message": message }).to_string();
    for (status, message, kind) in [
        (401, "The user does not exist.", Kind::NotFound),
        (429, "Too Many Requests", Kind::RateLimited),
        (500, "Internal server error", Kind::Internal),
    ] {
        let server = Server::with_reply(Reply::json(status, body(message)));
        let client = builder(&server).build().unwrap();
        for (operation, call) in CALLS.iter() {
            let name = qualified_name(operation);
            let error = call(&client, &CallInput::new(operation)).await.unwrap_err();
            assert_eq!(error.api_error_kind(), Some(kind), "{name}: {error}");
            let safe = match kind {
                Kind::RateLimited => true,
                Kind::Internal => operation.idempotent,
                _ => false,
            };
            let requests = server.take().len();
            assert_eq!(requests, if safe { 5 } else { 1 }, "{name}: {error}");
            assert_eq!(error.attempts() as usize, requests, "{name}: {error}");
            assert_eq!(error.is_retryable(), safe, "{name}: {error}");
            let later = error.to_string().contains("Try again later");
            assert_eq!(later, safe, "{name}: {error}");
        }
    }
}

/// An undeclared maximum is an assumption, so the client sends larger pages.
#[tokio::test]
async fn page_size_above_a_declared_maximum_is_rejected() {
    let server = Server::with_body("null");
    let client = builder(&server).build().unwrap();
    let (mut declared, mut assumed) = (Vec::new(), 0);
    for (operation, call) in CALLS.iter() {
        let Some(size) = operation.paging.and_then(|paging| paging.size) else {
            continue;
        };
        let name = qualified_name(operation);
        let mut input = CallInput::new(operation);
        let value = match size.to {
            PageParam::Query(name) => input.values.get_mut(&("query", name)),
            PageParam::Body { name, .. } => input.body.as_mut().map(|(_, _, body)| &mut body[name]),
            other => panic!("{other:?}"),
        };
        let value = value.expect("a parameter");
        let above = u64::from(size.max) + 1;
        *value = if value.is_string() {
            json!(above.to_string())
        } else {
            json!(above)
        };
        let result = call(&client, &input).await;
        let sent = server.take().len();
        if size.declared {
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), error.parameter()),
                (ErrorKind::Request, Some(size.to.name())),
                "{error}"
            );
            assert_eq!(sent, 0, "{name}");
            declared.push(format!("{name}: {}", size.max));
        } else {
            assert_eq!((result.is_ok(), sent), (true, 1), "{name}: {result:?}");
            assumed += 1;
        }
    }
    println!("{assumed} maxima are assumed");
    insta::assert_snapshot!(declared.join("\n"));
}
