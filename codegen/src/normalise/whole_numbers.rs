//! Makes counts and positions of pages integers: the paging parameters of queries and request
//! bodies, by name. The files declare `number` for everything.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};

const NAMES: [&str; 7] = [
    "limit",
    "offset",
    "page",
    "pageLimit",
    "pageNumber",
    "pageSize",
    "skip",
];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let queries = walk::parameters(document, |parameter| {
        let counts = json::text(parameter, "name").is_some_and(|name| NAMES.contains(&name));
        match parameter.get_mut("schema").and_then(Value::as_object_mut) {
            Some(schema) if counts => whole(schema),
            _ => 0,
        }
    });
    let bodies = walk::schemas(document, |schema| {
        let counts = walk::properties(schema).filter(|(name, _)| NAMES.contains(&name.as_str()));
        counts.map(|(_, property)| whole(property)).sum()
    });
    Ok(queries + bodies)
}

fn whole(schema: &mut Object) -> usize {
    if json::text(schema, "type") != Some("number") || schema.contains_key("enum") {
        return 0;
    }
    schema.insert("type".into(), "integer".into());
    1
}
