//! Places in a reply: chains of names joined by dots, from the root or from an item. Whether the schemas have one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json;

/// All schemas that may stand at one place. A composite brings several, each of which may say something of it.
pub(crate) struct Schemas<'a> {
    document: &'a Value,
    found: Vec<&'a Value>,
}

/// Why a place is not there.
pub(crate) enum Missing<'a> {
    /// This part of it is not declared, where other fields are.
    Undeclared(&'a str),
    /// What this part of it would stand in may hold anything: a misspelt place would be noticed by nobody.
    Open(&'a str),
}

impl<'a> Schemas<'a> {
    pub(crate) fn of(document: &'a Value, schema: &'a Value) -> Self {
        Self::expand(document, vec![schema])
    }

    /// References followed, composites opened. Each schema is looked at once, so that circles and hostile nesting end.
    fn expand(document: &'a Value, mut open: Vec<&'a Value>) -> Self {
        let mut seen: BTreeSet<*const Value> = BTreeSet::new();
        let mut found = Vec::new();
        open.reverse();
        while let Some(schema) = open.pop() {
            if !seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
                let target = reference
                    .strip_prefix("#/components/schemas/")
                    .and_then(|name| {
                        document.pointer(&format!("/components/schemas/{}", json::escape(name)))
                    });
                open.extend(target);
                continue;
            }
            let parts = ["allOf", "oneOf", "anyOf"]
                .iter()
                .filter_map(|key| schema.get(*key)?.as_array())
                .flatten();
            let before = open.len();
            open.extend(parts);
            // A composite that says nothing by itself is its parts.
            if open.len() == before || schema.get("type").is_some() || properties(schema).is_some()
            {
                found.push(schema);
            }
        }
        Self { document, found }
    }

    /// The schemas at a place from here; the empty place is here.
    pub(crate) fn at<'p>(&self, place: &'p str) -> Result<Schemas<'a>, Missing<'p>> {
        let mut here = Schemas {
            document: self.document,
            found: self.found.clone(),
        };
        if place.is_empty() {
            return Ok(here);
        }
        for part in place.split('.') {
            let next = here.field(part);
            if next.is_empty() {
                return Err(match here.is_open() {
                    true => Missing::Open(part),
                    false => Missing::Undeclared(part),
                });
            }
            here = Self::expand(self.document, next);
        }
        Ok(here)
    }

    /// What is declared under a name, or, for a number, what the items of a list are.
    fn field(&self, part: &str) -> Vec<&'a Value> {
        let index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        self.found
            .iter()
            .filter_map(|schema| {
                let named = properties(schema).and_then(|properties| properties.get(part));
                named.or_else(|| schema.get("items").filter(|_| index))
            })
            .collect()
    }

    /// The schemas of the items, if this is a list.
    pub(crate) fn items(&self) -> Option<Schemas<'a>> {
        let lists: Vec<&Value> = self
            .found
            .iter()
            .copied()
            .filter(|schema| kind(schema) == Some("array"))
            .collect();
        if lists.is_empty() {
            return None;
        }
        let items = lists.iter().filter_map(|list| list.get("items")).collect();
        Some(Self::expand(self.document, items))
    }

    /// The names of the fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.found
            .iter()
            .filter_map(|schema| properties(schema))
            .flatten()
    }

    /// Whether it is declared to be of one of these types.
    pub(crate) fn is_any(&self, kinds: &[&str]) -> bool {
        self.found
            .iter()
            .any(|schema| kind(schema).is_some_and(|kind| kinds.contains(&kind)))
    }

    /// The least or the greatest value that is declared.
    pub(crate) fn bound(&self, key: &str) -> Option<f64> {
        self.found
            .iter()
            .find_map(|schema| schema.get(key)?.as_f64())
    }

    /// Whether it may hold any field.
    pub(crate) fn is_open(&self) -> bool {
        self.fields().next().is_none()
            && !self.is_any(&["array", "string", "number", "integer", "boolean"])
    }
}

fn kind(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

fn properties(schema: &Value) -> Option<&json::Object> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|properties| !properties.is_empty())
}
