//! The conformance suite: one file for each promise, against servers that break the rules in the way the promise is about.

mod kills;
mod leases;
mod server;
mod token_replies;
