//! Errors as text.

use std::fmt::{self, Display, Formatter};

use super::api_error_body::{ApiErrorBody, BodyShape};
use super::{Error, Inner, advice, ids};
use crate::redact::SentValues;
use crate::redact::mask::head;
use crate::time::format_wait;

/// The number of messages that are shown.
const MAX_SHOWN_MESSAGES: usize = 10;

/// The number of messages that are read. Others are only counted.
const MAX_READ_MESSAGES: usize = 100;

/// The number of characters of a message that are read. Fewer are shown.
const MAX_MESSAGE_LENGTH: usize = 1300;

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(call_site) = &inner.call_site {
            write!(f, "{call_site}: ")?;
        }
        match (inner.api_error_kind, &inner.api_error_body) {
            (Some(_), Some(body)) => f.write_str(&api_error(self, inner, body))?,
            _ => match advice::without_reply(self) {
                Some(advice) => write!(f, "{}. {advice}.", inner.text)?,
                None => f.write_str(&inner.text)?,
            },
        }
        match (inner.attempts_made, inner.sent) {
            (0 | 1, _) => {}
            (attempts, 0) => write!(f, " (tried {attempts} times)")?,
            (attempts, sent) if sent < attempts => {
                write!(f, " (tried {attempts} times, sent {sent} times)")?
            }
            (_, sent) => write!(f, " (sent {sent} times)")?,
        }
        let sent_values = &inner.sent_values;
        match (
            shown_id(sent_values, self.trace_id()),
            shown_id(sent_values, self.request_id()),
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

/// Its first field is the text of `Display`, since a `main` that returns an error prints this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("message", &self.to_string());
        out.field("kind", &inner.kind);
        if let Some(status) = inner.status {
            out.field("status", &status.as_u16());
        }
        if let Some(api_error_kind) = inner.api_error_kind {
            out.field("api_error_kind", &api_error_kind);
        }
        if let Some(reply) = &inner.api_error_body {
            out.field("shape", &reply.shape);
            let code = reply.code();
            out.field("code", &code.map(|code| inner.sent_values.mask(code)));
        }
        if let Some(path) = &inner.json_path {
            out.field("json_path", path);
        }
        if let Some(kind) = inner.auth_error_kind {
            out.field("auth_error_kind", &kind);
        }
        if let Some(kind) = inner.paging_error_kind {
            out.field("paging_error_kind", &kind);
        }
        if let Some(wait) = inner.retry_after {
            out.field("retry_after", &wait);
        }
        if inner.sent > 0 {
            out.field("attempts", &inner.sent);
        }
        if let Some(body) = &inner.body {
            out.field("body", &format_args!("[{} bytes hidden]", body.len()));
        }
        out.finish()
    }
}

/// An id, if it can be shown unmasked.
fn shown_id<'a>(sent_values: &SentValues, id: Option<&'a str>) -> Option<&'a str> {
    id.filter(|id| ids::is_plain(id) && !sent_values.occur_in(id))
}

/// The reason, the messages of the platform, and the remedy, as sentences.
fn api_error(error: &Error, inner: &Inner, reply: &ApiErrorBody) -> String {
    let (kind, status) = match (inner.api_error_kind, inner.status) {
        (Some(kind), Some(status)) => (kind, status.as_u16()),
        _ => return String::new(),
    };
    let mut text = format!("{} ({status})", advice::reason(kind));
    let messages = messages(inner, reply);
    text.push_str(match reply.shape {
        _ if !messages.is_empty() => ": ",
        BodyShape::Empty => "; its body is empty",
        BodyShape::Html => {
            "; its body is an HTML page, so it comes from a proxy or from the edge in front of the platform"
        }
        BodyShape::Truncated => "; its body is cut off",
        BodyShape::Other => "; its body is not JSON",
        BodyShape::Json => "",
    });
    text.push_str(&messages);
    if !text.ends_with(['!', '?', '…']) {
        text.push('.');
    }
    if let Some(advice) = advice::for_api_error(error, kind) {
        text.push_str(&format!(" {advice}."));
    }
    if let Some(wait) = inner.retry_after {
        text.push_str(&format!(" Wait {}.", format_wait(wait)));
    }
    text
}

/// The messages and field errors, masked, each once, in one line without a full stop at its end.
fn messages(inner: &Inner, reply: &ApiErrorBody) -> String {
    let mut shown: Vec<String> = Vec::new();
    for message in distinct_messages(reply) {
        let message = inner.sent_values.mask(message.trim());
        // Messages that differ only in masked values are equal.
        if !shown.contains(&message) {
            shown.push(message);
        }
    }
    let unread = reply.messages.len().saturating_sub(MAX_READ_MESSAGES)
        + reply.fields.len().saturating_sub(MAX_READ_MESSAGES);
    let more = shown.len().saturating_sub(MAX_SHOWN_MESSAGES) + unread;
    shown.truncate(MAX_SHOWN_MESSAGES);
    let mut line = shown.join("; ");
    if more > 0 {
        line.push_str(&format!("; and {more} more"));
    }
    line
}

/// The messages without repetitions, since messages often repeat the field errors.
fn distinct_messages(reply: &ApiErrorBody) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    let fields = &reply.fields[..reply.fields.len().min(MAX_READ_MESSAGES)];
    for message in reply.messages.iter().take(MAX_READ_MESSAGES) {
        // A message without its field is covered by the field error.
        let message = without_stop(message);
        let of_field = fields.iter().any(|error| {
            without_stop(&error.message) == message && !begins_with_field(message, &error.field)
        });
        if !message.is_empty() && !of_field && !distinct.iter().any(|other| other == message) {
            distinct.push(message.to_owned());
        }
    }
    for error in fields {
        let message = without_stop(&error.message);
        let (text, sentence) = if begins_with_field(message, &error.field) {
            (message.to_owned(), message.to_owned())
        } else {
            (
                format!("{}: {message}", error.field),
                format!("{} {message}", error.field),
            )
        };
        let repeated = distinct
            .iter()
            .any(|other| contains_sentence(other, &sentence) || contains_sentence(other, &text));
        if !repeated {
            distinct.push(text);
        }
    }
    distinct
}

/// A message without the full stops and spaces around it.
fn without_stop(message: &str) -> &str {
    head(message.trim(), MAX_MESSAGE_LENGTH).trim_end_matches(['.', ' '])
}

/// Whether a message begins with the name of its field.
fn begins_with_field(message: &str, field: &str) -> bool {
    message
        .strip_prefix(field)
        .is_some_and(|rest| !field.is_empty() && !rest.starts_with(|c: char| c.is_alphanumeric()))
}

/// Whether a message contains a sentence as separate words.
fn contains_sentence(message: &str, sentence: &str) -> bool {
    let (message, sentence) = (message.to_lowercase(), sentence.to_lowercase());
    let is_of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    message.match_indices(&sentence).any(|(start, _)| {
        !is_of_word(message[..start].chars().next_back())
            && !is_of_word(message[start + sentence.len()..].chars().next())
    })
}
