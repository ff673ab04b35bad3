//! Code that the benchmarks share.
#![allow(dead_code, reason = "no benchmark uses all items")]

pub(crate) mod contact;
pub(crate) mod list;
pub(crate) mod page;
pub(crate) mod server;
