//! Named passes, each against one kind of fault that recurs in the platform's files, each counting what it changed.
//!
//! What comes out is the effective interface: a valid OpenAPI 3.0 document that says what the platform does. The
//! generator, `cargo xtask export` and the mock server all start from it. A fault that stands in one place only is no
//! matter for a pass: it goes into the module's overlay.

mod amounts;
mod array_items;
mod authorization_headers;
mod custom_fields;
mod defaults;
mod emails;
mod enums;
mod moments;
mod operation_ids;
mod parameter_schemas;
mod path_parameters;
pub(crate) mod references;
mod request_bodies;
mod required;
mod responses;
mod schema_types;
mod schema_values;
mod security;
mod shared_parameters;
mod trace_ids;
pub(crate) mod walk;
mod whole_numbers;

use serde_json::Value;

use crate::fault::{At, Fault};

/// A pass: changes the document and returns how many places it changed.
pub(crate) struct Pass {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Value, &At<'_>) -> Result<usize, Fault>,
}

/// The passes in their order. Parameters come first, because later passes look at their schemas.
pub(crate) const PASSES: &[Pass] = &[
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
        name: "moments",
        run: moments::run,
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

/// Runs all passes, then makes sure that every reference leads somewhere.
pub(crate) fn run(document: &mut Value, at: &At<'_>) -> Result<Vec<(String, usize)>, Fault> {
    walk::shape(document, at)?;
    let counts = PASSES
        .iter()
        .map(|pass| Ok((pass.name.to_owned(), (pass.run)(document, at)?)))
        .collect::<Result<_, Fault>>()?;
    references::check(document, at)?;
    Ok(counts)
}
