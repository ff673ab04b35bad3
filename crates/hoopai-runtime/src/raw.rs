//! Calls by method and path, for operations that no interface file declares.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call_site::CallSite;
use crate::operation::{Method, Paging};
use crate::paging::{CollectFuture, ItemStream, PageStream};
use crate::request::path::{self, Fault};
use crate::{Call, CallOptions, Handle, ParamValue, ResponseFuture};

/// A call by method and path. It uses the same credentials, API version, rate limits and errors as
/// other calls.
///
/// [`Handle::request`] creates it. The default location is not set, since the position of the
/// location is unknown.
#[must_use = "nothing is sent before it is awaited"]
pub struct RawRequest {
    call: Call,
}

impl RawRequest {
    pub(crate) fn new(handle: &Handle, method: Method, template: &str) -> Self {
        let (template, error) = match path::check(template) {
            Ok(()) => (template.to_owned(), None),
            Err(Fault::Template(reason)) => ("…".to_owned(), Some(reason)),
            Err(_) => ("…".to_owned(), Some("it is not a path")),
        };
        let mut call = Call::from_call_site(
            handle,
            CallSite {
                operation: None,
                method,
                template: Cow::Owned(template),
            },
        );
        if let Some(reason) = error {
            call.set_error(format!("the path cannot be sent: {reason}"));
        }
        RawRequest { call }
    }

    /// Sets a parameter that the path names in braces. It is encoded, and it does not appear in
    /// errors, which show the path as it was passed to [`Handle::request`].
    pub fn path(mut self, name: impl Into<String>, value: impl ParamValue) -> Self {
        self.call.path(name.into(), value);
        self
    }

    /// Adds a query pair; a list adds one for each item.
    pub fn query(mut self, name: impl Into<String>, value: impl ParamValue) -> Self {
        self.call.extra_query(name, value);
        self
    }

    /// Sets a header. The headers that the client sets itself, such as `Authorization` and
    /// `Version`, are rejected.
    pub fn header(mut self, name: impl AsRef<str>, value: impl ParamValue) -> Self {
        self.call.header(name, value);
        self
    }

    /// Sets the body as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.call.json(value);
        self
    }

    /// Sets the API version of the call, a date such as `2021-07-28`.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.call.api_version(version);
        self
    }

    /// Sets the options of the call: timeouts, retries, whether it is idempotent.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.call.options(options);
        self
    }

    /// Checks the call and returns its request without sending it, for display. The request has no
    /// token.
    ///
    /// # Errors
    /// A path or parameter is missing or invalid; kind
    /// [`Request`](crate::error::ErrorKind::Request).
    pub fn into_request(self) -> Result<reqwest::Request, crate::Error> {
        self.call.into_request()
    }

    /// Sends the call; the reply is any JSON value.
    ///
    /// # Errors
    /// A path or parameter is missing or invalid, the request failed, the platform rejected it, or
    /// the reply is not JSON: see [`Error`](crate::Error).
    pub fn send(self) -> ResponseFuture<Value> {
        self.call.send_json()
    }

    /// Sends the call; the reply is decoded as `T`.
    ///
    /// # Errors
    /// Those of [`send`](RawRequest::send), and a reply that does not match `T`.
    pub fn send_as<T: DeserializeOwned>(self) -> ResponseFuture<T> {
        self.call.send_json()
    }

    /// Returns the items of all pages of a list as a stream. The rule declares the path of the
    /// items and the parameter of the next page; see [`paging`](crate::paging).
    pub fn stream<T: DeserializeOwned>(self, rule: Paging) -> ItemStream<T> {
        ItemStream::new(self.call, Some(rule))
    }

    /// Returns the pages of a list as a stream.
    pub fn pages<R: DeserializeOwned>(self, rule: Paging) -> PageStream<R> {
        PageStream::new(self.call, Some(rule))
    }

    /// Returns all items of a list, up to a limit. It is an error if the list has more items.
    pub fn collect_all<T: DeserializeOwned>(self, rule: Paging, limit: usize) -> CollectFuture<T> {
        self.stream(rule).collect_all(limit)
    }
}

/// Sends the call, as [`send`](RawRequest::send) does.
impl IntoFuture for RawRequest {
    type Output = <ResponseFuture<Value> as Future>::Output;
    type IntoFuture = ResponseFuture<Value>;

    fn into_future(self) -> ResponseFuture<Value> {
        self.send()
    }
}

impl Handle {
    /// Creates a call by method and path, for operations that no interface file declares.
    ///
    /// The path begins with `/` and is appended to the base URL. Pass values separately, as in
    /// `/contacts/{id}` with [`path`](RawRequest::path): they are then encoded, and do not appear
    /// in errors.
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        RawRequest::new(self, method, path)
    }
}

/// Shows method and path, and no values.
impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.call, f)
    }
}
