//! The command line sends the requests of the builders, and rejects invalid ones.

use std::ffi::OsString;

use hoopai::Client;
use hoopai::runtime::operation::Operation;
use hoopai::runtime::rate_limit::RateLimitSettings;
use hoopai::runtime::reqwest;
use hoopai_catalogue::{BodyKind, Kind};
use hoopai_cli::request_of;
use hoopai_test_support::{Request, Server, seed};
use serde_json::{Value, json};

use crate::call_table::{CALLS, CallInput, FILE};
use crate::operations::{all_operations, qualified_name, row};

/// The command of an operation with these values.
fn command(
    operation: &Operation,
    input: &CallInput,
    url: &str,
    files: &std::path::Path,
) -> Vec<String> {
    let mut arguments = vec![
        "hoopai".to_owned(),
        format!("--base-url={url}"),
        operation.module.to_owned(),
        operation.name.replace('_', "-"),
    ];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for ((kind, name), value) in &input.values {
        arguments.push(match *kind {
            "file" => {
                let path = files.join(format!("{name}.csv"));
                std::fs::write(&path, FILE).unwrap();
                format!("--file={name}={}", path.display())
            }
            "text" => format!("--field={name}={}", text(value)),
            _ => format!("--param={name}={}", text(value)),
        });
    }
    if let Some((_, _, body)) = &input.body {
        arguments.push(format!("--body={body}"));
    }
    arguments
}

fn request(arguments: &[String]) -> Result<reqwest::Request, String> {
    request_of(arguments.iter().map(OsString::from).collect())
}

/// The parts of a request that must be equal. The boundary of a form and the order of its parts are
/// arbitrary.
fn comparable(request: &Request) -> (String, String, Vec<(String, String)>, Value) {
    let mut query: Vec<&str> = request.target.split(['?', '&']).collect();
    query.sort_unstable();
    let content_type = request.header("content-type").unwrap_or_default();
    let boundary = content_type
        .split("boundary=")
        .nth(1)
        .unwrap_or("no boundary");
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "authorization" | "user-agent" | "content-length"
            )
        })
        .map(|(name, value)| (name.clone(), value.replace(boundary, "")))
        .collect();
    headers.sort();
    let text = request.text();
    let body = serde_json::from_slice(&request.body).unwrap_or_else(|_| {
        let mut parts: Vec<&str> = match content_type.starts_with("multipart") {
            true => text.split(boundary).collect(),
            false => text.split('&').collect(),
        };
        parts.sort_unstable();
        json!(parts)
    });
    (request.method.clone(), query.join("&"), headers, body)
}

#[tokio::test]
async fn command_sends_the_request_of_the_builder() {
    let server = Server::with_body("true");
    let client = Client::builder()
        .private_token("pit-secret")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    let http = reqwest::Client::new();
    let files = tempfile::tempdir().unwrap();
    let mut different = Vec::new();
    let mut compared = 0;
    for operation in all_operations() {
        let name = qualified_name(operation);
        let input = CallInput::new(operation);
        row(&CALLS, operation)(&client, &input).await.unwrap();
        let built = server.take_single();
        let arguments = command(operation, &input, &server.url, files.path());
        match request(&arguments) {
            Err(error) => different.push(format!("{name}: {error}")),
            Ok(request) => {
                http.execute(request).await.unwrap();
                let own = server.take_single();
                let (built, own) = (comparable(&built), comparable(&own));
                if built != own {
                    different.push(format!("{name}:\n  {built:?}\n  {own:?}"));
                }
            }
        }
        compared += 1;
    }
    assert!(
        different.is_empty(),
        "{} of {compared} requests differ:\n{}",
        different.len(),
        different.join("\n")
    );
}

/// A value of another kind than the declared one.
fn wrong(kind: Kind, random: &mut impl FnMut(usize) -> usize) -> Option<Value> {
    let object = json!({ "deep": 1 });
    let choices = match kind {
        Kind::String => vec![object, json!([[1]])],
        Kind::Number | Kind::Integer | Kind::Boolean => {
            vec![object, json!("no value"), json!([true])]
        }
        Kind::Array => vec![object, json!(true)],
        Kind::Object => vec![json!("text"), json!(7), json!([1])],
        _ => return None,
    };
    let index = random(choices.len());
    choices.into_iter().nth(index)
}

#[test]
fn invalid_requests_are_rejected_with_the_name_of_the_field() {
    let seed = seed();
    let next = hoopai_test_support::seeded_random(seed);
    let mut random = move |below: usize| ((next() * below as f64) as usize).min(below - 1);
    let files = tempfile::tempdir().unwrap();
    let mut rejected = 0;
    for operation in all_operations() {
        let name = qualified_name(operation);
        let known = hoopai_catalogue::find(&name).unwrap();
        let input = CallInput::new(operation);
        let valid = command(operation, &input, "http://127.0.0.1:9", files.path());
        let mut expect_rejected = |arguments: &[String], field: &str| {
            let error = request(arguments).err().unwrap_or_else(|| {
                panic!("{name}: not rejected: {field} in {arguments:?}");
            });
            let error: Value = serde_json::from_str(&error).unwrap();
            assert_eq!(error["error"]["exitCode"], 2, "{name}: {error}");
            let names = error["error"]["parameters"].to_string();
            assert!(names.contains(field), "{name}: {field}: {error}");
            rejected += 1;
        };
        let unknown = format!("unknown{}", random(1_000));
        let body = known.body.as_ref();
        if body.is_none_or(|body| !body.schema.is_open()) {
            let flag = format!("--{unknown}=1");
            expect_rejected(&[&valid[..], &[flag]].concat(), &unknown);
        }
        // A path parameter that is missing, or would change the path.
        if let Some((parameter, _)) = input.of_kind("path").next()
            && operation
                .location
                .is_none_or(|location| location.name != parameter)
        {
            let prefix = format!("--param={parameter}=");
            let rest = || {
                valid
                    .iter()
                    .filter(|argument| !argument.starts_with(&prefix))
                    .cloned()
            };
            let missing: Vec<String> = rest().collect();
            expect_rejected(&missing, parameter);
            let empty: Vec<String> = rest().chain([format!("{prefix}..")]).collect();
            expect_rejected(&empty, parameter);
        }
        // A field of another kind.
        let fields = body
            .filter(|body| body.kind == BodyKind::Json)
            .map_or_else(Vec::new, |body| body.schema.fields());
        if let (false, Some((_, _, Value::Object(sample)))) = (fields.is_empty(), &input.body) {
            let field = fields[random(fields.len())];
            if let Some(value) = wrong(field.schema.kind(), &mut random)
                && field.schema.alternatives().is_empty()
            {
                let mut sample = sample.clone();
                sample.insert(field.name.to_owned(), value);
                let sample = Value::Object(sample);
                let rest = valid
                    .iter()
                    .filter(|argument| !argument.starts_with("--body="));
                let changed: Vec<String> =
                    rest.cloned().chain([format!("--body={sample}")]).collect();
                expect_rejected(&changed, field.name);
            }
        }
    }
    assert!(rejected > 800, "{rejected}");
}
