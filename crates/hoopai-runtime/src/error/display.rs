//! Errors as text.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::reply::{self, Reply, Shape};
use super::{Error, Inner, advice, ids};
use crate::decode::drift::{Drift, DriftKind};
use crate::decode::{Cause, Fault};
use crate::redact::SentValues;
use crate::redact::json_path::{JsonPaths, position};
use crate::redact::mask::{head, mask};
use crate::time::in_words;

/// How many complaints of the platform are shown.
const MOST_SAID: usize = 10;

/// How many are compared with each other; what comes beyond is only counted.
const MOST_READ: usize = 100;

/// How much of a complaint is read, in characters. Less is shown.
const LONGEST: usize = 1300;

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(origin) = &inner.origin {
            write!(f, "{origin}: ")?;
        }
        match (inner.refusal, &inner.reply) {
            (Some(_), Some(reply)) => f.write_str(&refusal(self, inner, reply))?,
            _ => match advice::failed(self) {
                Some(advice) => write!(f, "{}. {advice}.", inner.text)?,
                None => f.write_str(&inner.text)?,
            },
        }
        match (inner.tries, inner.sent) {
            (0 | 1, _) => {}
            (tries, 0) => write!(f, " (tried {tries} times)")?,
            (tries, sent) if sent < tries => {
                write!(f, " (tried {tries} times, sent {sent} times)")?
            }
            (_, sent) => write!(f, " (sent {sent} times)")?,
        }
        let carried = &inner.carried;
        match (
            plain(carried, self.trace_id()),
            plain(carried, self.request_id()),
        ) {
            (Some(trace), Some(request)) if trace != request => {
                write!(f, " [trace id {trace}, request id {request}]")
            }
            (Some(trace), _) => write!(f, " [trace id {trace}]"),
            (None, Some(request)) => write!(f, " [request id {request}]"),
            (None, None) => Ok(()),
        }
    }
}

/// The text of `Display` first, since a `main` that returns an error shows this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("message", &self.to_string());
        out.field("kind", &inner.kind);
        if let Some(status) = inner.status {
            out.field("status", &status.as_u16());
        }
        if let Some(refusal) = inner.refusal {
            out.field("refusal", &refusal);
        }
        if let Some(reply) = &inner.reply {
            out.field("shape", &reply.shape);
            let code = reply.code();
            out.field("code", &code.map(|code| inner.carried.mask(code)));
        }
        if let Some(path) = &inner.json_path {
            out.field("json_path", path);
        }
        if let Some(fault) = inner.auth_error_kind {
            out.field("auth_error_kind", &fault);
        }
        if let Some(fault) = inner.paging_error_kind {
            out.field("paging_error_kind", &fault);
        }
        if let Some(wait) = inner.retry_after {
            out.field("retry_after", &wait);
        }
        if inner.tries > 0 {
            out.field("attempts", &inner.sent);
        }
        if let Some(body) = &inner.body {
            out.field("body", &format_args!("[{} bytes hidden]", body.len()));
        }
        out.finish()
    }
}

/// An id, if it can be shown as it is.
fn plain<'a>(carried: &SentValues, id: Option<&'a str>) -> Option<&'a str> {
    let id = id?;
    if ids::is_plain(id) && !carried.are_in(id) {
        Some(id)
    } else {
        None
    }
}

/// What went wrong, what the platform said, and what to do: sentences, each with one full stop at its end.
fn refusal(error: &Error, inner: &Inner, reply: &Reply) -> String {
    let (kind, status) = match (inner.refusal, inner.status) {
        (Some(kind), Some(status)) => (kind, status.as_u16()),
        _ => return String::new(),
    };
    let mut text = format!("{} ({status})", advice::reason(kind));
    let said = said(inner, reply);
    text.push_str(match reply.shape {
        _ if !said.is_empty() => ": ",
        Shape::Empty => "; its body is empty",
        Shape::Html => {
            "; its body is an HTML page, so it comes from a proxy or from the edge in front of the platform"
        }
        Shape::CutOff => "; its body is cut off",
        Shape::Other => "; its body is not JSON",
        Shape::Json => "",
    });
    text.push_str(&said);
    if !text.ends_with(['!', '?', '…']) {
        text.push('.');
    }
    if let Some(advice) = advice::refused(error, kind) {
        text.push_str(&format!(" {advice}."));
    }
    if let Some(wait) = inner.retry_after {
        text.push_str(&format!(" Wait {}.", in_words(wait)));
    }
    text
}

/// The messages and the complaints about fields, masked, in one line and without a full stop at its end. Each is stated once.
fn said(inner: &Inner, reply: &Reply) -> String {
    let mut shown: Vec<String> = Vec::new();
    for complaint in complaints(reply) {
        let complaint = inner.carried.mask(complaint.trim());
        // Complaints that differ only in what is masked look the same.
        if !shown.contains(&complaint) {
            shown.push(complaint);
        }
    }
    let unread = reply.messages.len().saturating_sub(MOST_READ)
        + reply.fields.len().saturating_sub(MOST_READ);
    let more = shown.len().saturating_sub(MOST_SAID) + unread;
    shown.truncate(MOST_SAID);
    let mut line = shown.join("; ");
    if more > 0 {
        line.push_str(&format!("; and {more} more"));
    }
    line
}

/// What the platform complains of, without repetitions: its messages often say the same as its complaints about fields.
fn complaints(reply: &Reply) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let fields = &reply.fields[..reply.fields.len().min(MOST_READ)];
    for message in reply.messages.iter().take(MOST_READ) {
        // A bare complaint is left to the field that it is about.
        let message = without_stop(message);
        let of_field = fields
            .iter()
            .any(|fault| without_stop(&fault.message) == message && !names(message, &fault.field));
        if !message.is_empty() && !of_field && !said.iter().any(|other| other == message) {
            said.push(message.to_owned());
        }
    }
    for fault in fields {
        let message = without_stop(&fault.message);
        let (complaint, sentence) = if names(message, &fault.field) {
            (message.to_owned(), message.to_owned())
        } else {
            (
                format!("{}: {message}", fault.field),
                format!("{} {message}", fault.field),
            )
        };
        let repeated = said
            .iter()
            .any(|other| states(other, &sentence) || states(other, &complaint));
        if !repeated {
            said.push(complaint);
        }
    }
    said
}

/// A message without the full stops and blanks around it.
fn without_stop(message: &str) -> &str {
    head(message.trim(), LONGEST).trim_end_matches(['.', ' '])
}

/// Whether a complaint begins with the name of its field.
fn names(message: &str, field: &str) -> bool {
    match message.strip_prefix(field) {
        Some(rest) => !field.is_empty() && !rest.starts_with(|c: char| c.is_alphanumeric()),
        None => false,
    }
}

/// Whether a message holds a complaint, as words of its own.
fn states(message: &str, complaint: &str) -> bool {
    let (message, complaint) = (message.to_lowercase(), complaint.to_lowercase());
    let is_of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    message.match_indices(&complaint).any(|(start, _)| {
        !is_of_word(message[..start].chars().next_back())
            && !is_of_word(message[start + complaint.len()..].chars().next())
    })
}

/// A reply that cannot be read: in words, and where.
///
/// `text` is what was read: the body, repaired where that was needed.
pub(super) fn decode(fault: &Fault, text: &[u8], carried: &SentValues) -> (String, Option<String>) {
    let body = text;
    if reply::is_blank(body) {
        let expected = match fault.cause() {
            Cause::Unfit { expected, .. } => mask(expected),
            _ => "a body".to_owned(),
        };
        return (
            format!(
                "{}: read back what the request was to do, or use `request`, which returns a reply of any kind",
                empty("nothing", &expected)
            ),
            None,
        );
    }
    if reply::looks_like_html(body) {
        return (
            "the reply is an HTML page instead of JSON, so it comes from a proxy or from the edge in front of the platform: check the base URL, and the proxy if there is one".to_owned(),
            None,
        );
    }
    match fault.cause() {
        Cause::Broken => (broken(body), None),
        Cause::Deep => (
            "the reply cannot be read: its lists and objects lie in one another too deeply"
                .to_owned(),
            None,
        ),
        Cause::Unfit { at, expected } => {
            // JsonPaths are counted without the blanks that a reply begins with.
            let mut places = JsonPaths::new(body.trim_ascii_start());
            let (path, found) = places.value_at(at.unwrap_or_default());
            unfit(carried.mask_path(&path).into_owned(), found, expected)
        }
    }
}

/// A value that does not fit its type.
fn unfit(path: String, found: &str, expected: &str) -> (String, Option<String>) {
    let place = place(&path);
    let expected = mask(expected);
    let text = format!("the reply does not fit at {place}: found {found}, expected {expected}");
    (text, Some(path))
}

/// A reply without contents.
fn empty(found: &str, expected: &str) -> String {
    format!("the reply is empty ({found} where {expected} is declared)")
}

/// A drift that is an error.
pub(super) fn drift(drift: &Drift) -> (String, Option<String>) {
    match drift.kind {
        DriftKind::Empty => {
            let text = format!(
                "{}: without strict mode it is the empty value",
                empty(drift.found, &mask(&drift.expected))
            );
            (text, Some(drift.path.clone()))
        }
        _ => unfit(drift.path.clone(), drift.found, &drift.expected),
    }
}

/// A path in a sentence.
pub(super) fn place(path: &str) -> String {
    if path == "$" {
        "its top level".to_owned()
    } else {
        format!("`{path}`")
    }
}

/// What is wrong with a text that is not JSON, by `serde_json`.
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
        Some(at) => format!("the reply is no JSON, from byte {at} on: check the base URL"),
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
