//! Reads fields and values of items.

use serde_json::Value;

use crate::state::collection::Fields;
use crate::time;

/// A field, also of an object in a field: `roles.locationIds`.
pub(crate) fn field_at<'f>(fields: &'f Fields, path: &str) -> Option<&'f Value> {
    let mut names = path.split('.');
    let first = fields.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// A text as it is, any other value as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a value is null, an empty text or an empty list.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A date, a time, or a number of milliseconds.
pub(crate) fn time_of(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => time::parse(text),
        value => value
            .as_f64()
            .filter(|number| *number >= 0.0)
            .map(|number| number as u64),
    }
}
