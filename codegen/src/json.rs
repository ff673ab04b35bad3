//! Helpers for JSON values.

use serde_json::{Map, Value};

use crate::error::{FileError, SourcePointer};
use crate::text::escape_invisible_json;

/// Documents with deeper nesting are rejected before anything recurses into them.
pub(crate) const DEPTH_LIMIT: usize = 100;

pub(crate) type Object = Map<String, Value>;

/// Parses JSON. The error describes what the bytes are instead.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Value, FileError> {
    let at = SourcePointer::root(file);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| {
            at.error(
                format!("not UTF-8 from byte {} on", error.valid_up_to()),
                "fetch the file again; an interface file is JSON in UTF-8",
            )
        })?
        .trim_start_matches('\u{feff}');
    let mut value = serde_json::from_str(text).map_err(|error| {
        let start = text.trim_start();
        if start.is_empty() {
            at.error(
                "the file is empty",
                "fetch it again, or from another source",
            )
        } else if start.starts_with('<') {
            at.error(
                "HTML instead of JSON",
                "fetch it again, or from another source; a proxy or an edge may have answered",
            )
        } else if error.is_eof() {
            at.error(
                format!(
                    "truncated at line {}, column {}",
                    error.line(),
                    error.column()
                ),
                "fetch it again",
            )
        } else {
            at.error(
                format!("not JSON: {error}"),
                "fetch it again, or correct the file at that place",
            )
        }
    })?;
    stabilize_numbers(&mut value);
    Ok(value)
}

/// Replaces each number by one that `serde_json` parses unchanged from its own output, so that a
/// written file is stable. `serde_json` parses some numbers with an error in the last digit.
fn stabilize_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            // A few iterations suffice; the bound guarantees termination.
            for _ in 0..100 {
                match number.to_string().parse::<Value>() {
                    Ok(Value::Number(again)) if again != *number => *number = again,
                    _ => break,
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(stabilize_numbers),
        Value::Object(fields) => fields.values_mut().for_each(stabilize_numbers),
        _ => {}
    }
}

/// Sorts the keys of all objects. The order that a map keeps depends on features that other crates
/// enable.
pub(crate) fn sort(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, mut value) in entries {
                sort(&mut value);
                map.insert(key, value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// The canonical bytes of a document: sorted keys, two spaces, a newline at the end.
pub(crate) fn to_bytes(mut value: Value) -> Vec<u8> {
    sort(&mut value);
    let text = format!("{value:#}\n");
    escape_invisible_json(&text).into_owned().into_bytes()
}

pub(crate) fn object<'a>(
    value: &'a Value,
    at: &SourcePointer<'_>,
    what: &str,
) -> Result<&'a Object, FileError> {
    value.as_object().ok_or_else(|| {
        at.error(
            format!("{what} is {}, not an object", kind(value)),
            "correct it in the module's overlay, or fetch the file again",
        )
    })
}

pub(crate) fn array<'a>(
    value: &'a Value,
    at: &SourcePointer<'_>,
    what: &str,
    remedy: &str,
) -> Result<&'a [Value], FileError> {
    let error = || at.error(format!("{what} is {}, not an array", kind(value)), remedy);
    value.as_array().map(Vec::as_slice).ok_or_else(error)
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

pub(crate) fn text<'a>(map: &'a Object, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}

/// The strings of the list under `key`.
pub(crate) fn texts<'a>(map: &'a Object, key: &str) -> impl Iterator<Item = &'a str> {
    let items = map.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

pub(crate) fn flag(map: &Object, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The entries of the object under `key`, or none.
pub(crate) fn entries<'a>(
    map: &'a Object,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    map.get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The entries of the object under `key`, or none.
pub(crate) fn entries_mut<'a>(
    map: &'a mut Object,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    let entries = map.get_mut(key).and_then(Value::as_object_mut);
    entries.into_iter().flatten()
}

/// The items of the array under `key`, or none.
pub(crate) fn items_mut<'a>(map: &'a mut Object, key: &str) -> impl Iterator<Item = &'a mut Value> {
    let items = map.get_mut(key).and_then(Value::as_array_mut);
    items.into_iter().flatten()
}

/// The items of the array under `key`, or none.
pub(crate) fn items<'a>(map: &'a Object, key: &str) -> impl Iterator<Item = &'a Value> {
    map.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Copies the values of these keys.
pub(crate) fn copy(from: &Object, to: &mut Object, keys: &[&str]) {
    for key in keys {
        if let Some(value) = from.get(*key) {
            to.insert((*key).to_owned(), value.clone());
        }
    }
}
