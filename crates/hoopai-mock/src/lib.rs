//! The HoopAI platform in a box: a server for tests and demos.
//!
//! It knows the platform's interface (the effective OpenAPI documents that `cargo xtask codegen` writes into `interface/`) and
//! nothing of our clients, so that it cannot share their mistakes. Any HTTP client can talk to it.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! let mock = hoopai_mock::Mock::builder().token("pit-test").start().await?;
//! println!("listening on {}", mock.url());
//! # Ok(())
//! # }
//! ```
//!
//! The road of a request (`pipeline.rs`): the edge, faults that strike before, route, version, token, limits, the check against the
//! interface, the reply (from state where the platform has some, from the schema elsewhere), faults that strike after.

mod builder;
mod check;
mod clock;
mod closest;
mod exchange;
mod faults;
mod interface;
mod journal;
mod limits;
#[rustfmt::skip]
mod modules;
mod oauth;
mod pipeline;
mod refusal;
mod reply;
mod server;
mod state;
mod time;
mod tokens;
mod world;

pub use builder::{Mock, MockBuilder};
pub use clock::Clock;
pub use faults::{
    Denial, Drift, ErrorBody, Failure, Fault, FaultId, FaultRule, FaultSpecError, Faults,
    RetryAfter,
};
pub use journal::{Duplicate, Entry, Journal, Outcome};
pub use limits::RateLimitSettings;
pub use oauth::Refreshes;
pub use serde_json;
pub use state::Seeder;
pub use tokens::{
    AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, Grant, Installation, LOCATION, REDIRECT_URI,
    TOKEN, TokenSpec, USER,
};
