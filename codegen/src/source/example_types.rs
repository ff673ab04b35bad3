//! Corrects types that contradict their own example. It runs while a file is stripped, because
//! examples are removed then.
//!
//! Clear cases are corrected: the example of an object is a text or a number, the example of a text
//! is an object, the items of a list have another type than declared. Other cases are listed,
//! because examples can be wrong too (a number may be an id that was copied from elsewhere). A
//! value that is written as text (`"true"`, `"19"`, `"{ … }"`) is no mismatch.
//!
//! A text whose example is a timestamp with a zone gets the format `date-time`. A date is no
//! timestamp, and a time without zone is ambiguous.

use serde_json::{Value, json};

use super::openapi31;
use crate::error::{FileError, escape_token};
use crate::json::{self, Object};
use crate::openapi::is_composite;

/// A schema whose declared type contradicts its example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleMismatch {
    /// JSON pointer into the downloaded file.
    pub pointer: String,
    /// The declared type.
    pub declared: String,
    /// The type of the example.
    pub example: &'static str,
    /// Whether stripping corrects the type.
    pub corrected: bool,
}

/// All mismatches in a downloaded file, sorted by pointer.
pub fn example_mismatches(file: &str, bytes: &[u8]) -> Result<Vec<ExampleMismatch>, FileError> {
    let mut found = Vec::new();
    let mut document = json::parse(file, bytes)?;
    if openapi31::is_newer(&document) {
        openapi31::convert(&mut document);
    }
    correct(&mut document, false, String::new(), &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    Ok(found)
}

/// Corrects the types of a document.
pub(super) fn correct_document(document: &mut Value) {
    correct(document, false, String::new(), &mut Vec::new());
}

/// Corrects the schemas within a value. `names`: the keys of this map are names of properties or
/// schemas, not keywords.
fn correct(value: &mut Value, names: bool, pointer: String, found: &mut Vec<ExampleMismatch>) {
    match value {
        Value::Object(map) => {
            let verdict = if names { None } else { compare(map) };
            if let (Some(correction), Some(declared)) = (&verdict, json::text(map, "type")) {
                found.push(ExampleMismatch {
                    pointer: pointer.clone(),
                    declared: declared.to_owned(),
                    example: json::kind(&map["example"]),
                    corrected: !matches!(correction, Correction::None),
                });
            }
            match verdict {
                Some(Correction::Type(name)) => {
                    map.insert("type".into(), name.into());
                }
                Some(Correction::Items(items)) => {
                    map.insert("items".into(), items);
                }
                Some(Correction::None) | None => {}
            }
            if !names {
                add_timestamp_format(map);
            }
            for (key, inner) in map {
                // The content of these keywords are values, which may resemble schemas.
                if names || !["default", "enum", "example", "examples"].contains(&key.as_str()) {
                    let names = !names && ["properties", "schemas"].contains(&key.as_str());
                    correct(
                        inner,
                        names,
                        format!("{pointer}/{}", escape_token(key)),
                        found,
                    );
                }
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter_mut().enumerate() {
                correct(inner, false, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Adds the format of texts whose example is a timestamp.
fn add_timestamp_format(schema: &mut Object) {
    let all = match schema.get("example") {
        Some(Value::String(text)) => is_timestamp(text),
        Some(Value::Array(values)) => {
            let mut texts = values
                .iter()
                .map(|value| value.as_str().is_some_and(is_timestamp));
            !values.is_empty() && texts.all(|is| is)
        }
        _ => false,
    };
    let target = match json::text(schema, "type") {
        Some("array") => schema.get_mut("items").and_then(Value::as_object_mut),
        _ => Some(schema),
    };
    if let Some(target) = target.filter(|_| all)
        && json::text(target, "type") == Some("string")
        && !["format", "enum", "pattern"]
            .iter()
            .any(|key| target.contains_key(*key))
    {
        target.insert("format".into(), "date-time".into());
    }
}

/// Whether a text is a date-time of RFC 3339.
fn is_timestamp(text: &str) -> bool {
    let matches_form = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    mark => byte == mark,
                })
    };
    let Some((time, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    matches_form(time, "0000-00-00T00:00:00")
        && ["Z", "+00:00", "-00:00", "+0000", "-0000"]
            .iter()
            .any(|form| matches_form(zone, form))
}

/// The correction of a mismatch.
enum Correction {
    Type(&'static str),
    Items(Value),
    /// The case is unclear.
    None,
}

fn compare(schema: &Object) -> Option<Correction> {
    use Correction::{Items, Type};
    const UNCLEAR: Option<Correction> = Some(Correction::None);
    let declared = json::text(schema, "type")?;
    let example = schema.get("example").filter(|example| !example.is_null())?;
    let lacks = |keys: &[&str]| keys.iter().all(|key| !schema.contains_key(*key));
    if schema.contains_key("$ref") || is_composite(schema) {
        return None;
    }
    let among = json::items(schema, "enum").any(|value| value == example);
    match (declared, example) {
        ("object", Value::Object(_)) | ("string", Value::String(_)) => None,
        ("boolean", Value::Bool(_)) | ("number" | "integer", Value::Number(_)) => None,

        ("object", Value::String(text)) if written_out(text) => None,
        ("object", Value::String(text))
            if !text.trim().is_empty() && lacks(&["properties", "additionalProperties"]) =>
        {
            Some(Type("string"))
        }
        ("object", Value::Number(_)) if lacks(&["properties", "additionalProperties"]) => {
            Some(Type("number"))
        }

        ("number" | "integer", Value::String(text)) if text.trim().parse::<f64>().is_ok() => None,
        // A number among texts, as the enum shows.
        ("number" | "integer", Value::String(_)) if among => None,
        ("boolean", Value::String(text)) if ["true", "false"].contains(&text.trim()) => None,
        ("string", Value::Object(_)) if lacks(&["enum"]) => Some(Type("object")),

        ("array", example) => {
            let items = schema.get("items")?.as_object()?;
            let kind = json::text(items, "type")?;
            let loose = lacks(&["enum"]) && !items.contains_key("enum");
            match example {
                Value::Array(values) if values.iter().all(|value| has_type(kind, value)) => None,
                Value::Array(values) if loose => common(items, kind, values).map(Items),
                // One item instead of a list.
                Value::String(text) if written_out(text) => None,
                Value::String(text) if kind == "string" && !text.trim().is_empty() => None,
                Value::Object(_) if kind == "object" => None,
                Value::Object(_) if kind == "string" && loose => Some(Items(schema_of(example))),
                _ => UNCLEAR,
            }
        }
        ("object" | "string" | "number" | "integer" | "boolean", _) => UNCLEAR,
        _ => None,
    }
}

/// Whether a text is an object or a list, written as text.
fn written_out(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn has_type(kind: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) => kind == "boolean",
        Value::Number(_) => ["integer", "number"].contains(&kind),
        Value::String(_) => kind == "string",
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}

/// The schema of a list's items by its example; `None` if the declared one is kept.
fn common(items: &Object, kind: &str, values: &[Value]) -> Option<Value> {
    let all = |test: fn(&Value) -> bool| values.iter().all(test);
    let bare = !items.contains_key("properties") && !items.contains_key("additionalProperties");
    if all(Value::is_object) {
        return Some(schema_of(&values[0]));
    }
    if all(Value::is_number) {
        return bare.then(|| json!({ "type": "number" }));
    }
    if all(Value::is_string) {
        let is_declared = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            match kind {
                "number" | "integer" => text.parse::<f64>().is_ok(),
                "boolean" => ["true", "false"].contains(&text),
                _ => written_out(text),
            }
        };
        return (bare && !values.iter().any(is_declared)).then(|| json!({ "type": "string" }));
    }
    // Several types.
    bare.then(|| json!({}))
}

/// The schema of a value: names and types.
fn schema_of(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "number" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(values) => {
            json!({ "type": "array", "items": values.first().map_or_else(|| json!({}), schema_of) })
        }
        Value::Object(map) => {
            let properties: Object = map
                .iter()
                .map(|(name, value)| (name.clone(), schema_of(value)))
                .collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}
