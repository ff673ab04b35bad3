//! Points in time that the files call a text or a number, by the names that the platform gives them. Most texts have an example
//! that says so, which is believed when the file is distilled; here are those that have none or an odd one. Numbers get the
//! format `unix-time`, in replies alone: what a request counts, seconds or milliseconds, is its own affair.

use std::collections::BTreeSet;

use serde_json::Value;

use super::walk;
use crate::fault::{At, Fault};
use crate::json::{self, METHODS, Object};

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

pub(super) fn run(document: &mut Value, _: &At<'_>) -> Result<usize, Fault> {
    let sent = sent(document);
    let texts = walk::schemas(document, |schema| {
        named(schema, &TEXTS, &["string"], "date-time")
    });
    let mut numbers = 0;
    let mut count = |schema: &mut Value| {
        numbers += walk::schema(schema, &mut |schema| {
            named(schema, &NUMBERS, &["integer", "number"], "unix-time")
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
        let contents = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
            .filter_map(|(_, response)| response.get_mut("content")?.as_object_mut())
            .flatten();
        contents
            .filter_map(|(_, media)| media.get_mut("schema"))
            .for_each(&mut count);
        0
    });
    Ok(texts + numbers)
}

fn named(schema: &mut Object, names: &[&str], types: &[&str], format: &str) -> usize {
    let properties = schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten();
    let mut changed = 0;
    for property in properties
        .filter(|(name, _)| names.contains(&name.as_str()))
        .filter_map(|(_, property)| property.as_object_mut())
    {
        let plain = ["format", "enum", "pattern"]
            .iter()
            .all(|key| !property.contains_key(*key));
        if plain && json::text(property, "type").is_some_and(|name| types.contains(&name)) {
            property.insert("format".into(), format.into());
            changed += 1;
        }
    }
    changed
}

/// The schema components to which a request's body leads.
pub(super) fn sent(document: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(
                    json::text(map, "$ref")
                        .and_then(|to| to.strip_prefix("#/components/schemas/"))
                        .map(str::to_owned),
                );
                map.values().for_each(|inner| collect(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
            _ => {}
        }
    }
    let mut queue = Vec::new();
    // A body that is a component of its own is one that is sent, too.
    if let Some(bodies) = document.pointer("/components/requestBodies") {
        collect(bodies, &mut queue);
    }
    for (_, item) in document
        .as_object()
        .into_iter()
        .flat_map(|root| json::entries(root, "paths"))
    {
        for body in METHODS
            .iter()
            .filter_map(|method| item.get(*method)?.get("requestBody"))
        {
            collect(body, &mut queue);
        }
    }
    let mut sent = BTreeSet::new();
    while let Some(name) = queue.pop() {
        let schema = document.pointer(&format!("/components/schemas/{}", json::escape(&name)));
        if let Some(schema) = schema
            && sent.insert(name)
        {
            collect(schema, &mut queue);
        }
    }
    sent
}
