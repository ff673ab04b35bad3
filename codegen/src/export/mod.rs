//! Stage: makes the document that other OpenAPI tools read.
//! Belongs here: one file for each kind of change. None of them changes the crates or the mock.
//! May depend on the leaf modules only.
//!
//! The order matters: operation ids come before the texts that name them, and examples come last.

mod example_check;
mod example_texts;
mod examples;
mod info;
mod media_types;
mod paths;
mod schemas;
mod security;
mod texts;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json;
use crate::modules::Module;

/// Makes the exported document of a module from its documented one. `methods` has the operation id
/// for the name of each method.
pub(crate) fn document(
    module: &Module,
    documented: &Value,
    methods: &BTreeMap<String, String>,
) -> Value {
    let mut document = documented.clone();
    info::describe(&mut document, module);
    let ids = info::operation_ids(&mut document);
    texts::without_rust(&mut document, methods, &ids);
    paths::merge_ambiguous(&mut document);
    schemas::wrap_references(&mut document);
    schemas::type_nullable(&mut document);
    schemas::bound_fractions(&mut document);
    schemas::remove_formats(&mut document);
    media_types::add_generic(&mut document);
    security::describe(&mut document);
    examples::add(&mut document);
    json::sort(&mut document);
    document
}
