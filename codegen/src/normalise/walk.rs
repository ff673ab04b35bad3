//! Traversal of documents for the passes, and the check that they can rely on its structure.

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::formats::FRACTION;
use crate::json::{self, DEPTH_LIMIT, Object};
use crate::openapi::{COMPOSITES, METHODS, SCHEMAS, template_names};

const REMEDY: &str = "correct the overlay, or run `cargo xtask regen` for the module";

/// Checks, once for all passes, that the document has the containers that they expect. An overlay
/// may have written anything.
pub(super) fn check_structure(document: &Value, at: &SourcePointer<'_>) -> Result<(), FileError> {
    let root = json::object(document, at, "the document")?;
    let paths_at = at.key("paths");
    let paths = root
        .get("paths")
        .ok_or_else(|| at.error("the document has no `paths`", REMEDY))?;
    for (path, item) in json::object(paths, &paths_at, "`paths`")? {
        let path_at = paths_at.key(path);
        let item = json::object(item, &path_at, "the path item")?;
        path_template(path, &path_at)?;
        parameters_structure(item, &path_at)?;
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let operation_at = path_at.key(method);
            let operation = json::object(operation, &operation_at, "the operation")?;
            parameters_structure(operation, &operation_at)?;
            if let Some(body) = operation.get("requestBody") {
                let body_at = operation_at.key("requestBody");
                let body = json::object(body, &body_at, "the request body")?;
                content_structure(body, &body_at)?;
            }
            let responses_at = operation_at.key("responses");
            if let Some(responses) = operation.get("responses") {
                for (status, response) in json::object(responses, &responses_at, "`responses`")? {
                    let response_at = responses_at.key(status);
                    let proper = status == "default"
                        || status.len() == 3 && status.starts_with(['1', '2', '3', '4', '5']) && {
                            let rest = &status[1..];
                            rest == "XX" || rest.chars().all(|c| c.is_ascii_digit())
                        };
                    if !proper {
                        return Err(
                            response_at.error(format!("`{status}` is not an HTTP status"), REMEDY)
                        );
                    }
                    content_structure(
                        json::object(response, &response_at, "the response")?,
                        &response_at,
                    )?;
                }
            }
        }
    }
    let components_at = at.key("components");
    if let Some(components) = root.get("components") {
        for (section, entries) in json::object(components, &components_at, "`components`")? {
            let section_at = components_at.key(section);
            for (name, entry) in json::object(entries, &section_at, "the section")? {
                let entry_at = section_at.key(name);
                let entry_object = json::object(entry, &entry_at, "the component")?;
                match section.as_str() {
                    "schemas" => schema_structure(entry, &entry_at)?,
                    "parameters" => parameter_structure(entry, &entry_at)?,
                    "requestBodies" | "responses" => content_structure(entry_object, &entry_at)?,
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

fn path_template(path: &str, at: &SourcePointer<'_>) -> Result<(), FileError> {
    if !path.starts_with('/')
        || path.contains(['?', '#'])
        || path.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return Err(at.error(
            "not a path: it must start with `/` and have no query",
            REMEDY,
        ));
    }
    match template_names(path) {
        Some(_) => Ok(()),
        None => Err(at.error(
            "braces that do not pair, or an empty or repeated parameter name",
            REMEDY,
        )),
    }
}

fn parameters_structure(holder: &Object, at: &SourcePointer<'_>) -> Result<(), FileError> {
    let Some(parameters) = holder.get("parameters") else {
        return Ok(());
    };
    let at = at.key("parameters");
    let parameters = json::array(parameters, &at, "`parameters`", REMEDY)?;
    parameters
        .iter()
        .enumerate()
        .try_for_each(|(index, parameter)| parameter_structure(parameter, &at.index(index)))
}

fn parameter_structure(parameter: &Value, at: &SourcePointer<'_>) -> Result<(), FileError> {
    let parameter = json::object(parameter, at, "the parameter")?;
    if parameter.contains_key("$ref") {
        return Ok(());
    }
    if json::text(parameter, "name").is_none_or(str::is_empty) {
        return Err(at.error("a parameter without a name", REMEDY));
    }
    match json::text(parameter, "in") {
        Some("path" | "query" | "header") => {}
        Some("cookie") => {
            return Err(at.error(
                "cookie parameters are not supported",
                "remove it in the overlay",
            ));
        }
        _ => return Err(at.error("`in` is none of path, query, header", REMEDY)),
    }
    match parameter.get("schema") {
        Some(schema) => schema_structure(schema, &at.key("schema")),
        None => Ok(()),
    }
}

fn content_structure(holder: &Object, at: &SourcePointer<'_>) -> Result<(), FileError> {
    let Some(content) = holder.get("content") else {
        return Ok(());
    };
    let at = at.key("content");
    for (media_type, media) in json::object(content, &at, "`content`")? {
        let media_at = at.key(media_type);
        if let Some(schema) = json::object(media, &media_at, "the media type")?.get("schema") {
            schema_structure(schema, &media_at.key("schema"))?;
        }
    }
    Ok(())
}

fn schema_structure(schema: &Value, at: &SourcePointer<'_>) -> Result<(), FileError> {
    if at.depth() > DEPTH_LIMIT + 20 {
        return Err(at.error(format!("nested deeper than {DEPTH_LIMIT} levels"), REMEDY));
    }
    let schema = json::object(schema, at, "the schema")?;
    if let Some(reference) = schema.get("$ref") {
        return match reference
            .as_str()
            .and_then(|target| target.strip_prefix(SCHEMAS))
        {
            Some(_) => Ok(()),
            None => Err(at.key("$ref").error(
                format!("{reference} is not a schema component of this file"),
                REMEDY,
            )),
        };
    }
    if let Some(properties) = schema.get("properties") {
        let at = at.key("properties");
        for (name, property) in json::object(properties, &at, "`properties`")? {
            schema_structure(property, &at.key(name))?;
        }
    }
    for key in ["items", "additionalProperties", "not"] {
        match schema.get(key) {
            None => {}
            Some(Value::Bool(_)) if key == "additionalProperties" => {}
            Some(inner) => schema_structure(inner, &at.key(key))?,
        }
    }
    for key in COMPOSITES {
        let Some(parts) = schema.get(key) else {
            continue;
        };
        let at = at.key(key);
        let parts = json::array(parts, &at, &format!("`{key}`"), REMEDY)?;
        parts
            .iter()
            .enumerate()
            .try_for_each(|(index, part)| schema_structure(part, &at.index(index)))?;
    }
    Ok(())
}

/// Visits all operations with method and path.
pub(super) fn operations(
    document: &mut Value,
    mut visit: impl FnMut(&str, &str, &mut Object) -> usize,
) -> usize {
    let mut changed = 0;
    for (path, item) in document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                changed += visit(method, path, operation);
            }
        }
    }
    changed
}

/// Visits all parameters of all operations.
pub(super) fn parameters(
    document: &mut Value,
    mut visit: impl FnMut(&mut Object) -> usize,
) -> usize {
    operations(document, |_, _, operation| {
        let parameters = json::items_mut(operation, "parameters");
        parameters
            .filter_map(Value::as_object_mut)
            .map(&mut visit)
            .sum()
    })
}

/// The schemas of an object's properties by name.
pub(super) fn properties(schema: &mut Object) -> impl Iterator<Item = (&String, &mut Object)> {
    let properties = json::entries_mut(schema, "properties");
    properties.filter_map(|(name, property)| Some((name, property.as_object_mut()?)))
}

/// Visits the numbers of parameters and properties, in lists and maps too, with the name of the
/// parameter or property.
pub(super) fn numbers(
    document: &mut Value,
    mut visit: impl FnMut(&str, &mut Object) -> usize,
) -> usize {
    let of_parameters = parameters(document, |parameter| {
        let name = json::text(parameter, "name").unwrap_or_default().to_owned();
        let schema = parameter.get_mut("schema").and_then(Value::as_object_mut);
        schema
            .and_then(number)
            .map_or(0, |schema| visit(&name, schema))
    });
    let of_properties = schemas(document, |schema| {
        let numbers =
            properties(schema).filter_map(|(name, property)| Some((name, number(property)?)));
        numbers.map(|(name, schema)| visit(name, schema)).sum()
    });
    of_parameters + of_properties
}

/// The schema itself, or that of the items or values, if it is a number.
pub(super) fn number(schema: &mut Object) -> Option<&mut Object> {
    if json::text(schema, "type") == Some("number") {
        return Some(schema);
    }
    let mut keys = ["items", "additionalProperties"].into_iter();
    let key = keys.find(|key| schema.get(*key).is_some_and(Value::is_object))?;
    number(schema.get_mut(key)?.as_object_mut()?)
}

/// Whether an earlier pass, the overlay or the file says what a number is.
pub(super) fn is_decided(number: &Object) -> bool {
    ["format", FRACTION]
        .iter()
        .any(|key| number.contains_key(*key))
}

/// Sets the format of properties that have one of these names and types, and no format, enum or
/// pattern.
pub(super) fn set_format(
    schema: &mut Object,
    has_name: impl Fn(&str) -> bool,
    types: &[&str],
    format: &str,
) -> usize {
    let mut changed = 0;
    for (_, property) in properties(schema).filter(|(name, _)| has_name(name)) {
        changed += set_own_format(property, types, format);
    }
    changed
}

/// Sets the format of a schema that has one of these types, and no format, enum or pattern.
pub(super) fn set_own_format(schema: &mut Object, types: &[&str], format: &str) -> usize {
    let is_plain = ["format", "enum", "pattern"]
        .iter()
        .all(|key| !schema.contains_key(*key));
    if is_plain && json::text(schema, "type").is_some_and(|name| types.contains(&name)) {
        schema.insert("format".into(), format.into());
        return 1;
    }
    0
}

/// Visits a schema and those within it, innermost first.
pub(super) fn schema(value: &mut Value, visit: &mut dyn FnMut(&mut Object) -> usize) -> usize {
    let Some(map) = value.as_object_mut() else {
        return 0;
    };
    let mut changed = 0;
    for (_, property) in json::entries_mut(map, "properties") {
        changed += schema(property, visit);
    }
    for key in ["items", "additionalProperties", "not"] {
        if let Some(inner) = map.get_mut(key) {
            changed += schema(inner, visit);
        }
    }
    for key in COMPOSITES {
        for part in json::items_mut(map, key) {
            changed += schema(part, visit);
        }
    }
    changed + visit(map)
}

/// Visits all schemas of the document, innermost first.
pub(super) fn schemas(document: &mut Value, mut visit: impl FnMut(&mut Object) -> usize) -> usize {
    // Outside of schemas, the value of `schema` is one, and so is each entry of
    // `components.schemas`.
    fn holder(value: &mut Value, visit: &mut dyn FnMut(&mut Object) -> usize) -> usize {
        match value {
            Value::Object(map) => {
                let children = map
                    .iter_mut()
                    .map(|(key, inner)| match (key.as_str(), inner) {
                        ("schema", inner) => schema(inner, visit),
                        ("schemas", Value::Object(all)) => {
                            all.values_mut().map(|inner| schema(inner, visit)).sum()
                        }
                        ("schemas", _) => 0,
                        (_, inner) => holder(inner, visit),
                    });
                children.sum()
            }
            Value::Array(items) => items.iter_mut().map(|item| holder(item, visit)).sum(),
            _ => 0,
        }
    }
    ["paths", "components"]
        .iter()
        .filter_map(|key| document.get_mut(*key).map(|part| holder(part, &mut visit)))
        .sum()
}
