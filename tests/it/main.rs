//! Tests over the whole workspace.

mod payloads;
mod secrets;
mod support;
mod tables;
mod wire;
