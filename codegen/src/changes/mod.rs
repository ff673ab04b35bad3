//! Compares the Rust API of two generated crates: which changes break users, and the next version.
//! Belongs here: everything that the change report states about Rust users. The API is read from the
//! generated files, so changes that overlays cause are found too.
//! May depend on `diff`, `attention` and the leaf modules only.

mod api_change;
mod compare;
mod json_report;
mod markdown;
mod report;
mod rust_api;
mod type_renames;

use std::collections::BTreeMap;

use crate::error::FileError;

use rust_api::SOURCES;

pub use api_change::{ApiChange, Aspect, Item};
pub use report::{Bump, ChangeReport, ModuleChanges, ModuleStatus};

/// Compares the Rust API of two crates: the generated files by their path in the crate. The result is
/// sorted.
pub fn compare_crates(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Result<Vec<ApiChange>, FileError> {
    if SOURCES.iter().all(|path| old.get(*path) == new.get(*path)) {
        return Ok(Vec::new());
    }
    let (old, new) = (rust_api::read(old)?, rust_api::read(new)?);
    let mut changes = compare::compare(&old, &new);
    changes.sort();
    Ok(changes)
}
