//! Stage: resolves schemas to structs and enums; composites are merged, equal types are shared.
//! Belongs here: everything that decides which types a module has, and their names.
//! May depend on the model and the leaf modules.

mod canonical;
mod chosen_names;
mod component_names;
mod dedupe;
mod merge;
mod name_rules;
mod naming;
mod resolver;
mod types;

pub(crate) use chosen_names::{EXTENSION as NAME_EXTENSION, all as chosen_names};
pub use name_rules::RejectedName;
pub(crate) use name_rules::rejected as rejected_names;
pub(crate) use resolver::resolve_types;
pub(crate) use types::{Field, OperationSchemas, ResolvedTypes, Schema, Struct};
