//! Replies: tolerant decoding, deviations (drift) and the [`Response`](response::Response) that callers get.
//!
//! This folder depends on models and errors, and not on how the request was sent.

pub(crate) mod context;
pub mod json;
pub(crate) mod response;
pub(crate) mod response_future;
