//! Resolves the schemas of all operations. Structs and enums are collected and named afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::types::{Occurrence, OperationSchemas, ResolvedTypes, Schema, Shape, UnnamedType};
use super::{component_names, merge, naming};
use crate::formats::RuntimeType;
use crate::json::{self, Object};
use crate::model::{Operation, ParamLocation, Reply};
use crate::names;
use crate::openapi::{self, COMPOSITES, referenced_name};

/// Enums with more values become strings, because such a list contains codes that no program
/// matches on.
const ENUM_LIMIT: usize = 1000;

/// Schemas nested deeper than this, references included, become [`Schema::Any`].
const DEPTH_LIMIT: usize = 300;

/// Names that `types.rs` uses for other things.
const RESERVED_NAMES: [&str; 16] = [
    "BTreeMap", "Box", "Clone", "Debug", "Default", "Err", "Extra", "Map", "None", "Ok", "Option",
    "Result", "Some", "String", "Value", "Vec",
];

/// Resolves the schemas of the operations.
pub(crate) fn resolve_types(document: &Value, operations: &[Operation]) -> ResolvedTypes {
    let mut taken: BTreeSet<String> = RESERVED_NAMES.map(str::to_owned).into();
    taken.extend(RuntimeType::ALL.map(RuntimeType::key));
    let mut resolver = Resolver {
        document,
        type_names: component_names::names(document, operations, &mut taken),
        components: BTreeMap::new(),
        types: Vec::new(),
        depth: 0,
        merging: BTreeSet::new(),
        inline: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    let operations: Vec<_> = operations
        .iter()
        .map(|one| resolver.operation(one))
        .collect();
    naming::name_types(&resolver.types, &operations, resolver.counts, taken)
}

struct Resolver<'a> {
    document: &'a Value,
    /// The type names of schema components.
    type_names: BTreeMap<String, String>,
    /// Resolved components; `None` while one is being resolved.
    components: BTreeMap<String, Option<Schema<usize>>>,
    types: Vec<UnnamedType>,
    depth: usize,
    /// The composites that are being merged, so that one which contains itself ends.
    merging: BTreeSet<String>,
    /// Index of each inline type by word and content. Equal content under another word has another
    /// meaning.
    inline: BTreeMap<(String, Shape), usize>,
    counts: BTreeMap<&'static str, usize>,
}

/// The keyword and the parts of a composite.
fn parts_of(map: &Object) -> Option<(&'static str, &[Value])> {
    COMPOSITES.into_iter().find_map(|key| {
        let parts = map.get(key)?.as_array()?;
        Some((key, parts.as_slice()))
    })
}

/// The runtime's type for the format of a schema.
fn runtime_type<T>(kind: &str, map: &Object) -> Option<Schema<T>> {
    RuntimeType::of(kind, json::text(map, "format")?).map(Schema::Runtime)
}

fn has_properties(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| !properties.is_empty())
}

impl Resolver<'_> {
    fn count(&mut self, rule: &'static str) {
        *self.counts.entry(rule).or_default() += 1;
    }

    fn operation(&mut self, operation: &Operation) -> OperationSchemas<usize> {
        let pascal = names::type_name(&operation.name);
        let mut parameters = Vec::new();
        for parameter in &operation.parameters {
            let word = names::type_name(&parameter.wire_name);
            let schema = self.schema(&parameter.schema, &format!("{pascal}{word}"), &word);
            // A path or header parameter is one text, a query parameter a scalar or a list of
            // scalars.
            let is_list = parameter.part == ParamLocation::Query && self.is_scalar_list(&schema);
            parameters.push(if is_list || self.is_scalar(&schema) {
                schema
            } else {
                self.count("structured_parameters");
                Schema::String
            });
        }
        let mut parts = Vec::new();
        for part in operation.body.iter().flat_map(|body| &body.parts) {
            let word = names::type_name(&part.wire_name);
            let schema = self.schema(&part.schema, &format!("{pascal}{word}"), &word);
            let is_supported = self.is_scalar(&schema) || self.is_scalar_list(&schema);
            parts.push(if is_supported { schema } else { Schema::String });
        }
        let body = match &operation.body {
            Some(_) if operation.is_multipart() => {
                self.count("multipart_bodies");
                None
            }
            Some(body) => Some(self.schema(&body.schema, &format!("{pascal}Request"), "Request")),
            None => None,
        };
        let reply = match &operation.reply {
            Reply::Json(schema) => {
                Some(self.schema(schema, &format!("{pascal}Response"), "Response"))
            }
            Reply::Bytes | Reply::Empty => None,
        };
        OperationSchemas {
            parameters,
            parts,
            body,
            reply,
        }
    }

    fn is_scalar(&self, schema: &Schema<usize>) -> bool {
        match schema {
            Schema::String | Schema::Integer | Schema::Number | Schema::Boolean => true,
            Schema::Runtime(runtime) => *runtime != RuntimeType::CustomFieldValue,
            Schema::Named(index) => matches!(self.types[*index].shape, Shape::Enum(_)),
            Schema::Any | Schema::Object | Schema::List(_) | Schema::Map(_) => false,
        }
    }

    fn is_scalar_list(&self, schema: &Schema<usize>) -> bool {
        matches!(schema, Schema::List(items) if self.is_scalar(items))
    }

    /// Resolves a schema. An inline type in it gets the name `context` from its position; `word` is
    /// the last word of it.
    fn schema(&mut self, schema: &Value, context: &str, word: &str) -> Schema<usize> {
        if self.depth >= DEPTH_LIMIT {
            self.count("chains_cut");
            return Schema::Any;
        }
        self.depth += 1;
        let resolved = self.resolve(schema, context, word);
        self.depth -= 1;
        resolved
    }

    fn resolve(&mut self, schema: &Value, context: &str, word: &str) -> Schema<usize> {
        if let Some(name) = referenced_name(schema) {
            return self.component(name);
        }
        let Some(map) = schema.as_object() else {
            return Schema::Any;
        };
        let kind = json::text(map, "type").unwrap_or_default();
        if !map.contains_key("enum")
            && let Some(runtime) = runtime_type(kind, map)
        {
            return runtime;
        }
        if let Some((key, parts)) = parts_of(map) {
            return self.composite(key, map, parts, (context, word), None);
        }
        match kind {
            "object" if has_properties(schema) => self.object(schema, context, word, None),
            "object" => match map.get("additionalProperties") {
                Some(values @ Value::Object(inner)) if !inner.is_empty() => {
                    let values = self.schema(values, &format!("{context}Value"), word);
                    Schema::Map(Box::new(values))
                }
                _ => Schema::Object,
            },
            "array" => {
                let singular = names::singular(word);
                let context = match context.strip_suffix(word) {
                    Some(rest) => format!("{rest}{singular}"),
                    None => context.to_owned(),
                };
                let items = map.get("items");
                let items =
                    items.map_or(Schema::Any, |items| self.schema(items, &context, &singular));
                Schema::List(Box::new(items))
            }
            "string" => match map.get("enum").and_then(Value::as_array) {
                Some(values) => self.enumeration(schema, values, context, word, None),
                None => Schema::String,
            },
            "integer" => Schema::Integer,
            "number" => {
                if map.contains_key("enum") {
                    self.count("number_enums");
                }
                Schema::Number
            }
            "boolean" => Schema::Boolean,
            _ => Schema::Any,
        }
    }

    fn component(&mut self, name: &str) -> Schema<usize> {
        match self.components.get(name) {
            Some(Some(resolved)) => return resolved.clone(),
            // A schema that contains itself and is not an object, such as an array of itself.
            Some(None) => return Schema::Any,
            None => {}
        }
        let document = self.document;
        let Some(schema) = openapi::component(document, name) else {
            return Schema::Any;
        };
        let type_name = self.type_names.get(name).cloned();
        let type_name = type_name.unwrap_or_else(|| names::type_name(name));
        self.components.insert(name.to_owned(), None);
        let map = schema.as_object();
        let composite = map.and_then(|map| Some((map, parts_of(map)?)));
        let values = schema.get("enum").and_then(Value::as_array);
        let is_text = schema.get("type").and_then(Value::as_str) == Some("string");
        let has_type = map.is_some_and(|map| runtime_type::<usize>("", map).is_some());
        let resolved = if let Some(other) = referenced_name(schema) {
            self.component(other)
        } else if has_properties(schema) && composite.is_none() {
            self.object(schema, &type_name, &type_name, Some(name))
        } else if let Some(values) = values.filter(|_| is_text) {
            self.enumeration(schema, values, &type_name, &type_name, Some(name))
        } else if let Some((map, (key, parts))) = composite.filter(|_| !has_type) {
            self.composite(key, map, parts, (&type_name, &type_name), Some(name))
        } else {
            self.schema(schema, &type_name, &type_name)
        };
        self.components
            .insert(name.to_owned(), Some(resolved.clone()));
        resolved
    }

    /// Collects a struct. That of a component is registered before its fields are resolved, so that
    /// it can contain itself.
    fn object(
        &mut self,
        schema: &Value,
        context: &str,
        word: &str,
        component: Option<&str>,
    ) -> Schema<usize> {
        let reserved = component.map(|name| {
            let shape = Shape::Struct {
                fields: Vec::new(),
                additional: None,
            };
            let index = self.register(shape, schema, Some((context, name)), (context, word));
            self.components
                .insert(name.to_owned(), Some(Schema::Named(index)));
            index
        });
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut fields = Vec::new();
        for (wire_name, property) in properties.into_iter().flatten() {
            let word = names::type_name(wire_name);
            let resolved = self.schema(property, &format!("{context}{word}"), &word);
            fields.push((wire_name.clone(), resolved));
        }
        let additional = schema
            .get("additionalProperties")
            .filter(|values| values.as_object().is_some_and(|values| !values.is_empty()))
            .map(|values| self.schema(values, &format!("{context}Value"), word));
        let shape = Shape::Struct { fields, additional };
        if let Some(index) = reserved {
            self.types[index].shape = shape;
            return Schema::Named(index);
        }
        self.count("inline_objects");
        self.shared(
            shape.clone(),
            shape,
            "inline_objects_shared",
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
    ) -> Schema<usize> {
        let values = values.iter().filter_map(Value::as_str).map(str::to_owned);
        let values: Vec<String> = values.collect();
        if values.len() > ENUM_LIMIT {
            self.count("enums_too_long");
            return Schema::String;
        }
        let mut sorted = values.clone();
        sorted.sort();
        let shape = Shape::Enum(values);
        if let Some(name) = component {
            let name = Some((context, name));
            return Schema::Named(self.register(shape, schema, name, (context, word)));
        }
        self.count("inline_enums");
        let content = Shape::Enum(sorted);
        self.shared(
            content,
            shape,
            "inline_enums_shared",
            schema,
            (context, word),
        )
    }

    /// Registers an inline type, or adds an occurrence to the one with equal content under the same
    /// word.
    fn shared(
        &mut self,
        content: Shape,
        shape: Shape,
        rule: &'static str,
        source: &Value,
        (context, word): (&str, &str),
    ) -> Schema<usize> {
        let key = (word.to_owned(), content);
        if let Some(&index) = self.inline.get(&key) {
            self.count(rule);
            let known = &mut self.types[index];
            known.occurrences.push(occurrence(context, word));
            merge::add_descriptions(&mut known.source, source);
            return Schema::Named(index);
        }
        let index = self.register(shape, source, None, (context, word));
        self.inline.insert(key, index);
        Schema::Named(index)
    }

    /// Adds a type. `name` is the type name and the platform's name of a component.
    fn register(
        &mut self,
        shape: Shape,
        source: &Value,
        name: Option<(&str, &str)>,
        (context, word): (&str, &str),
    ) -> usize {
        self.types.push(UnnamedType {
            shape,
            name: name.map(|(type_name, _)| type_name.to_owned()),
            alias: name
                .filter(|(type_name, component)| type_name != component)
                .map(|(_, component)| component.to_owned()),
            description: openapi::description(source),
            occurrences: vec![occurrence(context, word)],
            source: source.clone(),
        });
        self.types.len() - 1
    }

    /// Resolves a composite. `allOf` is one object with the fields of all parts. So are `oneOf` and
    /// `anyOf` of objects: a field that the parts declare differently is [`Schema::Any`]. Other
    /// composites of texts are texts, the rest is [`Schema::Any`].
    fn composite(
        &mut self,
        key: &str,
        map: &Object,
        parts: &[Value],
        (context, word): (&str, &str),
        component: Option<&str>,
    ) -> Schema<usize> {
        self.count(if key == "allOf" { "all_of" } else { "unions" });
        let own_fields = json::entries(map, "properties").next().is_some();
        let mut members: Vec<&Value> = Vec::new();
        for part in parts {
            if !members.contains(&part) {
                members.push(part);
            }
        }
        if !own_fields && let [one] = members[..] {
            return self.schema(one, context, word);
        }
        let mut merged = Object::new();
        let mut seen = BTreeSet::new();
        let own_part = own_fields.then(|| {
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
            let mut merged = json!({ "type": "object", "properties": merged });
            let key = merged.to_string();
            if !self.merging.insert(key.clone()) {
                return Schema::Any;
            }
            if let Some(text) = map.get("description") {
                merged["description"] = text.clone();
            }
            let resolved = self.object(&merged, context, word, component);
            self.merging.remove(&key);
            return resolved;
        }
        let is_text = |part: &&Value| {
            let part = openapi::resolve(self.document, part);
            part.get("type").and_then(Value::as_str) == Some("string")
        };
        if members.iter().all(is_text) {
            Schema::String
        } else {
            Schema::Any
        }
    }
}

fn occurrence(context: &str, word: &str) -> Occurrence {
    Occurrence {
        context: context.to_owned(),
        word: word.to_owned(),
    }
}
