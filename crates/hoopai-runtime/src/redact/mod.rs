//! Redaction: values that a request carried, and texts that look like personal data, do not reach errors or logs.
//!
//! This folder reads requests and texts, and depends on neither errors nor replies.

pub(crate) mod json_path;
pub(crate) mod mask;
mod normalize;
mod request;
mod sent_values;

pub(crate) use request::{SentBody, SentRequest};
pub(crate) use sent_values::SentValues;
