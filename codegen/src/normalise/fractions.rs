//! Gives numbers that may have a fractional part the extension `x-hoopai-fraction`, whose value is
//! the reason: by name, and by the values that the file declares. Overlays give it to others.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::formats::FRACTION;
use crate::json::{self, Object};
use crate::names;

/// Words that mark a fraction anywhere in a name.
const WORDS: &[(&str, &str)] = &[
    ("percentage", "a percentage may have a fractional part"),
    ("probability", "a percentage may have a fractional part"),
    ("score", "a score may have a fractional part"),
];

/// Words that mark a fraction at the end of a name.
const LAST_WORDS: &[(&str, &str)] = &[
    ("change", "a change in percent may have a fractional part"),
    ("confidence", "a confidence is between 0 and 1"),
    ("ctr", "a click-through rate is a ratio"),
    ("distance", "a distance may have a fractional part"),
    ("lat", "degrees of latitude"),
    ("latitude", "degrees of latitude"),
    ("lng", "degrees of longitude"),
    ("longitude", "degrees of longitude"),
    ("markup", "a markup is a percentage"),
    ("radius", "a distance may have a fractional part"),
    ("rate", "a rate may have a fractional part"),
    ("rating", "a rating may have a fractional part"),
    ("ratio", "a ratio may have a fractional part"),
    ("weight", "a weight may have a fractional part"),
];

const VALUES: &str = "the file declares a value that has a fractional part";

pub(super) fn run(document: &mut Value, at: &SourcePointer<'_>) -> Result<usize, FileError> {
    check_marks(document, at)?;
    Ok(walk::numbers(document, |name, schema| {
        if walk::is_decided(schema) {
            return 0;
        }
        let reason = reason(name, schema);
        let changed = usize::from(reason.is_some());
        reason.map(|reason| schema.insert(FRACTION.to_owned(), reason.into()));
        changed
    }))
}

/// Checks that each property with the extension is a number.
fn check_marks(value: &Value, at: &SourcePointer<'_>) -> Result<(), FileError> {
    match value {
        Value::Object(map) => {
            for (name, property) in json::entries(map, "properties") {
                let is_number = property.get("type").and_then(Value::as_str) == Some("number");
                if property.get(FRACTION).is_some() && !is_number {
                    let properties_at = at.key("properties");
                    return Err(properties_at.key(name).key(FRACTION).error(
                        format!("`{name}` has `{FRACTION}` and is no number"),
                        "delete that action of the module's overlay",
                    ));
                }
            }
            map.iter()
                .try_for_each(|(key, inner)| check_marks(inner, &at.key(key)))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, inner)| check_marks(inner, &at.index(index))),
        _ => Ok(()),
    }
}

fn reason(name: &str, schema: &Object) -> Option<&'static str> {
    let values = json::items(schema, "enum").chain(schema.get("default"));
    if values
        .filter_map(Value::as_f64)
        .any(|value| value.fract() != 0.0)
    {
        return Some(VALUES);
    }
    if schema.contains_key("enum") {
        return None;
    }
    let words = names::words(name);
    let of_last = |(word, _): &&(&str, &str)| words.last().is_some_and(|last| last == word);
    let found = WORDS
        .iter()
        .find(|(word, _)| words.iter().any(|one| one == word));
    found
        .or_else(|| LAST_WORDS.iter().find(of_last))
        .map(|(_, reason)| *reason)
}
