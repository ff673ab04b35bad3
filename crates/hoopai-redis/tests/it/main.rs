//! The token store and the replay guard against a real server. Without Redis, the tests print
//! SKIPPED.

mod limiter;
mod limiter_faults;
mod replay;
mod store;
mod tls;
mod values;
