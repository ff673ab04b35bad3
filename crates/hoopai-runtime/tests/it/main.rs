//! Tests of the runtime's public interface: macros as generated code uses them, and calls to a
//! server.

mod any_json;
mod clients;
mod drift;
mod drift_reporting;
mod error_kinds;
mod error_messages;
mod errors;
mod handle_builder;
mod headers;
mod limiter_backends;
mod models;
mod paging;
mod raw_calls;
mod replies;
mod reply_variations;
mod request_bodies;
mod request_limits;
mod sample_api;
mod setters;
mod urls;
