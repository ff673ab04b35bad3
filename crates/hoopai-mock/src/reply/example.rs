//! Values made of schemas.

use fastrand::Rng;
use serde_json::{Map, Value};

use super::words;
use crate::check::schema::is_valid;
use crate::check::{Mode, ParsedRequest};
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, list, nullable, object, parts};

/// Below this depth optional fields are left out and lists are empty.
const OPTIONAL: usize = 6;
/// Below this depth there is nothing but what a type cannot do without.
const DEEPEST: usize = 24;
/// So many fields one value has at most before optional ones are left out.
const FIELDS: usize = 4000;

/// How much of a schema a value is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All that is declared.
    Whole,
    /// What is required.
    #[allow(dead_code)] // requests of the tests
    Required,
}

/// Makes values that fit schemas, from a seed.
pub(crate) struct Maker<'a> {
    operation: &'a Operation,
    rng: Rng,
    extent: Extent,
    side: Mode,
    echo: Option<&'a ParsedRequest>,
    /// The last path parameter of the request: what an `id` in the reply is.
    own_id: Option<Value>,
    /// Whether the request asks for what lies behind the first page.
    past_first_page: bool,
    /// The named schemas around the value that is being made.
    within: Vec<&'a str>,
    fields: usize,
    /// Whom the object is about that is being made.
    person: usize,
    /// Nothing fits what was just made, for its schema allows of no value: two shapes of which one only may fit, and both always do.
    misfit: bool,
}

impl<'a> Maker<'a> {
    /// A maker of whole replies of an operation.
    pub(crate) fn of(operation: &'a Operation, seed: u64) -> Self {
        Self {
            operation,
            rng: Rng::with_seed(mix(seed, &operation.key())),
            extent: Extent::Whole,
            side: Mode::Reply,
            echo: None,
            own_id: None,
            past_first_page: false,
            within: Vec::new(),
            fields: 0,
            person: 0,
            misfit: false,
        }
    }

    /// Makes values of a request, of this extent.
    #[allow(dead_code)] // requests of the tests
    pub(crate) fn request(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self.side = Mode::Request;
        self
    }

    /// Takes ids and what else a request names into the values, and its path into the seed.
    pub(crate) fn echoing(mut self, accepted: &'a ParsedRequest) -> Self {
        for value in accepted.path.values() {
            self.rng = Rng::with_seed(mix(self.rng.u64(..), &value.to_string()));
        }
        if self.operation.path.ends_with('}') {
            let last = self.operation.path.rsplit('{').next();
            let name = last.map(|name| name.trim_end_matches('}'));
            self.own_id = name.and_then(|name| accepted.path.get(name)).cloned();
        }
        let number = |name: &str| match accepted.any(name) {
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_f64(),
            None => None,
        };
        self.past_first_page = ["skip", "offset"]
            .iter()
            .any(|name| number(name).is_some_and(|n| n > 0.0))
            || number("page").is_some_and(|n| n > 1.0);
        self.echo = Some(accepted);
        self
    }

    /// What a field of this name must at least be; it depends on seed and name, and not on the operation.
    pub(crate) fn required(
        operation: &'a Operation,
        name: &str,
        schema: &'a Value,
        seed: u64,
    ) -> Value {
        let mut maker = Self {
            rng: Rng::with_seed(mix(seed, name)),
            extent: Extent::Required,
            ..Self::of(operation, seed)
        };
        maker.value(name, schema, 0)
    }

    /// A value that fits the schema.
    pub(crate) fn make(&mut self, schema: &'a Value) -> Value {
        self.value("", schema, 0)
    }

    fn value(&mut self, name: &str, schema: &'a Value, depth: usize) -> Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        self.within.extend(reference);
        let value = self.resolved(name, schema, depth);
        if reference.is_some() {
            self.within.pop();
        }
        value
    }

    fn resolved(&mut self, name: &str, schema: &'a Value, depth: usize) -> Value {
        let parts = parts(self.operation, schema);
        if depth > DEEPEST {
            return self.least(&parts, schema);
        }
        if let Some(value) = self.echoed(name, schema, depth) {
            return value;
        }
        let mut listed = parts.iter().map(|part| list(part, "enum"));
        if let Some(values) = listed.find(|values| !values.is_empty()) {
            return self.rng.choice(values).cloned().unwrap_or_default();
        }
        let mut shapes = parts.iter().map(|part| alternatives(part));
        if let Some(shapes) = shapes.find(|shapes| !shapes.is_empty()) {
            return self.shape(name, schema, shapes, &parts, depth);
        }
        let kind = parts.iter().find_map(|part| kind(part));
        match kind {
            Some("array") => self.array(name, &parts, depth),
            Some("string") => self.string(name, &parts),
            Some("number") => self.number(name, &parts, false),
            Some("integer") => self.number(name, &parts, true),
            Some("boolean") => words::boolean(name, &mut self.rng).into(),
            Some("object") => Value::Object(self.fields(&parts, depth)),
            // Without a type, an object where fields are declared; else anything, of which an empty object is the plainest.
            _ => Value::Object(self.fields(&parts, depth)),
        }
    }

    /// The first shape, from a seeded start, with which the whole still fits.
    fn shape(
        &mut self,
        name: &str,
        schema: &'a Value,
        shapes: &'a [Value],
        parts: &[&'a Value],
        depth: usize,
    ) -> Value {
        let mut first = None;
        let start = self.rng.usize(..shapes.len());
        for index in 0..shapes.len() {
            let Some(shape) = shapes.get((start + index) % shapes.len()) else {
                continue;
            };
            let mut value = self.value(name, shape, depth + 1);
            if let Value::Object(fields) = &mut value {
                let own = self.fields(parts, depth);
                fields.extend(own);
            }
            self.misfit = false;
            if is_valid(self.operation, schema, &value, self.side) {
                return value;
            }
            first.get_or_insert(value);
        }
        self.misfit = true;
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
            let must = required.contains(&name.as_str());
            if (must || self.wants(name, schema, depth)) && !self.is_read_only(schema) {
                self.fields += 1;
                let value = self.value(name, schema, depth + 1);
                if must || !std::mem::take(&mut self.misfit) {
                    fields.insert(name.clone(), value);
                }
            }
        }
        // What is required and not declared may be anything.
        for name in required {
            let declared = parts
                .iter()
                .filter_map(|part| object(part, "properties"))
                .any(|properties| properties.contains_key(name));
            if !declared {
                let value = words::string(name, self.person, &mut self.rng);
                fields.insert(name.to_owned(), value.into());
            }
        }
        let additional = parts
            .iter()
            .find_map(|part| part.get("additionalProperties").filter(|a| a.is_object()));
        if let Some(schema) = additional
            && self.extent == Extent::Whole
            && depth < OPTIONAL
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
        self.side == Mode::Request && parts(self.operation, schema).iter().any(read_only)
    }

    /// Whether an optional field is to be there.
    fn wants(&self, name: &str, schema: &Value, depth: usize) -> bool {
        if self.extent == Extent::Required || depth >= OPTIONAL || self.fields > FIELDS {
            return false;
        }
        // There is no page after this one.
        if self.side == Mode::Reply && words::leads_on(name) {
            return false;
        }
        let reference = references(schema);
        !reference.is_some_and(|reference| self.within.contains(&reference))
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
            .is_some_and(|reference| self.within.contains(&reference));
        let empty = (self.past_first_page && depth <= 2)
            || self.extent == Extent::Required
            || depth >= OPTIONAL
            || recursive
            || self.fields > FIELDS;
        let wanted = if empty { 0 } else { words::ITEMS };
        let count = wanted.clamp(least, most);
        let one = words::singular(name);
        let mut list = Vec::new();
        for _ in 0..count {
            let item = items.map(|schema| self.value(&one, schema, depth + 1));
            if least == 0 && std::mem::take(&mut self.misfit) {
                return Value::Array(Vec::new());
            }
            list.push(item.unwrap_or_default());
        }
        Value::Array(list)
    }

    fn string(&mut self, name: &str, parts: &[&Value]) -> Value {
        let find = |key: &str| parts.iter().find_map(|part| part.get(key));
        if find("format").and_then(Value::as_str) == Some("date-time") {
            return words::date_time(&mut self.rng).into();
        }
        let text = words::string(name, self.person, &mut self.rng);
        if let Some(pattern) = find("pattern").and_then(Value::as_str) {
            return words::matching(pattern, text).into();
        }
        let length = |key: &str| find(key).and_then(Value::as_u64);
        words::fitted(text, length("minLength"), length("maxLength")).into()
    }

    fn number(&mut self, name: &str, parts: &[&Value], whole: bool) -> Value {
        let limit = |key: &str| parts.iter().find_map(|part| part.get(key)?.as_f64());
        let made = if self.past_first_page && words::counts(name) {
            0
        } else {
            words::number(name, &mut self.rng)
        };
        let (least, most) = (limit("minimum"), limit("maximum"));
        let number = (made as f64)
            .max(least.unwrap_or(f64::MIN))
            .min(most.unwrap_or(f64::MAX));
        if whole || number.fract() == 0.0 {
            Value::from(number.ceil() as i64)
        } else {
            Value::from(number)
        }
    }

    /// What the request says about a field of this name, where it fits.
    fn echoed(&mut self, name: &str, schema: &Value, depth: usize) -> Option<Value> {
        let echo = self.echo?;
        let near = depth == 1 || depth == 2;
        let value = match name {
            "id" | "_id" if near => self.own_id.as_ref().or_else(|| echo.any(name))?,
            _ if near || words::is_id(name) => echo.any(name)?,
            _ => return None,
        };
        // A whole number beyond 64 bits is kept as one with a fraction, and would go out as such.
        let huge = value.is_f64() && value.as_f64().is_some_and(|number| number.fract() == 0.0);
        let small = !value.is_object() && !value.is_array() && !huge;
        let fits = small && is_valid(self.operation, schema, value, self.side);
        fits.then(|| value.clone())
    }

    /// The least of its type.
    fn least(&mut self, parts: &[&'a Value], schema: &Value) -> Value {
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

/// The named schema that a field's schema is, by itself or as the only part of it.
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
