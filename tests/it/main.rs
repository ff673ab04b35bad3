//! Tests over the whole workspace.

mod support;
mod tables;
mod wire;
