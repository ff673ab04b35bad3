//! Stage: progenitor turns resolved schemas into Rust types; large fields are boxed.
//! Belongs here: the use of progenitor, and decisions about the Rust types of fields.
//! May depend on `schema` and the leaf modules; emitters only use [`RustTypes`].

mod boxing;
mod progenitor;
mod rust_type;

use crate::error::{FileError, SourcePointer};
use crate::schema::ResolvedTypes;

pub(crate) use rust_type::{OperationTypes, RustType, RustTypes, StructTypes};

/// The Rust types of all fields, parameters, bodies and replies.
pub(crate) fn rust_types(
    resolved: &ResolvedTypes,
    at: &SourcePointer<'_>,
) -> Result<RustTypes, FileError> {
    let mut types = progenitor::run(resolved, at)?;
    boxing::box_large_fields(&mut types);
    Ok(types)
}
