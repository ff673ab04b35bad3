//! The tests of the mock server.

mod auth;
mod check;
mod limits;
mod oauth;
mod support;
mod faults;
mod journal;
mod program;
mod replies;
mod server;
mod wire;
