//! Reduces `required` to a list of distinct property names, and removes an empty one. Files have
//! booleans, as in older JSON schema.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::schemas(document, |schema| {
        let Some(declared) = schema.get("required").cloned() else {
            return 0;
        };
        let mut names: Vec<Value> = Vec::new();
        for name in declared.as_array().into_iter().flatten() {
            if name.is_string() && !names.contains(name) {
                names.push(name.clone());
            }
        }
        if names.is_empty() {
            schema.remove("required");
            return 1;
        }
        let names = Value::from(names);
        let changed = usize::from(names != declared);
        schema.insert("required".into(), names);
        changed
    }))
}
