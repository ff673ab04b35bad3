//! Stores the OAuth tokens of the HoopAI Platform in Redis, for apps that run on several machines.
//!
//! All machines share the tokens of an account, and one of them at a time refreshes them.
//!
//! ```no_run
//! use hoopai_auth::{EncryptionKeys, OAuth, OAuthApp};
//! use hoopai_redis::RedisStore;
//!
//! # async fn run(app: OAuthApp) -> Result<(), Box<dyn std::error::Error>> {
//! let keys = EncryptionKeys::from_hex(&std::env::var("HOOPAI_TOKEN_KEY")?)?;
//! let store = RedisStore::connect("rediss://redis.internal:6379")?.encrypted(keys);
//! store.check_durability().await?;
//! let oauth = OAuth::new(app).token_store(store);
//! # Ok(())
//! # }
//! ```
//!
//! # What it guarantees
//!
//! A record is replaced only if its revision is the expected one. The right to refresh an account's
//! tokens (lease) is renewed while its process lives, and ends by the clock of the server, so
//! clocks of the machines do not matter. Every
//! operation ends within a [timeout](RedisStore::timeout); without the server, calls continue with
//! the tokens in memory until they expire.
//!
//! A URL `rediss://…` uses TLS, and the server's certificate and host are verified. `redis://…`
//! sends passwords and tokens in plain text.
//!
//! A refresh token is valid for one use, and Redis can lose acknowledged writes: without
//! `appendfsync always` those of the last second in a crash, and with a replica those that it had
//! not received at a failover. Each lost refresh token means that a user must install the app
//! again. So tokens are better kept in PostgreSQL; if they are in Redis, use `appendonly yes`,
//! `appendfsync always`, `maxmemory-policy noeviction`, and
//! [`wait_for_replicas`](RedisStore::wait_for_replicas).
//! [`check_durability`](RedisStore::check_durability) reads these settings.
//!
//! [`RedisLimiter`] divides the rate limits of the app among all machines.
//!
//! With the feature `webhooks`, `RedisReplayGuard` has each delivery of a webhook handled once by
//! all machines.

mod connection;
mod durability;
mod error;
mod limiter;
#[cfg(feature = "webhooks")]
mod replay;
mod shared;
mod store;
mod values;

pub use limiter::RedisLimiter;
pub use redis;
#[cfg(feature = "webhooks")]
pub use replay::RedisReplayGuard;
pub use store::RedisStore;
pub use values::RedisValues;
