//! Makes numbers integers that count, number, or measure in whole units: by name, and by the values
//! that the file declares. The files declare `number` for everything. A number that no rule decides
//! is decided in the overlay; the attention list has it.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json;
use crate::names;

/// Words that mark a whole number anywhere in a name.
const WORDS: &[&str] = &[
    "age", "count", "days", "hours", "index", "limit", "minutes", "month", "num", "number",
    "seconds", "size",
];

/// Words that mark a whole number at the end of a name.
const LAST_WORDS: &[&str] = &[
    // positions, versions and codes
    "channel",
    "channels",
    "code",
    "id",
    "level",
    "offset",
    "order",
    "page",
    "position",
    "revision",
    "skip",
    "status",
    "tier",
    "type",
    "types",
    "v",
    "version",
    // durations and moments
    "after",
    "at",
    "before",
    "buffer",
    "date",
    "day",
    "duration",
    "for",
    "hour",
    "in",
    "interval",
    "minute",
    "period",
    "span",
    "time",
    "timestamp",
    "week",
    "window",
    "year",
    // counts
    "bytes",
    "capacity",
    "clicks",
    "comments",
    "conversions",
    "cycles",
    "files",
    "followers",
    "impressions",
    "leads",
    "length",
    "likes",
    "links",
    "messages",
    "micros",
    "occurrence",
    "pages",
    "posts",
    "products",
    "qty",
    "quantity",
    "reminders",
    "shares",
    "slot",
    "slots",
    "total",
    "totals",
    "units",
];

/// Numbers of a query that some files declare as text, which is the same in a query.
const TEXTS: &[&str] = &[
    "limit",
    "offset",
    "pageLimit",
    "pageNumber",
    "pageSize",
    "skip",
];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let texts = walk::parameters(document, |parameter| {
        let is_count = json::text(parameter, "in") == Some("query")
            && json::text(parameter, "name").is_some_and(|name| TEXTS.contains(&name));
        match parameter.get_mut("schema").and_then(Value::as_object_mut) {
            Some(schema)
                if is_count
                    && json::text(schema, "type") == Some("string")
                    && !["enum", "format", "pattern"]
                        .iter()
                        .any(|key| schema.contains_key(*key)) =>
            {
                schema.insert("type".into(), "integer".into());
                1
            }
            _ => 0,
        }
    });
    let numbers = walk::numbers(document, |name, schema| {
        if walk::is_decided(schema) || !is_whole(name, schema.get("enum")) {
            return 0;
        }
        schema.insert("type".into(), "integer".into());
        1
    });
    Ok(texts + numbers)
}

fn is_whole(name: &str, values: Option<&Value>) -> bool {
    if let Some(values) = values.and_then(Value::as_array) {
        return values.iter().all(Value::is_i64);
    }
    let words = names::words(name);
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || words
            .last()
            .is_some_and(|word| LAST_WORDS.contains(&word.as_str()))
}
