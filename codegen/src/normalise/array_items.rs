//! An array says what it holds; one that does not may hold anything.
//!
//! Nor is anything said by an array of arrays that say nothing: it is how the platform's files write a class that they do not
//! describe. Wherever an example or a recorded reply shows what stands there, it is objects or texts, and no lists.

use serde_json::{Value, json};

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json;

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let bare = [
        json!({ "type": "array" }),
        json!({ "type": "array", "items": {} }),
    ];
    Ok(walk::schemas(document, |schema| {
        let says = |items: &Value| !bare.contains(items);
        if json::text(schema, "type") != Some("array") || schema.get("items").is_some_and(says) {
            return 0;
        }
        schema.insert("items".into(), json!({}));
        1
    }))
}
