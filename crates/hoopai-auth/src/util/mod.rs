//! Helpers for text, JSON and mutexes.
//!
//! No module here depends on another part of the crate.

pub(crate) mod charset;
pub(crate) mod hex;
pub(crate) mod json_object;
pub(crate) mod sync;
