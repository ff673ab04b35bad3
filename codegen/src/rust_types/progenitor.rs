//! Runs progenitor and reads the types out of the code that it generates.
//!
//! progenitor reads OpenAPI documents, so the resolved schemas are written as one. It renames what
//! is not a Rust name, so fields, parameters and operations are numbered: `f0`, `p0`, `o0`. Of its
//! code, which is builder-style and complete, only the types of fields, parameters, bodies and
//! replies are kept, because the runtime sends requests.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Value, json};
use syn::{GenericArgument, ImplItem, Item, PathArguments, ReturnType};

use super::rust_type::{OperationTypes, RustType, RustTypes, StructTypes};
use crate::error::{FileError, SourcePointer};
use crate::formats::RuntimeType;
use crate::json::Object;
use crate::openapi::SCHEMAS;
use crate::schema::{OperationSchemas, ResolvedTypes, Schema, Struct};

/// Runs progenitor over the resolved schemas.
pub(super) fn run(
    resolved: &ResolvedTypes,
    at: &SourcePointer<'_>,
) -> Result<RustTypes, FileError> {
    let unsupported = |problem: String| {
        at.error(
            problem,
            "correct the schema in the module's overlay, or report it with the file",
        )
    };
    // progenitor panics on some input; no panic may reach a user.
    let tokens = catch_unwind(AssertUnwindSafe(|| {
        let document: openapiv3::OpenAPI = serde_json::from_value(document(resolved))
            .map_err(|error| format!("not read as OpenAPI: {error}"))?;
        let mut settings = GenerationSettings::new();
        settings
            .with_interface(InterfaceStyle::Builder)
            .with_map_type("::std::collections::BTreeMap");
        let runtime = RuntimeType::ALL.map(RuntimeType::key);
        for name in resolved.enums.keys().chain(&runtime) {
            settings.with_replacement(name, format!("types::{name}"), std::iter::empty());
        }
        Generator::new(&settings)
            .generate_tokens(&document)
            .map_err(|error| error.to_string())
    }))
    .map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        let message = message.unwrap_or("no message");
        unsupported(format!("progenitor panicked: {message}"))
    })?
    .map_err(|error| unsupported(format!("progenitor rejects it: {error}")))?;
    let file: syn::File = syn::parse2(tokens)
        .map_err(|error| unsupported(format!("progenitor's code does not parse: {error}")))?;
    read(&file, resolved).map_err(unsupported)
}

/// The resolved schemas as an OpenAPI document.
fn document(resolved: &ResolvedTypes) -> Value {
    let runtime = RuntimeType::ALL.map(|runtime| (runtime.key(), json!({ "type": "string" })));
    let structs = resolved
        .structs
        .iter()
        .map(|(name, item)| (name.clone(), struct_schema(item)));
    // Enums are replaced, so one value suffices.
    let value = json!({ "type": "string", "enum": ["value"] });
    let enums = resolved
        .enums
        .keys()
        .map(|name| (name.clone(), value.clone()));
    let schemas: BTreeMap<String, Value> =
        runtime.into_iter().chain(structs).chain(enums).collect();
    let operations = resolved.operations.iter().enumerate();
    let paths: BTreeMap<String, Value> = operations
        .map(|(index, schemas)| (format!("/o{index}"), path_item(index, schemas)))
        .collect();
    json!({
        "openapi": "3.0.3",
        "info": { "title": "resolved", "version": "1" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn struct_schema(item: &Struct) -> Value {
    let fields = item.fields.iter().enumerate();
    let properties: Object = fields
        .map(|(index, field)| (format!("f{index}"), openapi_schema(&field.schema)))
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if let Some(additional) = &item.additional {
        schema["additionalProperties"] = openapi_schema(additional);
    }
    schema
}

fn path_item(index: usize, schemas: &OperationSchemas<String>) -> Value {
    let parameters = schemas.parameters.iter().chain(&schemas.parts).enumerate();
    let parameters: Vec<Value> = parameters
        .map(|(index, schema)| {
            let (name, schema) = (format!("p{index}"), openapi_schema(schema));
            json!({ "name": name, "in": "query", "required": true, "schema": schema })
        })
        .collect();
    let content = |schema: &Schema<String>| json!({ "application/json": { "schema": openapi_schema(schema) } });
    let reply = content(schemas.reply.as_ref().unwrap_or(&Schema::Any));
    let mut operation = json!({
        "operationId": format!("o{index}"),
        "parameters": parameters,
        "responses": { "2XX": { "description": "", "content": reply } },
    });
    if let Some(body) = &schemas.body {
        operation["requestBody"] = json!({ "required": true, "content": content(body) });
    }
    json!({ "post": operation })
}

fn openapi_schema(schema: &Schema<String>) -> Value {
    let reference = |name: &str| json!({ "$ref": format!("{SCHEMAS}{name}") });
    match schema {
        Schema::Any => json!({}),
        Schema::String => json!({ "type": "string" }),
        Schema::Integer => json!({ "type": "integer", "format": "int64" }),
        Schema::Number => json!({ "type": "number" }),
        Schema::Boolean => json!({ "type": "boolean" }),
        Schema::Object => json!({ "type": "object", "additionalProperties": true }),
        Schema::Runtime(runtime) => reference(&runtime.key()),
        Schema::List(items) => json!({ "type": "array", "items": openapi_schema(items) }),
        Schema::Map(values) => {
            json!({ "type": "object", "additionalProperties": openapi_schema(values) })
        }
        Schema::Named(name) => reference(name),
    }
}

/// Types by the name of a field, a parameter, `body` or `send`.
type TypesByName = BTreeMap<String, RustType>;

fn read(file: &syn::File, resolved: &ResolvedTypes) -> Result<RustTypes, String> {
    let mut structs = BTreeMap::new();
    for item in module(&file.items, "types") {
        if let Item::Struct(item) = item {
            structs.insert(item.ident.to_string(), struct_fields(item)?);
        }
    }
    let mut builders: BTreeMap<String, TypesByName> = BTreeMap::new();
    for item in module(&file.items, "builder") {
        match item {
            Item::Struct(item) => {
                let builder = builders.entry(item.ident.to_string()).or_default();
                builder.extend(builder_fields(item)?);
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let Some(name) = last_ident(&item.self_ty) else {
                    continue;
                };
                let builder = builders.entry(name.clone()).or_default();
                for method in &item.items {
                    let ImplItem::Fn(method) = method else {
                        continue;
                    };
                    let method_name = method.sig.ident.to_string();
                    let ty = match method_name.as_str() {
                        "send" => reply(&method.sig.output),
                        "body" => body(&method.sig),
                        _ => continue,
                    };
                    let ty = ty.ok_or_else(|| {
                        format!("builder {name} has an unexpected method {method_name}")
                    })?;
                    builder.insert(method_name, ty?);
                }
            }
            _ => {}
        }
    }
    let struct_types = |(name, item): (&String, &Struct)| {
        let missing = || format!("progenitor generated no type `{name}`");
        let mut types = structs.remove(name).ok_or_else(missing)?;
        let fields = 0..item.fields.len();
        let fields = fields.map(|index| types.remove(&format!("f{index}")).ok_or_else(missing));
        let fields = fields.collect::<Result<_, String>>()?;
        // typify adds a field for undeclared keys.
        let additional = types.remove("extra");
        Ok((name.clone(), StructTypes { fields, additional }))
    };
    let operation_types = |(index, schemas): (usize, &OperationSchemas<String>)| {
        let mut types = builders.remove(&format!("O{index}")).unwrap_or_default();
        let mut take = |name: String| {
            let missing = || format!("progenitor generated no type for operation {index}, {name}");
            types.remove(&name).ok_or_else(missing)
        };
        let count = schemas.parameters.len() + schemas.parts.len();
        let parameters = (0..count).map(|index| take(format!("p{index}")));
        let mut parameters = parameters.collect::<Result<Vec<_>, String>>()?;
        let parts = parameters.split_off(schemas.parameters.len());
        let body = schemas
            .body
            .as_ref()
            .map(|_| take("body".to_owned()))
            .transpose()?;
        let reply = schemas
            .reply
            .as_ref()
            .map(|_| take("send".to_owned()))
            .transpose()?;
        Ok(OperationTypes {
            parameters,
            parts,
            body,
            reply,
        })
    };
    Ok(RustTypes {
        structs: resolved
            .structs
            .iter()
            .map(struct_types)
            .collect::<Result<_, String>>()?,
        operations: resolved
            .operations
            .iter()
            .enumerate()
            .map(operation_types)
            .collect::<Result<_, String>>()?,
    })
}

fn module<'a>(items: &'a [Item], name: &str) -> &'a [Item] {
    let found = items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => module.content.as_ref(),
        _ => None,
    });
    found.map(|(_, items)| items.as_slice()).unwrap_or_default()
}

fn named_fields(item: &syn::ItemStruct) -> impl Iterator<Item = (String, &syn::Type)> {
    let fields = item.fields.iter();
    fields.filter_map(|field| Some((field.ident.as_ref()?.to_string(), &field.ty)))
}

fn struct_fields(item: &syn::ItemStruct) -> Result<TypesByName, String> {
    named_fields(item)
        .map(|(name, ty)| Ok((name, read_type(ty)?)))
        .collect()
}

/// The parameters of a builder. Each field has the type `Result<T, String>`.
fn builder_fields(item: &syn::ItemStruct) -> Result<TypesByName, String> {
    let is_parameter = |name: &str| name != "client" && name != "body";
    named_fields(item)
        .filter(|(name, _)| is_parameter(name))
        .map(|(name, ty)| {
            let inner = first_argument(ty, "Result")
                .ok_or_else(|| format!("builder {} has an unexpected field {name}", item.ident))?;
            Ok((name, read_type(inner)?))
        })
        .collect()
}

/// The reply's type out of `Result<ResponseValue<T>, Error<()>>`.
fn reply(output: &ReturnType) -> Option<Result<RustType, String>> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let response = first_argument(ty, "Result")?;
    first_argument(response, "ResponseValue").map(read_type)
}

/// The body's type out of the setter's bound `V: TryInto<T>`.
fn body(signature: &syn::Signature) -> Option<Result<RustType, String>> {
    let clause = signature.generics.where_clause.as_ref()?;
    clause
        .predicates
        .iter()
        .filter_map(|predicate| match predicate {
            syn::WherePredicate::Type(predicate) => Some(&predicate.bounds),
            _ => None,
        })
        .flatten()
        .find_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => {
                let segment = bound.path.segments.last()?;
                let is_conversion = segment.ident == "TryInto";
                type_arguments(segment)
                    .next()
                    .filter(|_| is_conversion)
                    .map(read_type)
            }
            _ => None,
        })
}

fn last_segment(ty: &syn::Type) -> Option<&syn::PathSegment> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn last_ident(ty: &syn::Type) -> Option<String> {
    last_segment(ty).map(|segment| segment.ident.to_string())
}

fn type_arguments(segment: &syn::PathSegment) -> impl Iterator<Item = &syn::Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// The first type argument, if the type has this name.
fn first_argument<'a>(ty: &'a syn::Type, name: &str) -> Option<&'a syn::Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    type_arguments(segment).next()
}

fn read_type(ty: &syn::Type) -> Result<RustType, String> {
    let segment = last_segment(ty).ok_or("a type that is not a path")?;
    let name = segment.ident.to_string();
    let argument = |index: usize| {
        let ty = type_arguments(segment).nth(index);
        read_type(ty.ok_or_else(|| format!("{name} without type arguments"))?)
    };
    if let Some(runtime) = RuntimeType::ALL
        .into_iter()
        .find(|runtime| runtime.key() == name)
    {
        return Ok(RustType::Runtime(runtime));
    }
    Ok(match name.as_str() {
        "String" => RustType::String,
        "i64" => RustType::Integer,
        "f64" => RustType::Number,
        "bool" => RustType::Boolean,
        "Value" => RustType::Value,
        "Map" => RustType::Object,
        // Every field of a model is optional; the inner type is kept.
        "Option" => argument(0)?,
        "Vec" => RustType::List(Box::new(argument(0)?)),
        "Box" => RustType::Boxed(Box::new(argument(0)?)),
        "BTreeMap" => RustType::Map(Box::new(argument(1)?)),
        _ => RustType::Named(name),
    })
}
