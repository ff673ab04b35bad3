//! Every operation accepts a valid request, and rejects an invalid one as the platform does.

mod emails;
mod undeclared;

use bytes::Bytes;
use fastrand::Rng;
use hoopai_test_support::interface::is_settled;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::schema::plain as write;
use super::{CheckOptions, ParsedRequest, UndeclaredPolicy, counts, request, schema};
use crate::api_error::ApiError;
use crate::exchange::Request;
use crate::interface::schema_view::{is_binary, keys, property, property_names, required};
use crate::interface::{Interface, Operation, Parameter};
use crate::reply::{FieldSet, Generator};

const BOUNDARY: &str = "made-up-boundary";

/// A request before it is encoded.
#[derive(Clone)]
struct Draft {
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

fn draft(operation: &Operation, field_set: FieldSet) -> Draft {
    let mut generator = Generator::new(operation, 7).request(field_set);
    let mut path = Vec::new();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        if parameter.in_path {
            path.push((
                parameter.name.clone(),
                write(&generator.generate(&parameter.schema)),
            ));
        } else if parameter.required || field_set == FieldSet::All {
            let properties = property_names(operation, &parameter.schema);
            let mut value = generator.generate(&parameter.schema);
            let numbers = crate::state::numbers(operation);
            if value.is_string() && counts::number_kind(&numbers, &parameter.name).is_some() {
                value = "1".into();
            }
            match &value {
                Value::Object(fields) if !properties.is_empty() => {
                    query.extend(
                        fields
                            .iter()
                            .map(|(name, value)| (name.clone(), write(value))),
                    );
                }
                Value::Array(items) if items.is_empty() => {}
                Value::Array(items) if parameter.comma => {
                    let items: Vec<String> = items.iter().map(write).collect();
                    query.push((parameter.name.clone(), items.join(",")));
                }
                Value::Array(items) => {
                    query.extend(
                        items
                            .iter()
                            .map(|item| (parameter.name.clone(), write(item))),
                    );
                }
                value => query.push((parameter.name.clone(), write(value))),
            }
        }
    }
    // A required list is empty in a minimal request, so it is missing.
    for parameter in required_query(operation) {
        if !query.iter().any(|(name, _)| *name == parameter.name) {
            let value = Generator::new(operation, 7).generate(&parameter.schema);
            let first = value.get(0).unwrap_or(&value);
            query.push((parameter.name.clone(), write(first)));
        }
    }
    let body = operation
        .body
        .as_ref()
        .map(|body| generator.generate(&body.schema));
    Draft { path, query, body }
}

fn required_query(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    let parameters = operation.parameters.iter();
    parameters.filter(|parameter| !parameter.in_path && parameter.required)
}

fn incoming(operation: &Operation, draft: &Draft) -> Request {
    let mut headers: HeaderMap = operation
        .headers
        .iter()
        .map(|name| {
            (
                HeaderName::try_from(name).unwrap(),
                HeaderValue::from_static("v"),
            )
        })
        .collect();
    let mut bytes = Vec::new();
    if let (Some(declared), Some(value)) = (&operation.body, &draft.body) {
        let mut content_type = declared.media_type.clone();
        match declared.media_type.as_str() {
            "multipart/form-data" => {
                content_type += &format!("; boundary={BOUNDARY}");
                bytes = multipart(operation, &declared.schema, value);
            }
            "application/x-www-form-urlencoded" => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in value.as_object().into_iter().flatten() {
                    form.append_pair(name, &write(value));
                }
                bytes = form.finish().into_bytes();
            }
            _ => bytes = value.to_string().into_bytes(),
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(&content_type).unwrap());
    }
    Request {
        method: operation.method.clone(),
        path: operation.path.clone(),
        query: draft.query.clone(),
        headers,
        body: Bytes::from(bytes),
    }
}

fn multipart(operation: &Operation, schema: &Value, value: &Value) -> Vec<u8> {
    let mut form = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let file =
            property(operation, schema, name).is_some_and(|schema| is_binary(operation, schema));
        let items = value.as_array().cloned().unwrap_or(vec![value.clone()]);
        for value in items {
            form += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
            if file {
                form += "; filename=\"a.csv\"\r\nContent-Type: text/csv";
            }
            form += &format!("\r\n\r\n{}\r\n", write(&value));
        }
    }
    form += &format!("--{BOUNDARY}--\r\n");
    form.into_bytes()
}

fn run(operation: &Operation, draft: &Draft) -> Result<ParsedRequest, ApiError> {
    check(operation, &incoming(operation, draft), &draft.path)
}

fn check(
    operation: &Operation,
    incoming: &Request,
    path: &[(String, String)],
) -> Result<ParsedRequest, ApiError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let options = options(operation, UndeclaredPolicy::Reject);
    runtime.block_on(request(operation, incoming, path, &options))
}

fn options(operation: &Operation, undeclared: UndeclaredPolicy) -> CheckOptions {
    CheckOptions {
        undeclared,
        allowed_extra: crate::state::undeclared(operation),
        numbers: crate::state::numbers(operation),
    }
}

/// Asserts the shape of an error, and that it contains a message.
fn assert_rejected(what: &str, outcome: Result<ParsedRequest, ApiError>, sentence: &str) {
    let error = outcome.expect_err(what);
    assert_eq!(
        error.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{what}: {}",
        error.body
    );
    assert_eq!(error.body["statusCode"], 422, "{what}");
    assert_eq!(error.body["error"], "Unprocessable Entity", "{what}");
    let messages = error.body["message"].as_array().expect(what);
    let errors = error.body["errors"].as_array().expect(what);
    assert_eq!(messages.len(), errors.len(), "{what}");
    for (message, error) in messages.iter().zip(errors) {
        assert_eq!(&error["message"], message, "{what}");
        assert!(error["field"].is_string(), "{what}");
    }
    let found = messages.iter().any(|message| {
        message
            .as_str()
            .is_some_and(|message| message.contains(sentence))
    });
    assert!(found, "{what}: {sentence:?} is not in {messages:?}");
}

#[test]
fn interface_has_609_operations() {
    let operations = Interface::shared().operations.len();
    assert!(operations == 609 || !is_settled(), "{operations}");
}

#[test]
fn valid_request_is_accepted_by_every_operation() {
    for operation in &Interface::shared().operations {
        for field_set in [FieldSet::All, FieldSet::Required] {
            let draft = draft(operation, field_set);
            if let Err(error) = run(operation, &draft) {
                panic!(
                    "{} {field_set:?}: {}\nquery {:?}\nbody {:?}",
                    operation.key(),
                    error.body,
                    draft.query,
                    draft.body,
                );
            }
        }
    }
}

#[test]
fn undeclared_query_key_is_rejected_by_every_operation() {
    let all = &Interface::shared().operations;
    for operation in all.iter().filter(|operation| !operation.any_query) {
        for key in ["undeclaredKey", "limit[]", ""] {
            let mut draft = draft(operation, FieldSet::Required);
            draft.query.push((key.into(), "1".into()));
            let sentence = format!("property {key} should not exist");
            assert_rejected(&operation.key(), run(operation, &draft), &sentence);
        }
    }
}

#[test]
fn missing_required_parameter_is_rejected() {
    let mut asked = 0;
    for operation in &Interface::shared().operations {
        for parameter in required_query(operation) {
            let mut draft = draft(operation, FieldSet::Required);
            draft.query.retain(|(name, _)| *name != parameter.name);
            let sentence = format!("{} should not be empty", parameter.name);
            assert_rejected(&operation.key(), run(operation, &draft), &sentence);
            asked += 1;
        }
    }
    assert!(asked > 200, "{asked}");
}

#[test]
fn missing_required_header_is_rejected() {
    let operations = &Interface::shared().operations;
    let asks: Vec<_> = operations
        .iter()
        .filter(|one| !one.headers.is_empty())
        .collect();
    assert_eq!(asks.len(), 1);
    for name in &asks[0].headers {
        let mut incoming = incoming(asks[0], &draft(asks[0], FieldSet::Required));
        incoming.headers.remove(name);
        let outcome = check(asks[0], &incoming, &[]);
        assert_rejected(
            &asks[0].key(),
            outcome,
            &format!("{name} should not be empty"),
        );
    }
}

#[test]
fn mistyped_parameter_is_rejected() {
    let mut typed = 0;
    for operation in &Interface::shared().operations {
        for parameter in &operation.parameters {
            let schema = operation.resolve(&parameter.schema);
            let kind = schema["type"].as_str().unwrap_or_default();
            let listed = schema.get("enum").is_some() || schema.pointer("/items/enum").is_some();
            let sentence = match kind {
                _ if listed => "must be one of the following values: ",
                "number" => "must be a number conforming to the specified constraints",
                "integer" => "must be an integer number",
                "boolean" => "must be a boolean value",
                _ => continue,
            };
            for wrong in ["no such value", "", "NaN", "1.5.2", "TRUE", "0x10", "null"] {
                let mut draft = draft(operation, FieldSet::Required);
                let pair = (parameter.name.clone(), wrong.to_owned());
                let place = if parameter.in_path {
                    &mut draft.path
                } else {
                    &mut draft.query
                };
                place.retain(|(name, _)| *name != parameter.name);
                place.push(pair);
                assert_rejected(&operation.key(), run(operation, &draft), sentence);
            }
            typed += 1;
        }
    }
    assert!(typed > 200, "{typed}");
}

#[test]
fn repeated_scalar_parameter_is_rejected() {
    for operation in &Interface::shared().operations {
        let draft = draft(operation, FieldSet::All);
        for parameter in operation.parameters.iter().filter(|p| !p.in_path) {
            let schema = operation.resolve(&parameter.schema);
            if matches!(schema["type"].as_str(), Some("array") | None) {
                continue;
            }
            let mut twice = draft.clone();
            let pair = twice.query.iter().find(|(name, _)| *name == parameter.name);
            let pair = pair.cloned().unwrap();
            twice.query.push(pair);
            assert_rejected(&operation.key(), run(operation, &twice), &parameter.name);
        }
    }
}

#[test]
fn undeclared_body_key_is_rejected() {
    let mut closed = 0;
    for operation in &Interface::shared().operations {
        let Some(body) = &operation.body else {
            continue;
        };
        let mut draft = draft(operation, FieldSet::All);
        let Some(Value::Object(fields)) = &mut draft.body else {
            continue;
        };
        fields.insert("undeclaredKey".into(), json!("x"));
        let outcome = run(operation, &draft);
        if keys(operation, &body.schema).is_some() {
            let sentence = "property undeclaredKey should not exist";
            assert_rejected(&operation.key(), outcome, sentence);
            closed += 1;
        } else {
            assert!(outcome.is_ok(), "{} is free", operation.key());
        }
    }
    assert!(closed > 200, "{closed}");
}

#[test]
fn undeclared_nested_key_is_rejected() {
    /// Adds a key to each object below the top, one at a time.
    fn with_key(value: &Value, pointer: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    with_key(value, format!("{pointer}/{key}"), found);
                }
                found.push(pointer);
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    with_key(value, format!("{pointer}/{index}"), found);
                }
            }
            _ => {}
        }
    }
    let (mut nested, mut free) = (0, 0);
    for operation in &Interface::shared().operations {
        let draft = draft(operation, FieldSet::All);
        let json = operation
            .body
            .as_ref()
            .is_some_and(|b| b.media_type == "application/json");
        let Some(body) = draft.body.as_ref().filter(|_| json) else {
            continue;
        };
        let mut objects = Vec::new();
        with_key(body, String::new(), &mut objects);
        for pointer in objects.iter().filter(|pointer| !pointer.is_empty()) {
            let mut changed = draft.clone();
            let object = changed
                .body
                .as_mut()
                .and_then(|body| body.pointer_mut(pointer));
            let Some(Value::Object(fields)) = object else {
                continue;
            };
            if fields.is_empty() {
                // Without declared fields, any value is valid.
                free += 1;
                continue;
            }
            fields.insert("undeclaredKey".into(), json!(1));
            let outcome = run(operation, &changed);
            match outcome {
                Ok(_) => assert!(
                    fields_are_free(operation, pointer),
                    "{} {pointer}",
                    operation.key()
                ),
                error => assert_rejected(&operation.key(), error, "undeclaredKey"),
            }
            nested += 1;
        }
    }
    assert!(nested > 200, "{nested}, {free} free");
}

/// Whether the keys of a nested object are data: numbers by location, or properties of a record.
fn fields_are_free(operation: &Operation, pointer: &str) -> bool {
    match operation.module {
        "users" => pointer == "/twilioPhone",
        "objects" => pointer == "/properties",
        _ => false,
    }
}

#[test]
fn missing_or_mistyped_field_is_rejected() {
    let (mut asked, mut typed) = (0, 0);
    for operation in &Interface::shared().operations {
        let Some(body) = &operation.body else {
            continue;
        };
        let whole = draft(operation, FieldSet::All);
        let Some(Value::Object(fields)) = &whole.body else {
            continue;
        };
        for name in required(operation, &body.schema) {
            let mut draft = whole.clone();
            if let Some(Value::Object(fields)) = &mut draft.body {
                fields.remove(name);
            }
            let sentence = format!("{name} should not be empty");
            assert_rejected(&operation.key(), run(operation, &draft), &sentence);
            asked += 1;
        }
        if body.media_type != "application/json" {
            continue;
        }
        for (name, value) in fields {
            let Some(schema) = property(operation, &body.schema, name) else {
                // A body without a schema.
                assert!(operation.any_query, "{} {name}", operation.key());
                continue;
            };
            let wrong = match value {
                Value::String(_) => json!(12),
                Value::Number(_) => json!("12"),
                Value::Bool(_) => json!("true"),
                Value::Array(_) => json!({ "0": "x" }),
                Value::Object(_) => json!([1]),
                Value::Null => continue,
            };
            if schema::is_valid(operation, schema, &wrong, super::Mode::Request) {
                // A union, or a schema without constraints.
                continue;
            }
            let mut draft = whole.clone();
            draft.body.as_mut().unwrap()[name] = wrong;
            assert_rejected(
                &format!("{} {name}", operation.key()),
                run(operation, &draft),
                name,
            );
            typed += 1;
        }
    }
    assert!(
        asked > 300 && typed > 1000,
        "{asked} asked for, {typed} typed"
    );
}

#[test]
fn body_of_other_content_type_is_rejected() {
    for operation in &Interface::shared().operations {
        let mut draft = draft(operation, FieldSet::All);
        let mut incoming = incoming(operation, &draft);
        let key = operation.key();
        if operation.body.is_none() {
            incoming.body = Bytes::from_static(b"{\"a\":1}");
            assert_rejected(
                &key,
                check(operation, &incoming, &draft.path),
                "property a should not exist",
            );
            continue;
        }
        incoming
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        let error = check(operation, &incoming, &draft.path).expect_err(&key);
        assert_eq!(error.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{key}");
        draft.body = None;
        let nothing = super::tests::incoming(operation, &draft);
        let required = operation.body.as_ref().is_some_and(|body| body.required);
        match check(operation, &nothing, &draft.path) {
            Ok(_) => assert!(!required, "{key}"),
            error => assert_rejected(&key, error, "should not be empty"),
        }
    }
}

/// Every request is accepted or rejected, and none panics.
#[test]
fn hostile_requests_cause_only_client_errors() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for operation in &Interface::shared().operations {
        for _ in 0..20 {
            let mut draft = draft(operation, FieldSet::All);
            for _ in 0..rng.usize(..3) {
                draft.query.push((noise(&mut rng), noise(&mut rng)));
            }
            for (_, value) in draft.query.iter_mut().chain(&mut draft.path) {
                if rng.u8(..4) == 0 {
                    *value = noise(&mut rng);
                }
            }
            if let Some(body) = &mut draft.body {
                corrupt(body, &mut rng, 0);
            }
            let mut incoming = incoming(operation, &draft);
            if rng.u8(..4) == 0 {
                let mut bytes = incoming.body.to_vec();
                for _ in 0..rng.usize(..8) {
                    if !bytes.is_empty() {
                        let at = rng.usize(..bytes.len());
                        bytes[at] = rng.u8(..);
                    }
                }
                bytes.truncate(rng.usize(..=bytes.len()));
                incoming.body = bytes.into();
            }
            let options = options(
                operation,
                if rng.bool() {
                    UndeclaredPolicy::Reject
                } else {
                    UndeclaredPolicy::Accept
                },
            );
            let outcome = runtime.block_on(request(operation, &incoming, &draft.path, &options));
            if let Err(error) = outcome {
                let status = error.status.as_u16();
                assert!(
                    [400, 415, 422].contains(&status),
                    "{} {status}, seed {seed}",
                    operation.key()
                );
            }
        }
    }
}

fn noise(rng: &mut Rng) -> String {
    let length = rng.usize(..12);
    (0..length).map(|_| rng.char(..)).collect()
}

fn corrupt(value: &mut Value, rng: &mut Rng, depth: usize) {
    match value {
        Value::Object(fields) if rng.u8(..8) > 0 => {
            fields
                .values_mut()
                .for_each(|value| corrupt(value, rng, depth + 1));
            if rng.u8(..8) == 0 {
                fields.insert(noise(rng), Value::Null);
            }
        }
        Value::Array(items) if rng.u8(..8) > 0 => {
            items
                .iter_mut()
                .for_each(|value| corrupt(value, rng, depth + 1));
        }
        _ if rng.u8(..6) == 0 => *value = anything(rng, depth),
        _ => {}
    }
}

fn anything(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth > 40 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => json!(rng.i64(..)),
        3 => json!(rng.f64() * 1e300),
        4 => noise(rng).into(),
        5 => (0..rng.usize(..4))
            .map(|_| anything(rng, depth + 1))
            .collect(),
        _ => {
            let fields = (0..rng.usize(..4)).map(|_| (noise(rng), anything(rng, depth + 1)));
            Value::Object(fields.collect())
        }
    }
}
