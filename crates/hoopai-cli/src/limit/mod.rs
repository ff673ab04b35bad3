//! The rate limit that the processes of one user share, on one machine or several.
//!
//! The platform counts the requests of an app in an account, whatever process sends them. Each
//! process has a limiter of its own in the client. Here all processes share a sliding window in a
//! file beside the credentials, under a lock, or on a Redis server, by compare-and-swap. A request
//! takes a slot before it is sent, and keeps it until one interval after its reply.

mod file;
mod provider;
#[cfg(feature = "redis")]
mod server;
mod settings;
mod shared;
mod window;

pub(crate) use provider::{LimitedProvider, LimitedSource};
pub(crate) use settings::LimitSettings;
pub(crate) use shared::SharedLimit;
