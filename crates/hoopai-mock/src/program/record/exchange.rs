//! Compares one request and its reply with the interface.

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Request, Response};
use serde_json::{Map, Value, json};

use super::deviations::{self, Deviation, step, target_of};
use super::masked;
use crate::check::{self, CheckOptions, UndeclaredPolicy};
use crate::exchange;
use crate::interface::{Interface, Operation, Route};
use crate::state;

/// Headers whose values are neither secrets nor personal.
const SHOWN_HEADERS: [&str; 11] = [
    "accept",
    "content-type",
    "retry-after",
    "version",
    "x-ratelimit-daily-remaining",
    "x-ratelimit-daily-reset",
    "x-ratelimit-interval-milliseconds",
    "x-ratelimit-limit-daily",
    "x-ratelimit-max",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// A masked exchange, and its deviations.
pub(super) struct Exchange {
    /// The module of the operation; `None` for unknown paths.
    pub(super) module: Option<&'static str>,
    pub(super) deviations: Vec<Deviation>,
    /// The exchange as it is written.
    pub(super) recorded: Value,
}

impl Exchange {
    pub(super) async fn compare(request: &Request<Bytes>, reply: &Response<Bytes>) -> Self {
        let parsed = parsed(request);
        let route = Interface::shared().route(&parsed.method, &parsed.path);
        let operation = route.as_ref().map(|route| route.operation.as_ref());
        let mut deviations = Vec::new();
        match &route {
            Some(route) => {
                of_request(route, &parsed, reply, &mut deviations).await;
                of_reply(route.operation, reply, &mut deviations);
            }
            None if reply.status().is_success() => {
                let path = masked_path(&parsed.path);
                let sentence = format!("{} {path} is no operation of the interface", parsed.method);
                deviations.push(Deviation::plain(sentence));
            }
            None => {}
        }
        deviations.sort();
        deviations.dedup();
        let recorded = recorded(operation, &parsed, reply, &deviations);
        Self {
            module: operation.map(|operation| operation.module),
            deviations,
            recorded,
        }
    }
}

fn parsed(request: &Request<Bytes>) -> exchange::Request {
    let query = request.uri().query().unwrap_or_default();
    exchange::Request {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: request.headers().clone(),
        body: request.body().clone(),
    }
}

/// Compares what the interface accepts with what the platform accepted.
async fn of_request(
    route: &Route<'_>,
    request: &exchange::Request,
    reply: &Response<Bytes>,
    found: &mut Vec<Deviation>,
) {
    let operation = route.operation.as_ref();
    let options = CheckOptions {
        allowed_extra: state::undeclared(operation),
        numbers: state::numbers(operation),
        ..CheckOptions::new(UndeclaredPolicy::Reject)
    };
    let checked = check::request(operation, request, &route.path, &options).await;
    let name = format!("{} {}", operation.method, operation.path);
    let Err(error) = checked else {
        if reply.status() == http::StatusCode::UNPROCESSABLE_ENTITY {
            found.push(Deviation::plain(format!(
                "a request to {name} fits the interface, and was refused with 422"
            )));
        }
        return;
    };
    if !reply.status().is_success() {
        return;
    }
    let before = found.len();
    if let (Some(spec), Ok(body)) = (&operation.body, serde_json::from_slice(&request.body)) {
        let what = format!("an accepted request to {name}:");
        let media_type = step(&spec.media_type);
        let target = format!(
            "{}.requestBody.content{media_type}.schema",
            target_of(operation)
        );
        found.extend(deviations::find(
            operation,
            &what,
            target,
            &spec.schema,
            &body,
        ));
    }
    for (parameter, _) in &request.query {
        let declared = operation.parameters.iter();
        let mut declared = declared.filter(|one| !one.in_path);
        let is_declared = operation.any_query || declared.any(|one| one.name == *parameter);
        if is_declared || !masked::is_name(parameter) {
            continue;
        }
        let sentence =
            format!("an accepted request to {name}: query parameter `{parameter}` is undeclared");
        let parameter = json!({
            "name": parameter, "in": "query", "required": false, "schema": { "type": "string" },
        });
        let update = json!({ "parameters": [parameter] });
        found.push(Deviation::with_action(
            sentence,
            target_of(operation),
            &update,
        ));
    }
    if found.len() > before {
        return;
    }
    // Messages can contain values; fields are those of the interface, or of the client.
    for error in error.body["errors"].as_array().into_iter().flatten() {
        let field = error["field"].as_str().unwrap_or_default();
        let field: Vec<&str> = field.split('.').map(masked::name).collect();
        found.push(Deviation::plain(format!(
            "an accepted request to {name}: `{}` does not fit the interface",
            field.join(".")
        )));
    }
}

fn of_reply(operation: &Operation, reply: &Response<Bytes>, found: &mut Vec<Deviation>) {
    if !reply.status().is_success() {
        return;
    }
    let name = format!("{} {}", operation.method, operation.path);
    let what = format!("a reply to {name}:");
    let body: Option<Value> = serde_json::from_slice(reply.body()).ok();
    let (status, declared) = (reply.status().as_u16(), operation.reply.status);
    let responses = format!("{}.responses", target_of(operation));
    if status != declared {
        // The reply probably has the same form under each status.
        let mut response = Map::new();
        response.insert("description".to_owned(), "Successful response".into());
        if let Some((media_type, schema)) = &operation.reply.content {
            let mut content = Map::new();
            content.insert(media_type.clone(), json!({ "schema": schema }));
            response.insert("content".to_owned(), Value::Object(content));
        }
        let mut update = Map::new();
        update.insert(status.to_string(), Value::Object(response));
        let sentence = format!("{what} the status is {status}, and not {declared}");
        found.push(Deviation::with_action(
            sentence,
            responses.clone(),
            &update.into(),
        ));
    }
    match (&operation.reply.content, body) {
        (Some((media_type, schema)), Some(body)) => {
            let target = format!(
                "{responses}{}.content{}.schema",
                step(&declared.to_string()),
                step(media_type)
            );
            found.extend(deviations::find(operation, &what, target, schema, &body));
        }
        (Some(_), None) if reply.body().is_empty() => {
            found.push(Deviation::plain(format!("{what} there is no body")));
        }
        (Some((media_type, _)), None) if media_type.contains("json") => {
            found.push(Deviation::plain(format!("{what} the body is not JSON")));
        }
        _ => {}
    }
}

fn recorded(
    operation: Option<&Operation>,
    request: &exchange::Request,
    reply: &Response<Bytes>,
    deviations: &[Deviation],
) -> Value {
    let query = request.query.iter().map(|(name, value)| {
        let declared = operation
            .into_iter()
            .flat_map(|operation| &operation.parameters);
        let mut declared = declared.filter(|one| !one.in_path);
        let parameter = declared.find(|one| one.name == *name);
        let schema = parameter.map(|one| &one.schema);
        let own = if schema.is_some() {
            name
        } else {
            masked::name(name)
        };
        let value = Value::from(value.as_str());
        json!([own, masked::value(operation, schema, &value)])
    });
    let own = operation.and_then(|operation| operation.body.as_ref());
    let declared = operation.and_then(|operation| operation.reply.content.as_ref());
    let sentences = deviations.iter().map(|one| one.sentence.as_str());
    json!({
        "operation": operation.map(Operation::key),
        "request": {
            "method": request.method.as_str(),
            "path": operation.map_or_else(
                || masked_path(&request.path),
                |operation| operation.path.clone(),
            ),
            "query": query.collect::<Vec<_>>(),
            "headers": headers(&request.headers),
            "body": body(operation, own.map(|own| &own.schema), &request.body),
        },
        "reply": {
            "status": reply.status().as_u16(),
            "headers": headers(reply.headers()),
            "body": body(operation, declared.map(|(_, schema)| schema), reply.body()),
        },
        "deviations": sentences.collect::<Vec<_>>(),
    })
}

fn body(operation: Option<&Operation>, schema: Option<&Value>, body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(value) => masked::value(operation, schema, &value),
        Err(_) if body.is_empty() => Value::Null,
        Err(_) => format!("[{} bytes]", body.len()).into(),
    }
}

fn headers(headers: &HeaderMap) -> Value {
    let shown = headers.iter().map(|(name, value)| {
        let is_shown = SHOWN_HEADERS.contains(&name.as_str());
        let value = value.to_str().ok().filter(|_| is_shown);
        let value = value.map(|value| value.split(';').next().unwrap_or_default());
        (name.as_str().to_owned(), value.unwrap_or("[masked]").into())
    });
    Value::Object(shown.collect())
}

/// A path without segments that look like data.
fn masked_path(path: &str) -> String {
    let is_shown = |segment: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        segment.len() <= 30 && segment.bytes().all(is_letter)
    };
    let segments = path.split('/');
    let segments = segments.map(|segment| {
        if is_shown(segment) {
            segment
        } else {
            "[value]"
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
