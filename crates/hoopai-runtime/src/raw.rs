//! Calls of operations that no interface file lists.

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

/// A call by method and path, on the same road as all others: same credentials, version, limits and errors.
///
/// Made by [`Handle::request`]. The default location is not filled in, for nothing says where it would go.
#[must_use = "nothing is sent before `send` is awaited"]
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

    /// Sets a parameter that the path names in braces. It is encoded, and it stays out of errors, which show the path as it
    /// was given to [`Handle::request`].
    pub fn path(mut self, name: impl Into<String>, value: impl ParamValue) -> Self {
        self.call.path(name.into(), value);
        self
    }

    /// Adds a query pair; a list adds one for each item.
    pub fn query(mut self, name: impl Into<String>, value: impl ParamValue) -> Self {
        self.call.extra_query(name, value);
        self
    }

    /// Sets a header. What every call carries by itself, its token and version among them, cannot be set so.
    pub fn header(mut self, name: impl AsRef<str>, value: impl ParamValue) -> Self {
        self.call.header(name, value);
        self
    }

    /// Sets the body, as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.call.json(value);
        self
    }

    /// Sends this API version (a date such as `2021-07-28`) with this call.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.call.api_version(version);
        self
    }

    /// Sets what is other than the client's for this call: times, retries, whether it may be done twice.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.call.options(options);
        self
    }

    /// Sends the call; the reply is any JSON.
    ///
    /// # Errors
    /// A path or parameter that is missing or unfit, a failure on the way, a refusal by the platform, or a reply that is no
    /// JSON: see [`Error`](crate::Error).
    pub fn send(self) -> ResponseFuture<Value> {
        self.call.send_json()
    }

    /// Sends the call; the reply is read as `T`.
    ///
    /// # Errors
    /// Those of [`send`](RawRequest::send), and a reply that does not fit `T`.
    pub fn send_as<T: DeserializeOwned>(self) -> ResponseFuture<T> {
        self.call.send_json()
    }

    /// Reads the list that the call answers, item by item, over all of its pages. The rule says where the items stand and what
    /// asks for the next page; see [`paging`](crate::paging).
    pub fn stream<T: DeserializeOwned>(self, rule: Paging) -> ItemStream<T> {
        ItemStream::new(self.call, Some(rule))
    }

    /// Reads the list that the call answers, page by page.
    pub fn pages<R: DeserializeOwned>(self, rule: Paging) -> PageStream<R> {
        PageStream::new(self.call, Some(rule))
    }

    /// Reads the whole list that the call answers, up to a limit; it is an error if the list has more items than that.
    pub fn collect_all<T: DeserializeOwned>(self, rule: Paging, limit: usize) -> CollectFuture<T> {
        self.stream(rule).collect_all(limit)
    }
}

impl Handle {
    /// A call by method and path, for operations that no interface file lists.
    ///
    /// The path begins with `/` and continues the base URL. Give values apart, as in `/contacts/{id}` with
    /// [`path`](RawRequest::path): so they are encoded, and stay out of errors.
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        RawRequest::new(self, method, path)
    }
}

/// Shows which call it is, and none of its values.
impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.call, f)
    }
}
