//! What the benchmarks share.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod contact;
pub(crate) mod list;
pub(crate) mod page;
pub(crate) mod server;
