//! The form of an event file, and how one is made from a schema with prose.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::names;

/// All event files, in the order of names. Each value of `type` belongs to one event, whatever its
/// case.
pub(crate) fn read_all(files: &[(String, Vec<u8>)]) -> Result<Vec<EventFile>, FileError> {
    let mut events = Vec::new();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    for (file, bytes) in files {
        let event = EventFile::read(file, bytes)?;
        for text in event.all_types() {
            let other = types.insert(text.to_ascii_lowercase(), event.name.clone());
            if let Some(other) = other.filter(|other| *other != event.name) {
                return Err(SourcePointer::root(file).error(
                    format!("`{text}` is also a value of `type` of {other}"),
                    "remove it from `types` or `aliases` of one of them",
                ));
            }
        }
        events.push(event);
    }
    events.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(events)
}

/// The facts of one event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventFile {
    /// The platform's name of the event.
    pub(crate) name: String,
    /// The name of the model of its payload. Events of one model share it.
    pub(crate) model: String,
    /// The values of `type`, with the evidence that deliveries have them.
    pub(crate) types: BTreeMap<String, Evidence>,
    /// Other values of `type` that are accepted.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// The payload, as a JSON schema. `x-sources` lists the descriptions of the event that were
    /// read, `x-seen` where a field was seen.
    pub(crate) schema: Value,
}

/// How sure it is that deliveries have a value of `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Evidence {
    /// A delivery had it.
    Observed,
    /// An example of the platform has it.
    Example,
    /// It is the name of the event's page.
    Assumed,
}

impl EventFile {
    pub(crate) fn read(file: &str, bytes: &[u8]) -> Result<Self, FileError> {
        let at = SourcePointer::root(file);
        let value = json::parse(file, bytes)?;
        let event: Self = serde_json::from_value(value).map_err(|error| {
            at.error(
                format!("not an event file: {error}"),
                "write `name`, `model`, `types`, `aliases` and `schema`, as the files of other events do",
            )
        })?;
        let is_variant = |name: &str| names::type_name(name) == name;
        if !is_variant(&event.variant()) || event.types.is_empty() {
            return Err(at.error(
                "the event has no name or no value of `type`",
                "write the platform's name of the event and at least one value of `type`",
            ));
        }
        if !is_variant(&event.model) {
            return Err(at.key("model").error(
                format!("`{}` is not a type name", event.model),
                "write it in upper camel case, such as `ContactNote`",
            ));
        }
        Ok(event)
    }

    /// All values of `type` that are accepted: the page's name among them.
    pub(crate) fn all_types(&self) -> impl Iterator<Item = &str> {
        let types = self.types.keys().chain(&self.aliases);
        types.chain([&self.name]).map(String::as_str)
    }

    /// The name of its variant.
    pub(crate) fn variant(&self) -> String {
        names::type_name(&self.name)
    }
}

/// The keywords of a schema that are facts.
const KEYWORDS: [&str; 7] = [
    "const",
    "enum",
    "format",
    "required",
    "x-assumed",
    "x-seen",
    "x-sources",
];

/// Makes an event file of a JSON schema in which `x-type-values` lists the values of `type` and
/// `x-type-source` their sources. Texts and examples are left out. `model` and `aliases` are those
/// of the present file.
///
/// # Errors
/// One of the texts is not JSON, or the schema has no `title` or `x-type-values`.
pub fn strip_event(
    file: &str,
    schema: &[u8],
    present: Option<(&str, &[u8])>,
) -> Result<(String, Vec<u8>), FileError> {
    let schema = json::parse(file, schema)?;
    let at = SourcePointer::root(file);
    let fields = json::object(&schema, &at, "the schema")?;
    let texts = |key| {
        json::items(fields, key)
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
    };
    let name = json::text(fields, "title").unwrap_or_default().to_owned();
    let sources = texts("x-type-source");
    let evidence = match () {
        () if sources.contains(&"wire") => "observed",
        () if sources.contains(&"official-example") => "example",
        () => "assumed",
    };
    let types: Object = texts("x-type-values")
        .into_iter()
        .map(|value| (value.to_owned(), evidence.into()))
        .collect();
    if name.is_empty() || types.is_empty() {
        return Err(at.error(
            "the schema has no `title` or no `x-type-values`",
            "write the name of the event and the values of `type`",
        ));
    }
    let present = match present {
        Some((file, bytes)) => json::parse(file, bytes)?,
        None => Value::Null,
    };
    let kept = |key: &str, default: Value| present.get(key).cloned().unwrap_or(default);
    let event = json!({
        "name": name,
        "model": kept("model", names::type_name(&name).into()),
        "types": types,
        "aliases": kept("aliases", json!([])),
        "schema": facts(&schema),
    });
    Ok((name, json::to_bytes(event)))
}

/// A schema without texts and examples.
fn facts(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else {
        return schema.clone();
    };
    let mut kept = Object::new();
    for (key, value) in schema {
        let value = match key.as_str() {
            "type" | "$ref" => value.clone(),
            key if KEYWORDS.contains(&key) => match value {
                Value::Array(items) if items.is_empty() => continue,
                value => value.clone(),
            },
            "properties" | "$defs" => {
                let fields = value.as_object().into_iter().flatten();
                fields
                    .map(|(name, field)| (name.clone(), facts(field)))
                    .collect::<Object>()
                    .into()
            }
            "items" => facts(value),
            "oneOf" | "anyOf" | "allOf" => {
                let parts = value.as_array().into_iter().flatten();
                parts.map(facts).collect::<Vec<_>>().into()
            }
            _ => continue,
        };
        kept.insert(key.clone(), value);
    }
    kept.into()
}
