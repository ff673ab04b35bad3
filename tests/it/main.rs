//! Tests over the whole workspace.

mod payloads;
mod support;
mod tables;
mod wire;
