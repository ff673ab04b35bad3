//! A value against its schema.
//!
//! Two sides read a schema differently. A request is closed: the platform refuses keys that an object's schema does not
//! declare. A reply is open, as JSON Schema has it, and of `oneOf` exactly one shape fits.

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::Side;
use super::place::Place;
use super::text;
use crate::interface::Operation;

/// What is wrong: the field and the sentence about it.
pub(crate) type Fault = (String, String);

/// So many faults are told of at most.
const FAULTS: usize = 64;
/// So deep may a value and its schema be together.
const DEPTH: usize = 256;
/// So many pairs of value and schema are looked at.
const STEPS: usize = 4_000_000;

/// Checks a value that stands at `place`.
pub(crate) fn validate(
    operation: &Operation,
    schema: &Value,
    value: &Value,
    side: Side,
    place: &Place<'_>,
) -> Vec<Fault> {
    let mut check = Check {
        operation,
        side,
        faults: Vec::new(),
        patterns: HashMap::new(),
        steps: STEPS,
        depth: 0,
    };
    check.value(place, schema, value, &[]);
    check.faults
}

/// A schema and all that its `allOf` adds, references followed.
pub(crate) fn parts<'a>(operation: &'a Operation, schema: &'a Value) -> Vec<&'a Value> {
    fn gather<'a>(
        operation: &'a Operation,
        schema: &'a Value,
        depth: usize,
        into: &mut Vec<&'a Value>,
    ) {
        if depth > 16 || into.len() > 64 {
            return;
        }
        let schema = operation.resolve(schema);
        into.push(schema);
        for part in list(schema, "allOf") {
            gather(operation, part, depth + 1, into);
        }
    }
    let mut found = Vec::new();
    gather(operation, schema, 0, &mut found);
    found
}

/// The shapes that a schema leaves to choose from.
pub(crate) fn alternatives(part: &Value) -> &[Value] {
    match list(part, "oneOf") {
        [] => list(part, "anyOf"),
        some => some,
    }
}

/// Whether null will do.
pub(crate) fn nullable(operation: &Operation, schema: &Value) -> bool {
    fn look(operation: &Operation, schema: &Value, depth: usize) -> bool {
        let schema = operation.resolve(schema);
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            return true;
        }
        if depth > 16 || schema.get("type").is_some() || schema.get("enum").is_some() {
            return list(schema, "enum").contains(&Value::Null);
        }
        let all = list(schema, "allOf");
        let any = alternatives(schema);
        if all.is_empty() && any.is_empty() {
            return schema.get("properties").is_none();
        }
        all.iter().all(|part| look(operation, part, depth + 1))
            && (any.is_empty() || any.iter().any(|part| look(operation, part, depth + 1)))
    }
    look(operation, schema, 0)
}

/// The keys that an object may have; `None` where it may have any.
pub(crate) fn keys<'a>(operation: &'a Operation, schema: &'a Value) -> Option<Vec<&'a str>> {
    fn gather<'a>(
        operation: &'a Operation,
        schema: &'a Value,
        depth: usize,
        into: &mut Vec<&'a str>,
    ) -> bool {
        for part in parts(operation, schema) {
            match part.get("additionalProperties") {
                None | Some(Value::Bool(false)) => {}
                Some(_) => return false,
            }
            into.extend(
                object(part, "properties")
                    .into_iter()
                    .flatten()
                    .map(|(key, _)| key.as_str()),
            );
            into.extend(list(part, "required").iter().filter_map(Value::as_str));
            for alternative in alternatives(part) {
                let before = into.len();
                let closed = depth < 16 && gather(operation, alternative, depth + 1, into);
                if !closed || into.len() == before {
                    return false;
                }
            }
        }
        true
    }
    let mut found = Vec::new();
    let closed = gather(operation, schema, 0, &mut found);
    (closed && !found.is_empty()).then_some(found)
}

pub(crate) fn list<'a>(schema: &'a Value, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

pub(crate) fn object<'a>(schema: &'a Value, key: &str) -> Option<&'a Map<String, Value>> {
    schema.get(key).and_then(Value::as_object)
}

struct Check<'a> {
    operation: &'a Operation,
    side: Side,
    faults: Vec<Fault>,
    /// Each pattern is read once; `None` for what this engine cannot read, which is not checked.
    patterns: HashMap<&'a str, Option<Regex>>,
    steps: usize,
    depth: usize,
}

impl<'a> Check<'a> {
    /// `inherited` are keys that a schema around this one declares for the same object.
    fn value(&mut self, place: &Place<'_>, schema: &'a Value, value: &Value, inherited: &[&str]) {
        if self.steps == 0 || self.depth == DEPTH {
            return self.fault(place, "must be smaller to be checked");
        }
        self.steps -= 1;
        self.depth += 1;
        self.look(place, schema, value, inherited);
        self.depth -= 1;
    }

    fn look(&mut self, place: &Place<'_>, schema: &'a Value, value: &Value, inherited: &[&str]) {
        let parts = parts(self.operation, schema);
        if value.is_null() && nullable(self.operation, schema) {
            return;
        }
        let before = self.faults.len();
        for part in &parts {
            self.kind(place, part, value);
        }
        if self.faults.len() > before {
            return;
        }
        for part in &parts {
            match value {
                Value::String(text) => self.text(place, part, text),
                Value::Number(number) => self.number(place, part, number.as_f64()),
                Value::Array(items) => self.items(place, part, items),
                _ => {}
            }
        }
        if let Value::Object(fields) = value {
            self.fields(place, schema, &parts, fields, inherited);
        }
        for part in &parts {
            self.alternatives(place, schema, part, value);
        }
    }

    /// Type and listed values.
    fn kind(&mut self, place: &Place<'_>, part: &Value, value: &Value) {
        let fits = match part.get("type").and_then(Value::as_str) {
            None => true,
            Some("string") => value.is_string(),
            Some("number") => value.is_number(),
            Some("integer") => is_whole(value),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            Some(_) => true,
        };
        let listed = list(part, "enum");
        if !listed.is_empty() && (!fits || !listed.contains(value)) {
            let values: Vec<String> = listed.iter().map(text::plain).collect();
            let sentence = format!("must be one of the following values: {}", values.join(", "));
            self.fault(place, &sentence);
        } else if !fits {
            self.fault(
                place,
                match part.get("type").and_then(Value::as_str) {
                    Some("string") => "must be a string",
                    Some("number") => "must be a number conforming to the specified constraints",
                    Some("integer") => "must be an integer number",
                    Some("boolean") => "must be a boolean value",
                    Some("array") => "must be an array",
                    _ => "must be an object",
                },
            );
        }
    }

    fn text(&mut self, place: &Place<'_>, part: &'a Value, text: &str) {
        let long = text.chars().count() as u64;
        if let Some(least) = bound(part, "minLength").filter(|least| long < *least) {
            let sentence = format!("must be longer than or equal to {least} characters");
            self.fault(place, &sentence);
        }
        if let Some(most) = bound(part, "maxLength").filter(|most| long > *most) {
            let sentence = format!("must be shorter than or equal to {most} characters");
            self.fault(place, &sentence);
        }
        if part.get("format").and_then(Value::as_str) == Some("date-time")
            && !(text::is_date_time(text) || self.side != Side::Reply && text::is_date(text))
        {
            self.fault(place, "must be a valid ISO 8601 date string");
        }
        if matches!(self.side, Side::Request | Side::OpenRequest)
            && part.get("format").and_then(Value::as_str) == Some("email")
            && !text::is_email(text)
        {
            let (field, _) = place.say("");
            self.push(field, super::INVALID_EMAIL.to_owned());
        }
        if let Some(pattern) = part.get("pattern").and_then(Value::as_str)
            && let Some(regex) = self
                .patterns
                .entry(pattern)
                .or_insert_with(|| Regex::new(pattern).ok())
            && !regex.is_match(text)
        {
            let sentence = format!("must match /{pattern}/ regular expression");
            self.fault(place, &sentence);
        }
    }

    fn number(&mut self, place: &Place<'_>, part: &Value, number: Option<f64>) {
        let Some(number) = number else { return };
        let limit = |key: &str| part.get(key).and_then(Value::as_f64);
        let strict = |key: &str| part.get(key) == Some(&Value::Bool(true));
        if let Some(least) = limit("minimum")
            && (number < least || (strict("exclusiveMinimum") && number <= least))
        {
            self.fault(place, &format!("must not be less than {least}"));
        }
        if let Some(most) = limit("maximum")
            && (number > most || (strict("exclusiveMaximum") && number >= most))
        {
            self.fault(place, &format!("must not be greater than {most}"));
        }
    }

    fn items(&mut self, place: &Place<'_>, part: &'a Value, items: &[Value]) {
        let many = items.len() as u64;
        if let Some(least) = bound(part, "minItems").filter(|least| many < *least) {
            self.fault(place, &format!("must contain at least {least} elements"));
        }
        if let Some(most) = bound(part, "maxItems").filter(|most| many > *most) {
            let sentence = format!("must contain no more than {most} elements");
            self.fault(place, &sentence);
        }
        let unique = part.get("uniqueItems") == Some(&Value::Bool(true));
        if unique && items.len() <= 1024 && (1..items.len()).any(|n| items[..n].contains(&items[n]))
        {
            self.fault(place, "must contain no element twice");
        }
        if let Some(schema) = part.get("items") {
            for (index, item) in items.iter().enumerate() {
                if self.faults.len() >= FAULTS {
                    break;
                }
                self.value(&place.item(index), schema, item, &[]);
            }
        }
    }

    fn fields(
        &mut self,
        place: &Place<'_>,
        schema: &'a Value,
        parts: &[&'a Value],
        fields: &Map<String, Value>,
        inherited: &[&str],
    ) {
        let known = keys(self.operation, schema);
        let forbidden = parts
            .iter()
            .any(|part| part.get("additionalProperties") == Some(&Value::Bool(false)));
        for (key, value) in fields {
            if self.faults.len() >= FAULTS {
                return;
            }
            let mut declared = false;
            for part in parts {
                if let Some(schema) = object(part, "properties").and_then(|p| p.get(key)) {
                    declared = true;
                    self.value(&place.key(key), schema, value, &[]);
                }
            }
            if declared {
                continue;
            }
            for part in parts {
                if let Some(schema @ Value::Object(_)) = part.get("additionalProperties") {
                    self.value(&place.key(key), schema, value, &[]);
                }
            }
            // Few files declare the ids of nested objects.
            let is_id = self.side == Side::Seed && ["id", "_id"].contains(&key.as_str());
            let closed = match self.side {
                Side::Request => true,
                Side::Seed => !is_id,
                Side::OpenRequest => false,
                Side::Reply => forbidden,
            };
            if closed
                && !inherited.contains(&key.as_str())
                && known
                    .as_ref()
                    .is_some_and(|known| !known.contains(&key.as_str()))
            {
                let (field, sentence) = place.key(key).undeclared();
                self.push(field, sentence);
            }
        }
        if self.side == Side::Seed {
            return;
        }
        let required = parts.iter().flat_map(|part| list(part, "required"));
        for key in required.filter_map(Value::as_str) {
            let read_only = parts.iter().any(|part| {
                part.pointer("/properties")
                    .and_then(|p| p.get(key))
                    .map(|schema| self.operation.resolve(schema))
                    .is_some_and(|schema| schema.get("readOnly") == Some(&Value::Bool(true)))
            });
            let excused = read_only && self.side != Side::Reply;
            if !fields.contains_key(key) && !excused {
                self.fault(&place.key(key), "should not be empty");
            }
        }
    }

    fn alternatives(
        &mut self,
        place: &Place<'_>,
        schema: &'a Value,
        part: &'a Value,
        value: &Value,
    ) {
        let shapes = alternatives(part);
        if shapes.is_empty() || self.faults.len() >= FAULTS {
            return;
        }
        let own: Vec<&str> = parts(self.operation, schema)
            .iter()
            .filter_map(|part| object(part, "properties"))
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        let outer = std::mem::take(&mut self.faults);
        let mut fitting = 0;
        let mut nearest: Option<Vec<Fault>> = None;
        for shape in shapes {
            self.value(place, shape, value, &own);
            let faults = std::mem::take(&mut self.faults);
            fitting += usize::from(faults.is_empty());
            if nearest.as_ref().is_none_or(|n| faults.len() < n.len()) {
                nearest = Some(faults);
            }
        }
        self.faults = outer;
        if fitting == 0 {
            for (field, sentence) in nearest.unwrap_or_default() {
                self.push(field, sentence);
            }
        } else if fitting > 1 && self.side == Side::Reply && part.get("oneOf").is_some() {
            self.fault(place, "must have one shape only, and fits several");
        }
    }

    fn fault(&mut self, place: &Place<'_>, sentence: &str) {
        let (field, sentence) = place.say(sentence);
        self.push(field, sentence);
    }

    fn push(&mut self, field: String, sentence: String) {
        let fault = (field, sentence);
        if self.faults.len() < FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

fn bound(part: &Value, key: &str) -> Option<u64> {
    part.get(key).and_then(Value::as_u64)
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}
