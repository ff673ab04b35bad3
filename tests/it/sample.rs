//! Made-up values that fit a schema, the same for the same seed.

use hoopai::runtime::operation::Operation;
use serde_json::{Map, Value, json};

use crate::interface::{Interface, Schema, Shape, items};

/// How much a sample holds.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Amount {
    /// What is required.
    Least,
    /// All fields; of a union the variant that the seed chooses.
    All,
    /// All fields of all variants of a union of objects.
    Merged,
}

pub(crate) struct Sampler {
    interface: Interface,
    amount: Amount,
    seed: String,
    /// The schemas that are being filled, so that one that holds itself comes to an end.
    within: Vec<Schema>,
}

impl Sampler {
    pub(crate) fn new(operation: &Operation, amount: Amount) -> Self {
        Sampler {
            interface: Interface::of(operation.module),
            amount,
            seed: format!("{}.{}", operation.module, operation.name),
            within: Vec::new(),
        }
    }

    /// A value for a schema. `place` names it within the operation.
    pub(crate) fn value(&mut self, schema: Schema, place: &str) -> Value {
        self.try_value(schema, place)
            .expect("a schema that does not demand itself")
    }

    /// `None`: the schema is being filled already.
    fn try_value(&mut self, schema: Schema, place: &str) -> Option<Value> {
        let schema = self.interface.resolve(schema);
        if self.within.iter().any(|other| std::ptr::eq(*other, schema)) {
            return None;
        }
        self.within.push(schema);
        let value = self.of_shape(schema, place);
        self.within.pop();
        value
    }

    fn of_shape(&mut self, schema: Schema, place: &str) -> Option<Value> {
        let hash = self.hash(place);
        // What stands around a constraint has none.
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
            Shape::Text(_) => self.text(schema, place, hash).into(),
            Shape::Moment if self.interface.resolve(schema)["type"] == "string" => {
                self.text(schema, place, hash).into()
            }
            Shape::Amount if whole + 0.5 <= most => (whole + 0.5).into(),
            Shape::Moment => (1_900_000_000 + hash % 1000).into(),
            Shape::Amount => (whole as i64).into(),
            Shape::Number => match items(&schema["enum"]) {
                [] if hash.is_multiple_of(2) && whole + 0.25 <= most => (whole + 0.25).into(),
                [] => (whole as i64).into(),
                values => values[hash as usize % values.len()].clone(),
            },
            Shape::Integer => (whole as i64).into(),
            Shape::Boolean => (hash.is_multiple_of(2)).into(),
            Shape::List(of) => {
                // Two scalars show how a list is written, one object is enough.
                let count = match self.interface.shape(of) {
                    Shape::Text(_) | Shape::Number | Shape::Integer | Shape::Boolean => 2,
                    Shape::Moment | Shape::Amount => 2,
                    _ => 1,
                };
                let all =
                    (0..count).filter_map(|index| self.try_value(of, &format!("{place}/{index}")));
                all.collect::<Vec<_>>().into()
            }
            Shape::Map(of) => match self.try_value(of, &format!("{place}/key")) {
                Some(value) => json!({ "key": value }),
                None => json!({}),
            },
            Shape::Object(fields) => self.object(fields, place),
            Shape::Union(variants) => {
                let merged = self
                    .interface
                    .merged(&variants)
                    .filter(|_| self.amount != Amount::All);
                match merged {
                    Some(fields) => self.object(fields, place),
                    None => return self.try_value(variants[hash as usize % variants.len()], place),
                }
            }
        })
    }

    fn object(&mut self, fields: crate::interface::Fields, place: &str) -> Value {
        let mut object = Map::new();
        for (name, schemas) in fields.declared {
            if self.amount == Amount::Least && !fields.required.contains(name) {
                continue;
            }
            if let Some(value) = self.try_value(schemas[0], &format!("{place}/{name}")) {
                object.insert(name.to_owned(), value);
            }
        }
        if let Some(others) = fields.others.filter(|_| self.amount != Amount::Least)
            && let Some(value) = self.try_value(others, &format!("{place}/key"))
        {
            object.insert("key".to_owned(), value);
        }
        object.into()
    }

    fn text(&self, schema: Schema, place: &str, hash: u64) -> String {
        let name = place
            .rsplit('/')
            .find(|part| part.parse::<usize>().is_err());
        let name = name.unwrap_or("item");
        let number = 100 + hash % 900;
        if schema["format"] == "date-time" {
            return format!(
                "2031-0{}-1{}T0{}:30:00.{number}Z",
                1 + hash % 9,
                hash % 7,
                hash % 5
            );
        }
        match schema["pattern"].as_str() {
            Some(pattern) if pattern.starts_with("^\\d{4}-") => {
                return format!("2031-0{}-17", 1 + hash % 9);
            }
            Some(pattern) if pattern.contains(':') => return format!("1{}:45", hash % 10),
            Some(_) => return "Europe/Berlin".to_owned(),
            None => {}
        }
        // A mark that is to be encoded on the way, in paths and queries.
        let mark = match place.split('/').next() {
            Some("path") => '/',
            Some("query") => '&',
            _ => ' ',
        };
        let text = format!("{name}{mark}{number}");
        let most = schema["maxLength"].as_u64().unwrap_or(200) as usize;
        if text.len() > most {
            number.to_string().chars().take(most).collect()
        } else {
            text
        }
    }

    /// FNV-1a of the seed and the place.
    fn hash(&self, place: &str) -> u64 {
        let bytes = self.seed.bytes().chain([0]).chain(place.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        hash ^ (hash >> 32)
    }
}
