//! Schemas: views of JSON Schema objects of OpenAPI 3.0, whose references are resolved.

use std::fmt;

use serde_json::{Map, Value};

use crate::closest::{closest, normal};
use crate::field_path::{FieldPath, Step};
use crate::problem::{LIST, Problem, ProblemKind};

/// The depth to which references and composites are followed.
const DEPTH: usize = 32;

/// The schema of a value. A copy costs nothing.
#[derive(Clone, Copy)]
pub struct Schema {
    value: &'static Value,
    components: &'static Map<String, Value>,
}

/// The kind of value that a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Text.
    String,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// An object.
    Object,
    /// The content of a file.
    File,
    /// One of several alternatives, see [`Schema::alternatives`].
    Union,
    /// Any JSON.
    Any,
}

impl Kind {
    /// The name in texts: `text`, `number`, `whole number`, ….
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::Array => LIST,
            Self::Object => "an object",
            Self::File => "a file",
            Self::Union => "one of several kinds",
            Self::Any => "any JSON",
        }
    }
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name in the request or reply.
    pub name: &'static str,
    /// Whether the interface file declares it as required. The files declare more than the platform
    /// requires.
    pub declared_required: bool,
    /// The accepted values.
    pub schema: Schema,
}

impl Schema {
    pub(crate) fn new(value: &'static Value, components: &'static Map<String, Value>) -> Self {
        Self { value, components }
    }

    /// The schema as JSON, as the catalogue holds it. `$ref` is the name of a shared schema, which
    /// [`resolved`](Self::resolved) follows.
    pub fn json(self) -> &'static Value {
        self.value
    }

    /// The name of the shared schema to which this one refers.
    pub fn reference(self) -> Option<&'static str> {
        self.value.get("$ref")?.as_str()
    }

    /// The schema to which this one refers, or itself.
    #[must_use]
    pub fn resolved(self) -> Schema {
        let mut schema = self;
        for _ in 0..DEPTH {
            let Some(next) = schema
                .reference()
                .and_then(|name| self.components.get(name))
            else {
                break;
            };
            schema = self.of(next);
        }
        schema
    }

    fn of(self, value: &'static Value) -> Schema {
        Schema {
            value,
            components: self.components,
        }
    }

    fn member(self, key: &str) -> Option<&'static Value> {
        self.value.get(key)
    }

    fn own_text(self, key: &str) -> Option<&'static str> {
        self.member(key)?.as_str()
    }

    pub(crate) fn own_number(self, key: &str) -> Option<f64> {
        self.member(key)?.as_f64()
    }

    pub(crate) fn own_flag(self, key: &str) -> bool {
        self.member(key) == Some(&Value::Bool(true))
    }

    pub(crate) fn own_list(self, key: &str) -> &'static [Value] {
        self.member(key)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    fn own_properties(self) -> impl Iterator<Item = (&'static String, Schema)> {
        let properties = self.member("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(move |(name, value)| (name, self.of(value)))
    }

    pub(crate) fn own_property(self, name: &str) -> Option<Schema> {
        let property = self.member("properties")?.get(name)?;
        Some(self.of(property))
    }

    /// The names of the properties of this part alone.
    pub(crate) fn own_names(self) -> Vec<&'static str> {
        let properties = self.own_properties();
        properties.map(|(name, _)| name.as_str()).collect()
    }

    /// This schema and those of its `allOf`, references resolved.
    pub(crate) fn parts(self) -> Vec<Schema> {
        fn collect(schema: Schema, depth: usize, parts: &mut Vec<Schema>) {
            if depth > DEPTH || parts.len() > 64 {
                return;
            }
            let schema = schema.resolved();
            parts.push(schema);
            for part in schema.own_list("allOf") {
                collect(schema.of(part), depth + 1, parts);
            }
        }
        let mut parts = Vec::new();
        collect(self, 0, &mut parts);
        parts
    }

    /// `oneOf` or `anyOf` of this part alone.
    pub(crate) fn own_alternatives(self) -> Vec<Schema> {
        let list = match self.own_list("oneOf") {
            [] => self.own_list("anyOf"),
            list => list,
        };
        list.iter().map(|value| self.of(value)).collect()
    }

    /// The alternatives of which a value must match one; empty for most schemas.
    pub fn alternatives(self) -> Vec<Schema> {
        let parts = self.parts().into_iter();
        parts.flat_map(Schema::own_alternatives).collect()
    }

    /// The kind of value.
    pub fn kind(self) -> Kind {
        let parts = self.parts();
        for part in &parts {
            match (part.own_text("type"), part.own_text("format")) {
                (Some("string"), Some("binary")) => return Kind::File,
                (Some("string"), _) => return Kind::String,
                (Some("number"), _) => return Kind::Number,
                (Some("integer"), _) => return Kind::Integer,
                (Some("boolean"), _) => return Kind::Boolean,
                (Some("array"), _) => return Kind::Array,
                (Some("object"), _) => return Kind::Object,
                _ => {}
            }
        }
        if parts.iter().any(|part| part.member("properties").is_some()) {
            Kind::Object
        } else if parts.iter().any(|part| !part.own_alternatives().is_empty()) {
            Kind::Union
        } else {
            Kind::Any
        }
    }

    /// The kind in words: `a list of text`, `date-time`, ….
    pub fn type_name(self) -> String {
        match (self.kind(), self.format()) {
            (Kind::Array, _) => match self.items().map(Schema::kind) {
                Some(kind) if kind != Kind::Any => {
                    let of = kind
                        .name()
                        .trim_start_matches("a ")
                        .trim_start_matches("an ");
                    format!("a list of {of}")
                }
                _ => Kind::Array.name().to_owned(),
            },
            (Kind::Union, _) => {
                let mut names: Vec<String> = Vec::new();
                for alternative in self.alternatives() {
                    let name = alternative.kind().name().to_owned();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names.join(" or ")
            }
            (kind, Some(format)) if kind != Kind::File => format!("{} ({format})", kind.name()),
            (kind, _) => kind.name().to_owned(),
        }
    }

    /// The format: `date-time`, `date`, `unix-milliseconds`, `decimal`, `email`, ….
    pub fn format(self) -> Option<&'static str> {
        self.parts()
            .into_iter()
            .find_map(|part| part.own_text("format"))
    }

    /// The documentation of the value.
    pub fn description(self) -> Option<&'static str> {
        // A reference has no description of its own in OpenAPI 3.0; a composite may have.
        self.parts()
            .into_iter()
            .find_map(|part| part.own_text("description"))
    }

    /// The allowed values; empty if they are not limited.
    pub fn allowed(self) -> &'static [Value] {
        let parts = self.parts().into_iter();
        parts
            .map(|part| part.own_list("enum"))
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// The value that the platform uses if none is sent.
    pub fn default(self) -> Option<&'static Value> {
        self.parts()
            .into_iter()
            .find_map(|part| part.member("default"))
    }

    /// Whether `null` is accepted.
    pub fn is_nullable(self) -> bool {
        fn nullable(schema: Schema, depth: usize) -> bool {
            let schema = schema.resolved();
            if schema.own_flag("nullable") {
                return true;
            }
            if depth > DEPTH || schema.member("type").is_some() || schema.member("enum").is_some() {
                return schema.own_list("enum").contains(&Value::Null);
            }
            let all: Vec<Schema> = schema
                .own_list("allOf")
                .iter()
                .map(|v| schema.of(v))
                .collect();
            let any = schema.own_alternatives();
            if all.is_empty() && any.is_empty() {
                return schema.member("properties").is_none();
            }
            all.iter().all(|part| nullable(*part, depth + 1))
                && (any.is_empty() || any.iter().any(|part| nullable(*part, depth + 1)))
        }
        nullable(self, 0)
    }

    /// The schema of a list's items.
    pub fn items(self) -> Option<Schema> {
        self.parts()
            .into_iter()
            .find_map(|part| part.member("items").map(|items| part.of(items)))
    }

    /// The schema of the values under undeclared keys, if the object accepts keys of any name and
    /// declares their values.
    pub fn additional(self) -> Option<Schema> {
        self.parts().into_iter().find_map(|part| {
            let additional = part.member("additionalProperties")?;
            additional.is_object().then(|| part.of(additional))
        })
    }

    /// Whether an object accepts keys of any name.
    pub fn is_open(self) -> bool {
        self.known_keys().is_none()
    }

    /// The declared fields of an object, by name; those of all alternatives.
    pub fn fields(self) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        self.collect_fields(0, true, &mut fields);
        fields.sort_by_key(|field| field.name);
        fields
    }

    fn collect_fields(self, depth: usize, certain: bool, fields: &mut Vec<Field>) {
        if depth > 4 {
            return;
        }
        let parts = self.parts();
        let is_required = |name: &str| {
            let lists = parts.iter().flat_map(|part| part.own_list("required"));
            certain && lists.filter_map(Value::as_str).any(|other| other == name)
        };
        for part in &parts {
            for (name, schema) in part.own_properties() {
                if !fields.iter().any(|field| field.name == name) {
                    fields.push(Field {
                        name,
                        declared_required: is_required(name),
                        schema,
                    });
                }
            }
            for alternative in part.own_alternatives() {
                alternative.collect_fields(depth + 1, false, fields);
            }
        }
    }

    /// The schema of a declared field. Case, `-` and `_` do not matter, so `first-name` finds
    /// `firstName`; an exact name has precedence.
    pub fn field(self, name: &str) -> Option<Field> {
        let fields = self.fields();
        let exact = fields.iter().find(|field| field.name == name);
        let similar = || {
            let name = normal(name);
            fields.iter().find(|field| normal(field.name) == name)
        };
        exact.or_else(similar).copied()
    }

    /// The keys that an object may have; `None` if any key is accepted.
    pub(crate) fn known_keys(self) -> Option<Vec<&'static str>> {
        fn collect(schema: Schema, depth: usize, keys: &mut Vec<&'static str>) -> bool {
            for part in schema.parts() {
                match part.member("additionalProperties") {
                    None | Some(Value::Bool(false)) => {}
                    Some(_) => return false,
                }
                keys.extend(part.own_properties().map(|(name, _)| name.as_str()));
                keys.extend(part.own_list("required").iter().filter_map(Value::as_str));
                for alternative in part.own_alternatives() {
                    let before = keys.len();
                    let closed = depth < 16 && collect(alternative, depth + 1, keys);
                    if !closed || keys.len() == before {
                        return false;
                    }
                }
            }
            true
        }
        let mut keys = Vec::new();
        let closed = collect(self, 0, &mut keys);
        (closed && !keys.is_empty()).then_some(keys)
    }

    /// The schema of the value at a path, and the path with the declared spelling of its names.
    ///
    /// # Errors
    /// If a name on the path is not declared, or if the path leads into a value without parts.
    pub fn at(self, path: &FieldPath) -> Result<(FieldPath, Schema), Problem> {
        let mut schema = self;
        let mut known = FieldPath::default();
        for step in path.steps() {
            schema = match step {
                Step::Key(name) => {
                    let Some((name, next)) = schema.under_key(name) else {
                        return Err(schema.no_such_key(known, name));
                    };
                    known.push(Step::Key(name));
                    next
                }
                Step::Index(_) => {
                    let next = schema.under_index();
                    known.push(step.clone());
                    let Some(next) = next else {
                        let expected = schema.kind().name();
                        let kind = ProblemKind::NoParts { expected };
                        return Err(Problem::new(known.to_string(), kind));
                    };
                    next
                }
            };
        }
        Ok((known, schema))
    }

    /// The problem of a key that the value at `parent` does not have.
    fn no_such_key(self, parent: FieldPath, name: &str) -> Problem {
        let within = |name: &str| {
            let mut path = parent.clone();
            path.push(Step::Key(name.to_owned()));
            path.to_string()
        };
        let fields = self.fields();
        let kind = match self.kind() {
            Kind::Object | Kind::Union if !fields.is_empty() => ProblemKind::Unknown {
                closest: closest(name, fields.iter().map(|field| field.name)).map(within),
            },
            kind => ProblemKind::NoParts {
                expected: kind.name(),
            },
        };
        Problem::new(within(name), kind)
    }

    /// The declared name and the schema of a key.
    fn under_key(self, name: &str) -> Option<(String, Schema)> {
        if let Some(field) = self.field(name) {
            return Some((field.name.to_owned(), field.schema));
        }
        let accepts = matches!(self.kind(), Kind::Object | Kind::Union | Kind::Any);
        (accepts && self.is_open()).then(|| {
            let any = || self.of(&Value::Null);
            (name.to_owned(), self.additional().unwrap_or_else(any))
        })
    }

    fn under_index(self) -> Option<Schema> {
        let of_alternative = || {
            let alternatives = self.alternatives().into_iter();
            alternatives
                .filter(|one| one.kind() == Kind::Array)
                .find_map(Schema::items)
        };
        let any = || matches!(self.kind(), Kind::Array | Kind::Any).then(|| self.of(&Value::Null));
        self.items().or_else(of_alternative).or_else(any)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.value)
    }
}
