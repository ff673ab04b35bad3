//! Moves the schema of a parameter into `schema`. Files have `anyOf` next to it, `content`, or no
//! schema.

use serde_json::{Value, json};

use super::walk;
use crate::error::{FileError, SourcePointer};

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::parameters(document, |parameter| {
        let mut changed = 0;
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(parts) = parameter.remove(key) {
                parameter.insert("schema".into(), json!({ key: parts }));
                changed = 1;
            }
        }
        if let Some(content) = parameter.remove("content") {
            let schema = content
                .as_object()
                .and_then(|content| content.values().next()?.get("schema").cloned());
            parameter
                .entry("schema")
                .or_insert_with(|| schema.unwrap_or_else(|| json!({})));
            changed = 1;
        }
        if !parameter.contains_key("schema") {
            parameter.insert("schema".into(), json!({ "type": "string" }));
            changed = 1;
        }
        changed
    }))
}
