//! A call under construction: parameters by name, until it is sent.

mod checks;
mod prepare;

use std::borrow::Cow;
use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::call_site::CallSite;
use crate::decode;
use crate::drift::Reading;
use crate::error::Error;
use crate::operation::{ListStyle, Operation, PageParam, Paging, QueryParam, Reply};
use crate::reply::context::{self, ReplyContext};
use crate::reply::response_future::ResponseFuture;
use crate::request::body::{Body, ExtraField};
use crate::request::json_writer::{self, WriteError};
use crate::request::query::Query;
use crate::send::byte_stream::ByteStream;
use crate::send::pipeline::send_with_retries;
use crate::time::BoxFuture;
use crate::{CallOptions, Handle, ParamValue, ParamWriter, Part};

/// The values of a parameter as text, or the reason why it cannot be sent.
type Texts = Result<Vec<String>, &'static str>;

/// Headers that the client sets.
const OWN_HEADERS: [&str; 9] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
    "version",
];

/// A call under construction, which the builders of module crates fill; see
/// [`operation!`](crate::operation!).
///
/// Names are wire names. A second value for a name replaces the first. A value that cannot be sent
/// is reported when the call is sent.
pub struct Call {
    handle: Handle,
    call_site: CallSite,
    path: Vec<(Cow<'static, str>, String)>,
    query: Query,
    headers: HeaderMap,
    body: Body,
    extra_body: Vec<ExtraField>,
    options: CallOptions,
    error: Option<Error>,
}

impl Call {
    /// Creates a call of an operation.
    pub fn new(handle: &Handle, operation: &'static Operation) -> Self {
        Self::from_call_site(handle, CallSite::of(operation))
    }

    pub(crate) fn from_call_site(handle: &Handle, call_site: CallSite) -> Self {
        Call {
            handle: handle.clone(),
            call_site,
            path: Vec::new(),
            query: Query::default(),
            headers: HeaderMap::new(),
            body: Body::None,
            extra_body: Vec::new(),
            options: CallOptions::new(),
            error: None,
        }
    }

    /// Sets a path parameter.
    pub fn path(&mut self, name: impl Into<Cow<'static, str>>, value: impl ParamValue) {
        self.set_path(name.into(), ParamWriter::texts(value));
    }

    fn set_path(&mut self, name: Cow<'static, str>, texts: Texts) {
        let Some(text) = self.sendable("path parameter", &name, texts).map(joined) else {
            return;
        };
        match self.path.iter_mut().find(|(other, _)| *other == name) {
            Some((_, value)) => *value = text,
            None => self.path.push((name, text)),
        }
    }

    /// Sets a query parameter. A list is written in the declared style of the parameter.
    pub fn query(&mut self, name: &'static str, value: impl ParamValue) {
        self.set_query(name, ParamWriter::texts(value));
    }

    fn set_query(&mut self, name: &'static str, texts: Texts) {
        let Some(texts) = self.sendable("query parameter", name, texts) else {
            return;
        };
        let mut declared = self.declared_query().iter();
        let style = declared
            .find(|parameter| parameter.name == name)
            .map_or(ListStyle::Repeat, |parameter| parameter.style);
        self.query.set(name, texts, style);
    }

    /// Sets a header; a list is joined by commas. The headers that the client sets itself, such as
    /// `Authorization`, `Version` and `Content-Type`, are rejected.
    pub fn header(&mut self, name: impl AsRef<str>, value: impl ParamValue) {
        self.set_header(name.as_ref(), ParamWriter::texts(value));
    }

    fn set_header(&mut self, name: &str, texts: Texts) {
        let Some(text) = self.sendable("header", name, texts).map(joined) else {
            return;
        };
        let known = match HeaderName::from_bytes(name.as_bytes()) {
            Ok(known) if !OWN_HEADERS.contains(&known.as_str()) => known,
            _ => {
                return self.set_error(format!(
                    "the header `{}` cannot be set: its name is invalid, or the client sets the header itself",
                    name.replace(char::is_control, "")
                ));
            }
        };
        match HeaderValue::from_str(&text) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(known, value);
            }
            Err(_) => self.set_error(format!(
                "the header `{known}` cannot be sent: its value contains characters that are not allowed in headers"
            )),
        }
    }

    /// Adds a query pair that the operation does not declare; a list adds one for each item.
    pub fn extra_query(&mut self, name: impl Into<String>, value: impl ParamValue) {
        self.add_query(name.into(), ParamWriter::texts(value));
    }

    fn add_query(&mut self, name: String, texts: Texts) {
        if let Some(texts) = self.sendable("query parameter", &name, texts) {
            self.query.add(Cow::Owned(name), texts, ListStyle::Repeat);
        }
    }

    /// Sets the body as JSON. A number without a fraction is written without one, as in a query.
    pub fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        match json_writer::to_json(value) {
            Ok(bytes) => self.body = Body::Json(bytes),
            Err(error) => self.reject_body(None, error),
        }
    }

    /// Sets the body as `application/x-www-form-urlencoded`, from the fields of a model.
    pub fn form<T: Serialize + ?Sized>(&mut self, value: &T) {
        match Body::form(value) {
            Ok(body) => self.body = body,
            Err(error) => self.reject_body(None, error),
        }
    }

    /// Sets the body to the argument of a setter.
    #[doc(hidden)]
    pub fn body<T>(&mut self, value: Result<T, &'static str>, write: fn(&mut Call, &T)) {
        match value {
            Ok(value) => write(self, &value),
            Err(reason) => self.set_error(format!("the body cannot be sent: {reason}")),
        }
    }

    /// Sets a part of a `multipart/form-data` body.
    pub fn part(&mut self, name: &'static str, part: impl Into<Part>) {
        self.body.parts().set(name, part.into());
    }

    /// Adds a part of a `multipart/form-data` body next to those of the same name.
    pub fn add_part(&mut self, name: impl Into<String>, part: impl Into<Part>) {
        self.body.parts().add(name.into(), part.into());
    }

    /// Sets a text field of a `multipart/form-data` body; a list adds one for each item.
    pub fn text(&mut self, name: &'static str, value: impl ParamValue) {
        self.set_texts(name, ParamWriter::texts(value));
    }

    fn set_texts(&mut self, name: &'static str, texts: Texts) {
        let Some(texts) = self.sendable("part", name, texts) else {
            return;
        };
        let parts = self.body.parts();
        parts.remove(name);
        for text in texts {
            parts.add(name.to_owned(), Part::text(text));
        }
    }

    /// Adds a top-level field to a body of any kind, in place of one of the same name.
    pub fn extra_body(&mut self, name: impl Into<String>, value: impl Serialize) {
        let name = name.into();
        let field = ExtraField::new(name.clone(), value);
        self.set_extra(&name, field);
    }

    fn set_extra(&mut self, name: &str, field: Result<ExtraField, WriteError>) {
        self.extra_body.retain(|field| field.name != name);
        match field {
            Ok(field) => self.extra_body.push(field),
            Err(error) => self.reject_body(Some(name), error),
        }
    }

    /// Reports a body, or a field added to it, that cannot be serialized.
    #[cold]
    fn reject_body(&mut self, added: Option<&str>, error: WriteError) {
        let path = match added {
            Some(name) if error.path.is_empty() => name.to_owned(),
            Some(name) if error.path.starts_with('[') => format!("{name}{}", error.path),
            Some(name) => format!("{name}.{}", error.path),
            None => error.path,
        };
        let reason = match &error.rejected {
            Some(reason) => reason,
            None if error.not_finite => json_writer::NOT_FINITE,
            None => "a map key is not a string, or its `Serialize` implementation failed",
        };
        if path.is_empty() {
            return self.set_error(format!("the body cannot be written as JSON: {reason}"));
        }
        self.reject("body field", &path, reason);
    }

    /// The values of a parameter. A rejected value is reported when the call is sent.
    fn sendable(&mut self, what: &str, name: &str, texts: Texts) -> Option<Vec<String>> {
        match texts {
            Ok(texts) => Some(texts),
            Err(reason) => {
                self.reject(what, name, reason);
                None
            }
        }
    }

    #[cold]
    fn reject(&mut self, what: &str, name: &str, reason: &str) {
        if self.error.is_none() {
            let name = name.replace(char::is_control, "");
            let text = format!("the {what} `{name}` cannot be sent: {reason}");
            self.error = Some(Error::request(self.call_site.clone(), text).about(name));
        }
    }

    /// Sets the API version.
    pub fn api_version(&mut self, version: impl Into<String>) {
        self.options.api_version = Some(version.into());
    }

    /// Sets the options of the call, in place of those set before.
    pub fn options(&mut self, options: CallOptions) {
        let version = self.options.api_version.take();
        self.options = options;
        self.options.api_version = self.options.api_version.take().or(version);
    }

    /// How the reply is decoded.
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = self.handle.0.shared.reading.clone();
        reading.strict = self.options.strict.unwrap_or(reading.strict);
        reading
    }

    /// Sends the call; the reply is JSON.
    pub fn send_json<T: DeserializeOwned>(self) -> ResponseFuture<T> {
        ResponseFuture::new(self.dispatch(false), context::json)
    }

    /// Checks the call and returns its request without sending it. The request has no token.
    pub fn into_request(self) -> Result<reqwest::Request, Error> {
        let operation = self.call_site.operation;
        let streamed = operation.is_some_and(|operation| operation.reply == Reply::Bytes);
        let (handle, mut prepared) = self.prepare(streamed)?;
        handle.0.shared.transport.request(&mut prepared)
    }

    /// The paging rule of the operation.
    pub(crate) fn rule(&self) -> Option<Paging> {
        self.call_site.operation?.paging
    }

    /// Sends the call; the body of the reply is ignored.
    pub fn send_empty(self) -> ResponseFuture<()> {
        ResponseFuture::new(self.dispatch(false), context::empty)
    }

    /// Sends the call; the reply is a byte stream.
    pub fn send_bytes(self) -> ResponseFuture<ByteStream> {
        ResponseFuture::new(self.dispatch(true), context::bytes)
    }

    /// Sends the call and returns the reply, not decoded.
    ///
    /// The request is prepared here and boxed, so that the future does not contain the call or the
    /// request by value.
    pub(crate) fn dispatch(
        self,
        streamed: bool,
    ) -> BoxFuture<'static, Result<ReplyContext, Error>> {
        let reading = self.reading();
        let (handle, mut prepared) = match self.prepare(streamed) {
            Ok((handle, prepared)) => (handle.0, Box::new(prepared)),
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        Box::pin(async move {
            let reply = send_with_retries(&handle, &mut prepared).await?;
            Ok(ReplyContext {
                handle,
                prepared,
                reply,
                reading,
            })
        })
    }

    /// Returns a copy of the call. `None`: its body can be sent only once.
    pub(crate) fn try_clone(&self) -> Option<Call> {
        Some(Call {
            handle: self.handle.clone(),
            call_site: self.call_site.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: self.body.again()?,
            extra_body: self.extra_body.clone(),
            options: self.options.clone(),
            error: None,
        })
    }

    pub(crate) fn call_site(&self) -> &CallSite {
        &self.call_site
    }

    /// The first error of the call so far.
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    /// The value of a parameter, as JSON.
    pub(crate) fn parameter(&self, to: PageParam) -> Option<String> {
        match to {
            PageParam::Query(name) => match self.query.get(name)? {
                [one] => Some(Value::from(&**one).to_string()),
                several => Some(Value::from(several.to_vec()).to_string()),
            },
            PageParam::Body { name, .. } => {
                let added = self.extra_body.iter().find(|field| field.name == name);
                added.map_or_else(
                    || self.body.field(name),
                    |field| Some(field.json().to_owned()),
                )
            }
        }
    }

    /// Sets a parameter from a JSON value.
    pub(crate) fn set_parameter(&mut self, to: PageParam, json: &str) {
        match to {
            PageParam::Query(name) => {
                // A number keeps its digits.
                let texts = if is_number(json) {
                    vec![json.to_owned()]
                } else {
                    ParamWriter::texts(decode::value(json)).unwrap_or_default()
                };
                self.query.set(name, texts, ListStyle::Repeat);
            }
            PageParam::Body { name, text } => {
                let json = if text { with_texts(json) } else { json.into() };
                let field = RawValue::from_string(json.into_owned())
                    .map(|value| ExtraField::written(name, value))
                    .map_err(|_| WriteError::default());
                self.set_extra(name, field);
            }
        }
    }

    /// Removes a parameter.
    pub(crate) fn unset_parameter(&mut self, to: PageParam) {
        match to {
            PageParam::Query(name) => self.query.set(name, Vec::new(), ListStyle::Repeat),
            PageParam::Body { name, .. } => {
                self.extra_body.retain(|field| field.name != name);
                self.body.remove(name);
            }
        }
    }

    /// Keeps the first error until the call is sent.
    pub(crate) fn set_error(&mut self, text: impl Into<Cow<'static, str>>) {
        if self.error.is_none() {
            self.error = Some(Error::request(self.call_site.clone(), text));
        }
    }

    fn declared_query(&self) -> &'static [QueryParam] {
        self.call_site
            .operation
            .map_or(&[], |operation| operation.query)
    }
}

/// Shows the operation, and no values.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call")
            .field(&self.call_site.to_string())
            .finish()
    }
}

/// Joins the values of a list.
fn joined(mut texts: Vec<String>) -> String {
    match texts.len() {
        1 => texts.swap_remove(0),
        _ => texts.join(","),
    }
}

fn is_number(json: &str) -> bool {
    matches!(json.as_bytes(), [b'-' | b'0'..=b'9', ..])
}

/// Converts a number, or the numbers of a list, to strings with the same digits.
fn with_texts(json: &str) -> Cow<'_, str> {
    if is_number(json) {
        return format!("\"{json}\"").into();
    }
    let Some(mut items) = decode::Entries::within(json, b'[') else {
        return json.into();
    };
    let mut texts = String::from("[");
    while let Some(item) = items.next_item() {
        if texts.len() > 1 {
            texts.push(',');
        }
        if is_number(item) {
            texts.push('"');
            texts.push_str(item);
            texts.push('"');
        } else {
            texts.push_str(item);
        }
    }
    texts.push(']');
    texts.into()
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::Call;
    use crate::Handle;
    use crate::call_site::CallSite;

    /// Above this size, the allocator of glibc has no cache for each thread.
    const CACHED: usize = 1_032;

    #[test]
    fn futures_of_calls_are_small() {
        let handle = Handle::builder().private_token("token").build().unwrap();
        let call_site = CallSite {
            operation: None,
            method: Method::GET,
            template: "/a".into(),
        };
        let future = Call::from_call_site(&handle, call_site).dispatch(false);
        let size = size_of_val(&*future);
        assert!(
            (64..=CACHED).contains(&size),
            "the future of a call has {size} bytes"
        );
    }
}
