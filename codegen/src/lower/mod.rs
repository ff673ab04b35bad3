//! From the effective document to the generator's input: a document in which every schema is plain.
//!
//! Named schemas are objects with properties; what stands in a property is a scalar, a reference, or an array or map
//! of those. Objects and enums within others get names, and what recurs is one type. Constraints, `required` and formats,
//! but those that have a type of the runtime, stay behind: replies are read as they come, requests are checked by the platform, and what must be there
//! is in the operation table. Such a document has none of the shapes on which the generator gives up.

mod finish;
mod merge;
mod parts;
mod same;
mod type_names;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::json::{self, Object};
use crate::names;
use crate::table::{BodyKind, Operation, Place, Reply, resolve};
pub(crate) use parts::{Part, parts};

/// More values than this make a list of codes, not an enum that anybody matches on.
const ENUM_LIMIT: usize = 1000;

/// Schemas that lead on through more schemas than this hold anything from there on.
const CHAIN_LIMIT: usize = 300;

/// Names that `types.rs` uses for other things.
const TAKEN: [&str; 19] = [
    "BTreeMap",
    "Box",
    "Clone",
    "CustomFieldValue",
    "Debug",
    "Decimal",
    "Default",
    "Err",
    "Extra",
    "Map",
    "None",
    "Ok",
    "Option",
    "Result",
    "Some",
    "String",
    "Timestamp",
    "Value",
    "Vec",
];

/// Formats that have a type of the runtime: the generator sees a schema of that name, which it is told to leave to us.
/// Values of custom fields have no type that they share.
const FORMATS: [(&str, &str, &str); 5] = [
    ("", CUSTOM_FIELD_FORMAT, CUSTOM_FIELD_VALUE),
    ("string", "date-time", TIMESTAMP),
    ("integer", "unix-time", TIMESTAMP),
    ("number", "unix-time", TIMESTAMP),
    ("number", "decimal", DECIMAL),
];
pub(crate) const CUSTOM_FIELD_FORMAT: &str = "custom-field-value";

/// The types of the runtime.
pub(crate) const OURS: [&str; 3] = [CUSTOM_FIELD_VALUE, DECIMAL, TIMESTAMP];
pub(crate) const CUSTOM_FIELD_VALUE: &str = "CustomFieldValue";
pub(crate) const DECIMAL: &str = "Decimal";
pub(crate) const TIMESTAMP: &str = "Timestamp";

/// Whether a format has a type of the runtime.
pub(crate) fn has_type(format: &str) -> bool {
    FORMATS.iter().any(|(_, known, _)| *known == format)
}

/// The schema of the runtime's type for a format.
fn of_format(kind: &str, map: &Object) -> Option<Value> {
    let format = json::text(map, "format")?;
    let (_, _, name) = FORMATS
        .iter()
        .find(|known| (known.0, known.1) == (kind, format))?;
    Some(json!({ "$ref": format!("#/components/schemas/{name}") }))
}

/// The generator's input, and what it does not need to know.
pub(crate) struct Lowered {
    pub(crate) document: Value,
    pub(crate) structs: BTreeMap<String, Struct>,
    pub(crate) enums: BTreeMap<String, Enum>,
    /// How often each step of the way here had something to do.
    pub(crate) counts: BTreeMap<&'static str, usize>,
}

#[derive(Default)]
pub(crate) struct Struct {
    /// The platform's name of the schema, where it has one that differs.
    pub(crate) alias: Option<String>,
    pub(crate) description: Option<String>,
    /// Under the generator's name of each field.
    pub(crate) fields: BTreeMap<String, Field>,
}

pub(crate) struct Field {
    pub(crate) ident: String,
    pub(crate) wire: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) required: bool,
}

#[derive(Default)]
pub(crate) struct Enum {
    pub(crate) alias: Option<String>,
    /// Variant and wire value.
    pub(crate) variants: Vec<(String, String)>,
}

/// The name that the generator knows a parameter by: its position.
pub(crate) fn parameter_name(index: usize) -> String {
    format!("p{index}")
}

fn reference(index: usize) -> Value {
    json!({ "$ref": format!("#/components/schemas/@{index}") })
}

/// A struct or an enum that is on its way to its name.
enum Shape {
    /// Fields, and what stands under keys that are none.
    Struct(Vec<(String, Value)>, Option<Value>),
    Enum(Vec<String>),
}

struct Pending {
    shape: Shape,
    /// The name, where a component brings one.
    name: Option<String>,
    alias: Option<String>,
    description: Option<String>,
    /// Where it was met: full context, and the last word of it.
    met: Vec<(String, String)>,
    source: Value,
}

struct Lowering<'a> {
    document: &'a Value,
    /// Our names of the components that become types.
    type_names: BTreeMap<String, String>,
    /// What a component was lowered to; `None` while that goes on.
    components: BTreeMap<String, Option<Value>>,
    pending: Vec<Pending>,
    /// How many schemas deep the walk is.
    depth: usize,
    /// Composites that are being merged: one that holds itself would never come to an end.
    merging: BTreeSet<String>,
    /// Inline shapes by their word and content, so that what recurs is one type; equal content under another word means
    /// another thing.
    known: BTreeMap<String, usize>,
    counts: BTreeMap<&'static str, usize>,
}

/// Lowers the interface of the operations.
pub(crate) fn lower(document: &Value, operations: &[Operation]) -> Lowered {
    let mut taken: BTreeSet<String> = TAKEN.iter().map(|name| (*name).to_owned()).collect();
    let mut lowering = Lowering {
        document,
        type_names: type_names::of(document, operations, &mut taken),
        components: BTreeMap::new(),
        depth: 0,
        merging: BTreeSet::new(),
        pending: Vec::new(),
        known: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    let mut paths = Object::new();
    for operation in operations {
        let (path, lowered) = lowering.operation(operation);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[operation.method.as_str()] = lowered;
    }
    lowering.finish(paths, taken)
}

fn component_of(schema: &Value) -> Option<&str> {
    schema
        .get("$ref")?
        .as_str()?
        .strip_prefix("#/components/schemas/")
}

/// What a composite is made of, and by which word.
fn parts_of(map: &Object) -> Option<(&'static str, &[Value])> {
    ["allOf", "oneOf", "anyOf"].into_iter().find_map(|key| {
        let parts = map.get(key)?.as_array()?;
        Some((key, parts.as_slice()))
    })
}

fn description(schema: &Value) -> Option<String> {
    schema
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

impl Lowering<'_> {
    fn note(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn operation(&mut self, operation: &Operation) -> (String, Value) {
        let pascal = names::type_name(&operation.name);
        let mut path = operation.path.clone();
        let mut parameters = Vec::new();
        for (index, parameter) in operation.parameters.iter().enumerate() {
            let name = parameter_name(index);
            let place = match parameter.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
            };
            if parameter.place == Place::Path {
                path = path.replace(&format!("{{{}}}", parameter.wire), &format!("{{{name}}}"));
            }
            let word = names::type_name(&parameter.wire);
            let mut schema = self.schema(&parameter.schema, &format!("{pascal}{word}"), &word);
            // A path or a header holds one text, a query scalars and lists of them.
            let list = schema
                .get("items")
                .is_some_and(|items| self.is_scalar(items))
                && parameter.place == Place::Query;
            if !list && !self.is_scalar(&schema) {
                schema = json!({ "type": "string" });
                self.note("structured_parameters");
            }
            parameters
                .push(json!({ "name": name, "in": place, "required": true, "schema": schema }));
        }
        for (index, part) in parts(self.document, operation).iter().enumerate() {
            let document = self.document;
            let property = operation.body.as_ref().and_then(|body| {
                resolve(document, &body.schema)
                    .pointer(&format!("/properties/{}", json::escape(&part.wire)))
            });
            let word = names::type_name(&part.wire);
            let schema =
                property.map(|property| self.schema(property, &format!("{pascal}{word}"), &word));
            let schema = schema
                .filter(|schema| {
                    self.is_scalar(schema)
                        || schema
                            .get("items")
                            .is_some_and(|items| self.is_scalar(items))
                })
                .unwrap_or_else(|| json!({ "type": "string" }));
            let name = parameter_name(operation.parameters.len() + index);
            parameters
                .push(json!({ "name": name, "in": "query", "required": true, "schema": schema }));
        }
        let mut lowered = json!({ "operationId": operation.name, "parameters": parameters });
        match &operation.body {
            Some(body) if body.kind != BodyKind::Multipart => {
                let schema = self.schema(&body.schema, &format!("{pascal}Request"), "Request");
                lowered["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
            }
            Some(_) => self.note("multipart_bodies"),
            None => {}
        }
        // One success shape; errors have one shape for all operations, and the runtime knows it.
        let content = match &operation.reply {
            Reply::Json(schema) => {
                let schema = self.schema(schema, &format!("{pascal}Response"), "Response");
                json!({ "application/json": { "schema": schema } })
            }
            Reply::Bytes => json!({ "application/octet-stream": {} }),
            Reply::Empty => json!({}),
        };
        lowered["responses"] = json!({ "2XX": { "description": "", "content": content } });
        (path, lowered)
    }

    fn is_scalar(&self, schema: &Value) -> bool {
        self.is_enum(schema)
            || component_of(schema).is_some_and(|name| [TIMESTAMP, DECIMAL].contains(&name))
            || schema
                .get("type")
                .is_some_and(|name| name != "object" && name != "array")
    }

    fn is_enum(&self, schema: &Value) -> bool {
        let pending = component_of(schema).and_then(|name| {
            self.pending
                .get(name.strip_prefix('@')?.parse::<usize>().ok()?)
        });
        pending.is_some_and(|pending| matches!(pending.shape, Shape::Enum(_)))
    }

    /// Lowers a schema. `context` is the name that a type found here would get, `word` the last word of it.
    fn schema(&mut self, schema: &Value, context: &str, word: &str) -> Value {
        if self.depth >= CHAIN_LIMIT {
            self.note("chains_cut");
            return json!({});
        }
        self.depth += 1;
        let lowered = self.lower_schema(schema, context, word);
        self.depth -= 1;
        lowered
    }

    fn lower_schema(&mut self, schema: &Value, context: &str, word: &str) -> Value {
        if let Some(name) = component_of(schema) {
            return self.component(name);
        }
        let Some(map) = schema.as_object() else {
            return json!({});
        };
        if !map.contains_key("enum")
            && let Some(known) = of_format(json::text(map, "type").unwrap_or_default(), map)
        {
            return known;
        }
        if let Some((key, parts)) = parts_of(map) {
            return self.composite(key, map, parts, (context, word), None);
        }
        match json::text(map, "type") {
            Some("object") if json::entries(map, "properties").next().is_some() => {
                self.object(schema, context, word, None)
            }
            Some("object") => match map.get("additionalProperties") {
                Some(values @ Value::Object(inner)) if !inner.is_empty() => {
                    let values = self.schema(values, &format!("{context}Value"), word);
                    json!({ "type": "object", "additionalProperties": values })
                }
                _ => json!({ "type": "object", "additionalProperties": true }),
            },
            Some("array") => {
                let singular = names::singular(word);
                let context = context
                    .strip_suffix(word)
                    .map_or_else(|| context.to_owned(), |rest| format!("{rest}{singular}"));
                let items = map.get("items").map_or_else(
                    || json!({}),
                    |items| self.schema(items, &context, &singular),
                );
                json!({ "type": "array", "items": items })
            }
            Some("string") => match map.get("enum").and_then(Value::as_array) {
                Some(values) => self.enumeration(schema, values, context, word, None),
                None => json!({ "type": "string" }),
            },
            Some("integer") => json!({ "type": "integer", "format": "int64" }),
            Some("number") => {
                if map.contains_key("enum") {
                    self.note("number_enums");
                }
                json!({ "type": "number" })
            }
            Some("boolean") => json!({ "type": "boolean" }),
            _ => json!({}),
        }
    }

    fn component(&mut self, name: &str) -> Value {
        match self.components.get(name) {
            Some(Some(lowered)) => return lowered.clone(),
            // A schema within itself that is no object, such as an array of itself: anything may be in it.
            Some(None) => return json!({}),
            None => {}
        }
        let document = self.document;
        let Some(schema) = document.pointer(&format!("/components/schemas/{}", json::escape(name)))
        else {
            return json!({});
        };
        let resolved = resolve(document, schema);
        let type_name = self
            .type_names
            .get(name)
            .cloned()
            .unwrap_or_else(|| names::type_name(name));
        self.components.insert(name.to_owned(), None);
        let lowered = if let Some(other) = component_of(schema) {
            self.component(other)
        } else if resolved
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|p| !p.is_empty())
            && std::ptr::eq(resolved, schema)
            && schema.as_object().and_then(parts_of).is_none()
        {
            self.object(schema, &type_name, &type_name, Some(name))
        } else if let (Some("string"), Some(values)) = (
            schema.get("type").and_then(Value::as_str),
            schema.get("enum").and_then(Value::as_array),
        ) {
            self.enumeration(schema, values, &type_name, &type_name, Some(name))
        } else if let Some((map, (key, parts))) = schema
            .as_object()
            .filter(|map| of_format("", map).is_none())
            .and_then(|map| Some((map, parts_of(map)?)))
        {
            self.composite(key, map, parts, (&type_name, &type_name), Some(name))
        } else {
            self.schema(schema, &type_name, &type_name)
        };
        self.components
            .insert(name.to_owned(), Some(lowered.clone()));
        lowered
    }

    /// Makes a struct of an object. A component's is registered before its fields are looked at, so that it may hold
    /// itself.
    fn object(
        &mut self,
        schema: &Value,
        context: &str,
        word: &str,
        component: Option<&str>,
    ) -> Value {
        let reserved = component.map(|name| {
            let index = self.register(
                Shape::Struct(Vec::new(), None),
                schema,
                Some((context, name)),
                (context, word),
            );
            self.components
                .insert(name.to_owned(), Some(reference(index)));
            index
        });
        let mut fields = Vec::new();
        for (wire, property) in schema
            .as_object()
            .into_iter()
            .flat_map(|map| json::entries(map, "properties"))
        {
            let word = names::type_name(wire);
            let lowered = self.schema(property, &format!("{context}{word}"), &word);
            fields.push((wire.clone(), lowered));
        }
        let others = schema.get("additionalProperties");
        let others = others
            .filter(|values| values.as_object().is_some_and(|values| !values.is_empty()))
            .map(|values| self.schema(values, &format!("{context}Value"), word));
        if let Some(index) = reserved {
            self.pending[index].shape = Shape::Struct(fields, others);
            return reference(index);
        }
        self.note("inline_objects");
        let key = format!("struct {word} {}", json!([fields, others]));
        self.shared(
            key,
            "inline_objects_shared",
            Shape::Struct(fields, others),
            schema,
            (context, word),
        )
    }

    fn enumeration(
        &mut self,
        schema: &Value,
        values: &[Value],
        context: &str,
        word: &str,
        component: Option<&str>,
    ) -> Value {
        let values: Vec<String> = values
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if values.len() > ENUM_LIMIT {
            self.note("enums_too_long");
            return json!({ "type": "string" });
        }
        if let Some(name) = component {
            return reference(self.register(
                Shape::Enum(values),
                schema,
                Some((context, name)),
                (context, word),
            ));
        }
        self.note("inline_enums");
        let mut sorted = values.clone();
        sorted.sort();
        let key = format!("enum {word} {}", json!(sorted));
        self.shared(
            key,
            "inline_enums_shared",
            Shape::Enum(values),
            schema,
            (context, word),
        )
    }

    fn shared(
        &mut self,
        key: String,
        what: &'static str,
        shape: Shape,
        source: &Value,
        met: (&str, &str),
    ) -> Value {
        if let Some(&index) = self.known.get(&key) {
            self.note(what);
            let pending = &mut self.pending[index];
            pending.met.push((met.0.to_owned(), met.1.to_owned()));
            merge::words(&mut pending.source, source);
            return reference(index);
        }
        let index = self.register(shape, source, None, met);
        self.known.insert(key, index);
        reference(index)
    }

    fn register(
        &mut self,
        shape: Shape,
        source: &Value,
        name: Option<(&str, &str)>,
        met: (&str, &str),
    ) -> usize {
        self.pending.push(Pending {
            shape,
            name: name.map(|(ours, _)| ours.to_owned()),
            alias: name
                .filter(|(ours, theirs)| ours != theirs)
                .map(|(_, theirs)| theirs.to_owned()),
            description: description(source),
            met: vec![(met.0.to_owned(), met.1.to_owned())],
            source: source.clone(),
        });
        self.pending.len() - 1
    }

    /// `allOf` is one object with the fields of all parts. `oneOf` and `anyOf` of objects as well: fields of the other
    /// parts are simply not there, and a field of which the parts think differently may be anything. Text of several
    /// kinds is text, and all else is anything.
    fn composite(
        &mut self,
        key: &str,
        map: &Object,
        parts: &[Value],
        (context, word): (&str, &str),
        component: Option<&str>,
    ) -> Value {
        let all_of = key == "allOf";
        let own = json::entries(map, "properties").next().is_some();
        let mut members: Vec<&Value> = Vec::new();
        for part in parts {
            if !members.contains(&part) {
                members.push(part);
            }
        }
        if !own && let [one] = members[..] {
            self.note(if all_of { "all_of" } else { "unions" });
            return self.schema(one, context, word);
        }
        self.note(if all_of { "all_of" } else { "unions" });
        let mut merged = Object::new();
        let mut seen = BTreeSet::new();
        let own_part = own.then(|| {
            let mut own = map.clone();
            own.remove(key);
            Value::from(own)
        });
        let objects = members
            .iter()
            .copied()
            .chain(own_part.as_ref())
            .all(|part| merge::object(self.document, part, &mut merged, &mut seen, 0));
        if objects && !merged.is_empty() {
            let merged = json!({ "type": "object", "properties": merged });
            let key = merged.to_string();
            if !self.merging.insert(key.clone()) {
                return json!({});
            }
            let lowered = self.object(&merged, context, word, component);
            self.merging.remove(&key);
            return lowered;
        }
        let text = members.iter().all(|part| {
            resolve(self.document, part)
                .get("type")
                .and_then(Value::as_str)
                == Some("string")
        });
        if text {
            json!({ "type": "string" })
        } else {
            json!({})
        }
    }
}
