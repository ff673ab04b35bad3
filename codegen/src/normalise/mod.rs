//! Stage: named passes, each against one kind of fault that recurs in the platform's files. The result is the *effective
//! document*: valid OpenAPI 3.0 that describes what the platform does.
//! Belongs here: one file for each pass. A fault that occurs once is corrected in the module's overlay.
//! May depend on the leaf modules only. Passes do not depend on each other.

mod amounts;
mod array_items;
mod authorization_headers;
mod custom_fields;
mod defaults;
mod emails;
mod enums;
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

/// A pass: changes the document and returns the number of changes.
struct Pass {
    name: &'static str,
    run: fn(&mut Value, &SourcePointer<'_>) -> Result<usize, FileError>,
}

/// The passes in their order. Parameters come first, because later passes change their schemas.
const PASSES: &[Pass] = &[
    Pass {
        name: "shared_parameters",
        run: shared_parameters::run,
    },
    Pass {
        name: "path_parameters_undeclared",
        run: path_parameters::undeclared,
    },
    Pass {
        name: "path_parameters_optional",
        run: path_parameters::optional,
    },
    Pass {
        name: "path_parameters_repeated",
        run: path_parameters::repeated,
    },
    Pass {
        name: "authorization_headers",
        run: authorization_headers::run,
    },
    Pass {
        name: "parameter_schemas",
        run: parameter_schemas::run,
    },
    Pass {
        name: "schema_types",
        run: schema_types::run,
    },
    Pass {
        name: "array_items",
        run: array_items::run,
    },
    Pass {
        name: "enums",
        run: enums::run,
    },
    Pass {
        name: "defaults",
        run: defaults::run,
    },
    Pass {
        name: "required",
        run: required::run,
    },
    Pass {
        name: "schema_values",
        run: schema_values::run,
    },
    Pass {
        name: "whole_numbers",
        run: whole_numbers::run,
    },
    Pass {
        name: "timestamps",
        run: timestamps::run,
    },
    Pass {
        name: "amounts",
        run: amounts::run,
    },
    Pass {
        name: "custom_fields",
        run: custom_fields::run,
    },
    Pass {
        name: "emails",
        run: emails::run,
    },
    Pass {
        name: "request_bodies",
        run: request_bodies::run,
    },
    Pass {
        name: "responses",
        run: responses::run,
    },
    Pass {
        name: "trace_ids",
        run: trace_ids::run,
    },
    Pass {
        name: "operation_ids",
        run: operation_ids::run,
    },
    Pass {
        name: "security",
        run: security::run,
    },
];

/// Runs all passes, then checks that every reference has a target.
pub(crate) fn run(
    document: &mut Value,
    at: &SourcePointer<'_>,
) -> Result<Vec<(String, usize)>, FileError> {
    walk::check_structure(document, at)?;
    let counts = PASSES
        .iter()
        .map(|pass| Ok((pass.name.to_owned(), (pass.run)(document, at)?)))
        .collect::<Result<_, FileError>>()?;
    references::check(document, at)?;
    Ok(counts)
}
