//! Reads JSON bodies. Numbers that exceed the range of `f64` are errors of their fields, not
//! syntax errors.

use serde_json::Value;

use super::field_path::FieldPath;
use super::schema::FieldError;
use crate::api_error::ApiError;

/// Placeholder for a number beyond the range of `f64`.
const BEYOND: &str = "\0beyond";

/// Reads a body. Numbers beyond the range of `f64` are reported as errors and replaced by 0.
pub(super) fn read(bytes: &[u8], errors: &mut Vec<FieldError>) -> Result<Value, ApiError> {
    let error = match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(mut value) = serde_json::from_str(&replaced(text))
    {
        replace(&mut value, &FieldPath::body(), errors);
        return Ok(value);
    }
    let (line, column) = (error.line(), error.column());
    Err(ApiError::bad_request(match error.classify() {
        serde_json::error::Category::Eof => "Unexpected end of JSON input".to_owned(),
        _ => format!("Unexpected token in JSON at line {line}, column {column}"),
    }))
}

/// Returns the text with the placeholder in place of each number beyond the range of `f64`.
fn replaced(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let token = match c {
            '"' => string(rest),
            '-' | '0'..='9' => number(rest),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(token);
        match token.parse::<f64>() {
            Ok(number) if number.is_infinite() && c != '"' => {
                replaced.push_str("\"\\u0000beyond\"");
            }
            _ => replaced.push_str(token),
        }
        rest = after;
    }
    replaced
}

/// The length of the string that a text begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of the number that a text begins with.
fn number(text: &str) -> usize {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    text.find(|c| !part(c)).unwrap_or(text.len())
}

fn replace(value: &mut Value, path: &FieldPath<'_>, errors: &mut Vec<FieldError>) {
    match value {
        Value::String(text) if text == BEYOND => {
            errors.push(path.error("must be a number conforming to the specified constraints"));
            *value = 0.into();
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                replace(item, &path.item(index), errors);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                replace(value, &path.key(key), errors);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn number_beyond_range_is_error_of_its_field() {
        let body = br#"{"page":1e400,"a":["-1e999",{"b":-1e999}],"c":"\"1e400","d":1e308}"#;
        let mut errors = Vec::new();
        let value = read(body, &mut errors).expect("JSON");
        let fields: Vec<&str> = errors.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["a.1.b", "page"]);
        assert_eq!(
            value,
            json!({ "page": 0, "a": ["-1e999", { "b": 0 }], "c": "\"1e400", "d": 1e308 })
        );
    }

    #[test]
    fn invalid_json_is_rejected() {
        for body in [
            "",
            "{",
            "{\"page\":NaN}",
            "{\"page\":1e}",
            "\"",
            "[1e400",
            "{\"a\":\"\u{e9}",
        ] {
            let error = read(body.as_bytes(), &mut Vec::new()).expect_err(body);
            assert_eq!(error.status, 400, "{body}");
        }
    }
}
