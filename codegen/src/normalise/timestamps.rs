//! Gives points in time a format, by name. The files declare strings or numbers. Most strings have
//! an example that shows the format, which `source` reads; this pass handles the others. Numbers
//! get the format `unix-time` in replies only, because requests differ in the unit, seconds or
//! milliseconds.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json;
use crate::openapi::request_schemas;

const TEXTS: [&str; 10] = [
    "createdAt",
    "dateAdded",
    "dateUpdated",
    "deletedAt",
    "eventTime",
    "executeAt",
    "lastMessageDate",
    "publishedAt",
    "scheduleDate",
    "updatedAt",
];

const NUMBERS: [&str; 9] = [
    "created",
    "dateAdded",
    "dateUpdated",
    "expiresAt",
    "lastModified",
    "lastUpdated",
    "timeCreated",
    "timeUpdated",
    "timestamp",
];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let sent = request_schemas(document);
    let texts = walk::schemas(document, |schema| {
        walk::set_format(
            schema,
            |name| TEXTS.contains(&name),
            &["string"],
            "date-time",
        )
    });
    let mut numbers = 0;
    let mut count = |schema: &mut Value| {
        numbers += walk::schema(schema, &mut |schema| {
            let has_name = |name: &str| NUMBERS.contains(&name);
            walk::set_format(schema, has_name, &["integer", "number"], "unix-time")
        });
    };
    for (name, schema) in document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        if !sent.contains(name) {
            count(schema);
        }
    }
    walk::operations(document, |_, _, operation| {
        let contents = json::entries_mut(operation, "responses")
            .filter_map(|(_, response)| response.get_mut("content")?.as_object_mut())
            .flatten();
        contents
            .filter_map(|(_, media)| media.get_mut("schema"))
            .for_each(&mut count);
        0
    });
    Ok(texts + numbers)
}
