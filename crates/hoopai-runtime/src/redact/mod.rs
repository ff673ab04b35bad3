//! Redaction: values of requests, and texts that look like personal data, do not reach errors or
//! logs.
//!
//! This folder reads requests and texts. It does not depend on errors or replies.

pub(crate) mod json_path;
pub(crate) mod mask;
mod normalize;
mod request;
mod sent_values;

pub(crate) use request::{SentBody, SentRequest};
pub(crate) use sent_values::SentValues;
