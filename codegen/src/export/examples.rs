//! Invented examples of parameters, request bodies and replies. They follow from names, types and
//! formats alone, so equal documents have equal examples. Each is checked against its schema;
//! a part without a fitting value is left out.

use serde_json::{Value, json};

use super::example_check::is_valid;
use super::example_texts::{numbers, texts};
use super::walk;
use crate::json::{self, Object};
use crate::openapi::{COMPOSITES, component, referenced_name};

/// Optional fields below this number of levels are left out.
const DEPTH_LIMIT: usize = 12;

/// The number of schemas after which optional fields are left out, so that schemas which share
/// many others do not make huge examples. At four times this number there is no example.
const SIZE_LIMIT: usize = 4000;

/// Adds an example to each parameter and media type.
pub(super) fn add(document: &mut Value) {
    let original = document.clone();
    walk::operations(document, |_, operation| {
        for parameter in json::items_mut(operation, "parameters") {
            let Some(parameter) = parameter.as_object_mut() else {
                continue;
            };
            let name = json::text(parameter, "name").unwrap_or_default().to_owned();
            put(
                &original,
                parameter,
                Inventor::new(&original, true, ""),
                &name,
            );
        }
        if let Some(body) = operation.get_mut("requestBody") {
            contents(&original, body, true, "");
        }
        for (status, response) in json::entries_mut(operation, "responses") {
            contents(&original, response, false, status);
        }
    });
}

fn contents(document: &Value, holder: &mut Value, is_request: bool, status: &str) {
    let content = holder.get_mut("content").and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(|content| content.values_mut()) {
        if let Some(media) = media.as_object_mut() {
            put(
                document,
                media,
                Inventor::new(document, is_request, status),
                "",
            );
        }
    }
}

/// Adds an example to the holder of a schema.
fn put(document: &Value, holder: &mut Object, mut inventor: Inventor<'_>, name: &str) {
    let Some(schema) = holder.get("schema") else {
        return;
    };
    let value = inventor.value(schema, name, 0);
    if let Some(value) = value.filter(|value| is_valid(document, schema, value)) {
        holder.insert("example".to_owned(), value);
    }
}

struct Inventor<'a> {
    document: &'a Value,
    /// Whether the value is sent to the platform.
    is_request: bool,
    /// The status of the reply.
    status: &'a str,
    /// The components around the current schema.
    path: Vec<String>,
    /// The number of schemas so far.
    size: usize,
}

impl<'a> Inventor<'a> {
    fn new(document: &'a Value, is_request: bool, status: &'a str) -> Self {
        Self {
            document,
            is_request,
            status,
            path: Vec::new(),
            size: 0,
        }
    }

    /// A value of the schema for a field of this name, if one is found.
    fn value(&mut self, schema: &Value, name: &str, depth: usize) -> Option<Value> {
        self.size += 1;
        if self.size > 4 * SIZE_LIMIT {
            return None;
        }
        let map = schema.as_object()?;
        if map.contains_key("$ref") {
            let target = referenced_name(schema)?;
            if self.path.iter().any(|other| other == target) {
                return None;
            }
            let document = self.document;
            self.path.push(target.to_owned());
            let value = self.value(component(document, target)?, name, depth);
            self.path.pop();
            return value;
        }
        let chosen = map.get("default").into_iter();
        let chosen = chosen.chain(json::items(map, "enum"));
        let chosen: Vec<&Value> = chosen.filter(|value| !value.is_null()).collect();
        if let Some(value) = chosen
            .into_iter()
            .find(|value| self.is_valid(schema, value))
        {
            return Some(value.clone());
        }
        if COMPOSITES.iter().any(|key| map.contains_key(*key)) {
            return self.composite(schema, map, name, depth);
        }
        let format = json::text(map, "format").unwrap_or_default();
        match json::text(map, "type") {
            Some("object") => self.object(map, depth),
            Some("array") => self.array(map, name, depth),
            Some("boolean") => Some(true.into()),
            Some("integer" | "number") => {
                let bounds: Vec<f64> = ["minimum", "maximum", "multipleOf"]
                    .iter()
                    .filter_map(|key| map.get(*key)?.as_f64())
                    .collect();
                let all = numbers(name, format, self.status, &bounds);
                all.into_iter().find(|value| self.is_valid(schema, value))
            }
            None if name.is_empty() => Some(json!({})),
            _ => {
                let all = texts(name, format, self.status);
                let mut all = all.into_iter().map(Value::from);
                all.find(|value| self.is_valid(schema, value))
            }
        }
    }

    fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        is_valid(self.document, schema, value)
    }

    /// A value of all parts of `allOf`, or of the first part of the others that fits.
    fn composite(
        &mut self,
        schema: &Value,
        map: &Object,
        name: &str,
        depth: usize,
    ) -> Option<Value> {
        let mut bases = vec![self.object(map, depth)?];
        for part in json::items(map, "allOf") {
            let value = self.value(part, name, depth)?;
            bases = vec![merged(&bases[0], value)];
        }
        for key in ["oneOf", "anyOf"] {
            if !map.contains_key(key) {
                continue;
            }
            let parts = json::items(map, key);
            let parts: Vec<Value> = parts
                .filter_map(|part| self.value(part, name, depth))
                .collect();
            bases = bases
                .iter()
                .flat_map(|base| parts.iter().map(|part| merged(base, part.clone())))
                .collect();
        }
        bases.into_iter().find(|value| self.is_valid(schema, value))
    }

    fn object(&mut self, map: &Object, depth: usize) -> Option<Value> {
        let mut fields = Object::new();
        let skipped = if self.is_request {
            "readOnly"
        } else {
            "writeOnly"
        };
        let required: Vec<&str> = json::texts(map, "required").collect();
        for (name, schema) in json::entries(map, "properties") {
            let is_required = required.contains(&name.as_str());
            let is_skipped = schema
                .as_object()
                .is_some_and(|schema| json::flag(schema, skipped));
            let is_over = depth >= DEPTH_LIMIT || self.size >= SIZE_LIMIT;
            if !is_required && (is_skipped || is_over) {
                continue;
            }
            match self.value(schema, name, depth + 1) {
                Some(value) => fields.insert(name.clone(), value),
                None if is_required => return None,
                None => None,
            };
        }
        for name in required {
            if !fields.contains_key(name) {
                fields.insert(name.to_owned(), "example".into());
            }
        }
        let values = map.get("additionalProperties");
        if let Some(values) = values.filter(|values| values.is_object() && fields.is_empty())
            && let Some(value) = self.value(values, "value", depth + 1)
        {
            fields.insert("example".to_owned(), value);
        }
        Some(fields.into())
    }

    fn array(&mut self, map: &Object, name: &str, depth: usize) -> Option<Value> {
        let least = map.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let item = map
            .get("items")
            .filter(|items| items.as_object().is_some_and(|items| !items.is_empty()))
            .filter(|_| least > 0 || depth < DEPTH_LIMIT && self.size < SIZE_LIMIT)
            .and_then(|items| self.value(items, singular(name), depth + 1));
        match item {
            Some(item) => {
                let count = usize::try_from(least.clamp(1, 100)).unwrap_or(1);
                Some(vec![item; count].into())
            }
            None => (least == 0).then(|| json!([])),
        }
    }
}

/// The fields of two objects, or else the second value.
fn merged(base: &Value, part: Value) -> Value {
    match (base, part) {
        (Value::Object(base), Value::Object(part)) => {
            let mut merged = base.clone();
            merged.extend(part);
            merged.into()
        }
        (_, part) => part,
    }
}

/// The name of one item of a list.
fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}
