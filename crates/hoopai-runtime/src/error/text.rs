//! Texts of errors that depend on no other part of an error.

use serde_json::Value;

use super::api_error_body;
use crate::decode::drift::{Drift, DriftKind};
use crate::decode::{DecodeError, DecodeErrorKind};
use crate::redact::SentValues;
use crate::redact::json_path::{JsonPaths, position};
use crate::redact::mask::mask;

/// The text and path of a decode error.
///
/// `text` is the decoded text: the body, repaired if necessary.
pub(super) fn decode(
    fault: &DecodeError,
    text: &[u8],
    sent_values: &SentValues,
) -> (String, Option<String>) {
    let body = text;
    if api_error_body::is_blank(body) {
        let expected = match fault.cause() {
            DecodeErrorKind::Unfit { expected, .. } => mask(expected),
            _ => "a body".to_owned(),
        };
        return (
            format!(
                "{}: check the result with another request, or use `request`, which returns any reply",
                empty("nothing", &expected)
            ),
            None,
        );
    }
    if api_error_body::body_is_html(body) {
        return (
            "the reply is an HTML page instead of JSON, so it comes from a proxy or from the edge in front of the platform: check the base URL, and the proxy if there is one".to_owned(),
            None,
        );
    }
    match fault.cause() {
        DecodeErrorKind::Broken => (invalid_json(body), None),
        DecodeErrorKind::Deep => (
            "the reply cannot be read: its lists and objects are nested too deeply".to_owned(),
            None,
        ),
        DecodeErrorKind::Unfit { at, expected } => {
            // Positions do not include the white space at the start of a reply.
            let mut paths = JsonPaths::new(body.trim_ascii_start());
            let (path, found) = paths.value_at(at.unwrap_or_default());
            mismatch(sent_values.mask_path(&path).into_owned(), found, expected)
        }
    }
}

/// A value that does not match its type.
fn mismatch(path: String, found: &str, expected: &str) -> (String, Option<String>) {
    let place = path_in_words(&path);
    let expected = mask(expected);
    let text = format!(
        "the reply does not match its schema at {place}: found {found}, expected {expected}"
    );
    (text, Some(path))
}

/// A reply without contents.
fn empty(found: &str, expected: &str) -> String {
    format!("the reply is empty ({found} where {expected} is declared)")
}

/// A deviation that is an error in strict mode.
pub(super) fn drift(drift: &Drift) -> (String, Option<String>) {
    match drift.kind {
        DriftKind::Empty => {
            let text = format!(
                "{}: without strict mode it decodes as the empty value",
                empty(drift.found, &mask(&drift.expected))
            );
            (text, Some(drift.path.clone()))
        }
        _ => mismatch(drift.path.clone(), drift.found, &drift.expected),
    }
}

/// A path in a sentence.
pub(super) fn path_in_words(path: &str) -> String {
    if path == "$" {
        "its top level".to_owned()
    } else {
        format!("`{path}`")
    }
}

/// The error of a text that is not JSON.
fn invalid_json(body: &[u8]) -> String {
    let at = match std::str::from_utf8(body) {
        Ok(text) => match text.parse::<Value>() {
            Err(error) if error.is_eof() => None,
            Err(error) => Some(position(body, error.line(), error.column())),
            Ok(_) => Some(0),
        },
        Err(error) => error.error_len().map(|_| error.valid_up_to()),
    };
    match at {
        Some(at) => format!("the reply is not JSON from byte {at} on: check the base URL"),
        None => "the reply is cut off: its JSON is incomplete".to_owned(),
    }
}

/// The innermost cause, which is the most specific one, masked.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    mask(&cause.to_string())
}
