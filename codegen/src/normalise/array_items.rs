//! Adds missing `items` to arrays: any JSON.
//!
//! An array of arrays without content also gets any JSON: the platform's files write undescribed
//! classes so. Examples and recorded replies show objects or texts there, not lists.

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
