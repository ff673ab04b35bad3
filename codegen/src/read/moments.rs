//! The moments and days of an interface: which have a type of the runtime, and why others have not
//! (`x-hoopai-not-a-moment`).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::error::SourcePointer;
use crate::formats::RuntimeType;
use crate::json::{self, Object};
use crate::openapi;

/// The moments and days of a module: fields and parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moments {
    /// The number of those that are a `Timestamp` or a `Date`.
    pub typed: usize,
    /// Those with such a name that are neither, by decision: JSON pointer into the effective
    /// document, and the reason.
    pub others: BTreeMap<String, String>,
    /// Those with such a name that are neither, without a decision: gaps.
    pub untyped: Vec<String>,
}

/// The reason why a field or parameter with the name of a moment is none.
const NOT: &str = "x-hoopai-not-a-moment";

/// Whether a field or parameter of this name holds a moment or a day.
fn has_name_of_moment(name: &str) -> bool {
    const ENDS: [&str; 9] = [
        "At",
        "Date",
        "Time",
        "TimeStamp",
        "Timestamp",
        "_at",
        "_date",
        "_time",
        "_timestamp",
    ];
    const NAMES: [&str; 4] = ["created", "date", "time", "timestamp"];
    let begins_with_date = name
        .strip_prefix("date")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_'));
    begins_with_date || NAMES.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Counts the moments and days of a document.
pub(crate) fn moments(document: &Value) -> Moments {
    let mut found = Moments::default();
    let at = SourcePointer::root("");
    visit(document, &at, &mut found);
    found
}

fn visit(value: &Value, at: &SourcePointer<'_>, found: &mut Moments) {
    match value {
        Value::Object(map) => {
            if map.contains_key("in")
                && let (Some(name), Some(schema)) = (json::text(map, "name"), map.get("schema"))
            {
                field(name, schema, &at.key("schema"), found);
            }
            let properties = map.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                field(name, property, &at.key("properties").key(name), found);
            }
            for (key, inner) in map {
                visit(inner, &at.key(key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &at.index(index), found);
            }
        }
        _ => {}
    }
}

/// Counts a field or parameter. Of a list, the items count.
fn field(name: &str, schema: &Value, at: &SourcePointer<'_>, found: &mut Moments) {
    if let Some(reason) = schema.get(NOT).and_then(Value::as_str) {
        found.others.insert(at.pointer(), reason.to_owned());
        return;
    }
    let mut schema = schema;
    while let Some(items) = schema.get("items") {
        schema = items;
    }
    let Some(map) = schema.as_object() else {
        return;
    };
    let kind = json::text(map, "type").unwrap_or_default();
    let format = json::text(map, "format").unwrap_or_default();
    if RuntimeType::of(kind, format).is_some_and(RuntimeType::is_time) {
        found.typed += 1;
    } else if has_name_of_moment(name) && may_be_moment(kind, map) {
        found.untyped.push(at.pointer());
    }
}

fn may_be_moment(kind: &str, schema: &Object) -> bool {
    let is_scalar = ["integer", "number", "string"].contains(&kind);
    let is_any = kind.is_empty() && !schema.contains_key("$ref") && !openapi::is_composite(schema);
    (is_scalar || is_any) && !schema.contains_key("enum")
}
