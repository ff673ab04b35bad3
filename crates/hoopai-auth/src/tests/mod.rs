//! Tests of tokens against a fake platform, with failures of the platform, the store and the
//! process.

mod authorize_url;
mod code_exchange;
mod conformance;
mod copy;
mod crash_points;
mod early_refresh;
mod encryption;
mod failures;
mod fake_platform;
mod faulty_store;
pub(crate) mod file_store;
mod harness;
mod location_tokens;
mod many_accounts;
mod metrics;
mod redaction;
mod renewed_lease;
mod scheduled_refreshes;
mod shared_store;
mod simulations;
mod single_flight;
mod store_contract;
mod tls;
mod token_values;
