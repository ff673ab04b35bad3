//! The conformance suite: one file for each promise, against servers that break the rules in the way the promise is about.
//!
//! Promises of `cargo xtask regen`, which loads from servers too, are tested in `xtask/tests/it/hostile.rs`.

mod drift;
mod kills;
mod leases;
mod limits;
mod redaction;
mod retries;
mod server;
mod stray_bytes;
mod tls;
mod token_replies;
mod transport;
