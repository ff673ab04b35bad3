//! References of an interface file to other files.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::FileError;
use crate::json;

/// A reference for error messages: without user name, password and query, which may be secrets.
pub fn redacted_reference(reference: &str) -> String {
    let shown = match reference.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => reference.to_owned(),
    };
    match shown.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => shown,
    }
}

/// The relative paths of the files to which an interface file refers, such as
/// `../common/common-schemas.json`, sorted and without duplicates. Those files may contain further
/// references.
pub fn external_references(file: &str, bytes: &[u8]) -> Result<Vec<String>, FileError> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some((file, _)) = json::text(map, "$ref").and_then(|r| r.split_once('#'))
                    && !file.is_empty()
                {
                    found.insert(file.to_owned());
                }
                map.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(&json::parse(file, bytes)?, &mut found);
    Ok(found.into_iter().collect())
}
