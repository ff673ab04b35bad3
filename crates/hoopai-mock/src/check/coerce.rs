//! Converts text of parameters and forms to the declared types.

use std::borrow::Borrow;

use serde_json::{Number, Value};

use super::options::Mode;
use super::schema::is_valid;
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, parts, text};

/// Converts texts to the declared type of a schema. Text that is invalid for the type stays text,
/// which the validation reports.
pub(super) fn coerce<T: Borrow<str>>(
    operation: &Operation,
    schema: &Value,
    texts: &[T],
    comma: bool,
) -> Value {
    let parts = parts(operation, schema);
    if let Some(part) = parts
        .iter()
        .find(|part| text(part, "type") == Some("array"))
    {
        let items = part.get("items").unwrap_or(&Value::Null);
        let each = |text: &str| coerce(operation, items, &[text], false);
        return match texts {
            [one] if comma => one.borrow().split(',').map(each).collect(),
            many => many.iter().map(|text| each(text.borrow())).collect(),
        };
    }
    let alternatives = parts.iter().flat_map(|part| alternatives(part));
    for schema in alternatives {
        let value = coerce(operation, schema, texts, comma);
        if is_valid(operation, schema, &value, Mode::Request) {
            return value;
        }
    }
    match texts {
        [one] => scalar(
            parts.iter().find_map(|part| text(part, "type")),
            one.borrow(),
        ),
        many => many.iter().map(|text| text.borrow()).collect(),
    }
}

fn scalar(kind: Option<&str>, text: &str) -> Value {
    let value = match kind {
        Some("boolean") => text.parse().ok().map(Value::Bool),
        Some("number" | "integer")
            if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) =>
        {
            serde_json::from_str::<Number>(text).ok().map(Value::Number)
        }
        Some("object") => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    };
    value.unwrap_or_else(|| text.into())
}
