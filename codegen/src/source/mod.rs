//! Stage: reduces a downloaded interface file to the facts that `specs/<module>/openapi.json` has.
//! Belongs here: everything that reads the platform's files as downloaded, with prose and examples.
//! May depend on the leaf modules only.

mod example_types;
mod external_refs;
mod openapi31;
mod strip;
mod tolerant_strip;

pub use example_types::{ExampleMismatch, example_mismatches};
pub use external_refs::{external_references, redacted_reference};
pub use openapi31::{ConversionNote, conversion_notes, is_supported_version};
pub use strip::strip;
pub use tolerant_strip::strip_tolerantly;
