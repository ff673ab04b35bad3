//! The token store and the replay guard against a real server. Without PostgreSQL, the tests print
//! SKIPPED.

mod outages;
mod replay;
mod store;
mod tls;
