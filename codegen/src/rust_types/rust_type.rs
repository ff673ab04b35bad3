//! Rust types.

use std::collections::BTreeMap;

use crate::formats::RuntimeType;

/// A Rust type of generated code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RustType {
    String,
    Integer,
    Number,
    Boolean,
    Runtime(RuntimeType),
    /// Any JSON.
    Value,
    /// An object with any fields.
    Object,
    /// A struct or an enum of the module.
    Named(String),
    List(Box<RustType>),
    Map(Box<RustType>),
    Boxed(Box<RustType>),
}

/// The prefixes of paths.
struct Prefixes {
    types: &'static str,
    runtime: &'static str,
    json: &'static str,
    collections: &'static str,
}

impl RustType {
    /// The type as written in `types.rs`, which imports the names.
    pub(crate) fn in_types(&self) -> String {
        self.render(&Prefixes {
            types: "",
            runtime: "",
            json: "",
            collections: "",
        })
    }

    /// The type as written among the builders. Their names are arbitrary, so paths are used instead
    /// of imports.
    pub(crate) fn in_builders(&self) -> String {
        self.render(&Prefixes {
            types: "types::",
            runtime: "hoopai_runtime::",
            json: "hoopai_runtime::json::",
            collections: "std::collections::",
        })
    }

    fn render(&self, prefixes: &Prefixes) -> String {
        let inner = |ty: &RustType| ty.render(prefixes);
        match self {
            RustType::String => "String".to_owned(),
            RustType::Integer => "i64".to_owned(),
            RustType::Number => "f64".to_owned(),
            RustType::Boolean => "bool".to_owned(),
            RustType::Runtime(runtime) => format!("{}{}", prefixes.runtime, runtime.name()),
            RustType::Value => format!("{}Value", prefixes.json),
            RustType::Object => format!("{}Map", prefixes.json),
            RustType::Named(name) => format!("{}{name}", prefixes.types),
            RustType::List(ty) => format!("Vec<{}>", inner(ty)),
            RustType::Map(ty) => format!("{}BTreeMap<String, {}>", prefixes.collections, inner(ty)),
            RustType::Boxed(ty) => format!("Box<{}>", inner(ty)),
        }
    }

    /// The type and the wire form that setters convert to, as a field or parameter declares them.
    pub(crate) fn with_form(&self, written: String) -> String {
        match self {
            RustType::Runtime(runtime) => match runtime.form() {
                Some(form) => format!("{written} as {form}"),
                None => written,
            },
            _ => written,
        }
    }

    /// Whether the interface declares more than any JSON or any object.
    pub(crate) fn is_typed(&self) -> bool {
        !matches!(self, RustType::Value | RustType::Object)
    }

    pub(crate) fn is_scalar(&self) -> bool {
        match self {
            RustType::String | RustType::Integer | RustType::Number | RustType::Boolean => true,
            RustType::Runtime(runtime) => *runtime != RuntimeType::CustomFieldValue,
            _ => false,
        }
    }

    /// Whether the type or one within it matches.
    pub(crate) fn contains(&self, matches: &impl Fn(&RustType) -> bool) -> bool {
        matches(self)
            || match self {
                RustType::List(inner) | RustType::Map(inner) | RustType::Boxed(inner) => {
                    inner.contains(matches)
                }
                _ => false,
            }
    }

    /// The type within a box.
    pub(crate) fn unboxed(&self) -> &RustType {
        match self {
            RustType::Boxed(inner) => inner,
            other => other,
        }
    }
}

/// The Rust types of a module.
pub(crate) struct RustTypes {
    pub(crate) structs: BTreeMap<String, StructTypes>,
    /// In the order of the operations.
    pub(crate) operations: Vec<OperationTypes>,
}

pub(crate) struct StructTypes {
    /// In the order of the struct's fields.
    pub(crate) fields: Vec<RustType>,
    /// The map of fields that are not declared by name.
    pub(crate) additional: Option<RustType>,
}

impl StructTypes {
    pub(crate) fn all(&self) -> impl Iterator<Item = &RustType> {
        self.fields.iter().chain(&self.additional)
    }
}

pub(crate) struct OperationTypes {
    pub(crate) parameters: Vec<RustType>,
    pub(crate) parts: Vec<RustType>,
    pub(crate) body: Option<RustType>,
    /// `None` if the reply is not JSON.
    pub(crate) reply: Option<RustType>,
}
