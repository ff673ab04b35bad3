//! Tests over the whole workspace.

mod tables;
