//! Small tools over JSON values.

use serde_json::{Map, Value};

use crate::Fault;
use crate::fault::At;
use crate::hidden::escaped_json;

pub(crate) type Object = Map<String, Value>;

/// The HTTP methods that a path item may hold, as OpenAPI spells them.
pub(crate) const METHODS: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];

/// Parses bytes that are said to be JSON, and says what they are where they are not.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Value, Fault> {
    let at = At::root(file);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| {
            at.fault(
                format!("not UTF-8 from byte {} on", error.valid_up_to()),
                "fetch the file again; an interface file is JSON in UTF-8",
            )
        })?
        .trim_start_matches('\u{feff}');
    let mut value = serde_json::from_str(text).map_err(|error| {
        let start = text.trim_start();
        if start.is_empty() {
            at.fault(
                "the file is empty",
                "fetch it again, or from another source",
            )
        } else if start.starts_with('<') {
            at.fault(
                "HTML in place of JSON",
                "fetch it again, or from another source; a proxy or an edge may have answered",
            )
        } else if error.is_eof() {
            at.fault(
                format!(
                    "cut off at line {}, column {}",
                    error.line(),
                    error.column()
                ),
                "fetch it again",
            )
        } else {
            at.fault(
                format!("not JSON: {error}"),
                "fetch it again, or correct the file at that place",
            )
        }
    })?;
    settle_numbers(&mut value);
    Ok(value)
}

/// `serde_json` reads some numbers with an error in the last digit, and what it writes of them with another one. Each number
/// becomes one that it reads as it wrote it, so that a file that was written once stays the same.
fn settle_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            // A few steps do; the bound is for certainty.
            for _ in 0..100 {
                match number.to_string().parse::<Value>() {
                    Ok(Value::Number(again)) if again != *number => *number = again,
                    _ => break,
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(settle_numbers),
        Value::Object(fields) => fields.values_mut().for_each(settle_numbers),
        _ => {}
    }
}

/// Puts the keys of all objects in alphabetical order. What order a map keeps depends on features that other crates
/// switch on, so it is not left to chance.
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
    escaped_json(&text).into_owned().into_bytes()
}

pub(crate) fn object<'a>(value: &'a Value, at: &At<'_>, what: &str) -> Result<&'a Object, Fault> {
    value.as_object().ok_or_else(|| {
        at.fault(
            format!("{what} is {}, where an object belongs", kind(value)),
            "correct it in the module's overlay, or fetch the file again",
        )
    })
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

pub(crate) fn flag(map: &Object, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The objects under `key`, or none.
pub(crate) fn entries<'a>(
    map: &'a Object,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    map.get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The items of the array under `key`, or none.
pub(crate) fn items<'a>(map: &'a Object, key: &str) -> impl Iterator<Item = &'a Value> {
    map.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Copies what stands under the keys.
pub(crate) fn copy(from: &Object, to: &mut Object, keys: &[&str]) {
    for key in keys {
        if let Some(value) = from.get(*key) {
            to.insert((*key).to_owned(), value.clone());
        }
    }
}

/// Writes a key as a step of a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
