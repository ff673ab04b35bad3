//! Reads operations.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{effect, idempotency, location, request, required};
use crate::attention::{Attention, Edit};
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::model::{Effect, Operation, Reply};
use crate::names;
use crate::openapi::{self, is_json};
use crate::paging::{self, Declaration};

/// Reads all operations, sorted by name. Decisions that nothing declares are added to `attention`.
pub(crate) fn operations(
    document: &Value,
    at: &SourcePointer<'_>,
    attention: &mut Vec<Attention>,
) -> Result<Vec<Operation>, FileError> {
    let paths_at = at.key("paths");
    let mut operations = openapi::operations(document)
        .map(|(path, method, operation)| {
            let path_at = paths_at.key(path);
            let at = path_at.key(method);
            read_operation(document, path, method, operation, &at, attention)
        })
        .collect::<Result<Vec<_>, FileError>>()?;
    // A name that the overlay chose comes before one that a rule yields.
    let is_ruled = |one: &Operation| {
        let item = document["paths"].get(&one.path);
        let declared = item.and_then(|item| item.get(&one.method)?.get("x-hoopai-name"));
        declared.is_none()
    };
    let key = |one: &Operation| {
        let Operation {
            name, path, method, ..
        } = one;
        (name.clone(), is_ruled(one), path.clone(), method.clone())
    };
    operations.sort_by_key(key);
    for (index, name) in distinct_names(&operations) {
        let operation = &mut operations[index];
        let path_at = paths_at.key(&operation.path);
        let error = path_at.key(&operation.method).error(
            format!(
                "its method would have the name `{}`, which another operation has",
                operation.name
            ),
            "give one of them another `x-hoopai-name` in the module's overlay",
        );
        let done = format!("its method has the name `{name}`");
        let update = json!({ "x-hoopai-name": name });
        let reason = "Another operation has the same name.";
        let edit = Edit::update_operation(&operation.path, &operation.method, reason, &update);
        attention.push(Attention::new(error, done, Some(edit)));
        operation.name = name;
    }
    operations.sort_by_key(key);
    Ok(operations)
}

/// Other names for the operations whose name an earlier one has: the name with words of the path.
/// The operations are in the order in which they keep a name.
fn distinct_names(operations: &[Operation]) -> Vec<(usize, String)> {
    let mut taken: BTreeSet<String> = operations.iter().map(|one| one.name.clone()).collect();
    let repeated = operations.windows(2).enumerate();
    let repeated = repeated.filter(|(_, pair)| pair[0].name == pair[1].name);
    let mut renamed = Vec::new();
    for (index, pair) in repeated {
        let name = names::qualified(&pair[1].name, &pair[1].path, &pair[1].method, &taken);
        taken.insert(name.clone());
        renamed.push((index + 1, name));
    }
    renamed
}

fn read_operation(
    document: &Value,
    path: &str,
    method: &str,
    declared: &Object,
    at: &SourcePointer<'_>,
    attention: &mut Vec<Attention>,
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
                return Err(at.key("x-hoopai-name").error(
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
        effect: Effect::Read,
        effect_reason: None,
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
        decided: Object::new(),
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
    let rule = paging::read(document, &operation, declared, at)?;
    if let Some((extension, value, item)) = rule.decided {
        operation.decided.insert(extension.to_owned(), value);
        attention.push(item);
    }
    match rule.declaration {
        Declaration::Paged(paging) => operation.paging = Some(paging),
        Declaration::Unpaged(reason) => operation.unpaged = Some(reason),
        Declaration::None => {}
    }
    (operation.effect, operation.effect_reason) = effect::read(&operation, declared, at)?;
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
