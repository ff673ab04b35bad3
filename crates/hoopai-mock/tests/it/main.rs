//! The tests of the mock server.

mod auth;
mod check;
mod limits;
mod lives;
mod oauth;
mod support;
mod faults;
mod journal;
mod paging;
mod program;
mod replies;
mod server;
mod state;
mod wire;
