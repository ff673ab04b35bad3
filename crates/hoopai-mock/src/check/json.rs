//! Reads JSON bodies. Numbers that exceed the range of `f64` are faults of their fields, not syntax errors.

use serde_json::Value;

use super::place::Place;
use super::schema::Fault;
use crate::refusal::Refusal;

/// Placeholder for a number beyond the range of `f64`.
const BEYOND: &str = "\0beyond";

/// Reads a body. Numbers beyond the range of `f64` are reported as faults and replaced by 0.
pub(super) fn read(bytes: &[u8], faults: &mut Vec<Fault>) -> Result<Value, Refusal> {
    let error = match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(mut value) = serde_json::from_str(&replaced(text))
    {
        replace(&mut value, &Place::body(), faults);
        return Ok(value);
    }
    let (line, column) = (error.line(), error.column());
    Err(Refusal::bad_request(match error.classify() {
        serde_json::error::Category::Eof => "Unexpected end of JSON input".to_owned(),
        _ => format!("Unexpected token in JSON at line {line}, column {column}"),
    }))
}

/// Returns the text with the placeholder in place of each number beyond the range of `f64`.
fn replaced(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
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
                made.push_str("\"\\u0000beyond\"");
            }
            _ => made.push_str(token),
        }
        rest = after;
    }
    made
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

fn replace(value: &mut Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
    match value {
        Value::String(text) if text == BEYOND => {
            faults.push(place.say("must be a number conforming to the specified constraints"));
            *value = 0.into();
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                replace(item, &place.item(index), faults);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                replace(value, &place.key(key), faults);
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
    fn numbers_beyond_the_range_are_faults_of_their_fields() {
        let body = br#"{"page":1e400,"a":["-1e999",{"b":-1e999}],"c":"\"1e400","d":1e308}"#;
        let mut faults = Vec::new();
        let value = read(body, &mut faults).expect("JSON");
        let fields: Vec<&str> = faults.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["a.1.b", "page"]);
        assert_eq!(
            value,
            json!({ "page": 0, "a": ["-1e999", { "b": 0 }], "c": "\"1e400", "d": 1e308 })
        );
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for body in [
            "",
            "{",
            "{\"page\":NaN}",
            "{\"page\":1e}",
            "\"",
            "[1e400",
            "{\"a\":\"\u{e9}",
        ] {
            let refusal = read(body.as_bytes(), &mut Vec::new()).expect_err(body);
            assert_eq!(refusal.status, 400, "{body}");
        }
    }
}
