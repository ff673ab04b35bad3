//! Compares two stripped interface files: the changes in words.
//! Belongs here: everything that `cargo xtask regen` reports about a new version of a file. Which
//! changes break users follows from the generated code: see `changes`.
//! May depend on the leaf modules only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::openapi::{self, COMPOSITES, resolve};

/// Keywords that restrict or describe a value.
const CONSTRAINTS: [&str; 11] = [
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
];

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The item is new.
    Added,
    /// The item no longer exists.
    Removed,
    /// The item differs.
    Changed,
    /// The item has another name.
    Renamed,
}

impl ChangeKind {
    /// The sign of a change in lists.
    pub fn sign(self) -> char {
        match self {
            ChangeKind::Added => '+',
            ChangeKind::Removed => '-',
            ChangeKind::Changed | ChangeKind::Renamed => '~',
        }
    }

    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
            ChangeKind::Renamed => "renamed",
        }
    }
}

/// One change of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Added, removed or changed.
    pub kind: ChangeKind,
    /// The changed item: `operation GET /contacts/`, `field email of CreateContactDto`.
    pub what: String,
    /// Old and new state; empty if there is nothing to add.
    pub detail: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.sign(), self.what)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

/// Compares two stripped files. Operations are identified by method and path, parameters by
/// location and name, fields by the name of their schema.
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
    let mut changes = Changes(Vec::new());
    let (before, after) = (operations(&old), operations(&new));
    for (key, operation) in &before {
        match after.get(key) {
            None => changes.removed(format!("operation {key}")),
            Some(other) => {
                let listed = changes.0.len();
                compare_operations(key, operation, other, &mut changes);
                changes.fallback(listed, &format!("operation {key}"), operation, other);
            }
        }
    }
    for key in after.keys().filter(|key| !before.contains_key(*key)) {
        changes.added(format!("operation {key}"), false);
    }
    let (before, after) = (schemas(&old), schemas(&new));
    for (name, schema) in &before {
        match after.get(name) {
            None => changes.removed(format!("schema {name}")),
            Some(other) => {
                compare_schemas(name, schema, other, &mut changes);
            }
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        changes.added(format!("schema {name}"), false);
    }
    compare_security_schemes(&old, &new, &mut changes);
    if old.get("servers") != new.get("servers") {
        changes.changed("servers", &now(old.get("servers"), new.get("servers")));
    }
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object()) {
        changes.fallback(0, "the file", old, new);
    }
    let mut changes = changes.0;
    changes.sort_by(|a, b| (&a.what, a.kind, &a.detail).cmp(&(&b.what, b.kind, &b.detail)));
    changes.dedup();
    Ok(changes)
}

struct Changes(Vec<Change>);

impl Changes {
    fn push(&mut self, kind: ChangeKind, what: String, detail: &str) {
        self.0.push(Change {
            kind,
            what,
            detail: detail.to_owned(),
        });
    }

    fn added(&mut self, what: String, required: bool) {
        let detail = if required { "required" } else { "" };
        self.push(ChangeKind::Added, what, detail);
    }

    fn removed(&mut self, what: String) {
        self.push(ChangeKind::Removed, what, "");
    }

    fn changed(&mut self, what: &str, detail: &str) {
        self.push(ChangeKind::Changed, what.to_owned(), detail);
    }

    /// Lists the parts in which an item differs, if nothing has been listed since `listed`.
    fn fallback(&mut self, listed: usize, what: &str, before: &Object, after: &Object) {
        if self.0.len() == listed {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let differing = keys
                .into_iter()
                .filter(|key| before.get(*key) != after.get(*key));
            for key in differing {
                self.changed(what, &format!("`{key}` differs"));
            }
        }
    }

    /// Compares whether an item is required before and after.
    fn required(&mut self, what: &str, before: bool, after: bool) {
        match (before, after) {
            (false, true) => self.changed(what, "now required"),
            (true, false) => self.changed(what, "no longer required"),
            _ => {}
        }
    }
}

fn operations(document: &Value) -> BTreeMap<String, &Object> {
    openapi::operations(document)
        .map(|(path, method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        .collect()
}

fn compare_security_schemes(old: &Value, new: &Value, changes: &mut Changes) {
    let schemes = |document: &Value| {
        let schemes = document.pointer("/components/securitySchemes").cloned();
        schemes
            .and_then(|schemes| schemes.as_object().cloned())
            .unwrap_or_default()
    };
    let (before, after) = (schemes(old), schemes(new));
    let what = |name: &str| format!("security scheme {name}");
    for (name, scheme) in &before {
        match after.get(name) {
            None => changes.removed(what(name)),
            Some(other) if other != scheme => {
                changes.changed(&what(name), &now(Some(scheme), Some(other)));
            }
            Some(_) => {}
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        changes.added(what(name), false);
    }
}

fn schemas(document: &Value) -> BTreeMap<&String, &Value> {
    openapi::components(document).collect()
}

/// The parameters by location and name.
fn parameters(operation: &Object) -> BTreeMap<(&str, &str), &Value> {
    fn text<'a>(parameter: &'a Value, key: &str) -> &'a str {
        parameter
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
    let parameters = json::items(operation, "parameters");
    parameters
        .map(|one| ((text(one, "in"), text(one, "name")), one))
        .collect()
}

fn compare_operations(key: &str, old: &Object, new: &Object, changes: &mut Changes) {
    let (before, after) = (parameters(old), parameters(new));
    let required = |parameter: &Value| parameter.get("required") == Some(&Value::Bool(true));
    for ((location, name), parameter) in &before {
        let what = format!("{location} parameter {name} of {key}");
        let Some(other) = after.get(&(*location, *name)) else {
            changes.removed(what);
            continue;
        };
        changes.required(&what, required(parameter), required(other));
        let schema = |parameter: &Value| parameter.get("schema").cloned().unwrap_or_default();
        compare_schemas(&what, &schema(parameter), &schema(other), changes);
    }
    for ((location, name), parameter) in after.iter().filter(|(key, _)| !before.contains_key(*key))
    {
        changes.added(
            format!("{location} parameter {name} of {key}"),
            required(parameter),
        );
    }
    for (part, what, is_body) in [
        ("requestBody", "request body", true),
        ("responses", "reply", false),
    ] {
        let (one, other) = (old.get(part), new.get(part));
        if one == other {
            continue;
        }
        let what = format!("{what} of {key}");
        match (payload(one, is_body), payload(other, is_body)) {
            (None, Some(_)) => changes.added(what, false),
            (Some(_), None) => changes.removed(what),
            (Some((one_type, one)), Some((other_type, other))) => {
                if one_type != other_type {
                    changes.changed(&what, &format!("{one_type} is now {other_type}"));
                }
                compare_schemas(&what, one, other, changes);
            }
            (None, None) => {}
        }
    }
    for (field, what) in [
        ("operationId", "operation id"),
        ("security", "scopes"),
        ("deprecated", "deprecation"),
    ] {
        if old.get(field) != new.get(field) {
            let detail = now(old.get(field), new.get(field));
            changes.changed(&format!("{what} of {key}"), &detail);
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

fn fields(schema: &Value) -> BTreeMap<&String, &Value> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten().collect()
}

fn list<'a>(schema: &'a Value, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn compare_schemas(name: &str, old: &Value, new: &Value, changes: &mut Changes) {
    if old == new {
        return;
    }
    let (before, after) = (kind(old), kind(new));
    if before != after {
        changes.changed(name, &format!("{before} is now {after}"));
        return;
    }
    let listed = changes.0.len();
    let required =
        |schema: &Value, field: &str| list(schema, "required").iter().any(|name| name == field);
    let (fields_before, fields_after) = (fields(old), fields(new));
    for (field, schema) in &fields_before {
        let what = format!("field {field} of {name}");
        match fields_after.get(field) {
            None => changes.removed(what),
            Some(other) => {
                changes.required(&what, required(old, field), required(new, field));
                compare_schemas(&what, schema, other, changes);
            }
        }
    }
    for field in fields_after
        .keys()
        .filter(|field| !fields_before.contains_key(*field))
    {
        changes.added(format!("field {field} of {name}"), required(new, field));
    }
    let (values_before, values_after) = (list(old, "enum"), list(new, "enum"));
    let what = |value: &Value| match value.as_str() {
        Some(text) => format!("enum value {text} of {name}"),
        None => format!("enum value {value} of {name}"),
    };
    for value in values_before
        .iter()
        .filter(|value| !values_after.contains(value))
    {
        changes.removed(what(value));
    }
    for value in values_after
        .iter()
        .filter(|value| !values_before.contains(value))
    {
        changes.added(what(value), false);
    }
    for key in ["items", "additionalProperties"] {
        if let (Some(old), Some(new)) = (old.get(key), new.get(key)) {
            compare_schemas(&format!("{key} of {name}"), old, new, changes);
        }
    }
    for key in COMPOSITES {
        if old.get(key) != new.get(key) {
            changes.changed(&format!("{key} of {name}"), "its parts differ");
        }
    }
    for key in CONSTRAINTS {
        let (before, after) = (old.get(key), new.get(key));
        if before != after {
            changes.changed(&format!("{key} of {name}"), &now(before, after));
        }
    }
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object()) {
        changes.fallback(listed, name, old, new);
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
