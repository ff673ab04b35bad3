//! Tools that the tests of several crates share. The crate shares no code with `hoopai-mock`.
//!
//! - [`Server`] is an HTTP/1.1 server on loopback. A script, a function from [`Request`] to
//!   [`Reply`], decides each reply. The server records all requests.
//! - [`Reply`] is a list of steps: bytes to write, waits, and the end of the connection. Thus a
//!   script can also write malformed replies.
//! - [`log`] captures the log lines of the current thread.
//! - [`seed`] and [`seeds`] select the seeds of random tests; [`seeded_random`] returns random
//!   numbers of a seed.
//! - [`interface`] skips tests whose operations a regenerated tree lacks.
//! - [`lost_scalars`] checks that a decoded value keeps the scalars of its JSON.
//! - `PostgresServer` and `RedisServer` (feature `servers`) are database servers of this machine,
//!   in temporary folders.
//! - `shared_stores` and `replay_guards` (feature `shared-stores`) are bodies of the tests of every
//!   store on such a server.
//! - [`Proxy`] is a TCP proxy with faults: latency, cut, reset and half-open connections.
//! - [`History`] records concurrent calls of a register and decides whether they are linearizable.
//! - `VirtualTime` (feature `runtime`) moves a manual clock whenever all work waits for it.
//!
//! ```no_run
//! use hoopai_test_support::{Reply, Server};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! // The same reply to all requests: 200 and JSON.
//! let server = Server::with_body(r#"{"success":true}"#);
//! // Replies that depend on the request.
//! let server = Server::start(|request| match request.index {
//!     0 => Reply::json(503, "{}"),
//!     1 => Reply::with_headers(429, &[("retry-after", "7")], "{}"),
//!     2 => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").close(),
//!     _ => Reply::json(200, "{}"),
//! });
//! // … calls to `server.url` …
//! assert_eq!(server.single().target, "/contacts/c1");
//! # }
//! ```

#[cfg(feature = "servers")]
mod database;
pub mod history;
mod http;
pub mod interface;
pub mod log;
#[cfg(feature = "servers")]
mod postgres;
mod proxy;
mod random;
#[cfg(feature = "servers")]
mod redis;
#[cfg(feature = "shared-stores")]
pub mod replay_guards;
mod scalars;
mod server;
#[cfg(feature = "shared-stores")]
pub mod shared_stores;
#[cfg(feature = "runtime")]
mod virtual_time;

#[cfg(feature = "servers")]
pub use database::{DatabaseServer, ServerCertificate, server_without_tls, silent_server};
pub use history::History;
pub use http::{Reply, Request};
#[cfg(feature = "servers")]
pub use postgres::PostgresServer;
pub use proxy::{Direction, Fault, Proxy};
pub use random::{seed, seeded_random, seeds};
#[cfg(feature = "servers")]
pub use redis::RedisServer;
pub use scalars::lost_scalars;
pub use server::Server;
#[cfg(feature = "runtime")]
pub use virtual_time::VirtualTime;
