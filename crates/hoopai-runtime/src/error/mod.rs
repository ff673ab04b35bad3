//! What can go wrong with a call, as one type.

mod carried;
mod display;
pub(crate) mod ids;
mod json_path;
mod kind;
mod mask;
mod reply;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::body::Payload;
use crate::decode::{self, Fault};
use crate::drift::Drift;
use crate::operation::{Method, Operation};
use crate::retry::FailureKind;
pub(crate) use json_path::Places;
pub use kind::{AuthFault, ErrorKind, PagingFault};
pub(crate) use mask::mask;
use reply::Reply;

/// Which call it was: an operation of a table, or a method and path of the caller's own.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) method: Method,
    pub(crate) template: Cow<'static, str>,
}

impl Origin {
    pub(crate) fn of(operation: &'static Operation) -> Self {
        Origin {
            operation: Some(operation),
            method: operation.method,
            template: Cow::Borrowed(operation.path),
        }
    }

    /// The path for spans and observers: without values.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self.operation {
            Some(operation) => Cow::Borrowed(operation.path),
            None => Cow::Owned(mask::mask(&self.template)),
        }
    }

    /// Whether the call may be done twice: by the operation's table, or else by what HTTP says of its method.
    pub(crate) fn is_idempotent(&self) -> bool {
        match self.operation {
            Some(operation) => operation.idempotent,
            None => matches!(self.method, Method::Get | Method::Put | Method::Delete),
        }
    }
}

/// What went wrong with a call, or with making a client.
///
/// Its `Display` is a sentence to act on, its `Debug` the facts. Neither shows tokens or personal data: of the platform's own
/// message, values, addresses, numbers and ids are masked, and the body is left out. [`messages`](Error::messages) and
/// [`body`](Error::body) give them unmasked.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    origin: Option<Origin>,
    /// Our own words on it, for kinds other than `Status`. Never holds a value.
    text: Cow<'static, str>,
    /// The parameters that are missing or unfit.
    parameters: Vec<String>,
    timed_out: bool,
    auth_fault: Option<AuthFault>,
    paging_fault: Option<PagingFault>,
    retry_after: Option<Duration>,
    attempts: u32,
    status: Option<StatusCode>,
    headers: HeaderMap,
    reply: Option<Reply>,
    /// What the call carried, to be masked in what the platform says.
    carried: Vec<String>,
    body: Option<Bytes>,
    json_path: Option<String>,
    /// From the body of a reply that could not be read.
    trace_id: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A complaint of the platform about one field of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as the platform names it.
    pub field: String,
    /// What is wrong with it, in the platform's words.
    pub message: String,
}

/// Shows the field and not what is said of it, which can repeat what the call carried.
impl fmt::Debug for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [hidden]", mask::mask(&self.field))
    }
}

impl Error {
    fn new(kind: ErrorKind, origin: Option<Origin>, text: Cow<'static, str>) -> Self {
        Error(Box::new(Inner {
            kind,
            origin,
            text,
            parameters: Vec::new(),
            timed_out: false,
            auth_fault: None,
            paging_fault: None,
            retry_after: None,
            attempts: 0,
            status: None,
            headers: HeaderMap::new(),
            reply: None,
            carried: Vec::new(),
            body: None,
            json_path: None,
            trace_id: None,
            source: None,
        }))
    }

    /// A setting that cannot be used; kind [`Config`](ErrorKind::Config). The text says what to do about it.
    pub fn config(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, None, text.into())
    }

    /// The HTTP client could not be made.
    pub(crate) fn no_client(fault: reqwest::Error) -> Self {
        let mut error = Self::config(format!(
            "no HTTP client could be made: {}",
            display::root_cause(&fault)
        ));
        error.0.source = Some(Box::new(fault.without_url()));
        error
    }

    pub(crate) fn request(origin: Origin, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Request, Some(origin), text.into())
    }

    /// No token for a call; kind [`Auth`](ErrorKind::Auth). The text says what to do about it, and must hold no token. The call is
    /// named by it once it is known.
    pub fn auth(fault: AuthFault, text: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Auth, None, text.into());
        error.0.auth_fault = Some(fault);
        error
    }

    /// A list cannot be read on.
    pub(crate) fn paging(
        origin: Origin,
        fault: PagingFault,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Paging, Some(origin), text.into());
        error.0.paging_fault = Some(fault);
        error
    }

    /// The limiter lets the call not through in time.
    pub(crate) fn rate_limit(
        origin: Option<Origin>,
        wait: Duration,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::RateLimit, origin, text.into());
        error.0.retry_after = Some(wait);
        error
    }

    /// Names the cause, which becomes the source of the error.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says how often the call went on the wire.
    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Says how long to wait before another try, unless nothing is known.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        if wait.is_some() {
            self.0.retry_after = wait;
        }
        self
    }

    /// Names the call that it happened to, where it did not know.
    pub(crate) fn of_call(mut self, origin: &Origin) -> Self {
        if self.0.origin.is_none() {
            self.0.origin = Some(origin.clone());
        }
        self
    }

    /// Names a parameter that it is about, after those named before.
    pub(crate) fn about(mut self, parameter: impl Into<String>) -> Self {
        self.0.parameters.push(parameter.into());
        self
    }

    /// Time ran out, on this side. `setting` is what would have to be longer.
    pub(crate) fn timed_out(origin: Origin, time: Duration, setting: &str) -> Self {
        let text = format!(
            "no whole reply came within {time:?}: try again later, or set a longer `{setting}`"
        );
        let mut error = Self::new(ErrorKind::Timeout, Some(origin), text.into());
        error.0.timed_out = true;
        error
    }

    /// A request that got no whole reply.
    pub(crate) fn broken(origin: Origin, fault: reqwest::Error) -> Self {
        let fault = fault.without_url();
        let cause = display::root_cause(&fault);
        let (kind, text) = if fault.is_connect() {
            (
                ErrorKind::Connect,
                format!(
                    "no connection was made ({cause}): check the network, a proxy if there is one, and the base URL"
                ),
            )
        } else if fault.is_timeout() {
            (
                ErrorKind::Timeout,
                "the reply did not end in time: try again later, or set a longer `timeout`"
                    .to_owned(),
            )
        } else {
            (
                ErrorKind::Transport,
                format!(
                    "the connection broke before the reply was whole ({cause}); whether the platform acted on it is not known"
                ),
            )
        };
        let mut error = Self::new(kind, Some(origin), text.into());
        error.0.timed_out = fault.is_timeout();
        error.0.source = Some(Box::new(fault));
        error
    }

    /// A reply with a status other than 2xx. `cut`: its body did not arrive whole.
    pub(crate) fn refused(
        origin: Origin,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        cut: bool,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Status, Some(origin), Cow::Borrowed(""));
        error.0.reply = Some(Reply::parse(&headers, &body, cut));
        error.0.body = Some(body);
        error.with_reply(status, headers)
    }

    /// Masks what the call carried wherever the platform repeats it.
    pub(crate) fn masking(mut self, url: &Url, payload: &Payload) -> Self {
        if let Some(origin) = &self.0.origin {
            self.0.carried = carried::values(origin, url, payload);
        }
        self
    }

    pub(crate) fn too_large(origin: Origin, limit: usize) -> Self {
        let text = format!(
            "the reply is longer than the limit of {limit} bytes: ask for less, or raise `response_limit`"
        );
        Self::new(ErrorKind::TooLarge, Some(origin), text.into())
    }

    /// A 2xx whose body cannot be read as what the operation answers.
    pub(crate) fn decode(origin: Option<Origin>, fault: &Fault, body: Bytes) -> Self {
        Self::not_read(origin, display::decode(fault, &body), body)
    }

    /// A 2xx that drifted, where that is an error.
    pub(crate) fn drifted(origin: Option<Origin>, drift: &Drift, body: Bytes) -> Self {
        let words = display::unfit(drift.path.clone(), drift.found, &drift.expected);
        Self::not_read(origin, words, body)
    }

    /// A 2xx that holds something else where the list of items is to stand.
    pub(crate) fn no_list(origin: Origin, path: String, found: &'static str, body: Bytes) -> Self {
        let text = format!(
            "the list of items is to stand at {}, and {found} stands there: the reply is not the page that was asked for, or the platform has changed; `send` gives it as it is",
            display::place(&path)
        );
        let mut error = Self::not_read(Some(origin), (text, Some(path)), body);
        error.0.kind = ErrorKind::Paging;
        error.0.paging_fault = Some(PagingFault::NoList);
        error
    }

    fn not_read(
        origin: Option<Origin>,
        (text, path): (String, Option<String>),
        body: Bytes,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Decode, origin, text.into());
        error.0.json_path = path;
        error.0.trace_id = decode::last_trace_id(&body);
        error.0.body = Some(body);
        error
    }

    /// Keeps what came with the reply.
    pub(crate) fn with_reply(mut self, status: StatusCode, headers: HeaderMap) -> Self {
        self.0.status = Some(status);
        self.0.headers = headers;
        self
    }

    /// The kind: how far the call came.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that was called. `None` for settings, and for calls by method and path.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.origin.as_ref()?.operation
    }

    /// The HTTP method of the call. `None` for settings.
    pub fn method(&self) -> Option<Method> {
        Some(self.0.origin.as_ref()?.method)
    }

    /// The path of the call with its parameters in braces, never filled in. `None` for settings.
    ///
    /// For a call by method and path it is the path as it was given, which holds no values only if they were given apart.
    pub fn path_template(&self) -> Option<&str> {
        Some(&self.0.origin.as_ref()?.template)
    }

    /// The first parameter or field that is missing or unfit, by its name on the wire, for kind
    /// [`Request`](ErrorKind::Request).
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameters.first().map(String::as_str)
    }

    /// All parameters and fields that are missing or unfit, by their names on the wire, for kind
    /// [`Request`](ErrorKind::Request). A field within another is a path, such as `items[0].qty`.
    pub fn parameters(&self) -> &[String] {
        &self.0.parameters
    }

    /// Why there is no token, for kind [`Auth`](ErrorKind::Auth).
    pub fn auth_fault(&self) -> Option<AuthFault> {
        self.0.auth_fault
    }

    /// Why a list cannot be read on, for kind [`Paging`](ErrorKind::Paging).
    pub fn paging_fault(&self) -> Option<PagingFault> {
        self.0.paging_fault
    }

    /// A user of the account must authorise the app again before any call can succeed.
    pub fn needs_reinstall(&self) -> bool {
        matches!(self.0.auth_fault, Some(AuthFault::ReinstallNeeded))
    }

    /// How long to wait before the call has a chance: asked for by the platform, or reckoned from its rate limit.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many times the call went on the wire.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The HTTP status, if there was a reply.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The platform's own code: a name, such as `HttpException`, or a short text, such as `Bad Request`; unmasked.
    pub fn code(&self) -> Option<&str> {
        self.0.reply.as_ref()?.code.as_deref()
    }

    /// The status that the body gives. It can differ from HTTP's.
    pub fn body_status(&self) -> Option<u16> {
        self.0.reply.as_ref()?.status
    }

    /// What the platform said, unmasked, so it can hold personal data. It says one thing or several.
    pub fn messages(&self) -> &[String] {
        match &self.0.reply {
            Some(reply) => &reply.messages,
            None => &[],
        }
    }

    /// The platform's complaints about single fields, unmasked.
    pub fn field_errors(&self) -> &[FieldError] {
        match &self.0.reply {
            Some(reply) => &reply.fields,
            None => &[],
        }
    }

    /// What the platform adds to some errors: for a contact that exists already, the id and name of that contact. Unmasked.
    pub fn meta(&self) -> Option<&Value> {
        self.0.reply.as_ref()?.meta.as_ref()
    }

    /// The platform's id of this call in its traces, which its support asks for.
    pub fn trace_id(&self) -> Option<&str> {
        if let Some(reply) = &self.0.reply
            && let Some(id) = &reply.trace_id
        {
            return Some(id);
        }
        match &self.0.trace_id {
            Some(id) => Some(id),
            None => ids::trace_id(&self.0.headers),
        }
    }

    /// The id that a host on the way gave to the request.
    pub fn request_id(&self) -> Option<&str> {
        ids::request_id(&self.0.headers)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// A header of the reply, if there was one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// The body of the reply as it came, for kinds [`Status`](ErrorKind::Status) and [`Decode`](ErrorKind::Decode). It can
    /// hold personal data.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.body.as_ref()
    }

    /// Where in the reply the value stands that could not be read, such as `contacts[3].dateAdded` or `$` for the reply itself,
    /// for kind [`Decode`](ErrorKind::Decode).
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }

    /// The platform refused the token (401): it is wrong, has expired, or lacks a scope; the message tells which. Or no token
    /// could be had: [`auth_fault`](Error::auth_fault) tells why.
    pub fn is_auth(&self) -> bool {
        self.is_status(401) || self.0.kind == ErrorKind::Auth
    }

    /// The token may not do this (403), as with a location that is not its own.
    pub fn is_forbidden(&self) -> bool {
        self.is_status(403)
    }

    /// What was asked for does not exist: 404, or a 400 that says so, which is how the platform answers for an unknown contact.
    pub fn is_not_found(&self) -> bool {
        match &self.0.reply {
            Some(reply) if self.is_status(400) => reply.says("not found"),
            _ => self.is_status(404),
        }
    }

    /// The platform takes the request for invalid: 422, or a 400 that is not about something missing.
    pub fn is_validation(&self) -> bool {
        self.is_status(422) || self.is_status(400) && !self.is_not_found()
    }

    /// Too many requests: the platform said so (429), or this side knew and did not send the call.
    pub fn is_rate_limited(&self) -> bool {
        self.is_status(429) || self.0.kind == ErrorKind::RateLimit
    }

    /// Time ran out on this side, while connecting or later.
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out
    }

    /// No connection was made, so nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// The reply could not be read as what the operation answers.
    pub fn is_decode(&self) -> bool {
        self.0.kind == ErrorKind::Decode
    }

    /// The same call may be made again: it did nothing, or doing it twice does no harm, and it can go better then. Where
    /// [`retry_after`](Error::retry_after) gives a wait, not before that.
    ///
    /// The client has tried again by itself as often as its policy, its retry budget and the call's time allow.
    pub fn is_retryable(&self) -> bool {
        let kind = FailureKind::of(self);
        match self.0.kind {
            ErrorKind::RateLimit => true,
            ErrorKind::Auth => matches!(self.0.auth_fault, Some(AuthFault::Unavailable)),
            _ if kind == FailureKind::Final => false,
            _ => match &self.0.origin {
                Some(origin) if origin.is_idempotent() => true,
                _ => !kind.may_have_acted(),
            },
        }
    }

    /// The platform, or a host before it, failed (5xx).
    pub fn is_server_error(&self) -> bool {
        self.0.kind == ErrorKind::Status
            && matches!(self.0.status, Some(status) if status.is_server_error())
    }

    pub(crate) fn is_status(&self, status: u16) -> bool {
        self.0.kind == ErrorKind::Status
            && matches!(self.0.status, Some(own) if own.as_u16() == status)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}
