//! Successful replies.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::drift::Drift;
use crate::error::ids;

/// A successful reply: its value, status and headers. It dereferences to the value.
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
    trace_id: Option<String>,
    drift: Vec<Drift>,
    came: Option<Box<OriginalReply>>,
}

/// The original reply, if the value does not represent it.
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

    /// A reply that was repaired. It can be of another kind as well.
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

    /// Returns the deviations from the type, in the order of the reply. The list is usually empty.
    /// Each was also logged (target `hoopai::drift`) and passed to the
    /// [observer](crate::HandleBuilder::drift_observer).
    ///
    /// At most 256 deviations are reported for one reply.
    pub fn drift(&self) -> &[Drift] {
        &self.drift
    }

    /// Returns the whole reply if its kind does not fit the type, such as a list instead of an
    /// object. The value is empty then.
    pub fn raw(&self) -> Option<&Value> {
        self.came.as_deref()?.value.as_ref()
    }

    /// Returns the original bytes if some were replaced or skipped: see
    /// [`DriftKind::Repaired`](crate::drift::DriftKind::Repaired).
    pub fn raw_body(&self) -> Option<&Bytes> {
        self.came.as_deref()?.body.as_ref()
    }

    /// Returns the value.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Returns the HTTP status, which is 2xx. The interface files are not exact about which.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns a header, if it is present and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns all headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the platform's trace id of this call, which its support asks for. It is from the
    /// body, where most replies have `traceId` at the end, or from a header.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id
            .as_deref()
            .or_else(|| ids::trace_id(&self.headers))
    }

    /// Returns the request id that a proxy assigned, from a header.
    pub fn request_id(&self) -> Option<&str> {
        ids::request_id(&self.headers)
    }

    /// Replaces the value.
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

/// Shows the type of the value instead of the value, which can be personal data, and neither
/// headers nor ids, in which a reply can repeat what was sent.
impl<T> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.as_u16())
            .field("drift", &self.drift.len())
            .field("value", &format_args!("{}", std::any::type_name::<T>()))
            .finish()
    }
}
