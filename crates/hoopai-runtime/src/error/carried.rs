//! What a call carried: values that the platform may repeat in its message.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use super::Origin;
use crate::body::Payload;

/// Shorter values are left: masked, they would take half of a message with them.
const SHORTEST: usize = 3;

/// The values of a call in its path, its query and its body; files are left. There can be many, and the same one several times.
pub(super) fn values(origin: &Origin, url: &Url, payload: &Payload) -> Vec<String> {
    let mut values = Vec::new();
    for segment in url.path().split('/') {
        if !is_fixed(&origin.template, segment) {
            let segment = percent_decode_str(segment).decode_utf8_lossy();
            keep(&mut values, &segment);
        }
    }
    for (_, value) in url.query_pairs() {
        take(&mut values, &value);
    }
    match payload {
        Payload::Json(body) => {
            // It is JSON as this side wrote it.
            let body = std::str::from_utf8(body).unwrap_or_default();
            if let Ok(body) = body.parse() {
                texts(&mut values, &body);
            }
        }
        Payload::Form(body) => {
            for (_, value) in url::form_urlencoded::parse(body) {
                take(&mut values, &value);
            }
        }
        Payload::Multipart(parts) => {
            for text in parts.texts() {
                take(&mut values, text);
            }
        }
        Payload::Empty => {}
    }
    values
}

/// Whether the template has a segment as it is. Templates are short.
fn is_fixed(template: &str, segment: &str) -> bool {
    for fixed in template.split('/') {
        if fixed == segment {
            return true;
        }
    }
    false
}

/// Takes a value unless it is a plain small word, as those are that choose among things.
fn take(values: &mut Vec<String>, value: &str) {
    for byte in value.bytes() {
        if !byte.is_ascii_lowercase() && byte != b'_' {
            return keep(values, value);
        }
    }
}

fn keep(values: &mut Vec<String>, value: &str) {
    if value.chars().count() >= SHORTEST {
        values.push(value.to_owned());
    }
}

fn texts(values: &mut Vec<String>, value: &Value) {
    match value {
        Value::String(text) => take(values, text),
        Value::Array(items) => {
            for item in items {
                texts(values, item);
            }
        }
        Value::Object(fields) => {
            for (_, value) in fields {
                texts(values, value);
            }
        }
        _ => {}
    }
}
