//! Models: objects, enums and scalars of the platform, and what generated types are made of.
//!
//! This folder depends on decoding, errors and the argument traits of `request`. Nothing here sends or
//! pages.

pub(crate) mod confirmation;
pub(crate) mod custom_field;
pub(crate) mod date;
pub(crate) mod debug;
pub(crate) mod decimal;
mod definition;
pub(crate) mod extra;
pub mod open_enum;
mod raw_value;
pub(crate) mod schema;
#[cfg(any(feature = "chrono", feature = "jiff"))]
mod time_crates;
pub(crate) mod timestamp;
pub(crate) mod traits;

pub use definition::{deserialize_model, read, serialize_model, set, set_null, unnamed};
pub(crate) use traits::{Model, Visit};
