//! Generates values from schemas.

use fastrand::Rng;
use serde_json::{Map, Value};

use super::samples;
use crate::check::schema::is_valid;
use crate::check::{Mode, ParsedRequest};
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, list, nullable, object, parts};

/// Below this depth, optional fields are omitted and lists are empty.
const OPTIONAL_DEPTH: usize = 6;
/// Below this depth, values are the smallest of their type.
const MAX_DEPTH: usize = 24;
/// The number of fields after which optional ones are omitted.
const MAX_FIELDS: usize = 4000;

/// The fields that generated objects have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldSet {
    All,
    Required,
}

/// Generates values that match schemas, from a seed.
pub(crate) struct Generator<'a> {
    operation: &'a Operation,
    rng: Rng,
    field_set: FieldSet,
    mode: Mode,
    request: Option<&'a ParsedRequest>,
    /// The last path parameter of the request, which is the `id` in the reply.
    own_id: Option<Value>,
    /// Whether the request asks for a page after the first one.
    past_first_page: bool,
    /// The named schemas around the current value.
    ancestors: Vec<&'a str>,
    fields: usize,
    /// The person that the current object describes.
    person: usize,
    /// Whether the last schema allows no value: exactly one of two alternatives must match, and
    /// both always do.
    unsatisfiable: bool,
}

impl<'a> Generator<'a> {
    /// Creates a generator of replies of an operation.
    pub(crate) fn new(operation: &'a Operation, seed: u64) -> Self {
        Self {
            operation,
            rng: Rng::with_seed(mix(seed, &operation.key())),
            field_set: FieldSet::All,
            mode: Mode::Reply,
            request: None,
            own_id: None,
            past_first_page: false,
            ancestors: Vec::new(),
            fields: 0,
            person: 0,
            unsatisfiable: false,
        }
    }

    /// Generates values of requests with these fields.
    #[cfg(test)]
    pub(crate) fn request(mut self, field_set: FieldSet) -> Self {
        self.field_set = field_set;
        self.mode = Mode::Request;
        self
    }

    /// Uses ids and other values of a request in the values, and its path in the seed.
    pub(crate) fn for_request(mut self, request: &'a ParsedRequest) -> Self {
        for value in request.path.values() {
            self.rng = Rng::with_seed(mix(self.rng.u64(..), &value.to_string()));
        }
        if self.operation.path.ends_with('}') {
            let last = self.operation.path.rsplit('{').next();
            let name = last.map(|name| name.trim_end_matches('}'));
            self.own_id = name.and_then(|name| request.path.get(name)).cloned();
        }
        let number = |name: &str| match request.any(name) {
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_f64(),
            None => None,
        };
        self.past_first_page = ["skip", "offset"]
            .iter()
            .any(|name| number(name).is_some_and(|n| n > 0.0))
            || number("page").is_some_and(|n| n > 1.0);
        self.request = Some(request);
        self
    }

    /// Generates a field with its required fields only. The value depends on seed and name, not on
    /// the operation.
    pub(crate) fn required(
        operation: &'a Operation,
        name: &str,
        schema: &'a Value,
        seed: u64,
    ) -> Value {
        let mut generator = Self {
            rng: Rng::with_seed(mix(seed, name)),
            field_set: FieldSet::Required,
            ..Self::new(operation, seed)
        };
        generator.value(name, schema, 0)
    }

    /// Generates a value that matches the schema.
    pub(crate) fn generate(&mut self, schema: &'a Value) -> Value {
        self.value("", schema, 0)
    }

    fn value(&mut self, name: &str, schema: &'a Value, depth: usize) -> Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        self.ancestors.extend(reference);
        let value = self.resolved(name, schema, depth);
        if reference.is_some() {
            self.ancestors.pop();
        }
        value
    }

    fn resolved(&mut self, name: &str, schema: &'a Value, depth: usize) -> Value {
        let parts = parts(self.operation, schema);
        if depth > MAX_DEPTH {
            return self.smallest(&parts, schema);
        }
        if let Some(value) = self.request_value(name, schema, depth) {
            return value;
        }
        let mut listed = parts.iter().map(|part| list(part, "enum"));
        if let Some(values) = listed.find(|values| !values.is_empty()) {
            return self.rng.choice(values).cloned().unwrap_or_default();
        }
        let mut choices = parts.iter().map(|part| alternatives(part));
        if let Some(choices) = choices.find(|choices| !choices.is_empty()) {
            return self.alternative(name, schema, choices, &parts, depth);
        }
        let kind = parts.iter().find_map(|part| kind(part));
        match kind {
            Some("array") => self.array(name, &parts, depth),
            Some("string") => self.string(name, &parts),
            Some("number") => self.number(name, &parts, false),
            Some("integer") => self.number(name, &parts, true),
            Some("boolean") => samples::boolean(name, &mut self.rng).into(),
            Some("object") => Value::Object(self.fields(&parts, depth)),
            // Without a type and without fields, any value is valid, also an empty object.
            _ => Value::Object(self.fields(&parts, depth)),
        }
    }

    /// Generates the first alternative, from a seeded start, for which the whole schema matches.
    fn alternative(
        &mut self,
        name: &str,
        schema: &'a Value,
        alternatives: &'a [Value],
        parts: &[&'a Value],
        depth: usize,
    ) -> Value {
        let mut first = None;
        let (before, after) = alternatives.split_at(self.rng.usize(..alternatives.len()));
        for alternative in after.iter().chain(before) {
            let mut value = self.value(name, alternative, depth + 1);
            if let Value::Object(fields) = &mut value {
                let own = self.fields(parts, depth);
                fields.extend(own);
            }
            self.unsatisfiable = false;
            if is_valid(self.operation, schema, &value, self.mode) {
                return value;
            }
            first.get_or_insert(value);
        }
        self.unsatisfiable = true;
        first.unwrap_or_default()
    }

    fn fields(&mut self, parts: &[&'a Value], depth: usize) -> Map<String, Value> {
        let mut fields = Map::new();
        let around = std::mem::replace(&mut self.person, self.rng.usize(..1 << 16));
        let required: Vec<&str> = parts
            .iter()
            .flat_map(|part| list(part, "required"))
            .filter_map(Value::as_str)
            .collect();
        let properties = parts.iter().filter_map(|part| object(part, "properties"));
        for (name, schema) in properties.flatten() {
            let is_required = required.contains(&name.as_str());
            if (is_required || self.includes(name, schema, depth)) && !self.is_read_only(schema) {
                self.fields += 1;
                let value = self.value(name, schema, depth + 1);
                if is_required || !std::mem::take(&mut self.unsatisfiable) {
                    fields.insert(name.clone(), value);
                }
            }
        }
        // Required fields without a declaration can have any value.
        for name in required {
            let declared = parts
                .iter()
                .filter_map(|part| object(part, "properties"))
                .any(|properties| properties.contains_key(name));
            if !declared {
                let value = samples::string(name, self.person, &mut self.rng);
                fields.insert(name.to_owned(), value.into());
            }
        }
        let additional = parts
            .iter()
            .find_map(|part| part.get("additionalProperties").filter(|a| a.is_object()));
        if let Some(schema) = additional
            && self.field_set == FieldSet::All
            && depth < OPTIONAL_DEPTH
            && fields.is_empty()
        {
            let value = self.value("entry", schema, depth + 1);
            fields.insert("sample".to_owned(), value);
        }
        self.person = around;
        fields
    }

    fn is_read_only(&self, schema: &Value) -> bool {
        let read_only = |part: &&Value| part.get("readOnly") == Some(&Value::Bool(true));
        self.mode == Mode::Request && parts(self.operation, schema).iter().any(read_only)
    }

    /// Whether an optional field is generated.
    fn includes(&self, name: &str, schema: &Value, depth: usize) -> bool {
        if self.field_set == FieldSet::Required
            || depth >= OPTIONAL_DEPTH
            || self.fields > MAX_FIELDS
        {
            return false;
        }
        // Generated lists have one page.
        if self.mode == Mode::Reply && samples::is_next_page(name) {
            return false;
        }
        let reference = references(schema);
        !reference.is_some_and(|reference| self.ancestors.contains(&reference))
    }

    fn array(&mut self, name: &str, parts: &[&'a Value], depth: usize) -> Value {
        let bound = |key: &str| {
            let bounds = parts.iter().filter_map(|part| part.get(key)?.as_u64());
            bounds.max().and_then(|bound| usize::try_from(bound).ok())
        };
        let least = bound("minItems").unwrap_or(0).min(1000);
        let most = bound("maxItems").unwrap_or(usize::MAX).max(least);
        let items = parts.iter().find_map(|part| part.get("items"));
        let recursive = items
            .and_then(references)
            .is_some_and(|reference| self.ancestors.contains(&reference));
        let empty = (self.past_first_page && depth <= 2)
            || self.field_set == FieldSet::Required
            || depth >= OPTIONAL_DEPTH
            || recursive
            || self.fields > MAX_FIELDS;
        let default_count = if empty { 0 } else { samples::ITEMS };
        let count = default_count.clamp(least, most);
        let one = samples::singular(name);
        let mut list = Vec::new();
        for _ in 0..count {
            let item = items.map(|schema| self.value(&one, schema, depth + 1));
            if least == 0 && std::mem::take(&mut self.unsatisfiable) {
                return Value::Array(Vec::new());
            }
            list.push(item.unwrap_or_default());
        }
        Value::Array(list)
    }

    fn string(&mut self, name: &str, parts: &[&Value]) -> Value {
        let find = |key: &str| parts.iter().find_map(|part| part.get(key));
        match find("format").and_then(Value::as_str) {
            Some("date-time") => return samples::date_time(&mut self.rng).into(),
            Some("date") => return samples::date(name, &mut self.rng).into(),
            _ => {}
        }
        let text = samples::string(name, self.person, &mut self.rng);
        if let Some(pattern) = find("pattern").and_then(Value::as_str) {
            return samples::matching(pattern, text).into();
        }
        let length = |key: &str| find(key).and_then(Value::as_u64);
        samples::with_length(text, length("minLength"), length("maxLength")).into()
    }

    fn number(&mut self, name: &str, parts: &[&Value], whole: bool) -> Value {
        let limit = |key: &str| parts.iter().find_map(|part| part.get(key)?.as_f64());
        let generated = if self.past_first_page && samples::is_count(name) {
            0
        } else {
            samples::number(name, &mut self.rng)
        };
        let (least, most) = (limit("minimum"), limit("maximum"));
        let number = (generated as f64)
            .max(least.unwrap_or(f64::MIN))
            .min(most.unwrap_or(f64::MAX));
        if whole || number.fract() == 0.0 {
            Value::from(number.ceil() as i64)
        } else {
            Value::from(number)
        }
    }

    /// The value of the request for a field of this name, if it is valid.
    fn request_value(&mut self, name: &str, schema: &Value, depth: usize) -> Option<Value> {
        let request = self.request?;
        let near = depth == 1 || depth == 2;
        let value = match name {
            "id" | "_id" if near => self.own_id.as_ref().or_else(|| request.any(name))?,
            _ if near || samples::is_id(name) => request.any(name)?,
            _ => return None,
        };
        // A whole number of more than 64 bits is a float, and would be written with a fraction.
        let huge = value.is_f64() && value.as_f64().is_some_and(|number| number.fract() == 0.0);
        let small = !value.is_object() && !value.is_array() && !huge;
        let is_valid = small && is_valid(self.operation, schema, value, self.mode);
        is_valid.then(|| value.clone())
    }

    /// The smallest value of its type.
    fn smallest(&mut self, parts: &[&'a Value], schema: &Value) -> Value {
        if nullable(self.operation, schema) {
            return Value::Null;
        }
        if let Some(value) = parts.iter().find_map(|part| list(part, "enum").first()) {
            return value.clone();
        }
        match parts.iter().find_map(|part| kind(part)) {
            Some("array") => Value::Array(Vec::new()),
            Some("string") => self.string("", parts),
            Some("number" | "integer") => self.number("", parts, true),
            Some("boolean") => false.into(),
            _ => Value::Object(Map::new()),
        }
    }
}

fn kind(part: &Value) -> Option<&str> {
    part.get("type").and_then(Value::as_str)
}

/// The named schema that a schema references, directly, as its only part, or as its items.
fn references(schema: &Value) -> Option<&str> {
    let direct = schema.get("$ref");
    let part = || schema.pointer("/allOf/0/$ref");
    let item = || schema.pointer("/items/$ref");
    direct.or_else(part).or_else(item).and_then(Value::as_str)
}

/// FNV-1a, from a seed.
fn mix(seed: u64, text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
