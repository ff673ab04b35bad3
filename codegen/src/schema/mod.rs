//! Stage: resolves schemas to named types: composites are merged, inline objects and enums get
//! names, equal ones are shared. Belongs here: everything that decides which structs and enums a
//! module has, and their names. May depend on the model and the leaf modules; the Rust types of
//! fields are the business of `rust_types`.

mod component_names;
mod dedupe;
mod merge;
mod naming;
mod resolver;
mod types;

pub(crate) use resolver::resolve_types;
pub(crate) use types::{Field, OperationSchemas, ResolvedTypes, Schema, Struct};
