//! What the tests read of the interface: which values a parameter or a field takes.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

/// The operations of all modules, by method and path without the names of its parameters.
#[derive(Default)]
pub(super) struct Interface {
    documents: Vec<Value>,
    operations: HashMap<(String, String), (usize, Value)>,
}

/// An operation.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    document: &'a Value,
    operation: &'a Value,
}

impl Interface {
    pub(super) fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interface");
        let (mut documents, mut operations) = (Vec::new(), HashMap::new());
        for entry in std::fs::read_dir(folder).expect("the interface") {
            let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a text");
            let document: Value = serde_json::from_str(&text).expect("JSON");
            for (path, item) in document["paths"].as_object().into_iter().flatten() {
                for (method, operation) in item.as_object().into_iter().flatten() {
                    let key = (method.to_uppercase(), nameless(path));
                    operations.insert(key, (documents.len(), operation.clone()));
                }
            }
            documents.push(document);
        }
        Self {
            documents,
            operations,
        }
    }

    /// An operation; one of which nothing is declared, where the interface has none.
    pub(super) fn find(&self, method: &str, path: &str) -> Operation<'_> {
        let key = (method.to_owned(), nameless(path));
        match self.operations.get(&key) {
            Some((document, operation)) => Operation {
                document: &self.documents[*document],
                operation,
            },
            None => Operation {
                document: &Value::Null,
                operation: &Value::Null,
            },
        }
    }
}

/// `/contacts/{contactId}` as `/contacts/{}`.
fn nameless(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.starts_with('{') {
            true => "{}",
            false => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}

impl<'a> Operation<'a> {
    /// Whether only the token of an agency is valid.
    pub(super) fn requires_agency(self) -> bool {
        let schemes = self.operation["security"].as_array();
        let mut names = schemes
            .into_iter()
            .flatten()
            .filter_map(|scheme| scheme.as_object()?.keys().next())
            .peekable();
        names.peek().is_some() && names.all(|name| name.starts_with("Agency-Access"))
    }

    fn parameters(self) -> impl Iterator<Item = &'a Value> {
        let all = self.operation["parameters"].as_array();
        all.into_iter().flatten()
    }

    /// The schema of a parameter, also of one that is a field of an object spread over the query.
    pub(super) fn parameter(self, place: &str, name: &str) -> Option<&'a Value> {
        let own: Vec<&Value> = self.parameters().filter(|one| one["in"] == place).collect();
        let named = own.iter().find(|one| one["name"] == name);
        let within = || own.iter().find_map(|one| self.field(&one["schema"], name));
        named.map(|one| &one["schema"]).or_else(within)
    }

    pub(super) fn requires(self, place: &str, name: &str) -> bool {
        let is = |one: &&Value| one["in"] == place && one["name"] == name;
        self.parameters()
            .find(is)
            .is_some_and(|one| one["required"] == true)
    }

    /// The schema of the body, and whether it is a form with files.
    pub(super) fn body(self) -> Option<(&'a Value, bool)> {
        let content = self.operation["requestBody"]["content"].as_object()?;
        let (kind, media) = content.iter().next()?;
        Some((&media["schema"], kind == "multipart/form-data"))
    }

    fn resolve(self, mut schema: &'a Value) -> &'a Value {
        while let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            schema = &self.document["components"]["schemas"][name];
        }
        schema
    }

    /// A schema and what it is made of.
    fn parts(self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        let mut parts = vec![schema];
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in schema[key].as_array().into_iter().flatten() {
                parts.extend(self.parts(part));
            }
        }
        parts
    }

    /// One shape of a schema: itself, all that it is made of, and the first of what it leaves to choose from.
    fn shape(self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        let all = schema["allOf"].as_array().into_iter().flatten();
        let first = ["oneOf", "anyOf"]
            .into_iter()
            .filter_map(|key| schema[key].get(0));
        let mut parts = vec![schema];
        for part in all.chain(first) {
            parts.extend(self.shape(part));
        }
        parts
    }

    /// A field of any shape.
    pub(super) fn field(self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let mut parts = self.parts(schema).into_iter();
        parts.find_map(|part| part["properties"].get(name))
    }

    /// The names of the fields that one shape of a schema has.
    pub(super) fn fields(self, schema: &'a Value) -> Vec<&'a str> {
        let parts = self.shape(schema).into_iter();
        let fields = parts
            .filter_map(|part| part["properties"].as_object())
            .flatten();
        fields.map(|(name, _)| name.as_str()).collect()
    }

    /// The names of the fields that one shape of a schema requires.
    pub(super) fn required(self, schema: &'a Value) -> Vec<&'a str> {
        let parts = self.shape(schema).into_iter();
        let required = parts
            .filter_map(|part| part["required"].as_array())
            .flatten();
        required.filter_map(Value::as_str).collect()
    }

    /// A keyword of a schema.
    pub(super) fn keyword(self, schema: &'a Value, key: &str) -> Option<&'a Value> {
        self.parts(schema)
            .into_iter()
            .find_map(|part| part.get(key))
    }
}
