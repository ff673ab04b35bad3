//! The rate limit that the processes of one user share.
//!
//! The platform counts the requests of an app in an account, whatever process sends them. Each
//! process has a limiter of its own in the client. Here all processes share a sliding window in a
//! file beside the credentials, under a lock. A request takes a slot before it is sent, and keeps
//! it until one interval after its reply.

mod provider;
mod shared;
mod window;

pub(crate) use provider::{LimitedProvider, LimitedSource};
pub(crate) use shared::SharedLimit;
