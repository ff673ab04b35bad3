//! Resolved schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::json_path_step;
use crate::formats::RuntimeType;
use crate::names;

/// A schema in plain form. `T` identifies a struct or enum: by index while types are collected,
/// then by name.
///
/// Constraints, `required` and formats without a type of the runtime are left out: replies are
/// decoded tolerantly, and the platform checks requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Schema<T> {
    /// Any JSON.
    Any,
    String,
    Integer,
    Number,
    Boolean,
    /// An object with any fields.
    Object,
    Runtime(RuntimeType),
    List(Box<Schema<T>>),
    Map(Box<Schema<T>>),
    Named(T),
}

impl<T> Schema<T> {
    /// Whether the schema is or contains a number that may have a fractional part.
    pub(crate) fn has_fraction(&self) -> bool {
        match self {
            Schema::Number => true,
            Schema::List(inner) | Schema::Map(inner) => inner.has_fraction(),
            _ => false,
        }
    }

    /// The struct or enum that the schema is or contains.
    pub(crate) fn named(&self) -> Option<&T> {
        match self {
            Schema::Named(named) => Some(named),
            Schema::List(inner) | Schema::Map(inner) => inner.named(),
            _ => None,
        }
    }

    /// The same schema with other identifiers.
    pub(super) fn map<U>(&self, map: &impl Fn(&T) -> U) -> Schema<U> {
        match self {
            Schema::Any => Schema::Any,
            Schema::String => Schema::String,
            Schema::Integer => Schema::Integer,
            Schema::Number => Schema::Number,
            Schema::Boolean => Schema::Boolean,
            Schema::Object => Schema::Object,
            Schema::Runtime(runtime) => Schema::Runtime(*runtime),
            Schema::List(inner) => Schema::List(Box::new(inner.map(map))),
            Schema::Map(inner) => Schema::Map(Box::new(inner.map(map))),
            Schema::Named(named) => Schema::Named(map(named)),
        }
    }
}

/// The structs and enums of a module, and the schemas of its operations.
pub(crate) struct ResolvedTypes {
    pub(crate) structs: BTreeMap<String, Struct>,
    pub(crate) enums: BTreeMap<String, Enum>,
    /// In the order of the operations.
    pub(crate) operations: Vec<OperationSchemas<String>>,
    /// How often each rule applied.
    pub(crate) counts: BTreeMap<&'static str, usize>,
}

/// Where a type comes from.
pub(crate) struct Origin {
    /// The platform's names of its schemas, as far as they differ from the type's name.
    pub(crate) aliases: Vec<String>,
    /// The JSONPath below which one of its schemas has its fields.
    pub(super) fields_path: String,
}

impl Origin {
    /// The JSONPath of one of its schemas.
    pub(crate) fn path(&self) -> &str {
        schema_path(&self.fields_path)
    }

    /// The JSONPath of the schema of a field.
    pub(crate) fn field_path(&self, wire_name: &str) -> String {
        field_path(&self.fields_path, wire_name)
    }
}

pub(crate) struct Struct {
    pub(crate) origin: Origin,
    pub(crate) description: Option<String>,
    pub(crate) fields: Vec<Field>,
    /// The schema of fields that are not declared by name.
    pub(crate) additional: Option<Schema<String>>,
}

pub(crate) struct Field {
    pub(crate) ident: String,
    pub(crate) wire_name: String,
    pub(crate) schema: Schema<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) required: bool,
    /// Why its number may have a fractional part.
    pub(crate) fraction: Option<String>,
}

pub(crate) struct Enum {
    pub(crate) origin: Origin,
    /// Variant and wire value.
    pub(crate) variants: Vec<(String, String)>,
}

/// The schemas of an operation.
pub(crate) struct OperationSchemas<T> {
    pub(crate) parameters: Vec<Schema<T>>,
    pub(crate) parts: Vec<Schema<T>>,
    pub(crate) body: Option<Schema<T>>,
    /// `None` if the reply is not JSON.
    pub(crate) reply: Option<Schema<T>>,
}

impl<T> OperationSchemas<T> {
    pub(super) fn map<U>(&self, map: &impl Fn(&T) -> U) -> OperationSchemas<U> {
        let all = |schemas: &[Schema<T>]| schemas.iter().map(|schema| schema.map(map)).collect();
        OperationSchemas {
            parameters: all(&self.parameters),
            parts: all(&self.parts),
            body: self.body.as_ref().map(|schema| schema.map(map)),
            reply: self.reply.as_ref().map(|schema| schema.map(map)),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Schema<T>> {
        let parameters = self.parameters.iter().chain(&self.parts);
        parameters.chain(&self.body).chain(&self.reply)
    }

    /// The type of the request body.
    pub(crate) fn request(&self) -> Option<&T> {
        self.body.as_ref()?.named()
    }
}

impl ResolvedTypes {
    /// The names of these types and of all types within them.
    pub(crate) fn reachable(&self, roots: Vec<&String>) -> BTreeSet<String> {
        let mut queue = roots;
        let mut found = BTreeSet::new();
        while let Some(name) = queue.pop() {
            if found.insert(name.clone())
                && let Some(item) = self.structs.get(name)
            {
                let fields = item.fields.iter().map(|field| &field.schema);
                queue.extend(fields.chain(&item.additional).filter_map(Schema::named));
            }
        }
        found
    }
}

/// A struct or enum without its final name.
pub(super) struct UnnamedType {
    pub(super) shape: Shape,
    /// The name that an overlay chose.
    pub(super) chosen_name: Option<String>,
    /// The name, if the type is a schema component.
    pub(super) name: Option<String>,
    /// The platform's name of the component.
    pub(super) component: Option<String>,
    pub(super) description: Option<String>,
    pub(super) occurrences: Vec<Position>,
    /// The schema, which has the texts and flags of the fields.
    pub(super) source: Value,
}

impl UnnamedType {
    /// The JSONPath of its schema.
    pub(super) fn path(&self) -> &str {
        schema_path(self.fields_path())
    }

    /// The JSONPath below which it has its fields.
    pub(super) fn fields_path(&self) -> &str {
        &self.occurrences[0].path
    }
}

/// Content of a struct or an enum. Schemas identify types by their index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    Struct {
        fields: Vec<(String, Schema<usize>)>,
        additional: Option<Schema<usize>>,
    },
    /// The values.
    Enum(Vec<String>),
}

/// A position at which a schema occurs.
#[derive(Clone)]
pub(super) struct Position {
    /// The type that contains it; `None` in an operation or in a component that is no type.
    pub(super) parent: Option<usize>,
    /// The part of the name that is added to that of the parent.
    pub(super) segment: String,
    /// The field's name as a type name.
    pub(super) word: String,
    /// Its JSONPath in the document.
    pub(super) path: String,
}

impl Position {
    /// Whether it is the schema of a request or of a reply, named after its operation.
    pub(super) fn is_of_operation(&self) -> bool {
        self.parent.is_none() && ["Request", "Response"].contains(&self.word.as_str())
    }

    /// The position of the schema of an operation.
    pub(super) fn root(name: String, word: &str, path: String) -> Self {
        Self {
            parent: None,
            segment: name,
            word: word.to_owned(),
            path,
        }
    }

    /// The position of a field's schema.
    pub(super) fn field(&self, parent: usize, wire_name: &str) -> Self {
        let word = names::field_type(wire_name);
        Self {
            parent: Some(parent),
            segment: word.clone(),
            word,
            path: field_path(&self.path, wire_name),
        }
    }

    /// The position of the schema of an array's items.
    pub(super) fn items(&self) -> Self {
        let word = names::singular(&self.word);
        let segment = match self.segment.strip_suffix(&self.word) {
            // The items of a reply that is an array.
            Some(rest) if self.parent.is_none() && word == "Response" => format!("{rest}Item"),
            Some(rest) => format!("{rest}{word}"),
            None => self.segment.clone(),
        };
        Self {
            parent: self.parent,
            segment,
            word,
            path: format!("{}.items", self.path),
        }
    }

    /// The position of the schema of fields that are not declared by name.
    pub(super) fn values(&self, parent: Option<usize>) -> Self {
        Self {
            parent: parent.or(self.parent),
            segment: match parent {
                Some(_) => "Value".to_owned(),
                None => format!("{}Value", self.segment),
            },
            word: self.word.clone(),
            path: format!("{}.additionalProperties", self.path),
        }
    }

    /// The position of the fields of a composite, which its parts declare.
    pub(super) fn parts(&self) -> Self {
        Self {
            path: format!("{}.", self.path),
            ..self.clone()
        }
    }
}

/// The fields of a composite are below its parts.
fn schema_path(fields_path: &str) -> &str {
    fields_path.trim_end_matches('.')
}

fn field_path(fields_path: &str, wire_name: &str) -> String {
    format!("{fields_path}.properties{}", json_path_step(wire_name))
}
