//! Reduces a downloaded file to interface facts: paths, methods, parameters, schemas, types, enums,
//! security. Prose, examples, titles and extensions are removed, external schemas are included, the
//! order becomes canonical.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::example_types;
use super::external_refs::redacted_reference;
use super::openapi31;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, DEPTH_LIMIT, Object, copy};
use crate::openapi::{COMPOSITES, METHODS, SCHEMAS, component};

const FETCH_AGAIN: &str = "fetch the file again, or from another source";

/// Reduces a downloaded interface file to the canonical bytes of `specs/<module>/openapi.json`.
///
/// `file` names the file in errors. `external` has the bytes of each file that it refers to, by the
/// path in the `$ref`. Stripping is idempotent.
pub fn strip(
    file: &str,
    bytes: &[u8],
    external: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<u8>, FileError> {
    let (document, external) = read(file, bytes, external)?;
    strip_document(file, &document, &external)
}

/// An interface file and the files that it refers to, parsed and converted to OpenAPI 3.0.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    external: &BTreeMap<String, Vec<u8>>,
) -> Result<(Value, ExternalFiles), FileError> {
    let mut document = json::parse(file, bytes)?;
    openapi31::check_version(&document, &SourcePointer::root(file))?;
    let newer = openapi31::is_newer(&document);
    if newer {
        openapi31::convert(&mut document);
    }
    example_types::correct_document(&mut document);
    let external = external.iter().map(|(path, bytes)| {
        let mut document = json::parse(path, bytes)?;
        // A file of schemas only may lack a version. The one of the interface file applies.
        if openapi31::is_newer(&document) || newer && document.get("openapi").is_none() {
            openapi31::convert(&mut document);
        }
        example_types::correct_document(&mut document);
        Ok((path.clone(), document))
    });
    Ok((document, external.collect::<Result<_, FileError>>()?))
}

/// Reduces a document that [`read`] returned.
pub(super) fn strip_document(
    file: &str,
    document: &Value,
    external: &ExternalFiles,
) -> Result<Vec<u8>, FileError> {
    let at = SourcePointer::root(file);
    let root = json::object(document, &at, "the document")?;
    let mut stripper = Stripper::new(file, external);
    let mut out = Object::new();
    copy(root, &mut out, &["openapi"]);
    let servers: Vec<Value> = json::items(root, "servers")
        .filter_map(|server| server.get("url").and_then(Value::as_str))
        .map(|url| serde_json::json!({ "url": url }))
        .collect();
    if !servers.is_empty() {
        out.insert("servers".into(), servers.into());
    }
    copy(root, &mut out, &["security"]);

    let paths_at = at.key("paths");
    let Some(paths) = root.get("paths") else {
        return Err(at.error("the document has no `paths`", FETCH_AGAIN));
    };
    let kept = stripper.map_extensible(paths, &paths_at, "`paths`", Stripper::path_item)?;
    let version = root
        .get("info")
        .and_then(|info| info.get("version"))
        .and_then(Value::as_str);
    out.insert(
        "info".into(),
        serde_json::json!({ "title": title(&kept), "version": version.unwrap_or("1.0") }),
    );
    out.insert("paths".into(), kept.into());
    let components = stripper.components(root.get("components"), &at.key("components"))?;
    if !components.is_empty() {
        out.insert("components".into(), components.into());
    }
    Ok(json::to_bytes(out.into()))
}

/// The title, which OpenAPI requires: the first folders of the paths. The title of the file is
/// prose.
fn title(paths: &Object) -> String {
    let mut folders: Vec<&str> = paths
        .keys()
        .filter_map(|path| path.split('/').nth(1))
        .filter(|part| !part.is_empty())
        .collect();
    folders.sort_unstable();
    folders.dedup();
    if folders.is_empty() {
        "api".to_owned()
    } else {
        folders.join("+")
    }
}

/// The files that an interface file refers to, by the path in the reference.
pub(super) type ExternalFiles = BTreeMap<String, Value>;

/// A schema in an external file: the file, and the name of the schema.
type ExternalSchema = (String, String);

/// Strips a value at a place in a document.
type Strip<'a> = fn(&mut Stripper<'a>, &Value, &SourcePointer<'_>) -> Result<Value, FileError>;

struct Stripper<'a> {
    file: &'a str,
    external: &'a ExternalFiles,
    /// External schemas that are referred to.
    referenced: BTreeSet<ExternalSchema>,
    /// Those that are not included yet.
    queue: VecDeque<ExternalSchema>,
    /// The external file of the current schema.
    current: Option<String>,
}

impl<'a> Stripper<'a> {
    fn new(file: &'a str, external: &'a ExternalFiles) -> Self {
        Self {
            file,
            external,
            referenced: BTreeSet::new(),
            queue: VecDeque::new(),
            current: None,
        }
    }

    fn path_item(&mut self, item: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let item = json::object(item, at, "the path item")?;
        if item.contains_key("$ref") {
            return Err(at
                .key("$ref")
                .error("references to path items are not supported", FETCH_AGAIN));
        }
        let mut out = Object::new();
        self.strip_key(item, &mut out, "parameters", at, Self::parameters)?;
        for method in METHODS {
            self.strip_key(item, &mut out, method, at, Self::operation)?;
        }
        Ok(out.into())
    }

    fn operation(&mut self, operation: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let operation = json::object(operation, at, "the operation")?;
        let mut out = Object::new();
        copy(operation, &mut out, &["operationId", "security"]);
        let tags = json::texts(operation, "tags").filter(|tag| is_name(tag));
        let tags: Vec<Value> = tags.map(Value::from).collect();
        if !tags.is_empty() {
            out.insert("tags".into(), tags.into());
        }
        if json::flag(operation, "deprecated") {
            out.insert("deprecated".into(), true.into());
        }
        if let Some(parameters) = operation.get("parameters") {
            let parameters = self.parameters(parameters, &at.key("parameters"))?;
            if parameters.as_array().is_some_and(|all| !all.is_empty()) {
                out.insert("parameters".into(), parameters);
            }
        }
        self.strip_key(operation, &mut out, "requestBody", at, Self::body)?;
        let responses = match operation.get("responses") {
            Some(responses) => {
                let at = at.key("responses");
                self.map_extensible(responses, &at, "`responses`", Self::response)?
            }
            None => Object::new(),
        };
        out.insert("responses".into(), responses.into());
        Ok(out.into())
    }

    fn parameters(
        &mut self,
        parameters: &Value,
        at: &SourcePointer<'_>,
    ) -> Result<Value, FileError> {
        let mut out = self.map_items(parameters, at, "`parameters`", Self::parameter)?;
        let key = |parameter: &Value| {
            let part = |key| {
                parameter
                    .get(key)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            (part("in"), part("name"), part("$ref"))
        };
        out.sort_by_key(key);
        Ok(out.into())
    }

    fn parameter(&mut self, parameter: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let parameter = json::object(parameter, at, "the parameter")?;
        if let Some(reference) = self.local_reference(parameter, at)? {
            return Ok(reference);
        }
        let mut out = Object::new();
        copy(
            parameter,
            &mut out,
            &[
                "name",
                "in",
                "style",
                "explode",
                "allowReserved",
                "allowEmptyValue",
            ],
        );
        for key in ["name", "in"] {
            if json::text(&out, key).is_none() {
                return Err(at.error(format!("a parameter without `{key}`"), FETCH_AGAIN));
            }
        }
        for key in ["required", "deprecated"] {
            if json::flag(parameter, key) {
                out.insert(key.to_owned(), true.into());
            }
        }
        self.strip_key(parameter, &mut out, "schema", at, Self::schema)?;
        // Some files of the platform have a composite next to `schema` instead of in it.
        for key in ["oneOf", "anyOf", "allOf"] {
            if let Some(parts @ Value::Array(_)) = parameter.get(key) {
                let parts = self.map_items(parts, &at.key(key), key, Self::schema)?;
                out.insert(key.to_owned(), parts.into());
            }
        }
        self.strip_key(parameter, &mut out, "content", at, Self::content)?;
        Ok(out.into())
    }

    fn body(&mut self, body: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let body = json::object(body, at, "the request body")?;
        if let Some(reference) = self.local_reference(body, at)? {
            return Ok(reference);
        }
        let mut out = Object::new();
        if json::flag(body, "required") {
            out.insert("required".into(), true.into());
        }
        let content = match body.get("content") {
            Some(content) => self.content(content, &at.key("content"))?,
            None => Object::new().into(),
        };
        out.insert("content".into(), content);
        Ok(out.into())
    }

    fn response(&mut self, response: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let response = json::object(response, at, "the response")?;
        if let Some(reference) = self.local_reference(response, at)? {
            return Ok(reference);
        }
        let mut out = Object::new();
        self.strip_key(response, &mut out, "content", at, Self::content)?;
        if let Some(headers) = response.get("headers") {
            let at = at.key("headers");
            let headers = self.map_entries(headers, &at, "`headers`", Self::header)?;
            out.insert("headers".into(), headers.into());
        }
        Ok(out.into())
    }

    fn header(&mut self, header: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let header = json::object(header, at, "the header")?;
        let mut out = Object::new();
        self.strip_key(header, &mut out, "schema", at, Self::schema)?;
        Ok(out.into())
    }

    fn content(&mut self, content: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let content = self.map_entries(content, at, "`content`", Self::media_type)?;
        Ok(content.into())
    }

    fn media_type(&mut self, media: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        let media = json::object(media, at, "the media type")?;
        let mut out = Object::new();
        self.strip_key(media, &mut out, "schema", at, Self::schema)?;
        copy(media, &mut out, &["encoding"]);
        Ok(out.into())
    }

    fn schema(&mut self, schema: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
        if at.depth() > DEPTH_LIMIT {
            return Err(at.error(
                format!("nested deeper than {DEPTH_LIMIT} levels"),
                FETCH_AGAIN,
            ));
        }
        let schema = match schema {
            Value::Bool(true) => return Ok(Object::new().into()),
            other => json::object(other, at, "the schema")?,
        };
        let mut out = Object::new();
        if let Some(reference) = schema.get("$ref") {
            let reference = self.reference(reference, &at.key("$ref"))?;
            out.insert("$ref".into(), reference.into());
            // OpenAPI 3.0 ignores the siblings of a reference.
            return Ok(out.into());
        }
        copy(
            schema,
            &mut out,
            &[
                "type",
                "format",
                "enum",
                "default",
                "required",
                "nullable",
                "readOnly",
                "writeOnly",
                "deprecated",
                "pattern",
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "minLength",
                "maxLength",
                "minItems",
                "maxItems",
                "uniqueItems",
                "multipleOf",
                "minProperties",
                "maxProperties",
                "discriminator",
            ],
        );
        if let Some(Value::Array(required)) = out.get_mut("required")
            && required.iter().all(Value::is_string)
        {
            required.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
        for key in ["deprecated", "nullable", "readOnly", "writeOnly"] {
            if out.get(key) == Some(&Value::Bool(false)) {
                out.remove(key);
            }
        }
        if let Some(properties) = schema.get("properties") {
            let at = at.key("properties");
            let properties = self.map_entries(properties, &at, "`properties`", Self::schema)?;
            out.insert("properties".into(), properties.into());
        }
        for key in ["items", "additionalProperties", "not"] {
            match schema.get(key) {
                Some(Value::Bool(allowed)) if key == "additionalProperties" => {
                    out.insert(key.to_owned(), (*allowed).into());
                }
                _ => self.strip_key(schema, &mut out, key, at, Self::schema)?,
            }
        }
        for key in COMPOSITES {
            if let Some(parts) = schema.get(key) {
                let name = format!("`{key}`");
                let parts = self.map_items(parts, &at.key(key), &name, Self::schema)?;
                out.insert(key.to_owned(), parts.into());
            }
        }
        Ok(out.into())
    }

    /// A `$ref` to a component other than a schema, which must be in the same file.
    fn local_reference(
        &self,
        map: &Object,
        at: &SourcePointer<'_>,
    ) -> Result<Option<Value>, FileError> {
        match map.get("$ref") {
            None => Ok(None),
            Some(Value::String(target)) if target.starts_with("#/components/") => {
                Ok(Some(serde_json::json!({ "$ref": target })))
            }
            Some(target) => Err(at.key("$ref").error(
                format!(
                    "{} is not a component of this file",
                    redacted_reference(&target.to_string())
                ),
                FETCH_AGAIN,
            )),
        }
    }

    /// The target of a schema reference after all external schemas are included.
    fn reference(
        &mut self,
        reference: &Value,
        at: &SourcePointer<'_>,
    ) -> Result<String, FileError> {
        let Some(reference) = reference.as_str() else {
            return Err(at.error(
                format!("`$ref` is {}, not a string", json::kind(reference)),
                FETCH_AGAIN,
            ));
        };
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let name = pointer
            .strip_prefix("/components/schemas/")
            .filter(|name| !name.is_empty() && !name.contains('/'));
        let Some(name) = name else {
            return Err(at.error(
                format!(
                    "`{}` is not a reference to a schema component",
                    redacted_reference(reference)
                ),
                FETCH_AGAIN,
            ));
        };
        // A reference without a file leads to the current file.
        let file = if file.is_empty() {
            self.current.clone()
        } else {
            Some(file.to_owned())
        };
        if let Some(file) = file {
            let Some(document) = self.external.get(file.as_str()) else {
                return Err(at.error(
                    format!(
                        "refers to `{}`, which was not fetched",
                        redacted_reference(&file)
                    ),
                    "fetch it from beside the interface file",
                ));
            };
            if component(document, name).is_none() {
                return Err(at.error(
                    format!("there is no schema `{name}` in `{file}`"),
                    "fetch both files again, from one source",
                ));
            }
            let external = (file, name.to_owned());
            if self.referenced.insert(external.clone()) {
                self.queue.push_back(external);
            }
        }
        Ok(format!("{SCHEMAS}{name}"))
    }

    fn components(
        &mut self,
        components: Option<&Value>,
        at: &SourcePointer<'_>,
    ) -> Result<Object, FileError> {
        let empty = Object::new();
        let components = match components {
            Some(components) => json::object(components, at, "`components`")?,
            None => &empty,
        };
        let mut out = Object::new();
        let sections: [(&str, Strip<'a>); 4] = [
            ("parameters", Self::parameter),
            ("requestBodies", Self::body),
            ("responses", Self::response),
            ("schemas", Self::schema),
        ];
        for (key, strip) in sections {
            let Some(section) = components.get(key) else {
                continue;
            };
            let kept = self.map_entries(section, &at.key(key), "the section", strip)?;
            if !kept.is_empty() {
                out.insert(key.to_owned(), kept.into());
            }
        }
        if let Some(schemes) = components.get("securitySchemes") {
            let at = at.key("securitySchemes");
            let strip: Strip<'a> = |_, scheme, at| security_scheme(scheme, at);
            let schemes = self.map_entries(schemes, &at, "`securitySchemes`", strip)?;
            out.insert("securitySchemes".into(), schemes.into());
        }
        self.include_external(&mut out)?;
        Ok(out)
    }

    /// Includes the external schemas that are referred to, and those to which they refer.
    fn include_external(&mut self, components: &mut Object) -> Result<(), FileError> {
        let mut schemas = match components.remove("schemas") {
            Some(Value::Object(schemas)) => schemas,
            _ => Object::new(),
        };
        while let Some((file, name)) = self.queue.pop_front() {
            let at = SourcePointer::root(&file);
            let components_at = at.key("components");
            let schemas_at = components_at.key("schemas");
            let document = self.external.get(file.as_str());
            let Some(schema) = document.and_then(|document| component(document, &name)) else {
                continue;
            };
            self.current = Some(file.clone());
            let schema = self.schema(schema, &schemas_at.key(&name))?;
            self.current = None;
            match schemas.get(&name) {
                Some(other) if *other != schema => {
                    return Err(schemas_at.key(&name).error(
                        format!("{} has another schema of the name `{name}`", self.file),
                        "rename one of them; two schemas cannot share a name",
                    ));
                }
                _ => schemas.insert(name, schema),
            };
        }
        if !schemas.is_empty() {
            components.insert("schemas".into(), schemas.into());
        }
        Ok(())
    }
    /// Strips the value of a key, if there is one.
    fn strip_key(
        &mut self,
        from: &Object,
        to: &mut Object,
        key: &str,
        at: &SourcePointer<'_>,
        strip: Strip<'a>,
    ) -> Result<(), FileError> {
        if let Some(value) = from.get(key) {
            to.insert(key.to_owned(), strip(self, value, &at.key(key))?);
        }
        Ok(())
    }

    /// Strips the values of an object.
    fn map_entries(
        &mut self,
        value: &Value,
        at: &SourcePointer<'_>,
        what: &str,
        strip: Strip<'a>,
    ) -> Result<Object, FileError> {
        let entries = json::object(value, at, what)?.iter();
        entries
            .map(|(key, value)| Ok((key.clone(), strip(self, value, &at.key(key))?)))
            .collect()
    }

    /// Strips the values of an object that may have extensions, which are removed.
    fn map_extensible(
        &mut self,
        value: &Value,
        at: &SourcePointer<'_>,
        what: &str,
        strip: Strip<'a>,
    ) -> Result<Object, FileError> {
        let mut facts = json::object(value, at, what)?.clone();
        facts.retain(|key, _| !key.starts_with("x-"));
        self.map_entries(&facts.into(), at, what, strip)
    }

    /// Strips the items of an array.
    fn map_items(
        &mut self,
        value: &Value,
        at: &SourcePointer<'_>,
        what: &str,
        strip: Strip<'a>,
    ) -> Result<Vec<Value>, FileError> {
        let items = json::array(value, at, what, FETCH_AGAIN)?.iter();
        items
            .enumerate()
            .map(|(index, item)| strip(self, item, &at.index(index)))
            .collect()
    }
}

fn security_scheme(scheme: &Value, at: &SourcePointer<'_>) -> Result<Value, FileError> {
    let scheme = json::object(scheme, at, "the security scheme")?;
    let mut out = Object::new();
    let keys: &[&str] = match json::text(scheme, "type") {
        Some("http") => &["type", "scheme", "bearerFormat"],
        Some("apiKey") => &["type", "name", "in"],
        Some("openIdConnect") => &["type", "openIdConnectUrl"],
        Some("oauth2") => &["type"],
        _ => return Err(at.error("a security scheme of unknown type", FETCH_AGAIN)),
    };
    copy(scheme, &mut out, keys);
    if json::text(scheme, "type") == Some("oauth2") {
        let mut flows = Object::new();
        for (name, flow) in json::entries(scheme, "flows") {
            let flow_at = at.key("flows");
            let flow = json::object(flow, &flow_at.key(name), "the flow")?;
            let mut kept = Object::new();
            copy(
                flow,
                &mut kept,
                &["authorizationUrl", "tokenUrl", "refreshUrl"],
            );
            let scopes: Object = json::entries(flow, "scopes")
                .map(|(scope, _)| (scope.clone(), "".into()))
                .collect();
            kept.insert("scopes".into(), scopes.into());
            flows.insert(name.clone(), kept.into());
        }
        out.insert("flows".into(), flows.into());
    }
    Ok(out.into())
}

/// Whether a tag is a name, in contrast to prose.
fn is_name(tag: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || " -_&:|().,/".contains(c);
    tag.len() <= 60 && !tag.trim().is_empty() && tag.chars().all(is_word)
}
