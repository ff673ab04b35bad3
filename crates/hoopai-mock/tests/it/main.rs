//! The tests of the mock server.

mod auth;
mod limits;
mod oauth;
mod support;
mod faults;
mod journal;
mod program;
mod server;
mod wire;
