//! Replies: the conversion of raw replies, and the [`Response`](response::Response) that callers
//! receive.
//!
//! This folder depends on sending, decoding and errors, and not on clients or paging.

pub(crate) mod context;
pub mod json;
pub(crate) mod response;
pub(crate) mod response_future;
