//! progenitor: from the lowered document to Rust types, read back out of the code that it writes.
//!
//! Its code is builder-style and complete; what is kept of it are the types that it gives to fields, parameters,
//! bodies and replies. The bodies of its methods go, because sending is the runtime's business: one road for every
//! call, without a client of its own and without the `api-version` header that progenitor adds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use syn::{Fields, GenericArgument, ImplItem, Item, PathArguments, ReturnType};

use crate::fault::{At, Fault};
use crate::lower::{CUSTOM_FIELD_VALUE, DECIMAL, Lowered, OURS, TIMESTAMP};

/// A Rust type, as far as generated code has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Integer,
    Number,
    Boolean,
    Timestamp,
    Decimal,
    CustomFieldValue,
    /// Any JSON.
    Value,
    /// An object of any JSON.
    Map,
    Bytes,
    Unit,
    /// A struct or an enum of the module.
    Named(String),
    List(Box<Type>),
    Table(Box<Type>),
    Boxed(Box<Type>),
}

impl Type {
    /// As it is written in `types.rs`, which imports what it names.
    pub(crate) fn in_types(&self) -> String {
        self.render("", "", "", "")
    }

    /// As it is written among the builders, which may be called anything and so import nothing.
    pub(crate) fn in_builders(&self) -> String {
        self.render(
            "types::",
            "hoopai_runtime::",
            "hoopai_runtime::json::",
            "std::collections::",
        )
    }

    fn render(&self, types: &str, runtime: &str, json: &str, tables: &str) -> String {
        let inner = |ty: &Type| ty.render(types, runtime, json, tables);
        match self {
            Type::String => "String".to_owned(),
            Type::Integer => "i64".to_owned(),
            Type::Number => "f64".to_owned(),
            Type::Boolean => "bool".to_owned(),
            Type::Timestamp => format!("{runtime}{TIMESTAMP}"),
            Type::Decimal => format!("{runtime}{DECIMAL}"),
            Type::CustomFieldValue => format!("{runtime}{CUSTOM_FIELD_VALUE}"),
            Type::Value => format!("{json}Value"),
            Type::Map => format!("{json}Map"),
            Type::Bytes | Type::Unit => "()".to_owned(),
            Type::Named(name) => format!("{types}{name}"),
            Type::List(ty) => format!("Vec<{}>", inner(ty)),
            Type::Table(ty) => format!("{tables}BTreeMap<String, {}>", inner(ty)),
            Type::Boxed(ty) => format!("Box<{}>", inner(ty)),
        }
    }

    /// Whether the interface file says anything about it.
    pub(crate) fn is_typed(&self) -> bool {
        !matches!(self, Type::Value | Type::Map)
    }

    pub(crate) fn holds(&self, other: &Type) -> bool {
        self == other
            || match self {
                Type::List(inner) | Type::Table(inner) | Type::Boxed(inner) => inner.holds(other),
                _ => false,
            }
    }

    pub(crate) fn holds_table(&self) -> bool {
        match self {
            Type::Table(_) => true,
            Type::List(inner) | Type::Boxed(inner) => inner.holds_table(),
            _ => false,
        }
    }
}

/// What progenitor made of the document.
pub(crate) struct Types {
    /// The fields of each struct under the generator's names.
    pub(crate) structs: BTreeMap<String, BTreeMap<String, Type>>,
    /// Each operation under the type's name of its builder.
    pub(crate) operations: BTreeMap<String, OperationTypes>,
}

#[derive(Default)]
pub(crate) struct OperationTypes {
    pub(crate) parameters: BTreeMap<String, Type>,
    pub(crate) body: Option<Type>,
    pub(crate) reply: Option<Type>,
}

/// Runs progenitor over the lowered document.
pub(crate) fn run(lowered: &Lowered, at: &At<'_>) -> Result<Types, Fault> {
    let fault = |problem: String| {
        at.fault(
            problem,
            "correct what is odd there in the module's overlay, or report it with the file",
        )
    };
    // Without a public type to name, the generator's own panics are caught here: none may reach a user.
    let tokens = catch_unwind(AssertUnwindSafe(|| {
        let document: openapiv3::OpenAPI = serde_json::from_value(lowered.document.clone())
            .map_err(|error| format!("not read as OpenAPI: {error}"))?;
        let mut settings = GenerationSettings::new();
        settings
            .with_interface(InterfaceStyle::Builder)
            .with_map_type("::std::collections::BTreeMap");
        for name in OURS
            .into_iter()
            .chain(lowered.enums.keys().map(String::as_str))
        {
            settings.with_replacement(name, format!("types::{name}"), std::iter::empty());
        }
        Generator::new(&settings)
            .generate_tokens(&document)
            .map_err(|error| error.to_string())
    }))
    .map_err(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        fault(format!(
            "the generator gave up: {}",
            said.unwrap_or("without a word")
        ))
    })?
    .map_err(|error| fault(format!("the generator refuses it: {error}")))?;
    let file: syn::File = syn::parse2(tokens)
        .map_err(|error| fault(format!("the generator's code does not parse: {error}")))?;
    read(&file).map_err(fault)
}

fn read(file: &syn::File) -> Result<Types, String> {
    let mut types = Types {
        structs: BTreeMap::new(),
        operations: BTreeMap::new(),
    };
    for item in module(&file.items, "types") {
        if let Item::Struct(item) = item {
            types.structs.insert(
                item.ident.to_string(),
                fields(&item.fields, |ty| Ok(ty.clone()))?,
            );
        }
    }
    for item in module(&file.items, "builder") {
        match item {
            Item::Struct(item) => {
                // Each field holds what its setter was given: `Result<T, String>`; the client's has no name to look for.
                let operation = types.operations.entry(item.ident.to_string()).or_default();
                for field in &item.fields {
                    let Some(name) = field.ident.as_ref().map(ToString::to_string) else {
                        continue;
                    };
                    if name == "client" {
                        continue;
                    }
                    let inner =
                        arguments(&field.ty, "Result").and_then(|args| args.into_iter().next());
                    let inner = inner
                        .ok_or_else(|| format!("builder {} has an odd field {name}", item.ident))?;
                    if name != "body" {
                        operation.parameters.insert(name, read_type(inner)?);
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let Some(name) = last_ident(&item.self_ty) else {
                    continue;
                };
                for method in &item.items {
                    let ImplItem::Fn(method) = method else {
                        continue;
                    };
                    let operation = types.operations.entry(name.clone()).or_default();
                    if method.sig.ident == "send" {
                        operation.reply = Some(
                            reply(&method.sig.output)
                                .ok_or_else(|| format!("builder {name} sends oddly"))??,
                        );
                    } else if method.sig.ident == "body" {
                        operation.body = Some(
                            body(&method.sig)
                                .ok_or_else(|| format!("builder {name} has an odd body"))??,
                        );
                    }
                }
            }
            _ => {}
        }
    }
    Ok(types)
}

fn module<'a>(items: &'a [Item], name: &str) -> &'a [Item] {
    let found = items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => {
            module.content.as_ref().map(|(_, items)| items.as_slice())
        }
        _ => None,
    });
    found.unwrap_or_default()
}

fn fields(
    fields: &Fields,
    pick: impl Fn(&syn::Type) -> Result<syn::Type, String>,
) -> Result<BTreeMap<String, Type>, String> {
    fields
        .iter()
        .filter_map(|field| {
            field
                .ident
                .as_ref()
                .map(|ident| (ident.to_string(), &field.ty))
        })
        .map(|(name, ty)| Ok((name, read_type(&pick(ty)?)?)))
        .collect()
}

/// The reply's type out of `Result<ResponseValue<T>, Error<()>>`.
fn reply(output: &ReturnType) -> Option<Result<Type, String>> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let response = arguments(ty, "Result")?.into_iter().next()?;
    let inner = arguments(response, "ResponseValue")?.into_iter().next()?;
    Some(read_type(inner))
}

/// The body's type out of the setter's bound `V: TryInto<T>`.
fn body(signature: &syn::Signature) -> Option<Result<Type, String>> {
    let clause = signature.generics.where_clause.as_ref()?;
    clause.predicates.iter().find_map(|predicate| {
        let syn::WherePredicate::Type(predicate) = predicate else {
            return None;
        };
        predicate.bounds.iter().find_map(|bound| {
            let syn::TypeParamBound::Trait(bound) = bound else {
                return None;
            };
            let segment = bound
                .path
                .segments
                .last()
                .filter(|segment| segment.ident == "TryInto")?;
            let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
                return None;
            };
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(read_type(ty)),
                _ => None,
            })
        })
    })
}

fn last_ident(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The type arguments of `name<…>`, if that is what the type is.
fn arguments<'a>(ty: &'a syn::Type, name: &str) -> Option<Vec<&'a syn::Type>> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let segment = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(
            arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
                .collect(),
        ),
        _ => Some(Vec::new()),
    }
}

fn read_type(ty: &syn::Type) -> Result<Type, String> {
    if let syn::Type::Tuple(tuple) = ty
        && tuple.elems.is_empty()
    {
        return Ok(Type::Unit);
    }
    let name = last_ident(ty).ok_or("a type that is no path")?;
    let first = || {
        arguments(ty, &name)
            .and_then(|args| args.into_iter().next())
            .ok_or(format!("{name} of nothing"))
    };
    Ok(match name.as_str() {
        "String" => Type::String,
        "i64" => Type::Integer,
        "f64" => Type::Number,
        "bool" => Type::Boolean,
        TIMESTAMP => Type::Timestamp,
        DECIMAL => Type::Decimal,
        CUSTOM_FIELD_VALUE => Type::CustomFieldValue,
        "Value" => Type::Value,
        "Map" => Type::Map,
        "ByteStream" => Type::Bytes,
        // Every field and setter is optional with us; the type within is what counts.
        "Option" => read_type(first()?)?,
        "Vec" => Type::List(Box::new(read_type(first()?)?)),
        "Box" => Type::Boxed(Box::new(read_type(first()?)?)),
        "BTreeMap" => {
            let args = arguments(ty, "BTreeMap").unwrap_or_default();
            Type::Table(Box::new(read_type(
                args.get(1).ok_or("BTreeMap of nothing")?,
            )?))
        }
        _ => Type::Named(name),
    })
}
