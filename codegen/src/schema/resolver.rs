//! Resolves the schemas of all operations. Structs and enums are collected and named afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::types::{OperationSchemas, Position, ResolvedTypes, Schema, Shape, UnnamedType};
use super::{canonical, chosen_names, component_names, merge, naming};
use crate::attention::Attention;
use crate::error::{FileError, SourcePointer, json_path_step};
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
pub(crate) fn resolve_types(
    document: &Value,
    operations: &[Operation],
    at: &SourcePointer<'_>,
    attention: &mut Vec<Attention>,
) -> Result<ResolvedTypes, FileError> {
    let mut taken: BTreeSet<String> = RESERVED_NAMES.map(str::to_owned).into();
    taken.extend(RuntimeType::ALL.map(RuntimeType::key));
    let chosen = chosen_names::read(document, &taken, at)?;
    taken.extend(chosen.keys().cloned());
    let mut resolver = Resolver {
        document,
        type_names: component_names::names(document, operations, &mut taken),
        components: BTreeMap::new(),
        types: Vec::new(),
        depth: 0,
        merging: BTreeSet::new(),
        inline: BTreeMap::new(),
        representatives: Vec::new(),
        counts: BTreeMap::new(),
    };
    let operations: Vec<_> = operations
        .iter()
        .map(|one| resolver.operation(one))
        .collect();
    let Resolver {
        mut types,
        mut representatives,
        counts,
        ..
    } = resolver;
    let joined = canonical::join(&mut types, &mut representatives, &operations, &chosen, at)?;
    attention.extend(joined);
    let resolved = naming::name_types(&types, representatives, &operations, counts, taken);
    chosen_names::check_used(&chosen, &resolved, at)?;
    Ok(resolved)
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
    /// For each type the index of the one that represents it, because its content is equal.
    representatives: Vec<usize>,
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
        let path = format!(
            "$.paths{}.{}",
            json_path_step(&operation.path),
            operation.method
        );
        let mut parameters = Vec::new();
        for parameter in &operation.parameters {
            let word = names::field_type(&parameter.wire_name);
            let path = format!(
                "{path}.parameters[?@.name=='{}'].schema",
                parameter.wire_name
            );
            let position = Position::root(format!("{pascal}{word}"), &word, path);
            let schema = self.schema(&parameter.schema, &position);
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
        let body_path = format!("{path}.requestBody.content.*.schema");
        let mut parts = Vec::new();
        for part in operation.body.iter().flat_map(|body| &body.parts) {
            let word = names::field_type(&part.wire_name);
            let path = format!("{body_path}.properties{}", json_path_step(&part.wire_name));
            let position = Position::root(format!("{pascal}{word}"), &word, path);
            let schema = self.schema(&part.schema, &position);
            let is_supported = self.is_scalar(&schema) || self.is_scalar_list(&schema);
            parts.push(if is_supported { schema } else { Schema::String });
        }
        let body = match &operation.body {
            Some(_) if operation.is_multipart() => {
                self.count("multipart_bodies");
                None
            }
            Some(body) => {
                let position = Position::root(format!("{pascal}Request"), "Request", body_path);
                Some(self.schema(&body.schema, &position))
            }
            None => None,
        };
        let reply = match &operation.reply {
            Reply::Json(schema) => {
                let status = self.success_status(operation);
                let status = json_path_step(status.unwrap_or("default"));
                let path = format!("{path}.responses{status}.content.*.schema");
                let position = Position::root(format!("{pascal}Response"), "Response", path);
                Some(self.schema(schema, &position))
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

    /// The status of the reply with content, as the document declares it.
    fn success_status(&self, operation: &Operation) -> Option<&str> {
        let item = self.document.get("paths")?.get(&operation.path)?;
        let responses = item.get(&operation.method)?.get("responses")?.as_object()?;
        let mut statuses = responses.iter();
        let (status, _) = statuses.find(|(status, response)| {
            status.starts_with('2') && response.get("content").is_some()
        })?;
        Some(status)
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

    /// Resolves a schema. An inline type in it is named after its position.
    fn schema(&mut self, schema: &Value, position: &Position) -> Schema<usize> {
        if self.depth >= DEPTH_LIMIT {
            self.count("chains_cut");
            return Schema::Any;
        }
        self.depth += 1;
        let resolved = self.resolve(schema, position);
        self.depth -= 1;
        resolved
    }

    fn resolve(&mut self, schema: &Value, position: &Position) -> Schema<usize> {
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
            return self.composite(key, map, parts, position, None);
        }
        match kind {
            "object" if has_properties(schema) => self.object(schema, position, None),
            "object" => match map.get("additionalProperties") {
                Some(values @ Value::Object(inner)) if !inner.is_empty() => {
                    let values = self.schema(values, &position.values(None));
                    Schema::Map(Box::new(values))
                }
                _ => Schema::Object,
            },
            "array" => {
                let items = map.get("items");
                let items =
                    items.map_or(Schema::Any, |items| self.schema(items, &position.items()));
                Schema::List(Box::new(items))
            }
            "string" => match map.get("enum").and_then(Value::as_array) {
                Some(values) => self.enumeration(schema, values, position, None),
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
        let path = format!("$.components.schemas{}", json_path_step(name));
        let position = Position::root(type_name.clone(), &type_name, path);
        self.components.insert(name.to_owned(), None);
        let map = schema.as_object();
        let composite = map.and_then(|map| Some((map, parts_of(map)?)));
        let values = schema.get("enum").and_then(Value::as_array);
        let is_text = schema.get("type").and_then(Value::as_str) == Some("string");
        let has_type = map.is_some_and(|map| runtime_type::<usize>("", map).is_some());
        let resolved = if let Some(other) = referenced_name(schema) {
            self.component(other)
        } else if has_properties(schema) && composite.is_none() {
            self.object(schema, &position, Some(name))
        } else if let Some(values) = values.filter(|_| is_text) {
            self.enumeration(schema, values, &position, Some(name))
        } else if let Some((map, (key, parts))) = composite.filter(|_| !has_type) {
            self.composite(key, map, parts, &position, Some(name))
        } else {
            self.schema(schema, &position)
        };
        self.components
            .insert(name.to_owned(), Some(resolved.clone()));
        resolved
    }

    /// Collects a struct. It is registered before its fields are resolved, so that they have a
    /// parent, and so that a component can contain itself.
    fn object(
        &mut self,
        schema: &Value,
        position: &Position,
        component: Option<&str>,
    ) -> Schema<usize> {
        let empty = Shape::Struct {
            fields: Vec::new(),
            additional: None,
        };
        let index = self.register(empty, schema, component, position);
        if let Some(name) = component {
            self.components
                .insert(name.to_owned(), Some(Schema::Named(index)));
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut fields = Vec::new();
        for (wire_name, property) in properties.into_iter().flatten() {
            let resolved = self.schema(property, &position.field(index, wire_name));
            fields.push((wire_name.clone(), resolved));
        }
        let additional = schema
            .get("additionalProperties")
            .filter(|values| values.as_object().is_some_and(|values| !values.is_empty()))
            .map(|values| self.schema(values, &position.values(Some(index))));
        let shape = Shape::Struct { fields, additional };
        self.types[index].shape = shape.clone();
        if component.is_some() {
            return Schema::Named(index);
        }
        self.count("inline_objects");
        self.shared(index, shape, "inline_objects_shared")
    }

    fn enumeration(
        &mut self,
        schema: &Value,
        values: &[Value],
        position: &Position,
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
        let index = self.register(Shape::Enum(values), schema, component, position);
        if component.is_some() {
            return Schema::Named(index);
        }
        self.count("inline_enums");
        self.shared(index, Shape::Enum(sorted), "inline_enums_shared")
    }

    /// Makes an inline type an occurrence of the one with equal content under the same word, unless
    /// an overlay gives them different names. Equal content under another word has another meaning.
    fn shared(&mut self, index: usize, content: Shape, rule: &'static str) -> Schema<usize> {
        let position = &self.types[index].occurrences[0];
        if position.is_of_operation() {
            return Schema::Named(index);
        }
        let key = (position.word.clone(), content);
        let Some(&known) = self.inline.get(&key) else {
            self.inline.insert(key, index);
            return Schema::Named(index);
        };
        let names = [known, index].map(|index| self.types[index].chosen_name.as_ref());
        if let [Some(one), Some(other)] = names
            && one != other
        {
            return Schema::Named(index);
        }
        self.count(rule);
        self.representatives[index] = known;
        let (head, tail) = self.types.split_at_mut(index);
        let (known_type, item) = (&mut head[known], &tail[0]);
        known_type
            .occurrences
            .extend(item.occurrences.iter().cloned());
        if known_type.chosen_name.is_none() {
            known_type.chosen_name.clone_from(&item.chosen_name);
        }
        merge::add_descriptions(&mut known_type.source, &item.source);
        Schema::Named(known)
    }

    /// Adds a type. `component` is the platform's name of a component.
    fn register(
        &mut self,
        shape: Shape,
        source: &Value,
        component: Option<&str>,
        position: &Position,
    ) -> usize {
        self.types.push(UnnamedType {
            shape,
            chosen_name: chosen_names::of(source).map(str::to_owned),
            name: component.map(|_| position.segment.clone()),
            component: component.map(str::to_owned),
            description: openapi::description(source),
            occurrences: vec![position.clone()],
            source: source.clone(),
        });
        self.representatives.push(self.types.len() - 1);
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
        position: &Position,
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
        let name = map.get(chosen_names::EXTENSION);
        if !own_fields
            && name.is_none()
            && let [one] = members[..]
        {
            return self.schema(one, position);
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
            if let Some(name) = name {
                merged[chosen_names::EXTENSION] = name.clone();
            }
            let resolved = self.object(&merged, &position.parts(), component);
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
