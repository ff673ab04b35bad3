//! What an interface file refers to outside itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fault::Fault;
use crate::json;

/// A reference as errors name it: without user name, password and query, which may be secrets.
pub fn shown_reference(reference: &str) -> String {
    let shown = match reference.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => reference.to_owned(),
    };
    match shown.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => shown,
    }
}

/// The relative files that an interface file refers to, such as `../common/common-schemas.json`, each once, in
/// alphabetical order. Those may refer on: ask again with what was fetched.
pub fn outside_references(file: &str, bytes: &[u8]) -> Result<Vec<String>, Fault> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some((outside, _)) = json::text(map, "$ref").and_then(|r| r.split_once('#'))
                    && !outside.is_empty()
                {
                    found.insert(outside.to_owned());
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
