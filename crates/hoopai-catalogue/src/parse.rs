//! Converts texts, such as those of command lines, to JSON of the declared type.

use serde_json::{Number, Value};

use crate::problem::{Problem, ProblemKind};
use crate::schema::{Kind, Schema};
use crate::validate::validate_value;

/// The depth of lists and alternatives within each other.
const DEPTH: usize = 16;

impl Schema {
    /// Converts a text to a value of this schema. `path` names the value in the problem.
    ///
    /// Text and numbers are written as they are. A list is JSON, or its items separated by commas.
    /// An object is JSON. `null` is the value null if the schema accepts it and is no text.
    /// For any JSON, a text that is no JSON is a string. If text is one of several kinds, only JSON
    /// lists and objects are no text.
    ///
    /// # Errors
    /// If the text is no value of the declared kind, or breaks a rule of the schema.
    pub fn parse(self, path: &str, text: &str) -> Result<Value, Problem> {
        let value = self.convert(path, text, 0)?;
        match validate_value(self, path, &value)
            .into_iter()
            .find(|problem| !problem.is_advice)
        {
            Some(problem) => Err(problem),
            None => Ok(value),
        }
    }

    fn convert(self, path: &str, text: &str, depth: usize) -> Result<Value, Problem> {
        let wrong = || {
            let kind = ProblemKind::WrongKind {
                expected: self.type_name(),
                found: "this text",
            };
            Problem::new(path, kind)
        };
        let kind = self.kind();
        if text == "null" && kind != Kind::String && self.is_nullable() {
            return Ok(Value::Null);
        }
        match kind {
            Kind::String | Kind::File => Ok(text.into()),
            Kind::Number | Kind::Integer => number(text.trim()).ok_or_else(wrong),
            Kind::Boolean => match text.trim() {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                _ => Err(wrong()),
            },
            Kind::Array if text.trim_start().starts_with('[') => {
                serde_json::from_str(text).map_err(|_| wrong())
            }
            Kind::Array if text.is_empty() => Ok(Value::Array(Vec::new())),
            Kind::Array => {
                let items = self.items().filter(|_| depth < DEPTH);
                let item = |(index, text): (usize, &str)| match items {
                    Some(items) => items.convert(&format!("{path}[{index}]"), text, depth + 1),
                    None => Ok(text.into()),
                };
                text.split(',')
                    .map(str::trim)
                    .enumerate()
                    .map(item)
                    .collect()
            }
            Kind::Object => match serde_json::from_str(text) {
                Ok(value @ Value::Object(_)) => Ok(value),
                _ => Err(wrong()),
            },
            Kind::Union if depth < DEPTH => self.convert_union(path, text, depth),
            _ => Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
        }
    }

    /// Of alternatives that include text, a text stays text unless it is a JSON list or object: a
    /// phone number is no number.
    fn convert_union(self, path: &str, text: &str, depth: usize) -> Result<Value, Problem> {
        let is_json = text.trim_start().starts_with(['[', '{']);
        let rank = |kind: Kind| match kind {
            Kind::Array | Kind::Object if is_json => 0,
            Kind::String => 1,
            Kind::Array => 3,
            _ => 2,
        };
        let mut alternatives = self.alternatives();
        alternatives.sort_by_key(|one| rank(one.kind()));
        alternatives
            .into_iter()
            .filter_map(|one| one.convert(path, text, depth + 1).ok())
            .find(|value| {
                let problems = validate_value(self, path, value);
                problems.iter().all(|problem| problem.is_advice)
            })
            .ok_or_else(|| {
                let kind = ProblemKind::WrongKind {
                    expected: self.type_name(),
                    found: "this text",
                };
                Problem::new(path, kind)
            })
    }
}

/// A number as JSON writes it, so that its digits are kept.
fn number(text: &str) -> Option<Value> {
    let number: Number = serde_json::from_str(text).ok()?;
    Some(Value::Number(number))
}
