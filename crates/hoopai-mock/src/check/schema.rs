//! Validates values against schemas.
//!
//! Requests are closed: the platform rejects keys that the schema of an object does not declare.
//! Replies are open, as in JSON Schema, and match exactly one alternative of `oneOf`.

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::field_path::FieldPath;
use super::formats::{is_date, is_date_time, is_email};
use super::options::Mode;
use crate::api_error::INVALID_EMAIL;
use crate::interface::Operation;
use crate::interface::schema_view::{
    alternatives, keys, list, nullable, object, own_properties, parts, text,
};

/// The field and the message of an error.
pub(crate) type FieldError = (String, String);

/// The largest number of errors.
pub(super) const MAX_ERRORS: usize = 64;
/// The largest depth of value and schema together.
const MAX_DEPTH: usize = 256;
/// The largest number of pairs of value and schema.
const MAX_STEPS: usize = 4_000_000;

/// Whether a value is valid for a schema.
pub(crate) fn is_valid(operation: &Operation, schema: &Value, value: &Value, mode: Mode) -> bool {
    validate(operation, schema, value, mode, &FieldPath::body()).is_empty()
}

/// Validates a value; `path` is its path in the request.
pub(crate) fn validate(
    operation: &Operation,
    schema: &Value,
    value: &Value,
    mode: Mode,
    path: &FieldPath<'_>,
) -> Vec<FieldError> {
    let mut validator = Validator {
        operation,
        mode,
        errors: Vec::new(),
        patterns: HashMap::new(),
        steps: MAX_STEPS,
        depth: 0,
    };
    validator.value(path, schema, value, &[]);
    validator.errors
}

struct Validator<'a> {
    operation: &'a Operation,
    mode: Mode,
    errors: Vec<FieldError>,
    /// Compiled patterns. `None`: the pattern is not supported by the engine, and is not checked.
    patterns: HashMap<&'a str, Option<Regex>>,
    steps: usize,
    depth: usize,
}

impl<'a> Validator<'a> {
    /// `inherited` are the keys that an enclosing schema declares for the same object.
    fn value(
        &mut self,
        path: &FieldPath<'_>,
        schema: &'a Value,
        value: &Value,
        inherited: &[&str],
    ) {
        if self.steps == 0 || self.depth == MAX_DEPTH {
            return self.error(path, "must be smaller to be checked");
        }
        self.steps -= 1;
        self.depth += 1;
        self.check(path, schema, value, inherited);
        self.depth -= 1;
    }

    fn check(
        &mut self,
        path: &FieldPath<'_>,
        schema: &'a Value,
        value: &Value,
        inherited: &[&str],
    ) {
        let parts = parts(self.operation, schema);
        if value.is_null() && nullable(self.operation, schema) {
            return;
        }
        let before = self.errors.len();
        for part in &parts {
            self.kind(path, part, value);
        }
        if self.errors.len() > before {
            return;
        }
        for part in &parts {
            match value {
                Value::String(string) => self.string(path, part, string),
                Value::Number(number) => self.number(path, part, number.as_f64()),
                Value::Array(items) => self.items(path, part, items),
                _ => {}
            }
        }
        if let Value::Object(fields) = value {
            self.fields(path, schema, &parts, fields, inherited);
        }
        for part in &parts {
            self.alternatives(path, schema, part, value);
        }
    }

    /// Checks type and enum.
    fn kind(&mut self, path: &FieldPath<'_>, part: &Value, value: &Value) {
        let (is_of_type, message) = match text(part, "type") {
            Some("string") => (value.is_string(), "must be a string"),
            Some("number") => (
                value.is_number(),
                "must be a number conforming to the specified constraints",
            ),
            Some("integer") => (is_whole(value), "must be an integer number"),
            Some("boolean") => (value.is_boolean(), "must be a boolean value"),
            Some("array") => (value.is_array(), "must be an array"),
            Some("object") => (value.is_object(), "must be an object"),
            _ => (true, ""),
        };
        let listed = list(part, "enum");
        if !listed.is_empty() && (!is_of_type || !listed.contains(value)) {
            let values: Vec<String> = listed.iter().map(plain).collect();
            let sentence = format!("must be one of the following values: {}", values.join(", "));
            self.error(path, &sentence);
        } else if !is_of_type {
            self.error(path, message);
        }
    }

    fn string(&mut self, path: &FieldPath<'_>, part: &'a Value, string: &str) {
        let length = string.chars().count() as u64;
        if let Some(least) = bound(part, "minLength").filter(|least| length < *least) {
            let sentence = format!("must be longer than or equal to {least} characters");
            self.error(path, &sentence);
        }
        if let Some(most) = bound(part, "maxLength").filter(|most| length > *most) {
            let sentence = format!("must be shorter than or equal to {most} characters");
            self.error(path, &sentence);
        }
        let format = text(part, "format");
        let is_reply = self.mode == Mode::Reply;
        if format == Some("date-time") && !(is_date_time(string) || !is_reply && is_date(string)) {
            self.error(path, "must be a valid ISO 8601 date string");
        }
        if matches!(self.mode, Mode::Request | Mode::OpenRequest)
            && format == Some("email")
            && !is_email(string)
        {
            let (field, _) = path.error("");
            self.push(field, INVALID_EMAIL.to_owned());
        }
        if let Some(pattern) = text(part, "pattern")
            && let Some(regex) = self
                .patterns
                .entry(pattern)
                .or_insert_with(|| Regex::new(pattern).ok())
            && !regex.is_match(string)
        {
            let sentence = format!("must match /{pattern}/ regular expression");
            self.error(path, &sentence);
        }
    }

    fn number(&mut self, path: &FieldPath<'_>, part: &Value, number: Option<f64>) {
        let Some(number) = number else { return };
        let limit = |key: &str| part.get(key).and_then(Value::as_f64);
        let strict = |key: &str| part.get(key) == Some(&Value::Bool(true));
        if let Some(least) = limit("minimum")
            && (number < least || (strict("exclusiveMinimum") && number <= least))
        {
            self.error(path, &format!("must not be less than {least}"));
        }
        if let Some(most) = limit("maximum")
            && (number > most || (strict("exclusiveMaximum") && number >= most))
        {
            self.error(path, &format!("must not be greater than {most}"));
        }
    }

    fn items(&mut self, path: &FieldPath<'_>, part: &'a Value, items: &[Value]) {
        let many = items.len() as u64;
        if let Some(least) = bound(part, "minItems").filter(|least| many < *least) {
            self.error(path, &format!("must contain at least {least} elements"));
        }
        if let Some(most) = bound(part, "maxItems").filter(|most| many > *most) {
            let sentence = format!("must contain no more than {most} elements");
            self.error(path, &sentence);
        }
        let unique = part.get("uniqueItems") == Some(&Value::Bool(true));
        if unique && items.len() <= 1024 && (1..items.len()).any(|n| items[..n].contains(&items[n]))
        {
            self.error(path, "must contain no element twice");
        }
        if let Some(schema) = part.get("items") {
            for (index, item) in items.iter().enumerate() {
                if self.errors.len() >= MAX_ERRORS {
                    break;
                }
                self.value(&path.item(index), schema, item, &[]);
            }
        }
    }

    fn fields(
        &mut self,
        path: &FieldPath<'_>,
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
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            let mut declared = false;
            for part in parts {
                if let Some(schema) = object(part, "properties").and_then(|p| p.get(key)) {
                    declared = true;
                    self.value(&path.key(key), schema, value, &[]);
                }
            }
            if declared {
                continue;
            }
            for part in parts {
                if let Some(schema @ Value::Object(_)) = part.get("additionalProperties") {
                    self.value(&path.key(key), schema, value, &[]);
                }
            }
            let closed = match self.mode {
                Mode::Request => true,
                // Few schemas declare the ids of nested objects.
                Mode::Seed => !["id", "_id"].contains(&key.as_str()),
                Mode::OpenRequest => false,
                Mode::Reply => forbidden,
            };
            if closed
                && !inherited.contains(&key.as_str())
                && known
                    .as_ref()
                    .is_some_and(|known| !known.contains(&key.as_str()))
            {
                let (field, message) = path.key(key).undeclared();
                self.push(field, message);
            }
        }
        if self.mode == Mode::Seed {
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
            let optional = read_only && self.mode != Mode::Reply;
            if !fields.contains_key(key) && !optional {
                self.error(&path.key(key), "should not be empty");
            }
        }
    }

    fn alternatives(
        &mut self,
        path: &FieldPath<'_>,
        schema: &'a Value,
        part: &'a Value,
        value: &Value,
    ) {
        let alternatives = alternatives(part);
        if alternatives.is_empty() || self.errors.len() >= MAX_ERRORS {
            return;
        }
        let own: Vec<&str> = parts(self.operation, schema)
            .iter()
            .flat_map(|part| own_properties(part))
            .collect();
        let outer = std::mem::take(&mut self.errors);
        let mut matching = 0;
        let mut fewest: Option<Vec<FieldError>> = None;
        for alternative in alternatives {
            self.value(path, alternative, value, &own);
            let errors = std::mem::take(&mut self.errors);
            matching += usize::from(errors.is_empty());
            if fewest.as_ref().is_none_or(|n| errors.len() < n.len()) {
                fewest = Some(errors);
            }
        }
        self.errors = outer;
        if matching == 0 {
            for (field, message) in fewest.unwrap_or_default() {
                self.push(field, message);
            }
        } else if matching > 1 && self.mode == Mode::Reply && part.get("oneOf").is_some() {
            self.error(path, "must match one alternative, and matches several");
        }
    }

    fn error(&mut self, path: &FieldPath<'_>, sentence: &str) {
        let (field, message) = path.error(sentence);
        self.push(field, message);
    }

    fn push(&mut self, field: String, message: String) {
        let error = (field, message);
        if self.errors.len() < MAX_ERRORS && !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}

/// Formats a value for an error message.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn bound(part: &Value, key: &str) -> Option<u64> {
    part.get(key).and_then(Value::as_u64)
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}
