//! Reads the effective interface, independently of the code generator.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use hoopai::runtime::operation::Operation;
use serde_json::Value;

/// A schema of an OpenAPI document.
pub(crate) type Schema = &'static Value;

static DOCUMENTS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/hoopai-mock/interface");
    fs::read_dir(folder)
        .expect("the effective interface")
        .map(|entry| {
            let path = entry.expect("a file").path();
            let text = fs::read(&path).expect("a document");
            let name = path
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("a name");
            (
                name.to_owned(),
                serde_json::from_slice(&text).expect("JSON"),
            )
        })
        .collect()
});

/// The OpenAPI document of one module.
#[derive(Clone, Copy)]
pub(crate) struct Interface(Schema);

/// The values that a schema accepts, with references resolved and composites merged.
pub(crate) enum Shape {
    Any,
    /// The values of an enum; empty for other texts.
    Text(Vec<&'static str>),
    Number,
    Integer,
    Boolean,
    /// A moment or a day, as text or as a number.
    Timestamp,
    /// A number that keeps its digits.
    Decimal,
    List(Schema),
    /// Values under keys of any name.
    Map(Schema),
    Object(Fields),
    Union(Vec<Schema>),
}

/// The fields of an object. A field has several schemas if several parts of a composite declare it.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) declared: BTreeMap<&'static str, Vec<Schema>>,
    pub(crate) required: BTreeSet<&'static str>,
    /// The schema of undeclared keys.
    pub(crate) additional: Option<Schema>,
}

impl Interface {
    pub(crate) fn of(module: &str) -> Self {
        Interface(&DOCUMENTS[module])
    }

    pub(crate) fn operation(self, operation: &Operation) -> Schema {
        let method = operation.method.as_str().to_lowercase();
        &self.0["paths"][operation.path][method]
    }

    /// The content types of a body and their schemas.
    pub(crate) fn bodies(self, operation: &Operation) -> BTreeMap<&'static str, Schema> {
        contents(&self.operation(operation)["requestBody"])
    }

    /// The distinct schemas of the JSON replies with status 2xx.
    pub(crate) fn replies(self, operation: &Operation) -> Vec<Schema> {
        let mut schemas = Vec::new();
        for (status, response) in entries(&self.operation(operation)["responses"]) {
            if !status.starts_with('2') {
                continue;
            }
            for (content_type, schema) in contents(response) {
                if content_type.contains("json") && !schemas.contains(&schema) {
                    schemas.push(schema);
                }
            }
        }
        schemas
    }

    pub(crate) fn is_list(self, schema: Schema) -> bool {
        matches!(self.shape(schema), Shape::List(_))
    }

    /// Follows the references of a schema.
    pub(crate) fn resolve(self, mut schema: Schema) -> Schema {
        while let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("a local reference");
            schema = self.0.pointer(pointer).expect("its target");
        }
        schema
    }

    pub(crate) fn shape(self, schema: Schema) -> Shape {
        let schema = self.resolve(schema);
        let own = schema["properties"].is_object();
        for key in ["allOf", "oneOf", "anyOf"] {
            let mut parts: Vec<Schema> = Vec::new();
            for part in items(&schema[key]) {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
            match parts[..] {
                [] => {}
                [one] if !own => return self.shape(one),
                _ if key == "allOf" || own => {
                    let mut fields = Fields::default();
                    if own {
                        fields.add(schema);
                    }
                    let objects = parts.iter().all(|part| self.merge(part, &mut fields));
                    return if objects {
                        Shape::Object(fields)
                    } else {
                        Shape::Any
                    };
                }
                _ => return Shape::Union(parts),
            }
        }
        let format = schema["format"]
            .as_str()
            .filter(|_| schema["enum"].is_null());
        match schema["type"].as_str() {
            Some("string" | "integer" | "number") if format.is_some_and(is_time) => {
                Shape::Timestamp
            }
            Some("number") if format == Some("decimal") => Shape::Decimal,
            Some("object")
                if own
                    && !schema["properties"]
                        .as_object()
                        .is_some_and(|own| own.is_empty()) =>
            {
                let mut fields = Fields::default();
                fields.add(schema);
                Shape::Object(fields)
            }
            Some("object") => Shape::Map(&schema["additionalProperties"]),
            Some("array") => Shape::List(&schema["items"]),
            Some("string") => Shape::Text(
                items(&schema["enum"])
                    .iter()
                    .filter_map(Value::as_str)
                    .collect(),
            ),
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("boolean") => Shape::Boolean,
            _ => Shape::Any,
        }
    }

    /// Adds the fields of a part and returns whether it is an object.
    fn merge(self, part: Schema, fields: &mut Fields) -> bool {
        let Shape::Object(more) = self.shape(part) else {
            return false;
        };
        fields.declare_all(more.declared);
        fields.required.extend(more.required);
        true
    }

    /// Merges the variants of a union of objects into one object with all fields.
    pub(crate) fn merged(self, variants: &[Schema]) -> Option<Fields> {
        let mut fields = Fields::default();
        for variant in variants {
            match self.shape(variant) {
                Shape::Union(inner) => {
                    let inner = self.merged(&inner)?;
                    fields.declare_all(inner.declared);
                }
                _ => {
                    if !self.merge(variant, &mut fields) {
                        return None;
                    }
                }
            }
        }
        fields.required.clear();
        Some(fields)
    }
}

impl Fields {
    fn add(&mut self, object: Schema) {
        for (name, schema) in entries(&object["properties"]) {
            self.declare(name, schema);
        }
        self.required
            .extend(items(&object["required"]).iter().filter_map(Value::as_str));
        let additional = &object["additionalProperties"];
        if additional.is_object() {
            self.additional = Some(additional);
        }
    }

    fn declare_all(&mut self, declared: BTreeMap<&'static str, Vec<Schema>>) {
        for (name, schemas) in declared {
            for schema in schemas {
                self.declare(name, schema);
            }
        }
    }

    fn declare(&mut self, name: &'static str, schema: Schema) {
        let schemas = self.declared.entry(name).or_default();
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
}

pub(crate) fn items(value: Schema) -> &'static [Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn entries(value: Schema) -> impl Iterator<Item = (&'static str, Schema)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn contents(of: Schema) -> BTreeMap<&'static str, Schema> {
    entries(&of["content"])
        .map(|(content_type, media)| (content_type, &media["schema"]))
        .collect()
}

/// Whether a format is that of moments or days.
fn is_time(format: &str) -> bool {
    format == "date" || format.starts_with("date-") || format.starts_with("unix-")
}
