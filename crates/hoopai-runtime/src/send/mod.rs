//! Sending: rate limit, credentials, retries and the transport, in the order of [`pipeline`].
//!
//! This folder takes a prepared request and returns a raw reply; it does not read bodies of
//! successful replies. It depends on `request`, `error`, `redact` and `time`.

mod attempt;
pub mod auth;
pub(crate) mod byte_stream;
pub(crate) mod context;
pub mod observe;
pub(crate) mod options;
pub(crate) mod pipeline;
pub mod rate_limit;
pub mod retry;
pub(crate) mod retry_after;
pub(crate) mod token_endpoint;
pub(crate) mod transport;
