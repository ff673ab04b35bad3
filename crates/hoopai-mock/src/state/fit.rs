//! Items as an operation shows them: what its schema requires is there, and nothing stands against it.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::time;
use crate::check::Mode;
use crate::check::schema::is_valid;
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, list, nullable, object, parts};
use crate::reply::Maker;

/// What is required and not declared may be anything.
static ANY_TEXT: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));

/// So deep a value is looked at.
const DEEPEST: usize = 24;

/// Fits values to the schemas of one operation.
pub(super) struct Fit<'a> {
    pub(super) operation: &'a Operation,
    /// What made-up values are made of.
    pub(super) seed: u64,
}

impl<'a> Fit<'a> {
    /// The value with all that is required of it; what cannot be made to fit is left out, or made up where it is required.
    pub(super) fn whole(&self, schema: &'a Value, value: Value) -> Value {
        match self.value(schema, value, self.seed, 0) {
            Some(value) => value,
            None => Maker::required(self.operation, "", schema, self.seed),
        }
    }

    fn value(&self, schema: &'a Value, value: Value, seed: u64, depth: usize) -> Option<Value> {
        let parts = parts(self.operation, schema);
        if depth > DEEPEST {
            return Some(value).filter(|value| self.is_valid(schema, value));
        }
        if value.is_null() {
            return nullable(self.operation, schema).then_some(value);
        }
        let mut shapes = parts.iter().map(|part| alternatives(part));
        if let Some(shapes) = shapes.find(|shapes| !shapes.is_empty()) {
            if self.is_valid(schema, &value) {
                return Some(value);
            }
            return shapes.iter().find_map(|shape| {
                let fitted = self.value(shape, value.clone(), seed, depth + 1)?;
                self.is_valid(schema, &fitted).then_some(fitted)
            });
        }
        let kind = parts.iter().find_map(|part| part.get("type")?.as_str());
        let has_fields = parts
            .iter()
            .any(|part| object(part, "properties").is_some());
        match (kind, value) {
            (Some("object") | None, Value::Object(fields)) if kind.is_some() || has_fields => {
                let seed = own_seed(&fields, seed);
                Some(Value::Object(self.fields(&parts, fields, seed, depth)))
            }
            (Some("array"), Value::Array(items)) => {
                let Some(schema) = parts.iter().find_map(|part| part.get("items")) else {
                    return Some(Value::Array(items));
                };
                let number = |index: usize| seed.wrapping_add(1 + index as u64);
                let fitted = items
                    .into_iter()
                    .enumerate()
                    .filter_map(|(index, item)| self.value(schema, item, number(index), depth + 1));
                Some(Value::Array(fitted.collect()))
            }
            (None, value) => Some(value),
            // Some lists are declared as one of their items.
            (Some("object"), Value::Array(items)) => {
                self.value(schema, items.into_iter().next()?, seed, depth + 1)
            }
            (Some(kind), value) => self.scalar(kind, schema, value),
        }
    }

    fn fields(
        &self,
        parts: &[&'a Value],
        fields: Map<String, Value>,
        seed: u64,
        depth: usize,
    ) -> Map<String, Value> {
        let declared = |name: &str| {
            parts
                .iter()
                .find_map(|part| object(part, "properties")?.get(name))
        };
        let mut fitted = Map::new();
        for (name, value) in fields {
            let value = match declared(&name) {
                Some(schema) => self.value(schema, value, seed, depth + 1),
                None => Some(value),
            };
            if let Some(value) = value {
                fitted.insert(name, value);
            }
        }
        let required = parts.iter().flat_map(|part| list(part, "required"));
        for name in required.filter_map(Value::as_str) {
            if !fitted.contains_key(name) {
                let schema = declared(name).unwrap_or(&ANY_TEXT);
                let value = Maker::required(self.operation, name, schema, seed);
                fitted.insert(name.to_owned(), value);
            }
        }
        fitted
    }

    /// The value in the type that is asked for, if it can be had.
    fn scalar(&self, kind: &str, schema: &'a Value, value: Value) -> Option<Value> {
        if self.is_valid(schema, &value) {
            return Some(value);
        }
        let other = match (kind, &value) {
            ("string", Value::Number(_) | Value::Bool(_)) => value.to_string().into(),
            ("string" | "number" | "integer" | "boolean", Value::Array(items)) => {
                items.first()?.clone()
            }
            ("number" | "integer", Value::String(text)) => match text.parse::<f64>() {
                Ok(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                    (number as i64).into()
                }
                Ok(number) => number.into(),
                Err(_) => time::parse(text)?.into(),
            },
            ("boolean", Value::String(text)) => text.parse::<bool>().ok()?.into(),
            ("array", _) => Value::Array(vec![value]),
            _ => return None,
        };
        self.is_valid(schema, &other).then_some(other)
    }

    fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        is_valid(self.operation, schema, value, Mode::Reply)
    }
}

/// What is made up about a thing hangs on its id, so that it is the same wherever the thing is shown.
fn own_seed(fields: &Map<String, Value>, seed: u64) -> u64 {
    let id = fields
        .get("id")
        .or_else(|| fields.get("_id"))
        .and_then(Value::as_str);
    id.map_or(seed, |id| {
        id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}
