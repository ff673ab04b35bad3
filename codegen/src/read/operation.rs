//! Reads operations.

use serde_json::Value;

use super::{idempotency, location, request, required};
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::model::{Operation, Reply};
use crate::names;
use crate::openapi::{self, is_json};
use crate::paging::{self, Declaration};

/// Reads all operations, sorted by name.
pub(crate) fn operations(
    document: &Value,
    at: &SourcePointer<'_>,
) -> Result<Vec<Operation>, FileError> {
    let paths_at = at.key("paths");
    let mut operations = openapi::operations(document)
        .map(|(path, method, operation)| {
            let path_at = paths_at.key(path);
            read_operation(document, path, method, operation, &path_at.key(method))
        })
        .collect::<Result<Vec<_>, FileError>>()?;
    operations.sort_by(|a, b| (&a.name, &a.path, &a.method).cmp(&(&b.name, &b.path, &b.method)));
    for pair in operations.windows(2) {
        let (one, other) = (&pair[0], &pair[1]);
        if one.name == other.name {
            let path_at = paths_at.key(&other.path);
            return Err(path_at.key(&other.method).error(
                format!(
                    "its method would have the name `{}`, like that of {} {}",
                    one.name, one.method, one.path
                ),
                "give one of them another `x-hoopai-name` in the module's overlay",
            ));
        }
    }
    Ok(operations)
}

fn read_operation(
    document: &Value,
    path: &str,
    method: &str,
    declared: &Object,
    at: &SourcePointer<'_>,
) -> Result<Operation, FileError> {
    if !["delete", "get", "patch", "post", "put"].contains(&method) {
        return Err(at.error(
            format!(
                "operations of method {} are not supported",
                method.to_uppercase()
            ),
            "remove it in the module's overlay",
        ));
    }
    let id = json::text(declared, "operationId")
        .unwrap_or_default()
        .to_owned();
    let name = match declared.get("x-hoopai-name") {
        None => names::operation(&id, method, path),
        Some(name) => match name.as_str().filter(|name| names::is_method_name(name)) {
            Some(name) => name.to_owned(),
            None => {
                return Err(at.error(
                    format!("`x-hoopai-name` is {name}, not a method name"),
                    "write it in snake case: a-z, 0-9 and _",
                ));
            }
        },
    };
    let mut body = request::body(document, declared, at)?;
    let parameters = request::parameters(path, declared, body.as_ref());
    if let Some(body) = &mut body {
        body.parts = request::parts(document, body, &parameters);
    }
    let (location_token, agency_token) = tokens(declared);
    let mut operation = Operation {
        version: version(declared),
        scopes: scopes(declared),
        location_token,
        agency_token,
        idempotency: idempotency::read(declared, method, &name, at)?,
        deprecated: json::flag(declared, "deprecated"),
        documented_only: json::flag(declared, "x-hoopai-documented-only"),
        untyped: idempotency::reason(
            declared,
            "x-hoopai-untyped",
            "why nothing is known of its reply",
            at,
        )?,
        tag: json::texts(declared, "tags").next().map(str::to_owned),
        summary: json::text(declared, "summary").map(str::to_owned),
        description: json::text(declared, "description").map(str::to_owned),
        reply: reply(declared),
        method: method.to_owned(),
        path: path.to_owned(),
        id,
        name,
        parameters,
        body,
        location: None,
        required: Vec::new(),
        paging: None,
        unpaged: None,
    };
    operation.location = location::read(document, &operation, declared, at)?;
    if let (Some(location), Some(body)) = (&operation.location, &mut operation.body)
        && location::is_in_body(location)
        && !declared.contains_key(location::EXTENSION)
    {
        body.omittable |= body
            .declared_required
            .iter()
            .all(|name| *name == location.name || location.alt_type && name == "altType");
    }
    operation.required = required::read(document, &operation, declared, at)?;
    match paging::read(document, &operation, declared, at)? {
        Declaration::Paged(paging) => operation.paging = Some(paging),
        Declaration::Unpaged(reason) => operation.unpaged = Some(reason),
        Declaration::None => {}
    }
    Ok(operation)
}

/// The one shape of success. Files declare up to two statuses; only the content matters.
fn reply(operation: &Object) -> Reply {
    let with_status = |matches: fn(&str) -> bool| -> Vec<(&String, &Value)> {
        json::entries(operation, "responses")
            .filter(|(status, _)| matches(status))
            .collect()
    };
    let mut successes = with_status(|status| status.starts_with('2'));
    if successes.is_empty() {
        successes = with_status(|status| status == "default");
    }
    let no_content = !successes.is_empty() && successes.iter().all(|(status, _)| *status == "204");
    let mut schemas: Vec<Value> = Vec::new();
    let mut bytes = false;
    let contents = successes
        .into_iter()
        .filter_map(|(_, response)| response.get("content")?.as_object())
        .flatten();
    for (media_type, media) in contents {
        if !is_json(media_type) {
            bytes = true;
        } else if let Some(schema) = media.get("schema")
            && !schemas.contains(schema)
        {
            schemas.push(schema.clone());
        }
    }
    match schemas.len() {
        0 if bytes => Reply::Bytes,
        0 if no_content => Reply::Empty,
        0 => Reply::Json(Object::new().into()),
        1 => Reply::Json(schemas.remove(0)),
        _ => Reply::Json(serde_json::json!({ "oneOf": schemas })),
    }
}

fn version(operation: &Object) -> Option<String> {
    json::items(operation, "parameters")
        .filter_map(Value::as_object)
        .find(|parameter| {
            json::text(parameter, "in") == Some("header")
                && json::text(parameter, "name")
                    .is_some_and(|name| name.eq_ignore_ascii_case("version"))
        })
        .and_then(|parameter| parameter.get("schema")?.get("enum")?.get(0)?.as_str())
        .map(str::to_owned)
}

fn scopes(operation: &Object) -> Vec<String> {
    let mut scopes: Vec<String> = json::items(operation, "security")
        .filter_map(Value::as_object)
        .flat_map(|requirement| requirement.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// Whether tokens of a location and of an agency may call. Unknown schemes allow both.
fn tokens(operation: &Object) -> (bool, bool) {
    let (mut location, mut agency) = (false, false);
    for name in json::items(operation, "security")
        .filter_map(Value::as_object)
        .flat_map(Object::keys)
    {
        match name.as_str() {
            "Location-Access" | "Location-Access-Only" => location = true,
            "Agency-Access" | "Agency-Access-Only" => agency = true,
            _ => (location, agency) = (true, true),
        }
    }
    (location, agency)
}
