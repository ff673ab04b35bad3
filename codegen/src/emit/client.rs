//! `client.rs`: the client of a module with a method for each operation, and their builders.

use std::fmt::Write;

use super::input::{HEADER, Input};
use super::models::{DEFAULT_LOCATION, is_doc_alias};
use super::{example, operation_table};
use crate::model::{BodyKind, Operation, Paging, ParamLocation, Parameter, Reply};
use crate::names;
use crate::rust_types::{OperationTypes, RustType};
use crate::text::{DECLARED_REQUIRED, code, literal, write_docs};

pub(super) fn file(input: &Input<'_>) -> String {
    let mut methods = String::new();
    let mut builders = String::new();
    for (operation, _, types) in input.operations() {
        method(&mut methods, input, operation, types);
        builder(&mut builders, input, operation, types);
    }
    let module = input.module;
    let mut out = format!(
        "// {HEADER}\n\n//! The client of {}, and a builder for each of its operations.\n\nuse hoopai_runtime::Handle;\n\n",
        module.product
    );
    let _ = writeln!(
        out,
        "/// The client of {}. Cheap to clone: it holds a [`Handle`].",
        module.product
    );
    if module.deprecated {
        let _ = writeln!(out, "///\n/// {}", module.deprecation());
    }
    for alias in std::iter::once(&module.product).chain(&module.aliases) {
        let _ = writeln!(out, "#[doc(alias = {})]", literal(alias));
    }
    let unused = if methods.is_empty() {
        "    #[allow(dead_code, reason = \"the module has no operations\")]\n"
    } else {
        ""
    };
    let _ = write!(
        out,
        "#[derive(Clone, Debug)]\npub struct Client {{\n{unused}    handle: Handle,\n}}\n\n"
    );
    out.push_str(
        "impl Client {\n    /// Creates a client that uses the handle's settings, connections and credentials.\n    \
         pub fn new(handle: impl Into<Handle>) -> Self {\n        Self { handle: handle.into() }\n    }\n",
    );
    out.push_str(&methods);
    // A module without operations or named types has no use for them.
    let imports = if builders.contains("types::") {
        "{operations, types}"
    } else {
        "operations"
    };
    let content = if builders.is_empty() {
        String::new()
    } else {
        format!("\n    use crate::{imports};\n{builders}")
    };
    let _ = write!(
        out,
        "}}\n\n/// The request builders: set the parameters, then call `send()`.\npub mod builder {{{content}}}\n"
    );
    out
}

fn method(out: &mut String, input: &Input<'_>, operation: &Operation, types: &OperationTypes) {
    let pascal = names::builder(&operation.name);
    let request = format!("{} {}", operation.method.to_uppercase(), operation.path);
    out.push('\n');
    match &operation.summary {
        Some(summary) => {
            write_docs(out, "    ", "///", summary);
            let _ = write!(out, "    ///\n    /// {}\n", code(&request));
        }
        None => {
            let _ = writeln!(out, "    /// {}", code(&request));
        }
    }
    let mut paragraph = |text: &str| {
        out.push_str("    ///\n");
        write_docs(out, "    ", "///", text);
    };
    if let Some(description) = &operation.description {
        paragraph(description);
    }
    if operation.documented_only {
        paragraph("Documented by HoopAI; the platform's interface files do not contain it.");
    }
    if let Some(reason) = &operation.untyped {
        paragraph(&format!("Returns any JSON. {reason}"));
    }
    out.push_str("    ///\n");
    for fact in facts(operation, &pascal) {
        let _ = writeln!(out, "    /// - {fact}");
    }
    if let Some(lines) = example::lines(input, operation, types) {
        out.push_str("    ///\n    /// ```no_run\n");
        write_docs(out, "    ", "///", &lines.join("\n"));
        out.push_str("    /// ```\n");
    }
    if operation.id != operation.name && is_doc_alias(&operation.id) {
        let _ = writeln!(out, "    #[doc(alias = {})]", literal(&operation.id));
    }
    if operation.deprecated {
        out.push_str("    #[deprecated = \"the platform advises against this operation\"]\n");
    }
    let _ = writeln!(
        out,
        "    pub fn {}(&self) -> builder::{pascal} {{\n        builder::{pascal}::new(&self.handle)\n    }}",
        operation.name
    );
}

/// The list of facts in the documentation of an operation.
fn facts(operation: &Operation, pascal: &str) -> Vec<String> {
    let mut facts = Vec::new();
    if !operation.scopes.is_empty() {
        let scopes: Vec<String> = operation.scopes.iter().map(|scope| code(scope)).collect();
        let word = if scopes.len() == 1 { "Scope" } else { "Scopes" };
        facts.push(format!("{word}: {}.", scopes.join(", ")));
    }
    match (operation.location_token, operation.agency_token) {
        (true, false) => facts.push("Requires a location token.".to_owned()),
        (false, true) => facts.push("Requires an agency token.".to_owned()),
        _ => {}
    }
    facts.push(match &operation.version {
        Some(version) => format!("Version: {}.", code(version)),
        None => "Version: not declared; the default is sent.".to_owned(),
    });
    let idempotency = if operation.is_idempotent() {
        "Idempotent: retried on transient failures."
    } else {
        "Not idempotent: retried only if the request was not sent."
    };
    facts.push(idempotency.to_owned());
    if let Some(paging) = &operation.paging {
        facts.push(format!(
            "{}; [`stream`](builder::{pascal}::stream) reads all items.",
            page_facts(paging)
        ));
    }
    facts
}

fn page_facts(paging: &Paging) -> String {
    let names: Vec<String> = paging.param_names().into_iter().map(code).collect();
    let by = names.join(" and ");
    match &paging.size {
        Some(size) => format!("Pages of up to {} items, by {by}", size.max),
        None => format!("Pages, by {by}"),
    }
}

fn builder(out: &mut String, input: &Input<'_>, operation: &Operation, types: &OperationTypes) {
    let reply = match (&operation.reply, &types.reply) {
        (Reply::Empty, _) => "empty".to_owned(),
        (Reply::Json(_), Some(ty)) => match &operation.paging {
            Some(paging) => {
                let item = item_type(input, ty, &paging.items);
                format!("json {}, paged {}", ty.in_builders(), item.in_builders())
            }
            None => format!("json {}", ty.in_builders()),
        },
        (Reply::Bytes | Reply::Json(_), _) => "bytes".to_owned(),
    };
    let pascal = names::builder(&operation.name);
    let _ = write!(
        out,
        "\n    hoopai_runtime::operation! {{\n        /// The request of [`{0}`](super::Client::{0}).\n        pub {pascal}(operations::{1}){2} -> {reply}\n    }}\n",
        operation.name,
        operation_table::constant(operation),
        if operation.is_multipart() {
            " multipart"
        } else {
            ""
        },
    );
    let setters = setters(operation, types);
    if !setters.is_empty() {
        let _ = write!(
            out,
            "    hoopai_runtime::setters! {{\n        {pascal} {{\n{setters}        }}\n    }}\n"
        );
    }
}

fn setters(operation: &Operation, types: &OperationTypes) -> String {
    let mut out = String::new();
    for (parameter, ty) in operation.parameters.iter().zip(&types.parameters) {
        write_docs(
            &mut out,
            "            ",
            "///",
            &parameter_docs(operation, parameter),
        );
        let _ = writeln!(
            out,
            "            {} {}: {} = {},",
            parameter.part.name(),
            parameter.ident,
            ty.with_form(ty.in_builders()),
            literal(&parameter.wire_name)
        );
    }
    let Some(body) = &operation.body else {
        return out;
    };
    for (part, ty) in body.parts.iter().zip(&types.parts) {
        let description = part.description.as_deref().unwrap_or_default();
        write_docs(&mut out, "            ", "///", description);
        let (ident, wire_name) = (&part.ident, literal(&part.wire_name));
        let _ = if part.is_file {
            writeln!(out, "            part {ident} = {wire_name},")
        } else {
            writeln!(
                out,
                "            text {ident}: {} = {wire_name},",
                ty.with_form(ty.in_builders())
            )
        };
    }
    if let Some(ty) = &types.body {
        let kind = match body.kind {
            BodyKind::Form => "form",
            BodyKind::Json | BodyKind::Multipart => "json",
        };
        let _ = writeln!(out, "            {kind} body: {},", ty.in_builders());
    }
    out
}

/// The documentation of a parameter, and whether a call needs it. Path parameters are always
/// needed.
fn parameter_docs(operation: &Operation, parameter: &Parameter) -> String {
    let name = &parameter.wire_name;
    let has_default = operation.location.as_ref().is_some_and(|location| {
        location.part == parameter.part
            && (location.name == *name || location.alt_type && name == "altType")
    });
    let required = if has_default {
        Some(DEFAULT_LOCATION)
    } else if operation.requires_query(name) {
        Some("Required.")
    } else {
        let declared = parameter.required && parameter.part != ParamLocation::Path;
        declared.then_some(DECLARED_REQUIRED)
    };
    let sentences = parameter.description.as_deref().into_iter().chain(required);
    sentences.collect::<Vec<_>>().join(" ")
}

/// The type of the items of the list at a path in a reply; any JSON if the types do not lead there.
fn item_type(input: &Input<'_>, reply: &RustType, path: &str) -> RustType {
    let mut names = path.split('.').filter(|_| !path.is_empty());
    let list = names.try_fold(reply.unboxed(), |ty, name| {
        field_type(input, ty, name).map(RustType::unboxed)
    });
    match list {
        Some(RustType::List(item)) => item.unboxed().clone(),
        _ => RustType::Value,
    }
}

fn field_type<'a>(input: &Input<'a>, ty: &'a RustType, name: &str) -> Option<&'a RustType> {
    match ty {
        RustType::List(items) => Some(items),
        RustType::Named(named) => input.field_type(named, name),
        _ => None,
    }
}
