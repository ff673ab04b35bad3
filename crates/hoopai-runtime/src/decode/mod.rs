//! The decoder: JSON text in, a value and its deviations (drift) out.
//!
//! It knows neither requests nor errors of calls, and depends on nothing else of this crate.

mod access;
mod container;
pub(crate) mod drift;
mod error;
mod json_paths;
mod read;
mod reader;
mod repair;
mod scan;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tolerance_tests;

pub(crate) use access::{RETRY_VALUE_HINT, SUCCESS_FLAGS};
pub(crate) use error::{DecodeError, DecodeErrorKind, LIST, OBJECT};
pub(crate) use json_paths::{ListAt, find};
pub use read::Decoded;
pub(crate) use read::{Entries, empty_drift, is_empty, item, last_trace_id, read, text};
pub(crate) use reader::{RAW_FIELD, RAW_NUMBER, RAW_SCALAR, RAW_VALUE, UNKNOWN_FIELD, value};
pub(crate) use repair::{Repaired, repair};
pub(crate) use scan::{DIGITS, exact_number, is_number, power_of_ten, survives};
