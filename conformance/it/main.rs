//! The conformance suite: the promises of the client, tested against servers that violate the
//! protocol.
//!
//! Promises of `cargo xtask regen` are tested in `xtask/tests/it/untrusted_sources.rs`.

mod client;
mod databases;
mod drift;
mod histories;
mod killed_processes;
mod leases;
mod rate_limits;
mod redaction;
mod rejected_requests;
mod retries;
mod shared_stores;
mod store_faults;
mod stray_bytes;
mod tls;
mod token_replies;
mod transport;
