//! A mock server of the HoopAI platform for tests and demos.
//!
//! The server reads the effective OpenAPI documents that `cargo xtask codegen` writes into
//! `interface/`. It does not depend on the clients, so it does not share their errors. Any HTTP
//! client can call it.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! let mock = hoopai_mock::Mock::builder().token("pit-test").start().await?;
//! println!("listening on {}", mock.url());
//! # Ok(())
//! # }
//! ```
//!
//! `pipeline.rs` lists the order in which a request is handled: edge, faults, route, version and
//! token, rate limits, the check against the interface, and the reply. The reply is made from
//! stored items or from the schema.

mod account;
mod api_error;
mod builder;
mod check;
mod clock;
mod closest;
mod control;
mod edge;
mod exchange;
mod faults;
mod interface;
mod journal;
mod limits;
mod mock;
#[rustfmt::skip]
mod modules;
mod oauth;
mod pipeline;
mod problem;
#[cfg(feature = "cli")]
pub mod program;
mod reply;
mod seed_content;
mod server;
mod server_state;
mod sessions;
mod state;
mod state_folder;
mod time;
mod tokens;
mod webhooks;

pub use account::{
    AGENCY_TOKEN, AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, REDIRECT_URI, TOKEN, USER,
};
pub use builder::MockBuilder;
pub use clock::Clock;
pub use faults::{
    Denial, Drift, ErrorBody, Failure, Fault, FaultId, FaultRule, Faults, ParseFaultRuleError,
    RetryAfter,
};
pub use journal::{Duplicate, Entry, Journal, Outcome};
pub use limits::RateLimitSettings;
pub use mock::Mock;
pub use serde_json;
pub use state::Seeder;
pub use tokens::{Installation, Refreshes, TokenSpec};
pub use webhooks::{DeliveryAttempt, DeliveryOutcome, SignatureMode, Webhooks};
