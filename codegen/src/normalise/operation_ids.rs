//! Gives each operation a unique id: a missing one is made of method and path, a repeated one gets
//! a number.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json;

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let mut seen: std::collections::BTreeSet<String> = Default::default();
    Ok(walk::operations(document, |method, path, operation| {
        let declared = json::text(operation, "operationId")
            .filter(|id| !id.trim().is_empty())
            .map(str::to_owned);
        let base = declared
            .clone()
            .unwrap_or_else(|| format!("{method}-{}", path.trim_matches('/')));
        let mut id = base.clone();
        let mut number = 2;
        while !seen.insert(id.clone()) {
            id = format!("{base}-{number}");
            number += 1;
        }
        let changed = usize::from(declared.as_ref() != Some(&id));
        operation.insert("operationId".into(), id.into());
        changed
    }))
}
