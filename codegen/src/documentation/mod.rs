//! Stage: adds the texts of `specs/<module>/documentation.yaml` to a copy of the document.
//! Belongs here: the format of documentation files, and the search for the items of their keys.
//! May depend on the leaf modules only.
//!
//! The format is shorter than OpenAPI Overlay, which needs four lines for the description of a
//! parameter, and there are thousands. Keys that match no item are skipped and listed.
//! `specs/documentation.yaml` has texts for all modules; its keys may match nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::attention::{Attention, Edit};
use crate::error::escape_token;
use crate::error::{FileError, SourcePointer};
use crate::openapi::{COMPOSITES, METHODS, reply_schemas, request_schemas, schema_pointer};

/// A file and its content.
#[derive(Clone, Copy, Debug)]
pub struct SourceText<'a> {
    /// The file, as errors name it.
    pub file: &'a str,
    /// The content.
    pub text: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Documentation {
    module: String,
    operations: BTreeMap<String, OperationTexts>,
    /// Texts of parameters that their operation does not describe.
    parameters: BTreeMap<String, String>,
    /// Texts of the fields of requests that nothing else describes.
    fields: BTreeMap<String, String>,
    schemas: BTreeMap<String, SchemaTexts>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OperationTexts {
    summary: String,
    description: String,
    parameters: BTreeMap<String, String>,
    /// Fields of the body, by path.
    body: BTreeMap<String, String>,
    /// Fields of replies, by path.
    reply: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SchemaTexts {
    description: String,
    fields: BTreeMap<String, String>,
}

/// Fields below this number of nested schemas are not found.
const DEPTH_LIMIT: usize = 24;

/// Names of fields that mean something else in each type.
const AMBIGUOUS: [&str; 28] = [
    "_id",
    "action",
    "body",
    "categories",
    "category",
    "code",
    "content",
    "data",
    "date",
    "description",
    "id",
    "items",
    "key",
    "label",
    "message",
    "name",
    "notes",
    "order",
    "position",
    "source",
    "status",
    "text",
    "title",
    "type",
    "url",
    "value",
    "values",
    "version",
];

const FORM: &str = "write `module`, `operations`, `parameters`, `fields` and `schemas`, as the files of other modules do";

/// Where the text of a field is written.
pub(crate) struct TextSource {
    pub(crate) file: String,
    /// JSON pointer into that file.
    pub(crate) pointer: String,
    /// Whether it describes no field of the same name in another type.
    pub(crate) is_of_one_field: bool,
}

/// Where the texts of fields are written.
#[derive(Default)]
pub(crate) struct TextSources {
    /// By the JSON pointer of the field in the document, with the text.
    fields: BTreeMap<String, (String, TextSource)>,
    /// The texts of all fields of a name, by name and text.
    defaults: BTreeMap<(String, String), TextSource>,
}

impl TextSources {
    /// Where the text of a field at one of these JSON pointers is written. Types that are merged take
    /// a text from any of their schemas.
    pub(crate) fn find(&self, pointers: &[String], name: &str, text: &str) -> Option<&TextSource> {
        let end = format!("/properties/{}", escape_token(name));
        let own = pointers
            .iter()
            .filter_map(|one| self.fields.get_key_value(one));
        let others = self.fields.iter().filter(|(one, _)| one.ends_with(&end));
        let mut all = own
            .chain(others)
            .map(|(_, (written, source))| (written, source));
        let found = all.find(|(written, _)| written.as_str() == text);
        let default = || self.defaults.get(&(name.to_owned(), text.to_owned()));
        found.map(|(_, source)| source).or_else(default)
    }

    fn add_defaults(&mut self, documentation: &Documentation, file: &str) {
        for (name, text) in &documentation.fields {
            let key = (name.clone(), text.trim_end().to_owned());
            self.defaults.entry(key).or_insert_with(|| TextSource {
                file: file.to_owned(),
                pointer: SourcePointer::root(file).key("fields").key(name).pointer(),
                is_of_one_field: false,
            });
        }
    }
}

/// Adds a module's texts to its effective document, then the texts for all modules. Texts without
/// an item are added to `attention`. Returns where the texts of fields are written.
pub(crate) fn apply(
    document: &mut Value,
    own: Option<SourceText<'_>>,
    common: Option<SourceText<'_>>,
    attention: &mut Vec<Attention>,
) -> Result<TextSources, FileError> {
    let mut sources = TextSources::default();
    if let Some(text) = own {
        let documentation = read(text)?;
        documentation.check(&SourcePointer::root(text.file))?;
        let mut writer = Writer::new(document, text.file);
        writer.all(&documentation);
        attention.append(&mut writer.attention);
        sources.fields = writer.written;
        sources.add_defaults(&documentation, text.file);
    }
    if let Some(text) = common {
        let documentation = read(text)?;
        let at = SourcePointer::root(text.file);
        documentation.check(&at)?;
        if !(documentation.module.is_empty()
            && documentation.operations.is_empty()
            && documentation.schemas.is_empty())
        {
            return Err(at.error(
                "only `parameters` and `fields` can apply to all modules",
                "move the rest to the file of its module",
            ));
        }
        Writer::new(document, text.file).defaults(&documentation);
        sources.add_defaults(&documentation, text.file);
    }
    Ok(sources)
}

fn read(text: SourceText<'_>) -> Result<Documentation, FileError> {
    serde_saphyr::from_str(text.text).map_err(|error| {
        let message = error.to_string();
        let line = message.lines().next().unwrap_or_default();
        SourcePointer::root(text.file).error(format!("not a documentation file: {line}"), FORM)
    })
}

impl Documentation {
    /// Rejects keys without text, which would count as documentation.
    fn check(&self, at: &SourcePointer<'_>) -> Result<(), FileError> {
        let full = |at: &SourcePointer<'_>, texts: &BTreeMap<String, String>| {
            let empty = texts.iter().find(|(_, text)| text.trim().is_empty());
            let remedy = "write what it means, or remove the key";
            empty.map_or(Ok(()), |(name, _)| {
                Err(at.key(name).error("has no text", remedy))
            })
        };
        full(&at.key("parameters"), &self.parameters)?;
        full(&at.key("fields"), &self.fields)?;
        if let Some(name) = self
            .fields
            .keys()
            .find(|name| AMBIGUOUS.contains(&name.as_str()))
        {
            return Err(at.key("fields").key(name).error(
                "differs in meaning from type to type",
                "move the text to `schemas`, under the name of each schema that it describes",
            ));
        }
        let operations = at.key("operations");
        for (name, operation) in &self.operations {
            let at = operations.key(name);
            if operation.summary.trim().is_empty() || operation.summary.trim().contains('\n') {
                return Err(at.key("summary").error(
                    "is not a sentence on one line",
                    "describe the operation in one sentence",
                ));
            }
            full(&at.key("parameters"), &operation.parameters)?;
            full(&at.key("body"), &operation.body)?;
            full(&at.key("reply"), &operation.reply)?;
        }
        let schemas = at.key("schemas");
        for (name, schema) in &self.schemas {
            full(&schemas.key(name).key("fields"), &schema.fields)?;
        }
        Ok(())
    }
}

struct Writer<'a> {
    document: &'a mut Value,
    file: &'a str,
    /// The texts of fields that this file has set, by pointer.
    written: BTreeMap<String, (String, TextSource)>,
    attention: Vec<Attention>,
}

impl<'a> Writer<'a> {
    fn new(document: &'a mut Value, file: &'a str) -> Self {
        Writer {
            document,
            file,
            written: BTreeMap::new(),
            attention: Vec::new(),
        }
    }

    fn skip(&mut self, error: FileError) {
        let edit = Some(Edit::RemoveText(error.pointer.clone()));
        self.attention
            .push(Attention::new(error, "the text was skipped", edit));
    }

    fn all(&mut self, documentation: &Documentation) {
        let file = self.file;
        let root = SourcePointer::root(file);
        if !documentation.module.trim().is_empty() {
            self.put("/info", "description", &documentation.module);
        }
        let at = root.key("schemas");
        for (name, schema) in &documentation.schemas {
            let at = at.key(name);
            let pointer = schema_pointer(name);
            if self.document.pointer(&pointer).is_none() {
                self.skip(at.error(
                    "the interface has no such schema",
                    "use a name from the file that `cargo xtask export` writes",
                ));
                continue;
            }
            if !schema.description.trim().is_empty() {
                self.put(&pointer, "description", &schema.description);
            }
            let fields = at.key("fields");
            for (path, text) in &schema.fields {
                self.field(&pointer, path, text, &fields.key(path));
            }
        }
        let at = root.key("operations");
        for (name, operation) in &documentation.operations {
            self.operation(name, operation, &at.key(name));
        }
        let (parameters, fields) = self.defaults(documentation);
        for (kind, all, hit) in [
            ("parameters", &documentation.parameters, parameters),
            ("fields", &documentation.fields, fields),
        ] {
            for name in all.keys().filter(|name| !hit.contains(*name)) {
                self.skip(root.key(kind).key(name).error(
                    "matches nothing without a text of its own",
                    "correct the name, or delete the line",
                ));
            }
        }
    }

    fn operation(&mut self, name: &str, documentation: &OperationTexts, at: &SourcePointer<'_>) {
        let pointer = name.split_once(' ').and_then(|(method, path)| {
            let method = method.to_ascii_lowercase();
            METHODS
                .contains(&method.as_str())
                .then(|| format!("/paths/{}/{method}", escape_token(path)))
        });
        let Some(pointer) = pointer.filter(|pointer| self.document.pointer(pointer).is_some())
        else {
            return self.skip(at.error(
                "the interface has no such operation",
                "write the method and the path as the interface has them: `GET /contacts/{contactId}`",
            ));
        };
        self.put(&pointer, "summary", documentation.summary.trim());
        if !documentation.description.trim().is_empty() {
            self.put(&pointer, "description", &documentation.description);
        }
        let parameters = at.key("parameters");
        for (name, text) in &documentation.parameters {
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
                self.skip(parameters.key(name).error(
                    "the operation has no such parameter",
                    "correct the name, or delete the line",
                ));
                continue;
            };
            self.put(
                &format!("{pointer}/parameters/{index}"),
                "description",
                text,
            );
        }
        let bodies = self.contents(&format!("{pointer}/requestBody"));
        let absent = ("the operation takes no body", "delete `body`");
        self.content_fields(&bodies, &documentation.body, &at.key("body"), absent);
        let replies: Vec<String> = self
            .document
            .pointer(&format!("{pointer}/responses"))
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|responses| responses.keys())
            .filter(|status| status.starts_with('2'))
            .flat_map(|status| self.contents(&format!("{pointer}/responses/{status}")))
            .collect();
        let absent = ("the operation returns no content", "delete `reply`");
        self.content_fields(&replies, &documentation.reply, &at.key("reply"), absent);
    }

    /// The pointers of the schemas of a request body or reply, one for each media type.
    fn contents(&self, pointer: &str) -> Vec<String> {
        let content = format!("{pointer}/content");
        self.document
            .pointer(&content)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|content| content.keys())
            .map(|kind| format!("{content}/{}/schema", escape_token(kind)))
            .collect()
    }

    fn content_fields(
        &mut self,
        schemas: &[String],
        texts: &BTreeMap<String, String>,
        at: &SourcePointer<'_>,
        absent: (&'static str, &'static str),
    ) {
        if schemas.is_empty() && !texts.is_empty() {
            let (problem, remedy) = absent;
            return self.skip(at.error(problem, remedy));
        }
        for (path, text) in texts {
            for schema in schemas {
                self.field(schema, path, text, &at.key(path));
            }
        }
    }

    /// Sets the text of the field at `path` below a schema, in all its variants. `.` is the schema
    /// itself, and `[]` at the end means the items of a list or the values of a map.
    fn field(&mut self, schema: &str, path: &str, text: &str, at: &SourcePointer<'_>) {
        let mut pointers = vec![schema.to_owned()];
        let (names, is_item) = match path.strip_suffix("[]") {
            Some(names) => (names, true),
            None => (path, false),
        };
        for name in names.split('.').filter(|_| names != ".") {
            let mut found = BTreeSet::new();
            for pointer in &pointers {
                fields(self.document, pointer, 0, &mut |other, pointer| {
                    if other == name {
                        found.insert(pointer.to_owned());
                    }
                });
            }
            pointers = found.into_iter().collect();
        }
        if is_item {
            let items = pointers.iter().flat_map(|pointer| {
                ["items", "additionalProperties"].map(|key| format!("{pointer}/{key}"))
            });
            let is_inline = |pointer: &String| {
                let schema = self.document.pointer(pointer).and_then(Value::as_object);
                schema.is_some_and(|schema| !schema.contains_key("$ref"))
            };
            pointers = items.filter(is_inline).collect();
        }
        if pointers.is_empty() {
            return self.skip(at.error(
                "there is no such field",
                "correct the name, or delete the line; dots separate the names of nested fields",
            ));
        }
        for pointer in pointers {
            match self.written.get(&pointer) {
                Some((other, _)) if other != text.trim_end() => {
                    return self.skip(at.error(
                        "the file has another text for the same field",
                        "keep one text, under the name of the schema in `schemas`",
                    ));
                }
                Some(_) => {}
                None => {
                    self.put(&pointer, "description", text);
                    let source = TextSource {
                        file: self.file.to_owned(),
                        pointer: at.pointer(),
                        is_of_one_field: true,
                    };
                    let text = text.trim_end().to_owned();
                    self.written.insert(pointer, (text, source));
                }
            }
        }
    }

    /// Sets the texts of parameters and of fields of requests that have none, by name. Returns the
    /// names that matched. Replies are left out: the same name often means something else there.
    fn defaults<'w>(
        &mut self,
        documentation: &'w Documentation,
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
                    let entry = name.and_then(|name| documentation.parameters.get_key_value(name));
                    if let Some((name, text)) = entry
                        && put_missing(parameter, "description", text)
                    {
                        parameters.insert(name);
                    }
                }
            }
        }
        let mut describe = |name: &str, schema: &mut Value| {
            if let Some((name, text)) = documentation.fields.get_key_value(name)
                && put_missing(schema, "description", text)
            {
                fields.insert(name);
            }
        };
        let only_sent = &request_schemas(self.document) - &reply_schemas(self.document);
        for name in &only_sent {
            if let Some(schema) = self.document.pointer_mut(&schema_pointer(name)) {
                every_field(schema, false, 0, &mut describe);
            }
        }
        for item in objects_in(self.document.get_mut("paths")) {
            for operation in objects_in(Some(item)) {
                if let Some(body) = operation.get_mut("requestBody") {
                    every_field(body, false, 0, &mut describe);
                }
            }
        }
        (parameters, fields)
    }

    fn put(&mut self, pointer: &str, key: &str, text: &str) {
        if let Some(Value::Object(map)) = self.document.pointer_mut(pointer) {
            map.insert(key.to_owned(), Value::from(text.trim_end()));
        }
    }
}

/// Sets a text if there is none. Returns whether it was set.
fn put_missing(node: &mut Value, key: &str, text: &str) -> bool {
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

/// Calls `found` with name and pointer of each field of the schema at `pointer`, through
/// references, composites, items of lists and values of maps.
fn fields(document: &Value, pointer: &str, depth: usize, found: &mut impl FnMut(&str, &str)) {
    let Some(schema) = document.pointer(pointer).filter(|_| depth < DEPTH_LIMIT) else {
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

/// Calls `found` with each field of each schema in the document. `named`: the keys of this object
/// are names of the platform, not keywords of OpenAPI.
fn every_field(
    node: &mut Value,
    named: bool,
    depth: usize,
    found: &mut impl FnMut(&str, &mut Value),
) {
    // Deeper than any schema that the passes accept.
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
