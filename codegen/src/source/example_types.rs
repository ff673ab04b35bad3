//! Where a schema's type contradicts its own example. The examples go when a file is distilled, so this is the time to look.
//!
//! What is plain is corrected: the example of a declared object is a text or a number, that of a declared text an object, the
//! items of a list are other than declared. All else is listed, for examples err too (a number may show an id that was
//! copied from elsewhere). A value that is merely written as text (`"true"`, `"19"`, `"{ … }"`) contradicts nothing.
//!
//! An example can also say more than its type: a text that is a moment, zone included, makes its field a `date-time`. A day
//! alone is no moment, and of a time without zone nobody can say when it is.

use serde_json::{Value, json};

use crate::error::FileError;
use crate::error::escape_token;
use crate::json::{self, Object};
use crate::openapi::is_composite;

/// A place where the declared type and the example do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleMismatch {
    /// JSON pointer into the downloaded file.
    pub pointer: String,
    /// The declared type.
    pub declared: String,
    /// What the example is.
    pub example: &'static str,
    /// Whether distilling takes the example's word for it.
    pub corrected: bool,
}

/// Every contradiction in a downloaded file, in the order of the file's keys.
pub fn example_mismatches(file: &str, bytes: &[u8]) -> Result<Vec<ExampleMismatch>, FileError> {
    let mut found = Vec::new();
    look(
        &mut json::parse(file, bytes)?,
        false,
        String::new(),
        &mut found,
    );
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    Ok(found)
}

/// The file, corrected.
pub(crate) fn read(file: &str, bytes: &[u8]) -> Result<Value, FileError> {
    let mut document = json::parse(file, bytes)?;
    look(&mut document, false, String::new(), &mut Vec::new());
    Ok(document)
}

/// `names`: the keys of this map are the names of properties or schemas, whatever they sound like.
fn look(value: &mut Value, names: bool, pointer: String, found: &mut Vec<ExampleMismatch>) {
    match value {
        Value::Object(map) => {
            let judged = if names { None } else { judge(map) };
            if let (Some(verdict), Some(declared)) = (&judged, json::text(map, "type")) {
                found.push(ExampleMismatch {
                    pointer: pointer.clone(),
                    declared: declared.to_owned(),
                    example: json::kind(&map["example"]),
                    corrected: !matches!(verdict, Verdict::Unclear),
                });
            }
            match judged {
                Some(Verdict::Is(name)) => {
                    map.insert("type".into(), name.into());
                }
                Some(Verdict::HoldsItems(items)) => {
                    map.insert("items".into(), items);
                }
                Some(Verdict::Unclear) | None => {}
            }
            if !names {
                tell_moments(map);
            }
            for (key, inner) in map {
                // What stands there are values, which may look like schemas.
                if names || !["default", "enum", "example", "examples"].contains(&key.as_str()) {
                    let names = !names && ["properties", "schemas"].contains(&key.as_str());
                    look(
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
                look(inner, false, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Names the format of texts whose example is a moment.
fn tell_moments(schema: &mut Object) {
    let all = match schema.get("example") {
        Some(Value::String(text)) => is_moment(text),
        Some(Value::Array(values)) => {
            let mut texts = values
                .iter()
                .map(|value| value.as_str().is_some_and(is_moment));
            !values.is_empty() && texts.all(|is| is)
        }
        _ => false,
    };
    let told = match json::text(schema, "type") {
        Some("array") => schema.get_mut("items").and_then(Value::as_object_mut),
        _ => Some(schema),
    };
    if let Some(told) = told.filter(|_| all)
        && json::text(told, "type") == Some("string")
        && !["format", "enum", "pattern"]
            .iter()
            .any(|key| told.contains_key(*key))
    {
        told.insert("format".into(), "date-time".into());
    }
}

/// Whether a text is a date-time of RFC 3339.
fn is_moment(text: &str) -> bool {
    let fits = |text: &str, form: &str| {
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
    fits(time, "0000-00-00T00:00:00")
        && ["Z", "+00:00", "-00:00", "+0000", "-0000"]
            .iter()
            .any(|form| fits(zone, form))
}

enum Verdict {
    Is(&'static str),
    HoldsItems(Value),
    Unclear,
}

fn judge(schema: &Object) -> Option<Verdict> {
    use Verdict::{HoldsItems, Is, Unclear};
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
            Some(Is("string"))
        }
        ("object", Value::Number(_)) if lacks(&["properties", "additionalProperties"]) => {
            Some(Is("number"))
        }

        ("number" | "integer", Value::String(text)) if text.trim().parse::<f64>().is_ok() => None,
        // A number among texts: its enum says it already.
        ("number" | "integer", Value::String(_)) if among => None,
        ("boolean", Value::String(text)) if ["true", "false"].contains(&text.trim()) => None,
        ("string", Value::Object(_)) if lacks(&["enum"]) => Some(Is("object")),

        ("array", example) => {
            let items = schema.get("items")?.as_object()?;
            let kind = json::text(items, "type")?;
            let loose = lacks(&["enum"]) && !items.contains_key("enum");
            match example {
                Value::Array(values) if values.iter().all(|value| is(kind, value)) => None,
                Value::Array(values) if loose => common(items, kind, values).map(HoldsItems),
                // One item, where a list of them was meant.
                Value::String(text) if written_out(text) => None,
                Value::String(text) if kind == "string" && !text.trim().is_empty() => None,
                Value::Object(_) if kind == "object" => None,
                Value::Object(_) if kind == "string" && loose => Some(HoldsItems(shape(example))),
                _ => Some(Unclear),
            }
        }
        ("object" | "string" | "number" | "integer" | "boolean", _) => Some(Unclear),
        _ => None,
    }
}

/// Whether a text is an object or a list, written as text.
fn written_out(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn is(kind: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) => kind == "boolean",
        Value::Number(_) => ["integer", "number"].contains(&kind),
        Value::String(_) => kind == "string",
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}

/// The items that a list holds by its example; nothing where what is declared stands.
fn common(items: &Object, kind: &str, values: &[Value]) -> Option<Value> {
    let all = |test: fn(&Value) -> bool| values.iter().all(test);
    let bare = !items.contains_key("properties") && !items.contains_key("additionalProperties");
    if all(Value::is_object) {
        return Some(shape(&values[0]));
    }
    if all(Value::is_number) {
        return bare.then(|| json!({ "type": "number" }));
    }
    if all(Value::is_string) {
        let fits = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            match kind {
                "number" | "integer" => text.parse::<f64>().is_ok(),
                "boolean" => ["true", "false"].contains(&text),
                _ => written_out(text),
            }
        };
        return (bare && !values.iter().any(fits)).then(|| json!({ "type": "string" }));
    }
    // Of several kinds: open.
    bare.then(|| json!({}))
}

/// Names and types of a value, and nothing else of it.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "number" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(values) => {
            json!({ "type": "array", "items": values.first().map_or_else(|| json!({}), shape) })
        }
        Value::Object(map) => {
            let properties: Object = map
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)))
                .collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}
