//! Successful replies.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::drift::Drift;
use crate::error::ids;

/// A successful reply: what it holds, and what came with it. Reads like the `T` in it.
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
    trace_id: Option<String>,
    drift: Vec<Drift>,
    came: Option<Box<OriginalReply>>,
}

/// What came, where the value does not hold it.
pub(crate) struct OriginalReply {
    value: Option<Value>,
    body: Option<Bytes>,
}

impl OriginalReply {
    /// A reply of another kind than its type.
    #[cold]
    pub(crate) fn value(value: Value) -> Box<Self> {
        Box::new(OriginalReply {
            value: Some(value),
            body: None,
        })
    }

    /// A reply that was repaired, which can be of another kind as well.
    #[cold]
    pub(crate) fn body(before: Option<Box<Self>>, body: Bytes) -> Box<Self> {
        Box::new(OriginalReply {
            value: before.and_then(|before| before.value),
            body: Some(body),
        })
    }
}

impl<T> Response<T> {
    pub(crate) fn new(
        value: T,
        status: StatusCode,
        headers: HeaderMap,
        trace_id: Option<String>,
    ) -> Self {
        Self::with_drift(value, status, headers, trace_id, Vec::new(), None)
    }

    #[inline]
    pub(crate) fn with_drift(
        value: T,
        status: StatusCode,
        headers: HeaderMap,
        trace_id: Option<String>,
        drift: Vec<Drift>,
        came: Option<Box<OriginalReply>>,
    ) -> Self {
        Response {
            value,
            status,
            headers,
            trace_id,
            drift,
            came,
        }
    }

    /// Where the reply is not what the interface file says, in the order of the places; empty as a rule. Each has gone to the
    /// log (target `hoopai::drift`) and to the [observer](crate::HandleBuilder::drift_observer) as well.
    ///
    /// A reply that drifts everywhere is reported in its first 256 places.
    pub fn drift(&self) -> &[Drift] {
        &self.drift
    }

    /// The whole reply as it came, where that is of a kind that the type does not hold, such as a list in place of an object.
    /// The value is empty then.
    pub fn raw(&self) -> Option<&Value> {
        self.came.as_deref()?.value.as_ref()
    }

    /// The bytes of the reply as they came, where some had to be replaced or skipped to read it: see
    /// [`DriftKind::Repaired`](crate::drift::DriftKind::Repaired).
    pub fn raw_body(&self) -> Option<&Bytes> {
        self.came.as_deref()?.body.as_ref()
    }

    /// What the reply holds.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The HTTP status, any of 2xx. The platform's interface files are not exact about which.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A header, if it came and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The platform's id of this call in its traces: from the body, which ends with `traceId` in most replies, or from a header.
    /// Its support asks for it.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id
            .as_deref()
            .or_else(|| ids::trace_id(&self.headers))
    }

    /// The id that a host on the way gave to the request, from a header.
    pub fn request_id(&self) -> Option<&str> {
        ids::request_id(&self.headers)
    }

    /// The same reply with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            value: change(self.value),
            status: self.status,
            headers: self.headers,
            trace_id: self.trace_id,
            drift: self.drift,
            came: self.came,
        }
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Response<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Shows the type of the value in place of the value, which can be personal data, and neither headers nor ids: a reply can
/// repeat in them what was sent.
impl<T> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.as_u16())
            .field("drift", &self.drift.len())
            .field("value", &format_args!("{}", std::any::type_name::<T>()))
            .finish()
    }
}
