//! Sending: rate limit, credentials, retries and the transport, in the order of [`pipeline`].
//!
//! This folder takes a prepared request and returns a raw reply. It does not read bodies of replies.

pub mod auth;
pub mod observe;
pub(crate) mod pipeline;
pub mod rate_limit;
pub(crate) mod response_future;
pub mod retry;
pub(crate) mod token_endpoint;
pub(crate) mod transport;
