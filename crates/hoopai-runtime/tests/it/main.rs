//! The runtime as module crates and their users meet it.

mod api;
