//! Infers a declaration of paging from the parameters and the reply of a list.

use serde_json::{Map, Value, json};

use super::declaration::{Reader, SIZES};
use super::schema_path::SchemaSet;
use crate::error::SourcePointer;
use crate::model::{Paging, Reply};

/// Where replies have the number of items, in the order of preference.
const TOTALS: [&str; 8] = [
    "total",
    "meta.total",
    "pagination.total",
    "totalCount",
    "meta.totalCount",
    "meta.count",
    "count",
    "totalItems",
];

/// Where replies state whether there is another page.
const MORES: [&str; 4] = [
    "hasMore",
    "pagination.hasMore",
    "pagination.hasNext",
    "meta.nextPage",
];

/// The page size if none is declared.
const DEFAULT_MAX: u64 = 100;

/// The declaration that fits, if exactly one list and one way to page do.
pub(super) fn infer(reader: &Reader<'_>, at: &SourcePointer<'_>) -> Option<(Value, Paging)> {
    let candidates = reader.paging_parameters();
    let (sizes, positions): (Vec<&str>, Vec<&str>) = candidates
        .into_iter()
        .partition(|name| SIZES.contains(name));
    let ([position], [] | [_]) = (&positions[..], &sizes[..]) else {
        return None;
    };
    let items = single_list(reader)?;
    let strategy = match *position {
        "page" | "pageNumber" | "currentPage" => {
            json!({ "page": { "parameter": position, "first": 1 } })
        }
        "offset" | "skip" => json!({ "offset": position }),
        "cursor" | "nextCursor" | "pageToken" | "nextPageToken" => {
            let sources = ["nextCursor", "nextPageToken", "meta.nextCursor", "cursor"];
            let declarations = sources
                .iter()
                .map(|from| json!({ "cursor": { *position: from } }));
            let mut valid = declarations.filter(|strategy| {
                let declaration = with(&json!({ "items": items }), strategy);
                reader.paging(&declaration, at).is_ok()
            });
            valid.next()?
        }
        _ => return None,
    };
    let mut declaration = with(&json!({ "items": items }), &strategy);
    if let [size] = sizes[..] {
        let max = reader.declared_maximum(size).unwrap_or(DEFAULT_MAX);
        declaration = with(
            &declaration,
            &json!({ "size": { "parameter": size, "max": max } }),
        );
    }
    let mut paging = reader.paging(&declaration, at).ok()?;
    for (key, paths) in [("total", &TOTALS[..]), ("more", &MORES[..])] {
        for path in paths {
            let extended = with(&declaration, &json!({ key: path }));
            if let Ok(valid) = reader.paging(&extended, at) {
                (declaration, paging) = (extended, valid);
                break;
            }
        }
    }
    Some((declaration, paging))
}

/// The path of the only list of objects in a reply, at the top or one level below.
fn single_list(reader: &Reader<'_>) -> Option<String> {
    let Reply::Json(schema) = &reader.operation.reply else {
        return None;
    };
    let reply = SchemaSet::new(reader.document, schema);
    let is_list = |schemas: &SchemaSet<'_>| {
        schemas
            .items()
            .is_some_and(|items| items.fields().next().is_some())
    };
    if is_list(&reply) {
        return Some(String::new());
    }
    let mut paths = Vec::new();
    for (name, schema) in reply.fields() {
        let field = SchemaSet::new(reader.document, schema);
        if is_list(&field) {
            paths.push(name.clone());
            continue;
        }
        for (inner, schema) in field.fields() {
            if is_list(&SchemaSet::new(reader.document, schema)) {
                paths.push(format!("{name}.{inner}"));
            }
        }
    }
    match &paths[..] {
        [path] if !path.split('.').any(str::is_empty) => paths.pop(),
        _ => None,
    }
}

fn with(declaration: &Value, more: &Value) -> Value {
    let objects = [declaration, more].into_iter().filter_map(Value::as_object);
    let entries = objects
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()));
    Value::Object(entries.collect::<Map<_, _>>())
}
