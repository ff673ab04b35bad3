//! `specs/<module>/documentation.yaml`: what the module's rustdoc says, in our words.
//!
//! It is an overlay of words alone, in a form of its own: OpenAPI Overlay cannot say "the parameter of this name" in less than
//! four lines, and there are thousands. It is laid over the effective document, so its keys are the names that stand there,
//! and each must hit something. `specs/documentation.yaml` says what means the same in all modules, and need not hit.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::error::escape_token;
use crate::error::{FileError, SourcePointer};
use crate::openapi::{COMPOSITES, METHODS, schema_pointer};

/// A file and its content.
#[derive(Clone, Copy, Debug)]
pub struct SourceText<'a> {
    /// The file, as errors name it.
    pub file: &'a str,
    /// What it holds.
    pub text: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Documentation {
    module: String,
    operations: BTreeMap<String, OfOperation>,
    /// What parameters mean wherever the operation does not say it.
    parameters: BTreeMap<String, String>,
    /// What fields mean wherever nothing else says it.
    fields: BTreeMap<String, String>,
    schemas: BTreeMap<String, OfSchema>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OfOperation {
    summary: String,
    description: String,
    parameters: BTreeMap<String, String>,
    /// Fields of the body; names joined by dots lead into what it holds.
    body: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OfSchema {
    description: String,
    fields: BTreeMap<String, String>,
}

/// Schemas that lead on through more schemas than this are looked into no further.
const DEPTH: usize = 24;

const FORM: &str = "write `module`, `operations`, `parameters`, `fields` and `schemas`, as the files of other modules do";

/// Lays a module's words over its effective document, then those that hold for all modules.
pub(crate) fn apply(
    document: &mut Value,
    own: Option<SourceText<'_>>,
    common: Option<SourceText<'_>>,
) -> Result<(), FileError> {
    if let Some(text) = own {
        let words = read(text)?;
        words.check(&SourcePointer::root(text.file))?;
        Laying::new(document, text.file).all(&words)?;
    }
    if let Some(text) = common {
        let words = read(text)?;
        let at = SourcePointer::root(text.file);
        words.check(&at)?;
        if !(words.module.is_empty() && words.operations.is_empty() && words.schemas.is_empty()) {
            return Err(at.error(
                "only `parameters` and `fields` can be the same in all modules",
                "move the rest to the file of its module",
            ));
        }
        Laying::new(document, text.file).defaults(&words);
    }
    Ok(())
}

fn read(text: SourceText<'_>) -> Result<Documentation, FileError> {
    serde_saphyr::from_str(text.text).map_err(|error| {
        let message = error.to_string();
        let line = message.lines().next().unwrap_or_default();
        SourcePointer::root(text.file).error(format!("not a documentation file: {line}"), FORM)
    })
}

impl Documentation {
    /// Keys without words would pass for documentation.
    fn check(&self, at: &SourcePointer<'_>) -> Result<(), FileError> {
        let full =
            |at: &SourcePointer<'_>, words: &BTreeMap<String, String>| -> Result<(), FileError> {
                match words.iter().find(|(_, text)| text.trim().is_empty()) {
                    Some((name, _)) => Err(at
                        .key(name)
                        .error("says nothing", "write what it means, or leave the key out")),
                    None => Ok(()),
                }
            };
        full(&at.key("parameters"), &self.parameters)?;
        full(&at.key("fields"), &self.fields)?;
        let operations = at.key("operations");
        for (name, operation) in &self.operations {
            let at = operations.key(name);
            if operation.summary.trim().is_empty() || operation.summary.trim().contains('\n') {
                return Err(at.key("summary").error(
                    "is no sentence on one line",
                    "say in one sentence what the operation does",
                ));
            }
            full(&at.key("parameters"), &operation.parameters)?;
            full(&at.key("body"), &operation.body)?;
        }
        let schemas = at.key("schemas");
        for (name, schema) in &self.schemas {
            full(&schemas.key(name).key("fields"), &schema.fields)?;
        }
        Ok(())
    }
}

struct Laying<'a> {
    document: &'a mut Value,
    file: &'a str,
    /// Pointers of what this file has words for already.
    said: BTreeMap<String, String>,
}

impl<'a> Laying<'a> {
    fn new(document: &'a mut Value, file: &'a str) -> Self {
        Laying {
            document,
            file,
            said: BTreeMap::new(),
        }
    }

    fn all(&mut self, words: &Documentation) -> Result<(), FileError> {
        let file = self.file;
        let root = SourcePointer::root(file);
        if !words.module.trim().is_empty() {
            self.put("/info", "description", &words.module);
        }
        let at = root.key("schemas");
        for (name, schema) in &words.schemas {
            let at = at.key(name);
            let pointer = schema_pointer(name);
            if self.document.pointer(&pointer).is_none() {
                return Err(at.error(
                    "the interface has no such schema",
                    "take the name from the module's file that `cargo xtask export` writes",
                ));
            }
            if !schema.description.trim().is_empty() {
                self.put(&pointer, "description", &schema.description);
            }
            let fields = at.key("fields");
            for (path, text) in &schema.fields {
                self.field(&pointer, path, text, &fields.key(path))?;
            }
        }
        let at = root.key("operations");
        for (name, operation) in &words.operations {
            self.operation(name, operation, &at.key(name))?;
        }
        let (parameters, fields) = self.defaults(words);
        for (kind, all, hit) in [
            ("parameters", &words.parameters, parameters),
            ("fields", &words.fields, fields),
        ] {
            if let Some(name) = all.keys().find(|name| !hit.contains(*name)) {
                return Err(root.key(kind).key(name).error(
                    "hits nothing that has no words of its own",
                    "correct the name, or delete the line",
                ));
            }
        }
        Ok(())
    }

    fn operation(
        &mut self,
        name: &str,
        words: &OfOperation,
        at: &SourcePointer<'_>,
    ) -> Result<(), FileError> {
        let pointer = name.split_once(' ').and_then(|(method, path)| {
            let method = method.to_ascii_lowercase();
            METHODS
                .contains(&method.as_str())
                .then(|| format!("/paths/{}/{method}", escape_token(path)))
        });
        let Some(pointer) = pointer.filter(|pointer| self.document.pointer(pointer).is_some())
        else {
            return Err(at.error(
                "the interface has no such operation",
                "write the method and the path as the interface has them: `GET /contacts/{contactId}`",
            ));
        };
        self.put(&pointer, "summary", words.summary.trim());
        if !words.description.trim().is_empty() {
            self.put(&pointer, "description", &words.description);
        }
        let parameters = at.key("parameters");
        for (name, text) in &words.parameters {
            let index = self
                .document
                .pointer(&format!("{pointer}/parameters"))
                .and_then(Value::as_array)
                .and_then(|all| {
                    all.iter().position(|parameter| {
                        parameter.get("name").and_then(Value::as_str) == Some(name)
                    })
                });
            let Some(index) = index else {
                return Err(parameters.key(name).error(
                    "the operation has no such parameter",
                    "correct the name, or delete the line",
                ));
            };
            self.put(
                &format!("{pointer}/parameters/{index}"),
                "description",
                text,
            );
        }
        if words.body.is_empty() {
            return Ok(());
        }
        let content = format!("{pointer}/requestBody/content");
        let bodies: Vec<String> = self
            .document
            .pointer(&content)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|content| content.keys())
            .map(|kind| format!("{content}/{}/schema", escape_token(kind)))
            .collect();
        let at = at.key("body");
        if bodies.is_empty() {
            return Err(at.error("the operation takes no body", "delete `body`"));
        }
        for (path, text) in &words.body {
            for body in &bodies {
                self.field(body, path, text, &at.key(path))?;
            }
        }
        Ok(())
    }

    /// Gives words to the field at `path` below a schema, in all variants of it.
    fn field(
        &mut self,
        schema: &str,
        path: &str,
        text: &str,
        at: &SourcePointer<'_>,
    ) -> Result<(), FileError> {
        let mut places = vec![schema.to_owned()];
        for name in path.split('.') {
            let mut found = BTreeSet::new();
            for place in &places {
                fields(self.document, place, 0, &mut |other, pointer| {
                    if other == name {
                        found.insert(pointer.to_owned());
                    }
                });
            }
            places = found.into_iter().collect();
        }
        if places.is_empty() {
            return Err(at.error(
                "there is no such field",
                "correct the name, or delete the line; dots lead into objects and the items of lists",
            ));
        }
        for place in places {
            match self.said.get(&place) {
                Some(other) if other != text => {
                    return Err(at.error(
                        "other words stand for the same field elsewhere in the file",
                        "say it once, under the name of the schema in `schemas`",
                    ));
                }
                Some(_) => {}
                None => {
                    self.put(&place, "description", text);
                    self.said.insert(place, text.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Gives words to the parameters and fields that have none, by their names. Returns the names that were met.
    fn defaults<'w>(
        &mut self,
        words: &'w Documentation,
    ) -> (BTreeSet<&'w String>, BTreeSet<&'w String>) {
        let (mut parameters, mut fields) = (BTreeSet::new(), BTreeSet::new());
        for item in objects_in(self.document.get_mut("paths")) {
            for operation in objects_in(Some(item)) {
                let Some(all) = operation
                    .get_mut("parameters")
                    .and_then(Value::as_array_mut)
                else {
                    continue;
                };
                for parameter in all {
                    let name = parameter.get("name").and_then(Value::as_str);
                    let entry = name.and_then(|name| words.parameters.get_key_value(name));
                    if let Some((name, text)) = entry
                        && say(parameter, "description", text)
                    {
                        parameters.insert(name);
                    }
                }
            }
        }
        every_field(self.document, false, 0, &mut |name, schema| {
            if let Some((name, text)) = words.fields.get_key_value(name)
                && say(schema, "description", text)
            {
                fields.insert(name);
            }
        });
        (parameters, fields)
    }

    fn put(&mut self, pointer: &str, key: &str, text: &str) {
        if let Some(Value::Object(map)) = self.document.pointer_mut(pointer) {
            map.insert(key.to_owned(), Value::from(text.trim_end()));
        }
    }
}

/// Writes a text where there is none. Tells whether it did.
fn say(node: &mut Value, key: &str, text: &str) -> bool {
    match node {
        Value::Object(map) if !map.contains_key(key) => {
            map.insert(key.to_owned(), Value::from(text.trim_end()));
            true
        }
        _ => false,
    }
}

fn objects_in(node: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    node.and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|map| map.values_mut())
        .filter(|value| value.is_object())
}

/// Calls `found` with name and pointer of each field of the schema at `pointer`: through references, composites, the items of
/// lists and the values of tables.
fn fields(document: &Value, pointer: &str, depth: usize, found: &mut impl FnMut(&str, &str)) {
    let Some(schema) = document.pointer(pointer).filter(|_| depth < DEPTH) else {
        return;
    };
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if let Some(target) = reference.strip_prefix('#') {
            fields(document, target, depth + 1, found);
        }
        return;
    }
    for key in COMPOSITES {
        let parts = schema
            .get(key)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        for index in 0..parts {
            fields(
                document,
                &format!("{pointer}/{key}/{index}"),
                depth + 1,
                found,
            );
        }
    }
    for name in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|properties| properties.keys())
    {
        found(
            name,
            &format!("{pointer}/properties/{}", escape_token(name)),
        );
    }
    for key in ["items", "additionalProperties"] {
        if schema.get(key).is_some_and(Value::is_object) {
            fields(document, &format!("{pointer}/{key}"), depth + 1, found);
        }
    }
}

/// Calls `found` with each field of each schema, wherever it stands. `named`: the keys of this object are names of the
/// platform's, not words of OpenAPI.
fn every_field(
    node: &mut Value,
    named: bool,
    depth: usize,
    found: &mut impl FnMut(&str, &mut Value),
) {
    // Deeper than any schema that the passes let through.
    if depth > 512 {
        return;
    }
    match node {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                let fields = !named && key == "properties";
                if fields && let Value::Object(properties) = inner {
                    for (name, schema) in properties.iter_mut() {
                        if schema.is_object() {
                            found(name, schema);
                        }
                    }
                }
                let names = fields
                    || (!named
                        && matches!(key.as_str(), "schemas" | "paths" | "content" | "responses"));
                if named || !matches!(key.as_str(), "enum" | "default" | "example" | "required") {
                    every_field(inner, names, depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                every_field(item, false, depth + 1, found);
            }
        }
        _ => {}
    }
}
