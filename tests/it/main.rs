//! Tests over the whole workspace.

mod decoding;
mod fits;
#[allow(
    deprecated,
    reason = "operations that the platform advises against are sent as others are"
)]
#[path = "../generated/mod.rs"]
mod generated;
mod given;
mod guide;
mod interface;
mod minimal;
mod operations;
mod paging;
mod payloads;
mod readers;
mod refusals;
mod reports;
mod requests;
mod sample;
mod secrets;
mod sites;
mod support;
mod tables;
mod variations;
mod wire;
#[allow(
    dead_code,
    reason = "shared with the tests of the facade, which use all of it"
)]
#[path = "../../crates/hoopai/tests/it/world.rs"]
mod world;
