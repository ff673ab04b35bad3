//! Errors in words: what went wrong, and what to do about it.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::json_path::{Places, position};
use super::mask::{mask, mask_values};
use super::reply::{self, Reply, Shape};
use super::{Error, ErrorKind, Inner, Origin, ids};
use crate::decode::{Cause, Fault};
use crate::operation::Tokens;
use crate::road::in_words;

/// How many things that the platform said are shown.
const MOST_SAID: usize = 10;

/// The name of the operation where there is one, and method and path, without values.
impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.operation {
            Some(operation) => {
                write!(
                    f,
                    "{}.{} ({} {})",
                    operation.module, operation.name, self.method, operation.path
                )
            }
            None => write!(f, "{} {}", self.method, mask(&self.template)),
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(origin) = &inner.origin {
            write!(f, "{origin}: ")?;
        }
        match (inner.kind, &inner.reply) {
            (ErrorKind::Status, Some(reply)) => refusal(f, self, inner, reply)?,
            _ => f.write_str(&inner.text)?,
        }
        if let (ErrorKind::Status, Some(wait)) = (inner.kind, inner.retry_after) {
            write!(f, "; wait {}", in_words(wait))?;
        }
        if inner.attempts > 1 {
            write!(f, " (sent {} times)", inner.attempts)?;
        }
        match (plain(self.trace_id()), plain(self.request_id())) {
            (Some(trace), Some(request)) => write!(f, " [trace id {trace}, request id {request}]"),
            (Some(trace), None) => write!(f, " [trace id {trace}]"),
            (None, Some(request)) => write!(f, " [request id {request}]"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &inner.kind);
        if let Some(origin) = &inner.origin {
            out.field("call", &format_args!("{origin}"));
        }
        if !inner.text.is_empty() {
            out.field("text", &inner.text);
        }
        if let Some(status) = inner.status {
            out.field("status", &status.as_u16());
        }
        if let Some(reply) = &inner.reply {
            out.field("shape", &reply.shape);
            let code = reply.code.as_ref();
            out.field("code", &code.map(|code| mask_values(code, &inner.carried)));
            out.field("said", &format_args!("{}", said(inner, reply)));
        }
        if let Some(path) = &inner.json_path {
            out.field("json_path", path);
        }
        if let Some(fault) = inner.auth_fault {
            out.field("auth_fault", &fault);
        }
        if let Some(fault) = inner.paging_fault {
            out.field("paging_fault", &fault);
        }
        if let Some(wait) = inner.retry_after {
            out.field("retry_after", &wait);
        }
        if inner.attempts > 0 {
            out.field("attempts", &inner.attempts);
        }
        if let Some(trace) = plain(self.trace_id()) {
            out.field("trace_id", &trace);
        }
        if let Some(request) = plain(self.request_id()) {
            out.field("request_id", &request);
        }
        if let Some(body) = &inner.body {
            out.field("body", &format_args!("[{} bytes hidden]", body.len()));
        }
        out.finish()
    }
}

fn plain(id: Option<&str>) -> Option<&str> {
    let id = id?;
    if ids::is_plain(id) { Some(id) } else { None }
}

/// What the platform answered, and what to do.
fn refusal(f: &mut Formatter<'_>, error: &Error, inner: &Inner, reply: &Reply) -> fmt::Result {
    let status = match inner.status {
        Some(status) => status.as_u16(),
        None => 0,
    };
    let what = match status {
        300..=399 => {
            "the reply is a redirect, which is not followed so that the token stays with the platform"
        }
        401 => "the platform refused the token",
        403 => "the platform forbids it",
        404 => "the platform does not know it",
        400 | 422 if error.is_not_found() => "the platform does not know it",
        400 | 422 => "the platform takes the request for invalid",
        429 => "too many requests",
        500..=599 => "the platform failed",
        _ => "the platform refused",
    };
    write!(f, "{what} ({status})")?;

    let said = said(inner, reply);
    match reply.shape {
        _ if !said.is_empty() => write!(f, ": {said}")?,
        Shape::Empty => f.write_str("; its body is empty")?,
        Shape::Html => f.write_str("; its body is an HTML page, so it comes from a proxy or from the edge before the platform")?,
        Shape::CutOff => f.write_str("; its body is cut off")?,
        Shape::Other => f.write_str("; its body is no JSON")?,
        Shape::Json => {}
    }
    advice(f, inner, status, reply)
}

/// The messages and the complaints about fields, masked, in one line.
fn said(inner: &Inner, reply: &Reply) -> String {
    let mut parts = Vec::new();
    for message in &reply.messages {
        parts.push(mask_values(message, &inner.carried));
    }
    for fault in &reply.fields {
        let field = mask_values(&fault.field, &inner.carried);
        let message = mask_values(&fault.message, &inner.carried);
        parts.push(format!("{field}: {message}"));
    }
    let (mut line, mut count) = (String::new(), 0);
    for (at, part) in parts.iter().enumerate() {
        if at > 0 && *part == parts[at - 1] {
            continue;
        }
        count += 1;
        if count <= MOST_SAID {
            if count > 1 {
                line.push_str("; ");
            }
            line.push_str(part);
        }
    }
    if count > MOST_SAID {
        line.push_str(&format!("; and {} more", count - MOST_SAID));
    }
    line
}

fn advice(f: &mut Formatter<'_>, inner: &Inner, status: u16, reply: &Reply) -> fmt::Result {
    match status {
        300..=399 => f.write_str(". Check the base URL"),
        401 if reply.says("version header") => f.write_str(". Check `api_version`, a date such as 2021-07-28"),
        401 if reply.says("scope") || reply.says("authclass") || reply.says("iam ") => {
            f.write_str(". The token itself is good: ")?;
            needs(f, inner)
        }
        401 if reply.says("private integration") => {
            f.write_str(". Check the private integration token: copy it again from Settings > Integrations of the account")
        }
        401 if reply.says("jwt") || reply.says("expired") => f.write_str(". The token has expired or is damaged: get a new one"),
        401 => f.write_str(". Check that the token is whole, has not been revoked, and belongs to the account"),
        403 if reply.shape == Shape::Html => f.write_str(". Check the network, and that nothing on the way changes the request"),
        403 if reply.says("location") => f.write_str(". Use a token of that location, or that location's id"),
        403 => {
            f.write_str(". Check the token: ")?;
            needs(f, inner)
        }
        404 => f.write_str(". Check the ids that were given, and that the token belongs to the account that has them"),
        429 => f.write_str(". Wait before the next call: an app has 100 calls in 10 seconds and 200,000 a day for each location, unless its plan says otherwise"),
        500..=599 => f.write_str(". Try again later; a call that writes may have been carried out, so look first"),
        _ => Ok(()),
    }
}

/// What token the operation needs.
fn needs(f: &mut Formatter<'_>, inner: &Inner) -> fmt::Result {
    let (tokens, scopes) = match &inner.origin {
        Some(Origin {
            operation: Some(operation),
            ..
        }) => (operation.tokens, operation.scopes),
        _ => (Tokens::NONE, &[][..]),
    };
    let kind = match (tokens.location, tokens.agency) {
        (true, false) => "the operation needs a location token",
        (false, true) => "the operation needs an agency token",
        _ => "the operation needs a token",
    };
    f.write_str(kind)?;
    match scopes {
        [] => f.write_str(" with the right scope"),
        [scope] => write!(f, " with the scope {scope}"),
        scopes => write!(f, " with the scopes {}", scopes.join(", ")),
    }
}

/// A reply that cannot be read: in words, and where.
pub(super) fn decode(fault: &Fault, body: &[u8]) -> (String, Option<String>) {
    if reply::is_blank(body) {
        return (
            "the reply is empty where a value is needed".to_owned(),
            None,
        );
    }
    if reply::looks_like_html(body) {
        return ("the reply is an HTML page in place of JSON, so it comes from a proxy or from the edge before the platform".to_owned(), None);
    }
    match fault.cause() {
        Cause::Broken => (broken(body), None),
        Cause::Deep => (
            "the reply cannot be read: its lists and objects lie in one another too deeply"
                .to_owned(),
            None,
        ),
        Cause::Unfit { at, expected } => {
            // Places are counted without the blanks that a reply begins with.
            let mut places = Places::new(body.trim_ascii_start());
            let (path, found) = places.value_at(at.unwrap_or_default());
            unfit(path, found, expected)
        }
    }
}

/// A value that does not fit its type.
pub(super) fn unfit(path: String, found: &str, expected: &str) -> (String, Option<String>) {
    let place = place(&path);
    let expected = mask(expected);
    let text = format!("the reply does not fit at {place}: found {found}, expected {expected}");
    (text, Some(path))
}

/// A path in a sentence.
pub(super) fn place(path: &str) -> String {
    if path == "$" {
        "its top level".to_owned()
    } else {
        format!("`{path}`")
    }
}

/// What is wrong with a text that is no JSON. `serde_json` tells, who reads it once more.
fn broken(body: &[u8]) -> String {
    let at = match std::str::from_utf8(body) {
        Ok(text) => match text.parse::<Value>() {
            Err(fault) if fault.is_eof() => None,
            Err(fault) => Some(position(body, fault.line(), fault.column())),
            Ok(_) => Some(0),
        },
        Err(fault) => fault.error_len().map(|_| fault.valid_up_to()),
    };
    match at {
        Some(at) => format!("the reply is no JSON, from byte {at} on"),
        None => "the reply is cut off: its JSON ends before it is whole".to_owned(),
    }
}

/// The innermost cause, which says most, masked.
pub(super) fn root_cause(fault: &dyn std::error::Error) -> String {
    let mut cause = fault;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    mask(&cause.to_string())
}
