//! Coerces values to the schemas of an operation: required fields are added, values that do not
//! match are converted or removed.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::generator::Generator;
use crate::check::Mode;
use crate::check::schema::is_valid;
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, list, nullable, object, parts};
use crate::time;

/// The schema of required fields without a declaration.
static ANY_TEXT: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));

/// The deepest level that is coerced.
const MAX_DEPTH: usize = 24;

/// Coerces values to the schemas of one operation.
pub(crate) struct Coercer<'a> {
    pub(crate) operation: &'a Operation,
    /// The seed of generated values.
    pub(crate) seed: u64,
}

impl<'a> Coercer<'a> {
    /// Returns the value with all required fields. Fields that cannot be converted are removed, or
    /// generated if they are required.
    pub(crate) fn coerce(&self, schema: &'a Value, value: Value) -> Value {
        match self.value(schema, value, self.seed, 0) {
            Some(value) => value,
            None => Generator::required(self.operation, "", schema, self.seed),
        }
    }

    fn value(&self, schema: &'a Value, value: Value, seed: u64, depth: usize) -> Option<Value> {
        let parts = parts(self.operation, schema);
        if depth > MAX_DEPTH {
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
                let coerced = self.value(shape, value.clone(), seed, depth + 1)?;
                self.is_valid(schema, &coerced).then_some(coerced)
            });
        }
        let kind = parts.iter().find_map(|part| part.get("type")?.as_str());
        let has_fields = parts
            .iter()
            .any(|part| object(part, "properties").is_some());
        match (kind, value) {
            (Some("object") | None, Value::Object(fields)) if kind.is_some() || has_fields => {
                let seed = object_seed(&fields, seed);
                Some(Value::Object(self.fields(&parts, fields, seed, depth)))
            }
            (Some("array"), Value::Array(items)) => {
                let Some(schema) = parts.iter().find_map(|part| part.get("items")) else {
                    return Some(Value::Array(items));
                };
                let number = |index: usize| seed.wrapping_add(1 + index as u64);
                let coerced = items
                    .into_iter()
                    .enumerate()
                    .filter_map(|(index, item)| self.value(schema, item, number(index), depth + 1));
                Some(Value::Array(coerced.collect()))
            }
            (None, value) => Some(value),
            // Some lists are declared as one of their elements.
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
        let mut coerced = Map::new();
        for (name, value) in fields {
            let value = match declared(&name) {
                Some(schema) => self.value(schema, value, seed, depth + 1),
                None => Some(value),
            };
            if let Some(value) = value {
                coerced.insert(name, value);
            }
        }
        let required = parts.iter().flat_map(|part| list(part, "required"));
        for name in required.filter_map(Value::as_str) {
            if !coerced.contains_key(name) {
                let schema = declared(name).unwrap_or(&ANY_TEXT);
                let value = Generator::required(self.operation, name, schema, seed);
                coerced.insert(name.to_owned(), value);
            }
        }
        coerced
    }

    /// Converts a value to a type.
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

/// The seed of an object with an id depends on the id only, so that the same values are generated
/// in all replies.
fn object_seed(fields: &Map<String, Value>, seed: u64) -> u64 {
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
