//! The runtime as module crates and their users meet it: macros as generated code uses them, calls as the wire sees them.

mod addresses;
mod any_json;
mod api;
mod bodies;
mod bounds;
mod complaints;
mod drift;
mod drift_of_calls;
mod errors;
mod headers;
mod log;
mod models;
mod paging;
mod raw;
mod refusals;
mod replies;
mod server;
mod settings;
mod variations;
