//! Stage: named passes against recurring faults; the result is the *effective document*.
//! Belongs here: one file for each pass. A fault that occurs once is corrected in an overlay.
//! May depend on the leaf modules only. Passes do not depend on each other.

mod amounts;
mod array_items;
mod authorization_headers;
mod custom_fields;
mod defaults;
mod emails;
mod enums;
mod fractions;
mod operation_ids;
mod parameter_schemas;
mod path_parameters;
mod references;
mod request_bodies;
mod required;
mod responses;
mod schema_types;
mod schema_values;
mod security;
mod shared_parameters;
mod timestamps;
mod trace_ids;
mod walk;
mod whole_numbers;

use serde_json::Value;

use crate::error::{FileError, SourcePointer};

/// Changes the document and returns the number of changes.
type Pass = fn(&mut Value, &SourcePointer<'_>) -> Result<usize, FileError>;

/// The passes in their order. Parameters come first, because later passes change their schemas;
/// defaults come after the passes that decide types.
const PASSES: &[(&str, Pass)] = &[
    ("shared_parameters", shared_parameters::run),
    ("path_parameters_undeclared", path_parameters::undeclared),
    ("path_parameters_optional", path_parameters::optional),
    ("path_parameters_repeated", path_parameters::repeated),
    ("authorization_headers", authorization_headers::run),
    ("parameter_schemas", parameter_schemas::run),
    ("schema_types", schema_types::run),
    ("array_items", array_items::run),
    ("enums", enums::run),
    ("required", required::run),
    ("schema_values", schema_values::run),
    ("fractions", fractions::run),
    ("amounts", amounts::run),
    ("whole_numbers", whole_numbers::run),
    ("timestamps", timestamps::run),
    ("custom_fields", custom_fields::run),
    ("emails", emails::run),
    ("defaults", defaults::run),
    ("request_bodies", request_bodies::run),
    ("responses", responses::run),
    ("trace_ids", trace_ids::run),
    ("operation_ids", operation_ids::run),
    ("security", security::run),
];

/// Runs all passes, then checks that every reference has a target.
pub(crate) fn run(
    document: &mut Value,
    at: &SourcePointer<'_>,
) -> Result<Vec<(String, usize)>, FileError> {
    walk::check_structure(document, at)?;
    let counts = PASSES
        .iter()
        .map(|(name, pass)| Ok(((*name).to_owned(), pass(document, at)?)))
        .collect::<Result<_, FileError>>()?;
    references::check(document, at)?;
    Ok(counts)
}
