//! Replaces the values of recorded bodies by their kinds.
//!
//! Only values that the interface lists are kept: members of enums, booleans and null. Names are
//! kept unless they look like data.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::check::formats::{is_date, is_date_time, is_email};
use crate::control::is_secret;
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, list, object, parts};

/// The largest depth of a value.
const DEPTH: usize = 64;

/// Names of fields as programmers write them.
static NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z_$][A-Za-z_$-]*[0-9]{0,3}[A-Za-z_$-]{0,20}$").ok());

/// Whether a name of a field is one that programmers write, and no data.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 40 && NAME.as_ref().is_some_and(|pattern| pattern.is_match(name))
}

/// Returns the masked name of a field that no interface declares.
pub(super) fn name(name: &str) -> &str {
    if is_name(name) { name } else { "[name]" }
}

/// Masks a value. `schema` is that of the value, if it is known.
pub(super) fn value(operation: Option<&Operation>, schema: Option<&Value>, value: &Value) -> Value {
    masked(operation, schema, value, 0)
}

fn masked(
    operation: Option<&Operation>,
    schema: Option<&Value>,
    value: &Value,
    depth: usize,
) -> Value {
    let all = schemas(operation, schema);
    match value {
        _ if depth > DEPTH => "[deep]".into(),
        Value::Null | Value::Bool(_) => value.clone(),
        _ if all
            .iter()
            .any(|schema| list(schema, "enum").contains(value)) =>
        {
            value.clone()
        }
        Value::String(text) => kind_of(text).into(),
        Value::Number(number) if number.is_f64() => 0.5.into(),
        Value::Number(_) => 0.into(),
        Value::Array(items) => {
            let schema = all.iter().find_map(|schema| schema.get("items"));
            let items = items.iter();
            items
                .map(|item| masked(operation, schema, item, depth + 1))
                .collect()
        }
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (own, value) in fields {
                let mut properties = all.iter().filter_map(|schema| object(schema, "properties"));
                let schema = properties.find_map(|declared| declared.get(own));
                let own = if schema.is_some() { own } else { name(own) };
                let value = match is_secret(own) && !value.is_null() {
                    true => "[masked]".into(),
                    false => masked(operation, schema, value, depth + 1),
                };
                kept.insert(own.to_owned(), value);
            }
            Value::Object(kept)
        }
    }
}

/// The parts of a schema, and of its alternatives.
fn schemas<'a>(operation: Option<&'a Operation>, schema: Option<&'a Value>) -> Vec<&'a Value> {
    let (Some(operation), Some(schema)) = (operation, schema) else {
        return Vec::new();
    };
    let mut all = parts(operation, schema);
    let own = all.clone();
    let alternatives = own.iter().flat_map(|part| alternatives(part));
    all.extend(alternatives.flat_map(|schema| parts(operation, schema)));
    all
}

/// The kind of a text, in brackets.
fn kind_of(text: &str) -> &'static str {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match text {
        "" => "",
        _ if is_date_time(text) => "[date-time]",
        _ if is_date(text) => "[date]",
        _ if is_email(text) => "[email]",
        _ if text.starts_with("http://") || text.starts_with("https://") => "[url]",
        _ if text.starts_with('+') && is_digits(&text[1..]) => "[phone]",
        _ if is_digits(text) => "[digits]",
        _ if is_word(text) && text.len() >= 17 => "[id]",
        _ => "[text]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_and_names_that_are_data_are_replaced() {
        let body = json!({
            "firstName": "Jane", "email": "jane@example.com", "phone": "+15550001",
            "at": "2026-01-02T03:04:05Z", "day": "2026-01-02", "site": "https://jane.example",
            "id": "ve9EPM428h8vShlRW1KT", "zip": "12345", "none": null, "yes": true, "age": 44,
            "rate": 7.25, "apiKey": "k", "empty": "", "jane@example.com": ["Jane", { "a": "b" }],
            "ve9EPM428h8vShlRW1KT": 1, "address1": "x",
        });
        let expected = json!({
            "firstName": "[text]", "email": "[email]", "phone": "[phone]", "at": "[date-time]",
            "day": "[date]", "site": "[url]", "id": "[id]", "zip": "[digits]", "none": null,
            "yes": true, "age": 0, "rate": 0.5, "apiKey": "[masked]", "empty": "",
            "[name]": 0, "address1": "[text]",
        });
        let masked = value(None, None, &body);
        let mut without = masked.clone();
        without["[name]"] = 0.into();
        assert_eq!(without, expected);
        let text = masked.to_string().to_lowercase();
        assert!(
            !text.contains("jane") && !text.contains("5550001"),
            "{text}"
        );
    }
}
