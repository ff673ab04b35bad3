//! Paths within schemas: names joined by dots, in which a number is the index of a list.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json;
use crate::openapi::{self, COMPOSITES};

/// All schemas of one position. A composite contributes several.
#[derive(Clone)]
pub(super) struct SchemaSet<'a> {
    document: &'a Value,
    schemas: Vec<&'a Value>,
}

/// The part of a path that is not declared.
pub(super) enum PathError<'a> {
    /// Its parent declares other fields.
    Undeclared(&'a str),
    /// Its parent allows any field, so a misspelt name would not be noticed.
    Open(&'a str),
}

impl<'a> SchemaSet<'a> {
    pub(super) fn new(document: &'a Value, schema: &'a Value) -> Self {
        Self::expand(document, vec![schema])
    }

    /// Follows references and expands composites. Each schema is visited once, so cycles and
    /// hostile nesting end.
    fn expand(document: &'a Value, mut open: Vec<&'a Value>) -> Self {
        let mut seen: BTreeSet<*const Value> = BTreeSet::new();
        let mut schemas = Vec::new();
        open.reverse();
        while let Some(schema) = open.pop() {
            if !seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            if schema.get("$ref").is_some() {
                let name = openapi::referenced_name(schema);
                open.extend(name.and_then(|name| openapi::component(document, name)));
                continue;
            }
            let parts = COMPOSITES
                .iter()
                .filter_map(|key| schema.get(*key)?.as_array())
                .flatten();
            let before = open.len();
            open.extend(parts);
            // A composite without facts of its own equals its parts.
            if open.len() == before || schema.get("type").is_some() || properties(schema).is_some()
            {
                schemas.push(schema);
            }
        }
        Self { document, schemas }
    }

    /// The schemas at a path; the empty path is this position.
    pub(super) fn at<'p>(&self, path: &'p str) -> Result<SchemaSet<'a>, PathError<'p>> {
        let mut current = self.clone();
        for name in path.split('.').filter(|_| !path.is_empty()) {
            let next = current.field(name);
            if next.is_empty() {
                return Err(if current.is_open() {
                    PathError::Open(name)
                } else {
                    PathError::Undeclared(name)
                });
            }
            current = Self::expand(self.document, next);
        }
        Ok(current)
    }

    /// The schemas of a field, or, for a number, of the items of a list.
    fn field(&self, name: &str) -> Vec<&'a Value> {
        let index = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        self.schemas
            .iter()
            .filter_map(|schema| {
                let named = properties(schema).and_then(|properties| properties.get(name));
                named.or_else(|| schema.get("items").filter(|_| index))
            })
            .collect()
    }

    /// The schemas of the items, if this is a list.
    pub(super) fn items(&self) -> Option<SchemaSet<'a>> {
        let lists: Vec<&Value> = self
            .schemas
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

    /// Names and schemas of the fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.schemas
            .iter()
            .filter_map(|schema| properties(schema))
            .flatten()
    }

    /// Whether one of these types is declared.
    pub(super) fn is_any(&self, kinds: &[&str]) -> bool {
        self.schemas
            .iter()
            .any(|schema| kind(schema).is_some_and(|kind| kinds.contains(&kind)))
    }

    /// A declared bound: `minimum` or `maximum`.
    pub(super) fn bound(&self, key: &str) -> Option<f64> {
        self.schemas
            .iter()
            .find_map(|schema| schema.get(key)?.as_f64())
    }

    /// Whether any field is allowed.
    pub(super) fn is_open(&self) -> bool {
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
