//! The paths of all values within a JSON value, each with what its schema declares there.

use std::fmt;

use serde_json::Value;

use crate::interface::{Fields, Interface, Schema, Shape};

/// The kind of value that a schema accepts, as far as the generated types distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    /// Any value, by declaration or because the variants of a union differ.
    Any,
    Text,
    Enum,
    Number,
    Integer,
    Boolean,
    Timestamp,
    /// A number that keeps its digits.
    Decimal,
    List,
    Object,
    /// An object with undeclared keys.
    Map,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    Field(String),
    Index(usize),
}

/// The path of a value.
pub(crate) struct ValuePath {
    segments: Vec<Segment>,
    pub(crate) kind: ValueKind,
    /// Whether the value is a field of an object that declares it.
    pub(crate) is_field: bool,
}

impl ValueKind {
    /// The kind of a field with these schemas, of which a composite has several.
    pub(crate) fn of(interface: Interface, schemas: &[Schema]) -> ValueKind {
        if let [schema] = schemas {
            return ValueKind::of_one(interface, schema);
        }
        let plain = |schema: &Schema| match ValueKind::of_one(interface, schema) {
            ValueKind::Enum => ValueKind::Text,
            kind => kind,
        };
        let without_format = |schema: &Schema| match plain(schema) {
            ValueKind::Timestamp if interface.resolve(schema)["type"] == "string" => {
                ValueKind::Text
            }
            ValueKind::Timestamp | ValueKind::Decimal => ValueKind::Number,
            kind => kind,
        };
        let common = |kind: &dyn Fn(&Schema) -> ValueKind| {
            let first = kind(&schemas[0]);
            let is_common = schemas.iter().all(|schema| kind(schema) == first);
            (first.is_scalar() && is_common).then_some(first)
        };
        common(&plain)
            .or_else(|| common(&without_format))
            .unwrap_or(ValueKind::Any)
    }

    fn of_one(interface: Interface, schema: Schema) -> ValueKind {
        match interface.shape(schema) {
            Shape::Any => ValueKind::Any,
            Shape::Text(values) if values.is_empty() || values.len() > 1000 => ValueKind::Text,
            Shape::Text(_) => ValueKind::Enum,
            Shape::Number => ValueKind::Number,
            Shape::Integer => ValueKind::Integer,
            Shape::Boolean => ValueKind::Boolean,
            Shape::Timestamp => ValueKind::Timestamp,
            Shape::Decimal => ValueKind::Decimal,
            Shape::List(_) => ValueKind::List,
            Shape::Map(_) => ValueKind::Map,
            Shape::Object(_) => ValueKind::Object,
            Shape::Union(variants) if interface.merged(&variants).is_some() => ValueKind::Object,
            Shape::Union(variants) => {
                let is_text = |schema: &Schema| matches!(interface.shape(schema), Shape::Text(_));
                match variants.iter().all(is_text) {
                    true => ValueKind::Text,
                    false => ValueKind::Any,
                }
            }
        }
    }

    pub(crate) fn is_scalar(self) -> bool {
        use ValueKind::{Any, List, Map, Object};
        !matches!(self, Any | List | Object | Map)
    }
}

/// The paths of a value that was made of the schema, the root first. Of a list only the first item
/// counts.
pub(crate) fn value_paths(interface: Interface, schema: Schema, value: &Value) -> Vec<ValuePath> {
    let mut walker = Walker {
        interface,
        segments: Vec::new(),
        paths: Vec::new(),
    };
    walker.walk(&[schema], value, false);
    walker.paths
}

struct Walker {
    interface: Interface,
    segments: Vec<Segment>,
    paths: Vec<ValuePath>,
}

impl Walker {
    fn walk(&mut self, schemas: &[Schema], value: &Value, is_field: bool) {
        let kind = ValueKind::of(self.interface, schemas);
        self.paths.push(ValuePath {
            segments: self.segments.clone(),
            kind,
            is_field,
        });
        match self.interface.shape(schemas[0]) {
            Shape::List(of) if kind == ValueKind::List => {
                self.child(Segment::Index(0), &[of], value.get(0), false);
            }
            Shape::Map(of) if kind == ValueKind::Map => {
                let key = Segment::Field("key".to_owned());
                self.child(key, &[of], value.get("key"), false);
            }
            Shape::Object(fields) if kind == ValueKind::Object => self.fields(&fields, value),
            Shape::Union(variants) if kind == ValueKind::Object => {
                let fields = self.interface.merged(&variants).expect("objects");
                self.fields(&fields, value);
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &Fields, value: &Value) {
        for (name, schemas) in &fields.declared {
            let field = Segment::Field((*name).to_owned());
            self.child(field, schemas, value.get(name), true);
        }
    }

    fn child(
        &mut self,
        segment: Segment,
        schemas: &[Schema],
        value: Option<&Value>,
        is_field: bool,
    ) {
        if let Some(value) = value {
            self.segments.push(segment);
            self.walk(schemas, value, is_field);
            self.segments.pop();
        }
    }
}

impl ValuePath {
    pub(crate) fn depth(&self) -> usize {
        self.segments.len()
    }

    /// The value at this path.
    pub(crate) fn value_in<'a>(&self, root: &'a mut Value) -> &'a mut Value {
        self.segments
            .iter()
            .fold(root, |value, segment| match segment {
                Segment::Field(name) => &mut value[name.as_str()],
                Segment::Index(index) => &mut value[*index],
            })
    }

    /// Whether the object here has fields other than its trace id and those of a map.
    pub(crate) fn has_own_fields(&self, root: &Value) -> bool {
        let mut root = root.clone();
        let object = self.value_in(&mut root).as_object();
        let mut names = object.into_iter().flatten().map(|(name, _)| name);
        names.any(|name| name != "traceId" && name != "key")
    }
}

/// The path as a drift shows it.
impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str("$");
        }
        for (number, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Field(name) if number == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
