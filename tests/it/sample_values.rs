//! Made-up values that match a schema; equal for equal operations and paths.

use hoopai::runtime::operation::Operation;
use serde_json::{Map, Value, json};

use crate::interface::{Interface, Schema, Shape, items};
use crate::operations::qualified_name;

/// The fields that a sample has.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum SampleSize {
    /// The required fields.
    Required,
    /// All fields, and of a union those of one variant, which depends on the seed.
    All,
    /// All fields of all variants of a union of objects.
    Merged,
}

pub(crate) struct Sampler {
    interface: Interface,
    size: SampleSize,
    seed: String,
    /// The schemas around the current value, to stop at recursive schemas.
    parents: Vec<Schema>,
}

impl Sampler {
    pub(crate) fn new(operation: &Operation, size: SampleSize) -> Self {
        Sampler {
            interface: Interface::of(operation.module),
            size,
            seed: qualified_name(operation),
            parents: Vec::new(),
        }
    }

    /// A value for a schema at a path within the operation.
    pub(crate) fn value(&mut self, schema: Schema, path: &str) -> Value {
        self.try_value(schema, path)
            .expect("a schema without required recursion")
    }

    /// Returns `None` for a recursive schema.
    fn try_value(&mut self, schema: Schema, path: &str) -> Option<Value> {
        let schema = self.interface.resolve(schema);
        if self
            .parents
            .iter()
            .any(|other| std::ptr::eq(*other, schema))
        {
            return None;
        }
        self.parents.push(schema);
        let value = self.shape_value(schema, path);
        self.parents.pop();
        value
    }

    fn shape_value(&mut self, schema: Schema, path: &str) -> Option<Value> {
        let hash = self.hash(path);
        let limit = |key: &str| self.interface.resolve(schema)[key].as_f64();
        let (least, most) = (
            limit("minimum").unwrap_or(1.0),
            limit("maximum").unwrap_or(1000.0),
        );
        let whole = least + (hash % ((most - least).clamp(0.0, 900.0) as u64 + 1)) as f64;
        Some(match self.interface.shape(schema) {
            Shape::Any => json!({ "any": hash % 900 }),
            Shape::Text(values) if !values.is_empty() => {
                values[hash as usize % values.len()].into()
            }
            Shape::Text(_) => self.text(schema, path, hash).into(),
            Shape::Timestamp if self.interface.resolve(schema)["type"] == "string" => {
                self.text(schema, path, hash).into()
            }
            Shape::Decimal if whole + 0.5 <= most => (whole + 0.5).into(),
            Shape::Timestamp => match self.interface.resolve(schema)["format"].as_str() {
                Some("unix-seconds") => (1_900_000_000 + hash % 1000).into(),
                _ => (1_900_000_000_000 + hash % 1000).into(),
            },
            Shape::Decimal => (whole as i64).into(),
            Shape::Number => match items(&schema["enum"]) {
                [] if hash.is_multiple_of(2) && whole + 0.25 <= most => (whole + 0.25).into(),
                [] => (whole as i64).into(),
                values => values[hash as usize % values.len()].clone(),
            },
            Shape::Integer => match items(&schema["enum"]) {
                [] => (whole as i64).into(),
                values => values[hash as usize % values.len()].clone(),
            },
            Shape::Boolean => (hash.is_multiple_of(2)).into(),
            Shape::List(of) => {
                // Two scalars show the style of a list; one object suffices.
                let count = match self.interface.shape(of) {
                    Shape::Text(_) | Shape::Number | Shape::Integer | Shape::Boolean => 2,
                    Shape::Timestamp | Shape::Decimal => 2,
                    _ => 1,
                };
                let all =
                    (0..count).filter_map(|index| self.try_value(of, &format!("{path}/{index}")));
                all.collect::<Vec<_>>().into()
            }
            Shape::Map(of) => match self.try_value(of, &format!("{path}/key")) {
                Some(value) => json!({ "key": value }),
                None => json!({}),
            },
            Shape::Object(fields) => self.object(fields, path),
            Shape::Union(variants) => {
                let merged = self
                    .interface
                    .merged(&variants)
                    .filter(|_| self.size != SampleSize::All);
                match merged {
                    Some(fields) => self.object(fields, path),
                    None => return self.try_value(variants[hash as usize % variants.len()], path),
                }
            }
        })
    }

    fn object(&mut self, fields: crate::interface::Fields, path: &str) -> Value {
        let mut object = Map::new();
        for (name, schemas) in fields.declared {
            if self.size == SampleSize::Required && !fields.required.contains(name) {
                continue;
            }
            if let Some(value) = self.try_value(schemas[0], &format!("{path}/{name}")) {
                object.insert(name.to_owned(), value);
            }
        }
        if let Some(additional) = fields
            .additional
            .filter(|_| self.size != SampleSize::Required)
            && let Some(value) = self.try_value(additional, &format!("{path}/key"))
        {
            object.insert("key".to_owned(), value);
        }
        object.into()
    }

    fn text(&self, schema: Schema, path: &str, hash: u64) -> String {
        let name = path.rsplit('/').find(|part| part.parse::<usize>().is_err());
        let name = name.unwrap_or("item");
        let number = 100 + hash % 900;
        let (month, day) = (1 + hash % 9, hash % 7);
        match schema["format"].as_str() {
            Some("date-time") => {
                return format!("2031-0{month}-1{day}T0{}:30:00.{number}Z", hash % 5);
            }
            Some("date") => return format!("2031-0{month}-1{day}"),
            Some("date-month-first") => return format!("0{month}-1{day}-2031"),
            Some("date-at-midnight") => return format!("2031-0{month}-1{day}T00:00:00.000Z"),
            Some("email") => return format!("{name}{number}@example.com"),
            Some("unix-milliseconds") => return (1_900_000_000_000 + hash % 1000).to_string(),
            _ => {}
        }
        match schema["pattern"].as_str() {
            Some(pattern) if pattern.starts_with("^\\d{4}-") => {
                return format!("2031-0{}-17", 1 + hash % 9);
            }
            Some(pattern) if pattern.contains(':') => return format!("1{}:45", hash % 10),
            Some(_) => return "Europe/Berlin".to_owned(),
            None => {}
        }
        // A character that must be encoded in paths and in queries.
        let special = match path.split('/').next() {
            Some("path") => '/',
            Some("query") => '&',
            _ => ' ',
        };
        let text = format!("{name}{special}{number}");
        let most = schema["maxLength"].as_u64().unwrap_or(200) as usize;
        if text.len() > most {
            number.to_string().chars().take(most).collect()
        } else {
            text
        }
    }

    /// Computes FNV-1a of the seed and the path.
    fn hash(&self, path: &str) -> u64 {
        let bytes = self.seed.bytes().chain([0]).chain(path.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        hash ^ (hash >> 32)
    }
}
