//! The token store against a real server. Without Redis, the tests print SKIPPED.

mod store;
