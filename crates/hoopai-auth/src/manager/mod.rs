//! Provides the access tokens of an app's accounts and refreshes them.
//!
//! Depends on `app`, `record`, `store`, `token_reply` and `util`; `oauth` depends on it.
//!
//! Requests read the token of an account from memory. If there is none, a refresh runs in its own
//! task: at most one for each account, and all callers share its result. So a caller that stops
//! waiting does not interrupt a request that has spent a refresh token.

mod account;
mod accounts;
mod context;
mod error;
mod installation;
mod lease;
mod metrics;
mod persist;
mod plan;
mod receive;
mod refresh;
mod schedule;
mod scheduler;
mod state;
mod token_manager;
mod unsaved;

#[cfg(test)]
pub(crate) use account::Account;
pub(crate) use context::Context;
#[cfg(test)]
pub(crate) use context::{Checkpoint, CheckpointHook};
pub use installation::Installation;
#[cfg(test)]
pub(crate) use lease::LEASE_WAIT;
pub use metrics::TokenMetrics;
#[cfg(test)]
pub(crate) use schedule::WINDOW_MAX;
pub use scheduler::{RefreshScheduler, ScheduleSettings, ScheduleStatus};
pub use token_manager::TokenManager;
