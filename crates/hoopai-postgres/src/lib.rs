//! Stores the OAuth tokens of the HoopAI Platform in PostgreSQL, for apps that run on several
//! machines.
//!
//! All machines share the tokens of an account, and one of them at a time refreshes them.
//!
//! ```no_run
//! use hoopai_auth::{EncryptionKeys, OAuth, OAuthApp};
//! use hoopai_postgres::PostgresStore;
//!
//! # async fn run(app: OAuthApp) -> Result<(), Box<dyn std::error::Error>> {
//! let keys = EncryptionKeys::from_hex(&std::env::var("HOOPAI_TOKEN_KEY")?)?;
//! let store = PostgresStore::connect(&std::env::var("DATABASE_URL")?)?.encrypted(keys);
//! store.migrate().await?;
//! let oauth = OAuth::new(app).token_store(store);
//! # Ok(())
//! # }
//! ```
//!
//! [`migrate`](PostgresStore::migrate) creates the tables in the schema `hoopai`. Their version is
//! stored with them.
//!
//! # What it guarantees
//!
//! A record is replaced only if its revision is the expected one. The change is committed with
//! `synchronous_commit`, so it survives a crash of the server. The right to refresh an account's
//! tokens (lease) is renewed while its process lives, and ends by the clock of the server, so
//! clocks of the machines do not matter. Every
//! operation ends within a [timeout](PostgresStore::timeout); without the server, calls continue
//! with the tokens in memory until they expire.
//!
//! Connections to other machines use TLS, and the server's certificate and host are verified,
//! unless the URL has `sslmode=disable`. A connection never falls back to plain text.
//!
//! With an asynchronous replica, a failover loses the last changes. If a refresh is among them, its
//! account must be authorized again. Use synchronous replication
//! (`synchronous_standby_names`) to exclude this.
//!
//! With the feature `webhooks`, `PostgresReplayGuard` has each delivery of a webhook handled once
//! by all machines.

mod connections;
mod error;
#[cfg(feature = "webhooks")]
mod replay;
mod schema;
mod shared;
mod store;
mod url;

#[cfg(feature = "webhooks")]
pub use replay::PostgresReplayGuard;
pub use store::PostgresStore;
pub use {deadpool_postgres, tokio_postgres};
