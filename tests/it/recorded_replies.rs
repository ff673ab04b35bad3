//! Decodes recorded replies of the platform.
//!
//! The recordings are outside of this repository, one file per reply, in the folder that
//! `HOOPAI_PAYLOADS` names (default: `../shared/payloads`).

use std::path::{Path, PathBuf};
use std::{env, fs};

use hoopai::ErrorKind;
use hoopai::runtime::DriftKind;
use hoopai::runtime::json::from_slice;
use serde_json::Value;

use crate::decode_table::{DecodedReply, REPLIES};
use crate::interface::Interface;
use crate::operations::all_operations;
use crate::schema_check::violations;
use crate::support::client;
use hoopai_test_support::{Reply, Server, lost_scalars};

struct Payload {
    file: PathBuf,
    method: String,
    path: Option<String>,
    status: u16,
    body: Value,
}

/// Reads all payloads; prints SKIPPED if there are none.
fn payloads() -> Vec<Payload> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/payloads");
    let folder = env::var_os("HOOPAI_PAYLOADS").map_or(default, PathBuf::from);
    let files = json_files(&folder);
    if files.is_empty() {
        eprintln!(
            "SKIPPED: there are no recorded replies in {}; set HOOPAI_PAYLOADS to their folder",
            folder.display()
        );
    }
    files.into_iter().map(payload).collect()
}

/// The JSON files of a folder and its subfolders, in order; none if the folder is missing.
pub(crate) fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn payload(file: PathBuf) -> Payload {
    let text = fs::read(&file).expect("a file");
    let mut all: Value =
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Payload {
        method: all["method"].as_str().unwrap_or_default().to_owned(),
        path: all["path_template"].as_str().map(str::to_owned),
        status: all["status"]
            .as_u64()
            .and_then(|status| status.try_into().ok())
            .expect("a status"),
        body: all["body"].take(),
        file,
    }
}

#[test]
fn decode_table_has_all_operations() {
    assert_eq!(REPLIES.len(), all_operations().count());
}

#[test]
fn recorded_reply_decodes_without_loss() {
    let (mut count, mut drifted, mut drifts) = (0, 0, 0);
    let (mut violation_count, mut lost) = (0, Vec::new());
    for payload in payloads() {
        if !(200..300).contains(&payload.status) {
            continue;
        }
        let name = payload.file.display();
        let body = serde_json::to_vec(&payload.body).expect("JSON");
        let row = REPLIES.iter().find(|(operation, _)| {
            operation.method.as_str() == payload.method
                && Some(operation.path) == payload.path.as_deref()
        });
        let decoded = match row {
            Some((_, Some(decode))) => decode(&body),
            Some((operation, None)) => {
                println!(
                    "{name}: {} is not decoded ({:?})",
                    operation.name, operation.reply
                );
                continue;
            }
            None => {
                println!("{name}: no operation has this path");
                from_slice::<Value>(&body).map(|read| DecodedReply {
                    encoded: body,
                    drift: read.drift,
                    raw: read.raw,
                })
            }
        };
        let reply = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
        let drift = reply.drift;
        count += 1;
        drifted += usize::from(!drift.is_empty());
        let unparsed = drift
            .iter()
            .filter(|drift| drift.kind == DriftKind::Unparsed)
            .count();
        println!("{name}: {} drifts, {unparsed} kept raw", drift.len());
        drifts += drift.len();
        if let Some((operation, _)) = row {
            let interface = Interface::of(operation.module);
            for schema in interface.replies(operation) {
                let found = violations(interface, schema, &payload.body);
                violation_count += found.len();
                found.iter().for_each(|found| println!("    {found}"));
            }
        }
        for drift in &drift {
            println!("    {drift}");
            // The platform sends a moment or a day in each field of these types.
            let is_time = drift.expected.contains("RFC 3339") || drift.expected.contains("a day");
            assert!(!is_time || drift.found == "null", "{name}: {drift}");
        }
        let kept: Value = serde_json::from_slice(&reply.encoded).expect("JSON");
        for scalar in lost_scalars(&payload.body, reply.raw.iter().chain([&kept])) {
            lost.push(format!("{name}: {scalar}"));
        }
    }
    println!(
        "{count} replies decoded, {drifted} with drift, {drifts} drifts, {violation_count} schema violations"
    );
    assert!(lost.is_empty(), "lost:\n{}", lost.join("\n"));
}

#[tokio::test]
async fn recorded_error_reply_keeps_its_messages_and_trace_id() {
    for payload in payloads() {
        if (200..300).contains(&payload.status) {
            continue;
        }
        let name = payload.file.display();
        let body = payload.body.to_string();
        let server = Server::with_reply(Reply::json(payload.status, body));
        let call = client(&server).request(hoopai::Method::GET, "/recorded");
        let error = call.send().await.expect_err("an error reply");
        assert_eq!(error.kind(), ErrorKind::Status, "{name}");
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(payload.status),
            "{name}"
        );
        println!("{name}: {error}");
        let texts = [
            &payload.body["message"],
            &payload.body["error"],
            &payload.body["error_description"],
        ];
        if texts.iter().any(|text| text.is_string()) {
            assert!(!error.messages().is_empty(), "{name}: {error}");
        }
        if let Some(message) = payload.body["message"].as_str() {
            assert!(
                error.messages().iter().any(|other| other == message),
                "{name}: {error}"
            );
        }
        if let Some(trace) = payload.body["traceId"].as_str() {
            assert_eq!(error.trace_id(), Some(trace), "{name}");
        }
    }
}
