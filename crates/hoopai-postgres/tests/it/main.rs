//! The token store against a real server. Without PostgreSQL, the tests print SKIPPED.

mod outages;
mod store;
