//! The tests of the mock server.

mod auth;
mod check;
mod faults;
mod journal;
mod limits;
mod lives;
mod oauth;
mod paging;
mod program;
mod replies;
mod server;
mod state;
mod stories;
mod support;
mod wire;
