//! Parses the different formats of the platform's error bodies into one type.

use std::borrow::Cow;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

use super::field_error::FieldError;
use crate::decode::{self, DecodeErrorKind};
use crate::redact::SentValues;

/// The format of an error body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BodyShape {
    /// There is no body.
    Empty,
    /// JSON, the format of the platform.
    Json,
    /// An HTML page, from a proxy or from the edge in front of the platform.
    Html,
    /// The body is truncated.
    Truncated,
    /// Any other format.
    Other,
}

/// A parsed error body.
pub(super) struct ApiErrorBody {
    pub(super) shape: BodyShape,
    /// Codes and names, the most specific first.
    pub(super) codes: Vec<String>,
    pub(super) status: Option<u16>,
    pub(super) messages: Vec<String>,
    pub(super) fields: Vec<FieldError>,
    pub(super) meta: Option<Value>,
    pub(super) trace_id: Option<String>,
}

/// The names of message fields.
const MESSAGES: [&str; 6] = [
    "message",
    "msg",
    "error_description",
    "errorMessage",
    "error_message",
    "detail",
];

/// The names of code fields.
const CODES: [&str; 5] = ["code", "errorCode", "canonicalCode", "error_code", "name"];

impl ApiErrorBody {
    /// Parses any body.
    pub(super) fn parse(headers: &HeaderMap, body: &[u8], cut: bool) -> Self {
        let value = if is_blank(body) {
            Err(false)
        } else {
            read(headers, body)
        };
        let shape = match &value {
            _ if cut => BodyShape::Truncated,
            Ok(_) => BodyShape::Json,
            Err(_) if is_blank(body) => BodyShape::Empty,
            Err(_) if is_html(headers, body) => BodyShape::Html,
            Err(true) => BodyShape::Truncated,
            Err(_) => BodyShape::Other,
        };
        let mut reply = ApiErrorBody {
            shape,
            codes: Vec::new(),
            status: None,
            messages: Vec::new(),
            fields: Vec::new(),
            meta: None,
            trace_id: None,
        };
        match &value {
            Ok(Value::Object(object)) => reply.read_object(object),
            Ok(message @ (Value::String(_) | Value::Array(_))) => reply.read_message(message),
            _ => {}
        }
        reply
    }

    /// Masks secrets that were sent.
    pub(super) fn mask_secrets(&mut self, sent_values: &SentValues) {
        for text in self.codes.iter_mut().chain(&mut self.messages) {
            mask_secrets_in_text(sent_values, text);
        }
        for error in &mut self.fields {
            mask_secrets_in_text(sent_values, &mut error.field);
            mask_secrets_in_text(sent_values, &mut error.message);
        }
        if let Some(meta) = &mut self.meta {
            mask_secrets_in(sent_values, meta);
        }
    }

    /// The platform's code: a name rather than a number.
    pub(super) fn code(&self) -> Option<&str> {
        let name = self.codes.iter().find(|code| code.parse::<f64>().is_err());
        name.or(self.codes.first()).map(String::as_str)
    }

    fn read_object(&mut self, object: &Map<String, Value>) {
        self.status = ["statusCode", "status"]
            .iter()
            .find_map(|name| number(object.get(*name)?));
        self.trace_id = object.get("traceId").and_then(text);
        self.meta = first(object, &["meta"]).cloned();
        // In replies of the token endpoint, `error` is the code, as OAuth defines.
        let message = first(object, &MESSAGES);
        // `error` is the name of the status if there is a message, and otherwise the message.
        let (message, error) = match message {
            None => (object.get("error"), None),
            Some(_) => (message, object.get("error")),
        };
        if let Some(message) = message {
            self.read_message(message);
        }
        let codes = CODES.iter().map(|name| object.get(*name));
        for code in codes.chain([error]).flatten() {
            self.codes.extend(text(code));
        }
        match object.get("errors") {
            Some(Value::Object(fields)) => {
                for (field, messages) in fields {
                    let mut texts = Vec::new();
                    flatten(None, messages, &mut texts);
                    self.push_field_errors(field, texts);
                }
            }
            Some(errors) => self.read_message(errors),
            None => {}
        }
    }

    /// A message is a text, a list of texts, a list of field errors, or any object.
    fn read_message(&mut self, message: &Value) {
        match message {
            Value::Array(items) => {
                for item in items {
                    self.read_message(item);
                }
            }
            Value::Object(object) => match field_messages(object) {
                Some((field, texts)) => self.push_field_errors(&field, texts),
                None => flatten(None, message, &mut self.messages),
            },
            other => flatten(None, other, &mut self.messages),
        }
    }

    fn push_field_errors(&mut self, field: &str, texts: Vec<String>) {
        for message in texts {
            self.fields.push(FieldError {
                field: field.to_owned(),
                message,
            });
        }
    }
}

/// Reads the JSON of an error body as tolerantly as other replies. `Err(true)`: it is truncated.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<Value, bool> {
    match decode::read::<Value>(body) {
        Ok(decoded) => return Ok(decoded.value),
        Err(fault) => match fault.cause() {
            DecodeErrorKind::Broken => {}
            DecodeErrorKind::Deep | DecodeErrorKind::Unfit { .. } => return Err(false),
        },
    }
    let repaired = decode::repair(body, Some(headers));
    let text = match &repaired {
        Some(made) => {
            if let Ok(decoded) = decode::read::<Value>(made.text.as_bytes()) {
                return Ok(decoded.value);
            }
            made.text.as_str()
        }
        None => std::str::from_utf8(body).map_err(|error| error.error_len().is_none())?,
    };
    match text.parse::<Value>() {
        Ok(value) => Ok(value),
        Err(error) => Err(error.is_eof()),
    }
}

fn mask_secrets_in_text(sent_values: &SentValues, text: &mut String) {
    if let Cow::Owned(concealed) = sent_values.mask_secrets(text) {
        *text = concealed;
    }
}

fn mask_secrets_in(sent_values: &SentValues, value: &mut Value) {
    match value {
        Value::String(text) => mask_secrets_in_text(sent_values, text),
        Value::Array(items) => {
            for item in items {
                mask_secrets_in(sent_values, item);
            }
        }
        Value::Object(fields) => {
            for (mut name, mut value) in std::mem::take(fields) {
                mask_secrets_in_text(sent_values, &mut name);
                mask_secrets_in(sent_values, &mut value);
                fields.insert(name, value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The field that an object names, and the messages about it.
fn field_messages(object: &Map<String, Value>) -> Option<(String, Vec<String>)> {
    let field = match first(object, &["field", "property", "path", "param"])? {
        Value::String(name) => name.clone(),
        Value::Array(steps) => {
            let names: Vec<String> = steps.iter().filter_map(text).collect();
            names.join(".")
        }
        _ => return None,
    };
    let names = ["message", "constraints", "msg", "messages", "error"];
    let mut texts = Vec::new();
    match first(object, &names)? {
        Value::Object(constraints) => {
            for (_, value) in constraints {
                flatten(None, value, &mut texts);
            }
        }
        other => flatten(None, other, &mut texts),
    }
    Some((field, texts))
}

/// The first of these fields that is present and not `null`.
fn first<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    let mut values = names.iter().filter_map(|name| object.get(*name));
    values.find(|value| !value.is_null())
}

/// The texts of a value, each with the name of its field.
fn flatten(name: Option<&str>, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for item in items {
                flatten(name, item, out);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(Some(name), value, out);
            }
        }
        scalar => {
            let text = text(scalar).unwrap_or_default();
            out.push(match name {
                Some(name) => format!("{name}: {text}"),
                None => text,
            });
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u16> {
    match value.as_u64() {
        Some(number) => u16::try_from(number).ok(),
        None => value.as_str()?.parse().ok(),
    }
}

pub(super) fn is_blank(body: &[u8]) -> bool {
    body.trim_ascii().is_empty()
}

pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("text/html"))
        || body_is_html(body)
}

pub(super) fn body_is_html(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'<', ..])
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::json;

    use super::{ApiErrorBody, BodyShape};

    fn parse(body: &str) -> ApiErrorBody {
        ApiErrorBody::parse(&HeaderMap::new(), body.as_bytes(), false)
    }

    fn fields(reply: &ApiErrorBody) -> Vec<(&str, &str)> {
        reply
            .fields
            .iter()
            .map(|error| (error.field.as_str(), error.message.as_str()))
            .collect()
    }

    #[test]
    fn every_message_format_is_read() {
        assert_eq!(
            parse(r#"{"statusCode":401,"message":"no"}"#).messages,
            ["no"]
        );
        assert_eq!(
            parse(r#"{"statusCode":422,"message":["a","b"]}"#).messages,
            ["a", "b"]
        );
        assert_eq!(
            parse(r#"{"message":{"detail":"a","more":{"n":1}}}"#).messages,
            ["detail: a", "n: 1"]
        );
        assert_eq!(
            parse(r#"{"error":"not there","status":400}"#).messages,
            ["not there"]
        );
        assert_eq!(
            parse(r#"{"message":null,"error":"not there"}"#).messages,
            ["not there"]
        );
        assert_eq!(parse(r#""no""#).messages, ["no"]);
        assert_eq!(parse(r#"["a","b"]"#).messages, ["a", "b"]);
    }

    #[test]
    fn oauth_errors_are_read() {
        let reply =
            parse(r#"{"error":"invalid_grant","error_description":"refresh token is invalid"}"#);
        assert_eq!(reply.messages, ["refresh token is invalid"]);
        assert_eq!(reply.code(), Some("invalid_grant"));
    }

    #[test]
    fn codes_and_trace_ids_are_read() {
        let reply = parse(
            r#"{"status":404,"message":"m","name":"HttpException","traceId":"t-1","meta":{"contactId":"x"}}"#,
        );
        assert_eq!(
            (reply.status, reply.code(), reply.trace_id.as_deref()),
            (Some(404), Some("HttpException"), Some("t-1"))
        );
        assert_eq!(reply.meta, Some(json!({"contactId": "x"})));
        assert_eq!(
            parse(r#"{"message":"m","canonicalCode":"INVALID"}"#).code(),
            Some("INVALID")
        );
        assert_eq!(
            parse(r#"{"message":"m","error":"Bad Request","statusCode":"422"}"#).status,
            Some(422)
        );
        assert_eq!(
            parse(r#"{"message":"m","error":"Bad Request"}"#).code(),
            Some("Bad Request")
        );
    }

    #[test]
    fn field_errors_are_read() {
        assert_eq!(
            fields(&parse(
                r#"{"message":"m","errors":[{"field":"a","message":"b"}]}"#
            )),
            [("a", "b")]
        );
        assert_eq!(
            fields(&parse(
                r#"{"message":"m","errors":[{"code":"too_big","path":["a",0,"b"],"message":"c"}]}"#
            )),
            [("a.0.b", "c")]
        );
        assert_eq!(
            fields(&parse(r#"{"errors":{"a":["b","c"]}}"#)),
            [("a", "b"), ("a", "c")]
        );
        assert_eq!(
            fields(&parse(
                r#"{"message":[{"property":"a","constraints":{"isString":"b"}}]}"#
            )),
            [("a", "b")]
        );
    }

    #[test]
    fn bodies_without_json_have_their_shape() {
        assert_eq!(parse("").shape, BodyShape::Empty);
        assert_eq!(parse(" \n").shape, BodyShape::Empty);
        assert_eq!(parse("<!DOCTYPE html><p>").shape, BodyShape::Html);
        assert_eq!(parse(r#"{"message":"#).shape, BodyShape::Truncated);
        assert_eq!(parse("upstream failed").shape, BodyShape::Other);
        assert_eq!(parse("{}").shape, BodyShape::Json);
        assert_eq!(
            ApiErrorBody::parse(&HeaderMap::new(), b"", true).shape,
            BodyShape::Truncated
        );
    }
}
