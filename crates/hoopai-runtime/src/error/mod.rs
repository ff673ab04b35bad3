//! Errors of calls, as one type.
//!
//! This folder reads replies and masks values with `redact`. It does not depend on `send`.

mod advice;
mod api_error_body;
mod api_error_kind;
mod connection;
mod display;
mod failure_kind;
mod field_error;
pub(crate) mod ids;
mod kind;
mod predicates;
mod rules;
mod text;
mod words;

use std::borrow::Cow;
use std::time::Duration;

use crate::call_site::CallSite;
use crate::decode::drift::Drift;
use crate::decode::{self, DecodeError};
use crate::operation::{Method, Operation};
use crate::redact::{SentRequest, SentValues};
use api_error_body::ApiErrorBody;
pub use api_error_kind::ApiErrorKind;
use bytes::Bytes;
pub use failure_kind::FailureKind;
pub use field_error::FieldError;
pub use kind::{AuthErrorKind, ErrorKind, PagingErrorKind};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An error of a call, or of building a client.
///
/// `Display` shows the operation, the reason and the remedy. The first field of `Debug` is the same
/// text, so that a `main` which returns an error prints it too. Neither shows tokens or personal data:
/// values of the request are masked wherever the platform repeats them, in any encoding, as are
/// addresses, numbers and ids. The body is left out.
///
/// [`messages`](Error::messages), [`field_errors`](Error::field_errors), [`code`](Error::code) and
/// [`meta`](Error::meta) return the platform's words, in which only secrets that were sent (tokens,
/// keys, passwords) are masked. [`body`](Error::body) and [`header`](Error::header) return the
/// reply unchanged.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    call_site: Option<CallSite>,
    /// The text of errors without an API error. It never contains a value.
    text: Cow<'static, str>,
    /// The missing or invalid parameters.
    parameters: Vec<String>,
    timed_out: bool,
    /// Whether a request that failed without a reply can succeed on a retry.
    outcome: Outcome,
    auth_error_kind: Option<AuthErrorKind>,
    paging_error_kind: Option<PagingErrorKind>,
    retry_after: Option<Duration>,
    /// The number of requests that were sent.
    sent: u32,
    /// The number of attempts, including those without a connection.
    attempts_made: u32,
    /// Whether the call is idempotent, if the caller declared it.
    idempotent: Option<bool>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    api_error_body: Option<ApiErrorBody>,
    api_error_kind: Option<ApiErrorKind>,
    /// The values of the request, which are masked in messages of the platform.
    sent_values: SentValues,
    body: Option<Bytes>,
    json_path: Option<String>,
    /// The trace id in the body of a reply that could not be decoded.
    trace_id: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What is known of a request that failed without a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing is known; the kind of the error decides.
    Unknown,
    /// The server states that it did not process the request.
    Unprocessed,
    /// A retry would fail in the same way.
    Permanent,
}

impl Error {
    fn new(kind: ErrorKind, call_site: Option<CallSite>, text: Cow<'static, str>) -> Self {
        Error(Box::new(Inner {
            kind,
            call_site,
            text,
            parameters: Vec::new(),
            timed_out: false,
            outcome: Outcome::Unknown,
            auth_error_kind: None,
            paging_error_kind: None,
            retry_after: None,
            sent: 0,
            attempts_made: 0,
            idempotent: None,
            status: None,
            headers: HeaderMap::new(),
            api_error_body: None,
            api_error_kind: None,
            sent_values: SentValues::default(),
            body: None,
            json_path: None,
            trace_id: None,
            source: None,
        }))
    }

    /// An invalid setting; kind [`Config`](ErrorKind::Config). The text states the remedy.
    pub fn config(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, None, text.into())
    }

    /// The HTTP client could not be built.
    pub(crate) fn no_client(source: reqwest::Error) -> Self {
        let mut error = Self::config(format!(
            "the HTTP client cannot be built: {}",
            text::root_cause(&source)
        ));
        error.0.source = Some(Box::new(source.without_url()));
        error
    }

    pub(crate) fn request(call_site: CallSite, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Request, Some(call_site), text.into())
    }

    /// No token for a call; kind [`Auth`](ErrorKind::Auth). The text states the remedy, and must
    /// not contain a token. The call is added later.
    pub fn auth(kind: AuthErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Auth, None, text.into());
        error.0.auth_error_kind = Some(kind);
        error
    }

    /// The next page of a list could not be read.
    pub(crate) fn paging(
        call_site: CallSite,
        kind: PagingErrorKind,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Paging, Some(call_site), text.into());
        error.0.paging_error_kind = Some(kind);
        error
    }

    /// The rate limiter rejected the call.
    pub(crate) fn rate_limit(
        call_site: Option<CallSite>,
        wait: Duration,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::RateLimit, call_site, text.into());
        error.0.retry_after = Some(wait);
        error
    }

    /// Sets the cause, which becomes the source of the error.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the number of attempts and of requests that were sent.
    pub(crate) fn with_attempts(mut self, attempts: u32, sent: u32) -> Self {
        self.0.attempts_made = attempts;
        self.0.sent = sent;
        self
    }

    /// Sets whether the call is idempotent, if the caller declared it.
    pub(crate) fn with_idempotent(mut self, idempotent: Option<bool>) -> Self {
        self.0.idempotent = idempotent;
        self
    }

    /// Sets how long to wait before a retry, if that is known.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        if wait.is_some() {
            self.0.retry_after = wait;
        }
        self
    }

    /// Sets the call, unless it is set.
    pub(crate) fn of_call(mut self, call_site: &CallSite) -> Self {
        if self.0.call_site.is_none() {
            self.0.call_site = Some(call_site.clone());
        }
        self
    }

    /// Adds a parameter that the error is about.
    pub(crate) fn about(mut self, parameter: impl Into<String>) -> Self {
        self.0.parameters.push(parameter.into());
        self
    }

    /// There was no complete reply within the time of a setting.
    pub(crate) fn timed_out(call_site: CallSite, time: Duration, setting: &str) -> Self {
        let text =
            format!("no complete reply arrived within {time:?}, the limit set by `{setting}`");
        let mut error = Self::new(ErrorKind::Timeout, Some(call_site), text.into());
        error.0.timed_out = true;
        error
    }

    /// The request got no complete reply.
    pub(crate) fn broken(call_site: CallSite, source: reqwest::Error) -> Self {
        let source = source.without_url();
        let cause = text::root_cause(&source);
        let (kind, outcome, text) = if let Some(reason) = connection::permanent_tls_failure(&source)
        {
            let text = format!("no secure connection was made: {reason}");
            (ErrorKind::Connect, Outcome::Permanent, text)
        } else if let Some(signal) = connection::unprocessed(&source) {
            let text = format!("the server did not process the request (HTTP/2 {signal})");
            (ErrorKind::Transport, Outcome::Unprocessed, text)
        } else if source.is_connect() {
            let text = format!("no connection was made ({cause}), so nothing was sent");
            (ErrorKind::Connect, Outcome::Unknown, text)
        } else if source.is_timeout() {
            let text = "the reply did not end in time, which `timeout` sets";
            (ErrorKind::Timeout, Outcome::Unknown, text.to_owned())
        } else {
            let text = format!("the connection broke before the reply was complete ({cause})");
            (ErrorKind::Transport, Outcome::Unknown, text)
        };
        let mut error = Self::new(kind, Some(call_site), text.into());
        error.0.timed_out = source.is_timeout();
        error.0.outcome = outcome;
        error.0.source = Some(Box::new(source));
        error
    }

    /// The body of a reply is incomplete. Its head shows that the server processed the request,
    /// whatever HTTP/2 states later.
    pub(crate) fn broken_body(call_site: CallSite, source: reqwest::Error) -> Self {
        let mut error = Self::broken(call_site, source);
        if error.0.outcome == Outcome::Unprocessed {
            error.0.outcome = Outcome::Unknown;
            error.0.text = "the connection broke before the reply was complete".into();
        }
        error
    }

    /// The body ended before its declared length.
    pub(crate) fn short_body(call_site: CallSite) -> Self {
        let text = "the reply ended before its declared length";
        Self::new(ErrorKind::Transport, Some(call_site), text.into())
    }

    /// The HTTP client that the caller provided followed a redirect.
    pub(crate) fn redirected(call_site: CallSite) -> Self {
        let text = "the HTTP client that was set with `http_client` followed a redirect, so the reply is from another server or path: set `redirect::Policy::none()` in it, or set a `reqwest::ClientBuilder` with `http_client_builder`";
        let mut error = Self::new(ErrorKind::Transport, Some(call_site), text.into());
        error.0.outcome = Outcome::Permanent;
        error
    }

    /// What is known of a request that failed without a reply.
    pub(crate) fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// A reply with a status other than 2xx. `cut`: its body is incomplete.
    pub(crate) fn api_error(
        call_site: CallSite,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        cut: bool,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Status, Some(call_site), Cow::Borrowed(""));
        let parsed = ApiErrorBody::parse(&headers, &body, cut);
        error.0.api_error_kind = Some(rules::classify(status.as_u16(), &parsed));
        error.0.api_error_body = Some(parsed);
        error.0.body = Some(body);
        error.with_reply(status, headers)
    }

    /// Masks the values of the request in the reply, if there is one.
    pub(crate) fn masking(mut self, request: &SentRequest<'_>) -> Self {
        if self.0.status.is_some() {
            let sent_values = SentValues::of(request);
            if let Some(body) = &mut self.0.api_error_body {
                body.mask_secrets(&sent_values);
            }
            self.0.sent_values = sent_values;
        }
        self
    }

    pub(crate) fn too_large(call_site: CallSite, limit: usize) -> Self {
        let text = format!(
            "the reply is longer than the limit of {limit} bytes: request less, or raise `response_limit`"
        );
        Self::new(ErrorKind::TooLarge, Some(call_site), text.into())
    }

    /// A 2xx reply that cannot be decoded. `text` is the decoded text.
    pub(crate) fn decode(
        call_site: Option<CallSite>,
        fault: &DecodeError,
        text: &[u8],
        body: Bytes,
        sent_values: SentValues,
    ) -> Self {
        Self::unreadable(
            call_site,
            text::decode(fault, text, &sent_values),
            body,
            sent_values,
        )
    }

    /// A 2xx reply that deviates from its schema in strict mode.
    pub(crate) fn drifted(
        call_site: Option<CallSite>,
        drift: &Drift,
        body: Bytes,
        sent_values: SentValues,
    ) -> Self {
        Self::unreadable(call_site, text::drift(drift), body, sent_values)
    }

    /// A 2xx reply without a list at the declared path.
    pub(crate) fn no_list(
        call_site: CallSite,
        path: &str,
        found: &'static str,
        body: Bytes,
        sent_values: SentValues,
    ) -> Self {
        let path = sent_values.mask_path(path).into_owned();
        let text = format!(
            "expected the list of items at {}, found {found}: the reply is not the requested page, or the platform has changed; `send` returns the reply unchanged",
            text::path_in_words(&path)
        );
        let mut error = Self::unreadable(Some(call_site), (text, Some(path)), body, sent_values);
        error.0.kind = ErrorKind::Paging;
        error.0.paging_error_kind = Some(PagingErrorKind::NoList);
        error
    }

    fn unreadable(
        call_site: Option<CallSite>,
        (text, path): (String, Option<String>),
        body: Bytes,
        sent_values: SentValues,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Decode, call_site, text.into());
        error.0.json_path = path;
        error.0.trace_id = decode::last_trace_id(&body);
        error.0.body = Some(body);
        error.0.sent_values = sent_values;
        error
    }

    /// Sets status and headers of the reply.
    pub(crate) fn with_reply(mut self, status: StatusCode, headers: HeaderMap) -> Self {
        self.0.status = Some(status);
        self.0.headers = headers;
        self
    }

    /// The kind: the stage at which the call failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Why the platform rejected the request, for kind [`Status`](ErrorKind::Status).
    pub fn api_error_kind(&self) -> Option<ApiErrorKind> {
        self.0.api_error_kind
    }

    /// The operation of the call. `None` for settings, and for calls by method and path.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.call_site.as_ref()?.operation
    }

    /// The HTTP method of the call. `None` for settings.
    pub fn method(&self) -> Option<&Method> {
        Some(&self.0.call_site.as_ref()?.method)
    }

    /// The path of the call with its parameters in braces. `None` for settings.
    ///
    /// For a call by method and path, it is the path that the caller passed, which contains values
    /// unless they were passed separately.
    pub fn path_template(&self) -> Option<&str> {
        Some(&self.0.call_site.as_ref()?.template)
    }

    /// The first missing or invalid parameter or field, by its wire name, for kind
    /// [`Request`](ErrorKind::Request).
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameters.first().map(String::as_str)
    }

    /// All missing or invalid parameters and fields, by their wire names, for kind
    /// [`Request`](ErrorKind::Request). A nested field is a path, such as `items[0].qty`.
    pub fn parameters(&self) -> &[String] {
        &self.0.parameters
    }

    /// Why there is no token, for kind [`Auth`](ErrorKind::Auth).
    pub fn auth_error_kind(&self) -> Option<AuthErrorKind> {
        self.0.auth_error_kind
    }

    /// Why the next page of a list could not be read, for kind [`Paging`](ErrorKind::Paging).
    pub fn paging_error_kind(&self) -> Option<PagingErrorKind> {
        self.0.paging_error_kind
    }

    /// How long to wait before a retry: as the platform asks, or as the rate limiter expects.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The number of requests that were sent for the call. Attempts without a connection do not
    /// count, so it is 0 if nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.sent
    }

    /// The HTTP status, if there was a reply.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The platform's code: a name, such as `HttpException`, or a short text, such as
    /// `Bad Request`. Only secrets are masked.
    pub fn code(&self) -> Option<&str> {
        self.0.api_error_body.as_ref()?.code()
    }

    /// The status in the body. It can differ from the HTTP status.
    pub fn body_status(&self) -> Option<u16> {
        self.0.api_error_body.as_ref()?.status
    }

    /// The platform's messages, of which there can be several. Only secrets are masked, so they can
    /// contain personal data.
    pub fn messages(&self) -> &[String] {
        match &self.0.api_error_body {
            Some(reply) => &reply.messages,
            None => &[],
        }
    }

    /// The platform's errors of single fields. Only secrets are masked.
    pub fn field_errors(&self) -> &[FieldError] {
        match &self.0.api_error_body {
            Some(reply) => &reply.fields,
            None => &[],
        }
    }

    /// Additional data of some errors: for a contact that exists already, its id and name. Only
    /// secrets are masked.
    pub fn meta(&self) -> Option<&Value> {
        self.0.api_error_body.as_ref()?.meta.as_ref()
    }

    /// The platform's trace id of the request, for its support. `None` if it contains a secret that
    /// was sent.
    pub fn trace_id(&self) -> Option<&str> {
        let body = self.0.api_error_body.as_ref();
        let id = body
            .and_then(|body| body.trace_id.as_deref())
            .or(self.0.trace_id.as_deref())
            .or_else(|| ids::trace_id(&self.0.headers))?;
        self.unless_secret(id)
    }

    /// The id that a host in front of the platform assigned to the request. `None` if it contains a
    /// secret that was sent.
    pub fn request_id(&self) -> Option<&str> {
        self.unless_secret(ids::request_id(&self.0.headers)?)
    }

    /// An id, unless it contains a secret that was sent.
    fn unless_secret<'a>(&self, id: &'a str) -> Option<&'a str> {
        matches!(self.0.sent_values.mask_secrets(id), Cow::Borrowed(_)).then_some(id)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// A header of the reply, unchanged, if it is present and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// The body of the reply, unchanged, for kinds [`Status`](ErrorKind::Status) and
    /// [`Decode`](ErrorKind::Decode). It can contain personal data.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.body.as_ref()
    }

    /// The JSON path of the value that could not be decoded, such as `contacts[3].dateAdded`, or
    /// `$` for the whole reply, for kind [`Decode`](ErrorKind::Decode).
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&**self.0.source.as_ref()?)
    }
}
