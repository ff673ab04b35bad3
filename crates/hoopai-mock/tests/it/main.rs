//! The tests of the mock server.

mod auth;
mod bounds;
mod check;
mod desk;
mod faults;
mod filters;
mod journal;
mod limits;
mod lives;
mod names;
mod numbers;
mod oauth;
mod paging;
mod program;
mod refusals;
mod replies;
mod seeds;
mod server;
mod shapes;
mod state;
mod stories;
mod story;
mod support;
mod tags;
mod undeclared;
mod wire;
