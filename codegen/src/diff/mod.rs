//! Compares two stripped interface files: the changes in words, and which of them are breaking.
//! Belongs here: everything that `cargo xtask regen` reports about a new version of a file.
//! May depend on the leaf modules only.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::formats::has_runtime_type;
use crate::json::{self, Object};
use crate::openapi::{self, COMPOSITES, request_schemas, resolve};

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The item is new.
    Added,
    /// The item no longer exists.
    Removed,
    /// The item differs.
    Changed,
}

/// One change of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Added, removed or changed.
    pub kind: ChangeKind,
    /// Whether a correct program may no longer compile or work.
    pub breaking: bool,
    /// The changed item: `operation GET /contacts/`, `field email of CreateContactDto`.
    pub what: String,
    /// Old and new state; empty if there is nothing to add.
    pub detail: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            ChangeKind::Added => '+',
            ChangeKind::Removed => '-',
            ChangeKind::Changed => '~',
        };
        write!(f, "{sign} {}", self.what)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        if self.breaking {
            f.write_str(" (breaking)")
        } else {
            Ok(())
        }
    }
}

/// Compares two stripped files. Operations are identified by method and path, parameters by location and name, fields by the
/// name of their schema.
///
/// # Errors
///
/// Fails if a file is not a JSON object.
pub fn diff(old: &[u8], new: &[u8]) -> Result<Vec<Change>, FileError> {
    let (old, new) = (
        json::parse("the old openapi.json", old)?,
        json::parse("the new openapi.json", new)?,
    );
    for (document, file) in [
        (&old, "the old openapi.json"),
        (&new, "the new openapi.json"),
    ] {
        json::object(document, &SourcePointer::root(file), "the document")?;
    }
    let mut changes = Vec::new();
    let (before, after) = (operations(&old), operations(&new));
    for (key, operation) in &before {
        match after.get(key) {
            None => changes.push(change(
                ChangeKind::Removed,
                true,
                format!("operation {key}"),
                String::new(),
            )),
            Some(other) => compare_operations(key, operation, other, &mut changes),
        }
    }
    for key in after.keys().filter(|key| !before.contains_key(*key)) {
        changes.push(change(
            ChangeKind::Added,
            false,
            format!("operation {key}"),
            String::new(),
        ));
    }
    let (before, after) = (schemas(&old), schemas(&new));
    let (sent_before, sent_after) = (request_schemas(&old), request_schemas(&new));
    for (name, schema) in &before {
        match after.get(name) {
            None => changes.push(change(
                ChangeKind::Removed,
                true,
                format!("schema {name}"),
                String::new(),
            )),
            Some(other) => {
                let sent =
                    sent_before.contains(name.as_str()) || sent_after.contains(name.as_str());
                compare_schemas(name, schema, other, sent, &mut changes);
            }
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        changes.push(change(
            ChangeKind::Added,
            false,
            format!("schema {name}"),
            String::new(),
        ));
    }
    changes.sort_by(|a, b| (&a.what, a.kind, &a.detail).cmp(&(&b.what, b.kind, &b.detail)));
    changes.dedup();
    Ok(changes)
}

fn change(kind: ChangeKind, breaking: bool, what: String, detail: String) -> Change {
    Change {
        kind,
        breaking,
        what,
        detail,
    }
}

fn operations(document: &Value) -> BTreeMap<String, &Object> {
    openapi::operations(document)
        .map(|(path, method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        .collect()
}

fn schemas(document: &Value) -> BTreeMap<&String, &Value> {
    openapi::components(document).collect()
}

fn compare_operations(key: &str, old: &Object, new: &Object, changes: &mut Vec<Change>) {
    type Parameters<'a> = BTreeMap<(String, String), &'a Value>;
    fn parameters(operation: &Object) -> Parameters<'_> {
        let part = |p: &Value, key| {
            p.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        json::items(operation, "parameters")
            .map(|p| ((part(p, "in"), part(p, "name")), p))
            .collect()
    }
    let (before, after) = (parameters(old), parameters(new));
    let required = |p: &Value| p.get("required").and_then(Value::as_bool).unwrap_or(false);
    for ((location, name), parameter) in &before {
        let what = format!("{location} parameter {name} of {key}");
        let Some(other) = after.get(&(location.clone(), name.clone())) else {
            changes.push(change(ChangeKind::Removed, true, what, String::new()));
            continue;
        };
        match (required(parameter), required(other)) {
            (false, true) => changes.push(change(
                ChangeKind::Changed,
                true,
                what.clone(),
                "now required".into(),
            )),
            (true, false) => changes.push(change(
                ChangeKind::Changed,
                false,
                what.clone(),
                "no longer required".into(),
            )),
            _ => {}
        }
        let empty = Value::Null;
        compare_schemas(
            &what,
            parameter.get("schema").unwrap_or(&empty),
            other.get("schema").unwrap_or(&empty),
            true,
            changes,
        );
    }
    for ((location, name), parameter) in after.iter().filter(|(key, _)| !before.contains_key(*key))
    {
        let breaking = required(parameter);
        let detail = if breaking { "required" } else { "" };
        changes.push(change(
            ChangeKind::Added,
            breaking,
            format!("{location} parameter {name} of {key}"),
            detail.into(),
        ));
    }
    for (part, sent) in [("requestBody", true), ("responses", false)] {
        let (one, other) = (old.get(part), new.get(part));
        if one == other {
            continue;
        }
        let what = if sent {
            format!("request body of {key}")
        } else {
            format!("reply of {key}")
        };
        let (one, other) = (payload(one, sent), payload(other, sent));
        match (one, other) {
            (None, Some(_)) => changes.push(change(ChangeKind::Added, sent, what, String::new())),
            (Some(_), None) => changes.push(change(ChangeKind::Removed, true, what, String::new())),
            (Some(one), Some(other)) => {
                if one.0 != other.0 {
                    changes.push(change(
                        ChangeKind::Changed,
                        true,
                        what.clone(),
                        format!("{} is now {}", one.0, other.0),
                    ));
                }
                compare_schemas(&what, one.1, other.1, sent, changes);
            }
            (None, None) => {}
        }
    }
    for (field, what, breaking) in [
        ("operationId", "operation id", true),
        ("security", "scopes", true),
        ("deprecated", "deprecation", false),
    ] {
        if old.get(field) != new.get(field) {
            let detail = now(old.get(field), new.get(field));
            changes.push(change(
                ChangeKind::Changed,
                breaking,
                format!("{what} of {key}"),
                detail,
            ));
        }
    }
}

/// The media type and schema of a request body, or of the first success.
fn payload(holder: Option<&Value>, body: bool) -> Option<(&str, &Value)> {
    let holder = if body {
        holder?
    } else {
        holder?
            .as_object()?
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| response)
            .next()?
    };
    let (media_type, media) = holder.get("content")?.as_object()?.iter().next()?;
    let schema = media.get("schema")?;
    Some((media_type, schema))
}

fn compare_schemas(name: &str, old: &Value, new: &Value, sent: bool, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let (before, after) = (kind(old), kind(new));
    if before != after {
        changes.push(change(
            ChangeKind::Changed,
            true,
            name.to_owned(),
            format!("{before} is now {after}"),
        ));
        return;
    }
    let properties = |schema: &Value| -> BTreeMap<String, Value> {
        schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    let required = |schema: &Value, field: &str| {
        schema
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|name| name == field))
    };
    let (fields_before, fields_after) = (properties(old), properties(new));
    for (field, schema) in &fields_before {
        let what = format!("field {field} of {name}");
        match fields_after.get(field) {
            None => changes.push(change(ChangeKind::Removed, true, what, String::new())),
            Some(other) => {
                match (required(old, field), required(new, field)) {
                    (false, true) => changes.push(change(
                        ChangeKind::Changed,
                        sent,
                        what.clone(),
                        "now required".into(),
                    )),
                    (true, false) => changes.push(change(
                        ChangeKind::Changed,
                        false,
                        what.clone(),
                        "no longer required".into(),
                    )),
                    _ => {}
                }
                compare_schemas(&what, schema, other, sent, changes);
            }
        }
    }
    for field in fields_after
        .keys()
        .filter(|field| !fields_before.contains_key(*field))
    {
        let breaking = sent && required(new, field);
        let detail = if breaking { "required" } else { "" };
        changes.push(change(
            ChangeKind::Added,
            breaking,
            format!("field {field} of {name}"),
            detail.into(),
        ));
    }
    let values = |schema: &Value| -> Vec<Value> {
        schema
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (values_before, values_after) = (values(old), values(new));
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    for value in values_before
        .iter()
        .filter(|value| !values_after.contains(value))
    {
        changes.push(change(
            ChangeKind::Removed,
            true,
            format!("enum value {} of {name}", text(value)),
            String::new(),
        ));
    }
    for value in values_after
        .iter()
        .filter(|value| !values_before.contains(value))
    {
        changes.push(change(
            ChangeKind::Added,
            false,
            format!("enum value {} of {name}", text(value)),
            String::new(),
        ));
    }
    for key in ["items", "additionalProperties"] {
        if let (Some(old), Some(new)) = (old.get(key), new.get(key)) {
            compare_schemas(&format!("{key} of {name}"), old, new, sent, changes);
        }
    }
    for key in COMPOSITES {
        if old.get(key) != new.get(key) {
            changes.push(change(
                ChangeKind::Changed,
                true,
                format!("{key} of {name}"),
                "its parts differ".into(),
            ));
        }
    }
    for key in [
        "format",
        "nullable",
        "default",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "deprecated",
    ] {
        let (before, after) = (old.get(key), new.get(key));
        if before != after {
            // A format with a type of the runtime changes the type of the field.
            let typed = |format: Option<&Value>| {
                format.and_then(Value::as_str).is_some_and(has_runtime_type)
            };
            changes.push(change(
                ChangeKind::Changed,
                key == "format" && (typed(before) || typed(after)),
                format!("{key} of {name}"),
                now(before, after),
            ));
        }
    }
}

/// Old and new value in words.
fn now(old: Option<&Value>, new: Option<&Value>) -> String {
    let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    format!("{} is now {}", show(old), show(new))
}

/// The type of a schema, or the schema to which it refers.
fn kind(schema: &Value) -> String {
    let resolved = resolve(&Value::Null, schema);
    if let Some(name) = resolved.get("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    match resolved.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(other) => other.to_string(),
        None => "anything".to_owned(),
    }
}
