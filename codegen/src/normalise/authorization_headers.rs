//! Removes the parameter `Authorization`, which the security requirement declares and the runtime
//! sends, and `Accept` and `Content-Type`, which OpenAPI ignores.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::operations(document, |_, _, operation| {
        let Some(all) = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
        else {
            return 0;
        };
        let before = all.len();
        all.retain(|parameter| {
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            parameter.get("in").and_then(Value::as_str) != Some("header")
                || !["authorization", "accept", "content-type"]
                    .contains(&name.to_ascii_lowercase().as_str())
        });
        before - all.len()
    }))
}
