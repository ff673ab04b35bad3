//! What a call carried: values that the platform may repeat in its message.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use super::Origin;
use crate::body::Payload;

/// Shorter values are left: masked, they would take half of a message with them.
const SHORTEST: usize = 3;

/// The values of a call in its path, its query and its body; files are left.
pub(super) fn values(origin: &Origin, url: &Url, payload: &Payload) -> Vec<String> {
    let mut values = Vec::new();
    let fixed: Vec<&str> = origin.template.split('/').collect();
    for segment in url
        .path()
        .split('/')
        .filter(|segment| !fixed.contains(segment))
    {
        values.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
    }
    for (_, value) in url.query_pairs() {
        take(&mut values, &value);
    }
    match payload {
        Payload::Json(body) => {
            if let Ok(body) = serde_json::from_slice(body) {
                texts(&mut values, &body);
            }
        }
        Payload::Form(body) => {
            url::form_urlencoded::parse(body).for_each(|(_, value)| take(&mut values, &value))
        }
        Payload::Multipart(parts) => parts.texts().for_each(|text| take(&mut values, text)),
        Payload::Empty => {}
    }
    values.retain(|value| value.chars().count() >= SHORTEST);
    // A value that holds another goes first.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.dedup();
    values
}

/// Takes a value unless it is a plain small word, as those are that choose among things.
fn take(values: &mut Vec<String>, value: &str) {
    if !value.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        values.push(value.to_owned());
    }
}

fn texts(values: &mut Vec<String>, value: &Value) {
    match value {
        Value::String(text) => take(values, text),
        Value::Array(items) => items.iter().for_each(|item| texts(values, item)),
        Value::Object(fields) => fields.values().for_each(|value| texts(values, value)),
        _ => {}
    }
}
