//! What the platform says when it refuses: the many shapes of its error bodies as one.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

use super::FieldError;

/// What an error body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// There is none.
    Empty,
    /// JSON, as the platform answers.
    Json,
    /// A page, as proxies and the edge before the platform answer.
    Html,
    /// It ends before it is whole.
    CutOff,
    /// Something else.
    Other,
}

/// An error body, read.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) shape: Shape,
    pub(super) code: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) messages: Vec<String>,
    pub(super) fields: Vec<FieldError>,
    pub(super) meta: Option<Value>,
    pub(super) trace_id: Option<String>,
}

impl Reply {
    /// Reads whatever came; there is no body that it does not take.
    pub(super) fn parse(headers: &HeaderMap, body: &[u8], cut: bool) -> Self {
        let value = serde_json::from_slice::<Value>(body);
        let shape = match &value {
            _ if cut => Shape::CutOff,
            Ok(_) => Shape::Json,
            Err(_) if is_blank(body) => Shape::Empty,
            Err(_) if is_html(headers, body) => Shape::Html,
            Err(fault) if fault.is_eof() => Shape::CutOff,
            Err(_) => Shape::Other,
        };
        let mut reply = Reply {
            shape,
            code: None,
            status: None,
            messages: Vec::new(),
            fields: Vec::new(),
            meta: None,
            trace_id: None,
        };
        match value {
            Ok(Value::Object(object)) => reply.take(object),
            Ok(Value::String(text)) => reply.messages.push(text),
            Ok(list @ Value::Array(_)) => reply.message(list),
            _ => {}
        }
        reply
    }

    fn take(&mut self, mut object: Map<String, Value>) {
        self.status = ["statusCode", "status"]
            .iter()
            .find_map(|name| number(object.get(*name)?));
        self.trace_id = object.remove("traceId").and_then(text);
        self.meta = object.remove("meta").filter(|meta| !meta.is_null());
        // The token endpoint speaks OAuth's own dialect, in which `error` is the code.
        let message = ["message", "msg", "error_description"]
            .iter()
            .find_map(|name| object.remove(*name));
        // `error` is the short name of the status where there is a message, and the message where there is none.
        let error = object.remove("error");
        let (message, error) = match message {
            Some(message) if !message.is_null() => (Some(message), error),
            _ => (error, None),
        };
        if let Some(message) = message {
            self.message(message);
        }
        self.code = ["code", "errorCode", "canonicalCode", "name"]
            .iter()
            .find_map(|name| text(object.remove(*name)?))
            .or_else(|| error.and_then(text));
        match object.remove("errors") {
            Some(Value::Object(fields)) => {
                for (field, complaint) in fields {
                    let mut texts = Vec::new();
                    flatten(None, complaint, &mut texts);
                    self.complain(&field, texts);
                }
            }
            Some(errors) => self.message(errors),
            None => {}
        }
    }

    /// A message is a text, a list of texts, a list of complaints about fields, or an object of any kind.
    fn message(&mut self, message: Value) {
        match message {
            Value::Array(items) => {
                for item in items {
                    self.message(item);
                }
            }
            Value::Object(object) => match complaints(&object) {
                Some((field, texts)) => self.complain(field, texts),
                None => flatten(None, Value::Object(object), &mut self.messages),
            },
            other => flatten(None, other, &mut self.messages),
        }
    }

    fn complain(&mut self, field: &str, texts: Vec<String>) {
        for message in texts {
            self.fields.push(FieldError {
                field: field.to_owned(),
                message,
            });
        }
    }
}

/// The complaints of an object that names a field, and the field.
fn complaints(object: &Map<String, Value>) -> Option<(&str, Vec<String>)> {
    let field = ["field", "property", "path", "param"]
        .iter()
        .find_map(|name| object.get(*name)?.as_str())?;
    let complaint = ["message", "constraints", "msg", "messages", "error"]
        .iter()
        .find_map(|name| object.get(*name))?;
    let mut texts = Vec::new();
    match complaint {
        Value::Object(constraints) => {
            for value in constraints.values() {
                flatten(None, value.clone(), &mut texts);
            }
        }
        other => flatten(None, other.clone(), &mut texts),
    }
    Some((field, texts))
}

/// The texts of a value, each with the name that it stands under.
fn flatten(name: Option<&str>, value: Value, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.into_iter().for_each(|item| flatten(name, item, out)),
        Value::Object(fields) => fields
            .into_iter()
            .for_each(|(name, value)| flatten(Some(&name), value, out)),
        scalar => {
            let text = text(scalar).unwrap_or_default();
            out.push(match name {
                Some(name) => format!("{name}: {text}"),
                None => text,
            });
        }
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u16> {
    value
        .as_u64()
        .and_then(|number| u16::try_from(number).ok())
        .or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn is_blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    declared.is_some_and(|declared| declared.to_ascii_lowercase().starts_with("text/html"))
        || looks_like_html(body)
}

pub(super) fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::json;

    use super::{Reply, Shape};

    fn parse(body: &str) -> Reply {
        Reply::parse(&HeaderMap::new(), body.as_bytes(), false)
    }

    fn fields(reply: &Reply) -> Vec<(&str, &str)> {
        reply
            .fields
            .iter()
            .map(|fault| (fault.field.as_str(), fault.message.as_str()))
            .collect()
    }

    #[test]
    fn every_shape_of_message_is_read() {
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
    fn the_dialect_of_oauth_is_read() {
        let reply =
            parse(r#"{"error":"invalid_grant","error_description":"refresh token is invalid"}"#);
        assert_eq!(reply.messages, ["refresh token is invalid"]);
        assert_eq!(reply.code.as_deref(), Some("invalid_grant"));
    }

    #[test]
    fn codes_and_ids_are_read() {
        let reply = parse(
            r#"{"status":404,"message":"m","name":"HttpException","traceId":"t-1","meta":{"contactId":"x"}}"#,
        );
        assert_eq!(
            (
                reply.status,
                reply.code.as_deref(),
                reply.trace_id.as_deref()
            ),
            (Some(404), Some("HttpException"), Some("t-1"))
        );
        assert_eq!(reply.meta, Some(json!({"contactId": "x"})));
        assert_eq!(
            parse(r#"{"message":"m","canonicalCode":"INVALID"}"#)
                .code
                .as_deref(),
            Some("INVALID")
        );
        assert_eq!(
            parse(r#"{"message":"m","error":"Bad Request","statusCode":"422"}"#).status,
            Some(422)
        );
        assert_eq!(
            parse(r#"{"message":"m","error":"Bad Request"}"#)
                .code
                .as_deref(),
            Some("Bad Request")
        );
    }

    #[test]
    fn complaints_about_fields_are_read() {
        assert_eq!(
            fields(&parse(
                r#"{"message":"m","errors":[{"field":"a","message":"b"}]}"#
            )),
            [("a", "b")]
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
    fn bodies_that_are_no_json_are_told_apart() {
        assert_eq!(parse("").shape, Shape::Empty);
        assert_eq!(parse(" \n").shape, Shape::Empty);
        assert_eq!(parse("<!DOCTYPE html><p>").shape, Shape::Html);
        assert_eq!(parse(r#"{"message":"#).shape, Shape::CutOff);
        assert_eq!(parse("upstream failed").shape, Shape::Other);
        assert_eq!(parse("{}").shape, Shape::Json);
        assert_eq!(
            Reply::parse(&HeaderMap::new(), b"", true).shape,
            Shape::CutOff
        );
    }
}
