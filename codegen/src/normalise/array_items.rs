//! An array says what it holds; one that does not may hold anything.

use serde_json::{Value, json};

use super::walk;
use crate::fault::{At, Fault};
use crate::json;

pub(super) fn run(document: &mut Value, _: &At<'_>) -> Result<usize, Fault> {
    Ok(walk::schemas(document, |schema| {
        if json::text(schema, "type") != Some("array") || schema.contains_key("items") {
            return 0;
        }
        schema.insert("items".into(), json!({}));
        1
    }))
}
