//! Requests: the parts of a request (path, query, body) and their encodings.
//!
//! This folder depends on decoding, redaction and errors, and not on clients or sending.

pub(crate) mod base_url;
pub(crate) mod body;
pub(crate) mod field;
pub(crate) mod json_writer;
pub(crate) mod multipart;
pub(crate) mod param;
pub(crate) mod path;
pub(crate) mod query;
