//! The places of a value, each with what its schema declares there.

use std::fmt;

use serde_json::Value;

use crate::interface::{Fields, Interface, Schema, Shape};

/// What a place takes, as far as types tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything, by declaration or because variants of a union disagree.
    Any,
    Text,
    Enum,
    Number,
    Integer,
    Boolean,
    /// A point in time.
    Moment,
    /// A number that keeps its digits.
    Amount,
    List,
    Object,
    /// An object whose keys are not declared.
    Map,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Field(String),
    Item(usize),
}

/// A place of a value.
pub(crate) struct Site {
    pub(crate) path: Vec<Step>,
    pub(crate) kind: Kind,
    /// It stands in an object that declares it.
    declared: bool,
}

impl Kind {
    /// What a field takes that is declared so, once or several times.
    pub(crate) fn of(interface: Interface, schemas: &[Schema]) -> Kind {
        let of_one = |schema: Schema| match interface.shape(schema) {
            Shape::Any => Kind::Any,
            Shape::Text(values) if values.is_empty() || values.len() > 1000 => Kind::Text,
            Shape::Text(_) => Kind::Enum,
            Shape::Number => Kind::Number,
            Shape::Integer => Kind::Integer,
            Shape::Boolean => Kind::Boolean,
            Shape::Moment => Kind::Moment,
            Shape::Amount => Kind::Amount,
            Shape::List(_) => Kind::List,
            Shape::Map(_) => Kind::Map,
            Shape::Object(_) => Kind::Object,
            Shape::Union(variants) if interface.merged(&variants).is_some() => Kind::Object,
            Shape::Union(variants) => {
                let text = |schema: &Schema| matches!(interface.shape(schema), Shape::Text(_));
                if variants.iter().all(text) {
                    Kind::Text
                } else {
                    Kind::Any
                }
            }
        };
        let plain = |schema: &Schema| match of_one(schema) {
            Kind::Enum => Kind::Text,
            kind => kind,
        };
        match schemas {
            [one] => of_one(one),
            _ => {
                // Without their formats, where those differ.
                let loose = |schema: &Schema| match plain(schema) {
                    Kind::Moment if interface.resolve(schema)["type"] == "string" => Kind::Text,
                    Kind::Moment | Kind::Amount => Kind::Number,
                    kind => kind,
                };
                let all = |kind: &dyn Fn(&Schema) -> Kind| {
                    let first = kind(&schemas[0]);
                    (first.is_scalar() && schemas.iter().all(|schema| kind(schema) == first))
                        .then_some(first)
                };
                all(&plain).or_else(|| all(&loose)).unwrap_or(Kind::Any)
            }
        }
    }

    pub(crate) fn is_scalar(self) -> bool {
        !matches!(self, Kind::Any | Kind::List | Kind::Object | Kind::Map)
    }
}

/// The places of a value that was made of the schema, the whole first. Of a list only the first item counts.
pub(crate) fn sites(interface: Interface, schema: Schema, value: &Value) -> Vec<Site> {
    let mut sites = Vec::new();
    walk(
        interface,
        &[schema],
        value,
        &mut Vec::new(),
        false,
        &mut sites,
    );
    sites
}

fn walk(
    interface: Interface,
    schemas: &[Schema],
    value: &Value,
    path: &mut Vec<Step>,
    declared: bool,
    out: &mut Vec<Site>,
) {
    let kind = Kind::of(interface, schemas);
    out.push(Site {
        path: path.clone(),
        kind,
        declared,
    });
    let mut within = |step: Step, schemas: &[Schema], value: &Value, declared: bool| {
        path.push(step);
        walk(interface, schemas, value, path, declared, out);
        path.pop();
    };
    match interface.shape(schemas[0]) {
        Shape::List(of) if kind == Kind::List => {
            if let Some(first) = value.get(0) {
                within(Step::Item(0), &[of], first, false);
            }
        }
        Shape::Map(of) if kind == Kind::Map => {
            if let Some(first) = value.get("key") {
                within(Step::Field("key".to_owned()), &[of], first, false);
            }
        }
        Shape::Object(fields) if kind == Kind::Object => {
            each(&fields, value, |name, schemas, value| {
                within(Step::Field(name), schemas, value, true)
            });
        }
        Shape::Union(variants) if kind == Kind::Object => {
            let fields = interface.merged(&variants).expect("objects");
            each(&fields, value, |name, schemas, value| {
                within(Step::Field(name), schemas, value, true)
            });
        }
        _ => {}
    }
}

fn each(fields: &Fields, value: &Value, mut then: impl FnMut(String, &[Schema], &Value)) {
    for (name, schemas) in &fields.declared {
        if let Some(value) = value.get(name) {
            then((*name).to_owned(), schemas, value);
        }
    }
}

impl Site {
    /// Whether it is a field of an object that declares it.
    pub(crate) fn is_field(&self) -> bool {
        self.declared
    }

    /// Whether the object here has fields that say what it is.
    pub(crate) fn is_telling(&self, whole: &Value) -> bool {
        let here = self.path.iter().fold(whole, |value, step| match step {
            Step::Field(name) => &value[name.as_str()],
            Step::Item(index) => &value[*index],
        });
        let fields = here.as_object().into_iter().flatten();
        fields
            .into_iter()
            .any(|(name, _)| name != "traceId" && name != "key")
    }
}

/// As drift names it.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str("$");
        }
        for (index, step) in self.path.iter().enumerate() {
            match step {
                Step::Field(name) => {
                    write!(f, "{}{name}", if index == 0 { "" } else { "." })?;
                }
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// The value at a place.
pub(crate) fn at<'a>(value: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Field(name) => &mut value[name.as_str()],
        Step::Item(index) => &mut value[*index],
    })
}
