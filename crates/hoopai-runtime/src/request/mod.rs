//! Requests: from the setters of a call to a complete, checked request.
//!
//! This folder depends on models and errors, and not on how requests are sent or replies read.

pub(crate) mod base_url;
pub(crate) mod body;
pub(crate) mod field;
pub(crate) mod json_writer;
pub(crate) mod multipart;
pub(crate) mod param;
pub(crate) mod path;
pub(crate) mod query;
