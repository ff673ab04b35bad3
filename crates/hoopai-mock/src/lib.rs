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
//! The road of a request is [`pipeline`]'s: faults that strike before, route, token, version, limits, the check against the
//! interface, the reply (from state where the platform has some, from the schema elsewhere), faults that strike after.

mod builder;
mod check;
mod clock;
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
mod tokens;
mod world;

pub use builder::{Mock, MockBuilder};
pub use clock::Clock;
pub use faults::{Fault, FaultRule, Faults};
pub use journal::{Entry, Journal, Outcome};
pub use limits::LimitSettings;
pub use state::Seeder;
pub use tokens::{Grant, Resource, TokenSpec};
