//! Reads the Rust API of a generated crate from its files: client, builders, operation table, types.

use std::collections::{BTreeMap, BTreeSet};

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ExprStruct, GenericArgument, Ident, Item, Lit, LitStr, Meta, Path,
    PathArguments, Token, braced, parenthesized,
};

use crate::error::{FileError, SourcePointer};
use crate::text::DECLARED_REQUIRED;

const CLIENT: &str = "src/client.rs";
const OPERATIONS: &str = "src/operations.rs";
const TYPES: &str = "src/types.rs";

/// The files that contain the API.
pub(crate) const SOURCES: [&str; 3] = [CLIENT, OPERATIONS, TYPES];

/// The public items of a crate.
pub(super) struct RustApi {
    /// By method and path.
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) types: BTreeMap<String, Type>,
}

pub(super) struct Operation {
    /// The name of the client's method.
    pub(super) method: String,
    /// The name of the builder.
    pub(super) builder: String,
    pub(super) multipart: bool,
    /// The type of the reply.
    pub(super) reply: String,
    /// The type of the items over all pages.
    pub(super) items: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    /// The type of the body.
    pub(super) body: Option<String>,
    pub(super) row: Row,
}

/// A setter of a builder, without that of the body.
pub(super) struct Parameter {
    /// `path`, `query`, `header`, `text` or `part`.
    pub(super) location: String,
    pub(super) wire_name: String,
    pub(super) ident: String,
    /// Empty for files.
    pub(super) ty: String,
    pub(super) form: Option<String>,
    pub(super) declared_required: bool,
}

/// A row of the operation table.
#[derive(Default)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) version: Option<String>,
    pub(super) tokens: String,
    pub(super) scopes: Vec<String>,
    pub(super) idempotent: bool,
    pub(super) deprecated: bool,
    pub(super) location: Option<DefaultLocation>,
    /// Query parameters without which a call is rejected.
    pub(super) required_query: BTreeSet<String>,
    /// Whether a call without body is rejected.
    pub(super) required_body: bool,
    /// Fields of the body without which a call is rejected.
    pub(super) required_fields: BTreeSet<String>,
    pub(super) paging: Option<Expr>,
    method: String,
}

#[derive(PartialEq, Eq)]
pub(super) struct DefaultLocation {
    pub(super) part: String,
    pub(super) name: String,
    pub(super) required: bool,
}

pub(super) struct Type {
    /// The platform's names.
    pub(super) aliases: BTreeSet<String>,
    pub(super) shape: Shape,
    /// Methods besides setters.
    pub(super) methods: BTreeSet<String>,
}

#[derive(Clone)]
pub(super) enum Shape {
    /// By wire name.
    Struct(BTreeMap<String, Field>),
    /// Variants by wire value.
    Enum(BTreeMap<String, String>),
}

#[derive(Clone)]
pub(super) struct Field {
    pub(super) ident: String,
    pub(super) ty: String,
    pub(super) form: Option<String>,
    pub(super) declared_required: bool,
}

/// Reads the files of a crate.
pub(super) fn read(files: &BTreeMap<String, String>) -> Result<RustApi, FileError> {
    let source = |path: &'static str| {
        let text = files.get(path);
        let text = text.ok_or_else(|| unreadable(path, "is missing"))?;
        let file = syn::parse_file(text);
        file.map_err(|error| unreadable(path, format!("is not Rust: {error}")))
    };
    let types = read_types(&source(TYPES)?).map_err(|error| not_generated(TYPES, &error))?;
    let mut rows = read_rows(&source(OPERATIONS)?);
    let client = source(CLIENT)?;
    let operations =
        read_client(&client, &mut rows).map_err(|error| not_generated(CLIENT, &error))?;
    Ok(RustApi { operations, types })
}

fn unreadable(path: &str, problem: impl Into<String>) -> FileError {
    SourcePointer::root(path).error(problem, "run cargo xtask codegen")
}

fn not_generated(path: &str, error: &syn::Error) -> FileError {
    unreadable(
        path,
        format!("does not have the form of generated code: {error}"),
    )
}

fn read_types(file: &syn::File) -> syn::Result<BTreeMap<String, Type>> {
    let mut types = BTreeMap::new();
    let mut methods: Vec<(String, &'static str)> = Vec::new();
    for (name, tokens) in macros(&file.items) {
        match name.as_str() {
            "model" => types.extend(syn::parse2::<Definitions>(tokens)?.0),
            "open_enum" => types.extend(syn::parse2::<Definitions>(tokens)?.0),
            "confirmations" => {
                let names = syn::parse2::<Names>(tokens)?.0;
                methods.extend(names.into_iter().map(|name| (name, "is_success")));
            }
            "custom_field_values" => {
                let names = syn::parse2::<Names>(tokens)?.0;
                methods.extend(names.into_iter().take(1).map(|name| (name, "value")));
            }
            _ => {}
        }
    }
    for (name, method) in methods {
        if let Some(item) = types.get_mut(&name) {
            item.methods.insert(method.to_owned());
        }
    }
    Ok(types)
}

fn read_client(
    file: &syn::File,
    rows: &mut BTreeMap<String, Row>,
) -> syn::Result<BTreeMap<String, Operation>> {
    let builders = file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_ref(),
        _ => None,
    });
    let mut operations: BTreeMap<String, Operation> = BTreeMap::new();
    for (name, tokens) in macros(builders.map_or(&[][..], |(_, items)| items)) {
        match name.as_str() {
            "operation" => {
                let builder = syn::parse2::<Builder>(tokens)?;
                let Some(row) = rows.remove(&builder.row) else {
                    let problem = format!("the operation table has no row {}", builder.row);
                    return Err(syn::Error::new(proc_macro2::Span::call_site(), problem));
                };
                operations.insert(
                    builder.name.clone(),
                    Operation {
                        method: builder.row.to_lowercase(),
                        builder: builder.name,
                        multipart: builder.multipart,
                        reply: builder.reply,
                        items: builder.items,
                        parameters: Vec::new(),
                        body: None,
                        row,
                    },
                );
            }
            "setters" => {
                let setters = syn::parse2::<Setters>(tokens)?;
                if let Some(operation) = operations.get_mut(&setters.builder) {
                    operation.parameters = setters.parameters;
                    operation.body = setters.body;
                }
            }
            _ => {}
        }
    }
    let by_request = |operation: Operation| {
        let request = format!("{} {}", operation.row.method, operation.row.path);
        (request, operation)
    };
    Ok(operations.into_values().map(by_request).collect())
}

/// The names and arguments of macro calls.
fn macros(items: &[Item]) -> impl Iterator<Item = (String, proc_macro2::TokenStream)> {
    items.iter().filter_map(|item| match item {
        Item::Macro(item) => {
            let name = item.mac.path.segments.last()?;
            Some((name.ident.to_string(), item.mac.tokens.clone()))
        }
        _ => None,
    })
}

fn read_rows(file: &syn::File) -> BTreeMap<String, Row> {
    let rows = file.items.iter().filter_map(|item| match item {
        Item::Static(item) => match &*item.expr {
            Expr::Struct(row) => Some((plain(&item.ident), read_row(row))),
            _ => None,
        },
        _ => None,
    });
    rows.collect()
}

fn read_row(row: &ExprStruct) -> Row {
    let text = |name: &str| field(row, name).and_then(string).unwrap_or_default();
    let location = field(row, "location").and_then(some).and_then(structure);
    let query = field(row, "query").map(list).unwrap_or_default();
    let body = field(row, "body").and_then(some);
    let body_fields = body.and_then(structure);
    let body_flag = |name: &str, default: bool| {
        let flag = body_fields.and_then(|body| field(body, name));
        flag.map_or(default, is_true)
    };
    let fields = body_fields.and_then(|body| field(body, "fields"));
    Row {
        method: field(row, "method").map(last_name).unwrap_or_default(),
        path: text("path"),
        id: text("id"),
        version: field(row, "version").and_then(some).and_then(string),
        tokens: field(row, "tokens").map(last_name).unwrap_or_default(),
        scopes: field(row, "scopes").map(strings).unwrap_or_default(),
        idempotent: field(row, "idempotent").is_some_and(is_true),
        deprecated: field(row, "deprecated").is_some_and(is_true),
        location: location.map(|location| DefaultLocation {
            part: field(location, "part")
                .map(last_name)
                .unwrap_or_default()
                .to_lowercase(),
            name: field(location, "name").and_then(string).unwrap_or_default(),
            required: field(location, "required").is_some_and(is_true),
        }),
        required_query: query
            .iter()
            .filter_map(|parameter| structure(parameter))
            .filter(|parameter| field(parameter, "required").is_some_and(is_true))
            .filter_map(|parameter| field(parameter, "name").and_then(string))
            .collect(),
        required_body: body.is_some()
            && body_flag("required", true)
            && !body_flag("omittable", false),
        required_fields: fields
            .map(strings)
            .unwrap_or_default()
            .into_iter()
            .collect(),
        paging: field(row, "paging").cloned(),
    }
}

fn field<'a>(row: &'a ExprStruct, name: &str) -> Option<&'a Expr> {
    let mut fields = row.fields.iter();
    let field =
        fields.find(|field| matches!(&field.member, syn::Member::Named(ident) if ident == name));
    field.map(|field| &field.expr)
}

/// The argument of `Some(…)`.
fn some(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Call(call) => call.args.first(),
        _ => None,
    }
}

fn structure(expr: &Expr) -> Option<&ExprStruct> {
    match expr {
        Expr::Struct(row) => Some(row),
        _ => None,
    }
}

fn string(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(literal) if matches!(&literal.lit, Lit::Bool(flag) if flag.value))
}

/// The last name of a path: `GET` of `&Method::GET`.
fn last_name(expr: &Expr) -> String {
    match expr {
        Expr::Reference(reference) => last_name(&reference.expr),
        Expr::Path(path) => last_segment(&path.path),
        _ => String::new(),
    }
}

/// The items of `&[…]`.
fn list(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Reference(reference) => list(&reference.expr),
        Expr::Array(array) => array.elems.iter().collect(),
        _ => Vec::new(),
    }
}

fn strings(expr: &Expr) -> Vec<String> {
    list(expr).into_iter().filter_map(string).collect()
}

fn last_segment(path: &Path) -> String {
    let last = path.segments.last();
    last.map(|segment| plain(&segment.ident))
        .unwrap_or_default()
}

/// The name without `r#`.
fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// A type without the paths of its names, which differ between files.
fn type_text(ty: &syn::Type) -> String {
    let syn::Type::Path(path) = ty else {
        return "()".to_owned();
    };
    let Some(last) = path.path.segments.last() else {
        return String::new();
    };
    let name = plain(&last.ident);
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return name;
    };
    let arguments = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => type_text(ty),
        _ => String::new(),
    });
    format!("{name}<{}>", arguments.collect::<Vec<_>>().join(", "))
}

fn declares_required(attributes: &[Attribute]) -> bool {
    let mut docs = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => string(&doc.value),
            _ => None,
        });
    // The sentence is generated as one line of documentation.
    docs.any(|line| line.contains(DECLARED_REQUIRED))
}

fn doc_aliases(attributes: &[Attribute]) -> BTreeSet<String> {
    let mut aliases = BTreeSet::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        if let Meta::List(list) = &attribute.meta
            && let Ok(alias) = list.parse_args_with(|input: ParseStream<'_>| {
                input.call(Ident::parse_any)?;
                input.parse::<Token![=]>()?;
                input.parse::<LitStr>()
            })
        {
            aliases.insert(alias.value());
        }
    }
    aliases
}

/// `as form` behind a type.
fn form(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.parse::<Option<Token![as]>>()?.is_none() {
        return Ok(None);
    }
    Ok(Some(plain(&input.call(Ident::parse_any)?)))
}

/// The argument of `model!` or `open_enum!`.
struct Definitions(BTreeMap<String, Type>);

impl Parse for Definitions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut types = BTreeMap::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            input.parse::<Token![pub]>()?;
            let is_struct = input.parse::<Option<Token![struct]>>()?.is_some();
            if !is_struct {
                input.parse::<Token![enum]>()?;
            }
            let name = plain(&input.parse()?);
            let content;
            braced!(content in input);
            let shape = if is_struct {
                let fields = content.call(Punctuated::<NamedField, Token![,]>::parse_terminated)?;
                Shape::Struct(
                    fields
                        .into_iter()
                        .map(|field| (field.wire_name, field.field))
                        .collect(),
                )
            } else {
                let variants = content.call(Punctuated::<Variant, Token![,]>::parse_terminated)?;
                Shape::Enum(
                    variants
                        .into_iter()
                        .map(|variant| (variant.value, variant.name))
                        .collect(),
                )
            };
            let aliases = doc_aliases(&attributes);
            types.insert(
                name,
                Type {
                    aliases,
                    shape,
                    methods: BTreeSet::new(),
                },
            );
        }
        Ok(Self(types))
    }
}

struct NamedField {
    wire_name: String,
    field: Field,
}

impl Parse for NamedField {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        let ident = plain(&input.call(Ident::parse_any)?);
        input.parse::<Token![:]>()?;
        let ty = type_text(&input.parse()?);
        let form = form(input)?;
        input.parse::<Token![=]>()?;
        let wire_name = input.parse::<LitStr>()?.value();
        let declared_required = declares_required(&attributes);
        Ok(Self {
            wire_name,
            field: Field {
                ident,
                ty,
                form,
                declared_required,
            },
        })
    }
}

struct Variant {
    name: String,
    value: String,
}

impl Parse for Variant {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let name = plain(&input.call(Ident::parse_any)?);
        input.parse::<Token![=]>()?;
        let value = input.parse::<LitStr>()?.value();
        Ok(Self { name, value })
    }
}

/// Names, separated by commas or a colon.
struct Names(Vec<String>);

impl Parse for Names {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut names = Vec::new();
        while !input.is_empty() {
            names.push(plain(&input.call(Ident::parse_any)?));
            input.parse::<Option<Token![:]>>()?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self(names))
    }
}

/// The argument of `operation!`.
struct Builder {
    name: String,
    /// The constant of the row.
    row: String,
    multipart: bool,
    reply: String,
    items: Option<String>,
}

impl Parse for Builder {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        let name = plain(&input.parse()?);
        let content;
        parenthesized!(content in input);
        let row = last_segment(&content.parse()?);
        let multipart = input.parse::<Option<Ident>>()?.is_some();
        input.parse::<Token![->]>()?;
        let kind = plain(&input.parse()?);
        let mut items = None;
        let reply = match kind.as_str() {
            "json" => type_text(&input.parse()?),
            "bytes" => "ByteStream".to_owned(),
            _ => "()".to_owned(),
        };
        if input.parse::<Option<Token![,]>>()?.is_some() {
            input.parse::<Ident>()?;
            items = Some(type_text(&input.parse()?));
        }
        Ok(Self {
            name,
            row,
            multipart,
            reply,
            items,
        })
    }
}

/// The argument of `setters!`.
struct Setters {
    builder: String,
    parameters: Vec<Parameter>,
    body: Option<String>,
}

impl Parse for Setters {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let builder = plain(&input.parse()?);
        let content;
        braced!(content in input);
        let (mut parameters, mut body) = (Vec::new(), None);
        while !content.is_empty() {
            let attributes = content.call(Attribute::parse_outer)?;
            let location = plain(&content.call(Ident::parse_any)?);
            let ident = plain(&content.call(Ident::parse_any)?);
            let (mut ty, mut wire_form) = (String::new(), None);
            if content.parse::<Option<Token![:]>>()?.is_some() {
                ty = type_text(&content.parse()?);
                wire_form = form(&content)?;
            }
            if content.parse::<Option<Token![=]>>()?.is_some() {
                parameters.push(Parameter {
                    location,
                    wire_name: content.parse::<LitStr>()?.value(),
                    ident,
                    ty,
                    form: wire_form,
                    declared_required: declares_required(&attributes),
                });
            } else {
                body = Some(ty);
            }
            content.parse::<Option<Token![,]>>()?;
        }
        Ok(Self {
            builder,
            parameters,
            body,
        })
    }
}
