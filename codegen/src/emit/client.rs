//! `client.rs`: the module's client, a method an operation, and their builders.

use std::fmt::Write;

use super::types::{AUTOMATIC, DECLARED_REQUIRED, is_alias};
use super::{HEADER, Input, code, docs, literal, operations};
use crate::fault::{At, Fault};
use crate::generator::{OperationTypes, Type};
use crate::lower::{self, Part};
use crate::names;
use crate::table::{BodyKind, Operation, Parameter, Place, Reply};

pub(super) fn file(input: &Input<'_>, at: &At<'_>) -> Result<String, Fault> {
    let mut methods = String::new();
    let mut builders = String::new();
    for operation in input.operations {
        let pascal = names::builder(&operation.name);
        let types = input.types.operations.get(&pascal).ok_or_else(|| {
            at.fault(
                format!("the generator made no builder `{pascal}`"),
                "give the operation another `x-hoopai-name` in the module's overlay, or report it with the file",
            )
        })?;
        method(&mut methods, operation, &pascal);
        builder(&mut builders, input, operation, &pascal, types, at)?;
    }
    let module = input.module;
    let mut out = format!(
        "// {HEADER}\n\n//! The client of {}, and a builder for each of its operations.\n\nuse hoopai_runtime::Handle;\n\n",
        module.product
    );
    let _ = writeln!(
        out,
        "/// Calls of {}. Cheap to clone: it holds a [`Handle`].",
        module.product
    );
    for alias in std::iter::once(&module.product).chain(&module.aliases) {
        let _ = writeln!(out, "#[doc(alias = {})]", literal(alias));
    }
    out.push_str(
        "#[derive(Clone, Debug)]\npub struct Client {\n    handle: Handle,\n}\n\n\
         impl Client {\n    /// A client over the handle's settings, connections and token.\n    \
         pub fn new(handle: impl Into<Handle>) -> Self {\n        Self { handle: handle.into() }\n    }\n",
    );
    out.push_str(&methods);
    out.push_str(
        "}\n\n/// The builders: set what a call takes, then `send()` it.\npub mod builder {\n",
    );
    out.push_str("    use crate::{operations, types};\n");
    // A module without named types has no use for them.
    if !builders.contains("types::") {
        out = out.replace("use crate::{operations, types};", "use crate::operations;");
    }
    out.push_str(&builders);
    out.push_str("}\n");
    Ok(out)
}

fn method(out: &mut String, operation: &Operation, pascal: &str) {
    let request = format!("{} {}", operation.method.to_uppercase(), operation.path);
    out.push('\n');
    match &operation.summary {
        Some(summary) => {
            docs(out, "    ", "///", summary);
            let _ = write!(out, "    ///\n    /// {}\n", code(&request));
        }
        None => {
            let _ = writeln!(out, "    /// {}", code(&request));
        }
    }
    if let Some(description) = &operation.description {
        out.push_str("    ///\n");
        docs(out, "    ", "///", description);
    }
    if operation.documented_only {
        out.push_str(
            "    ///\n    /// Documented by HoopAI; the platform's interface files lack it.\n",
        );
    }
    if let Some(reason) = &operation.untyped {
        out.push_str("    ///\n");
        docs(out, "    ", "///", &format!("Answers any JSON. {reason}"));
    }
    out.push_str("    ///\n");
    for fact in facts(operation, pascal) {
        let _ = writeln!(out, "    /// - {fact}");
    }
    if operation.id != operation.name && is_alias(&operation.id) {
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

/// What the table knows of an operation, in words.
fn facts(operation: &Operation, pascal: &str) -> Vec<String> {
    let mut facts = Vec::new();
    if !operation.scopes.is_empty() {
        let scopes: Vec<String> = operation.scopes.iter().map(|scope| code(scope)).collect();
        let word = if scopes.len() == 1 { "Scope" } else { "Scopes" };
        facts.push(format!("{word}: {}.", scopes.join(", ")));
    }
    match (operation.location_token, operation.agency_token) {
        (true, false) => facts.push("Needs the token of a location.".to_owned()),
        (false, true) => facts.push("Needs the token of an agency.".to_owned()),
        _ => {}
    }
    facts.push(match &operation.version {
        Some(version) => format!("Version: {}.", code(version)),
        None => "Version: none declared, so the default.".to_owned(),
    });
    facts.push(
        if operation.is_idempotent() {
            "Idempotent: retried on transient failures."
        } else {
            "Not idempotent: retried only if the request was not sent."
        }
        .to_owned(),
    );
    if let Some(paging) = &operation.paging {
        facts.push(format!(
            "{}; [`stream`](builder::{pascal}::stream) reads them all.",
            paging.words()
        ));
    }
    facts
}

fn builder(
    out: &mut String,
    input: &Input<'_>,
    operation: &Operation,
    pascal: &str,
    types: &OperationTypes,
    at: &At<'_>,
) -> Result<(), Fault> {
    let untyped = || {
        at.fault(
            format!("the generator typed not all of `{}`", operation.name),
            "report it with the file",
        )
    };
    let reply = match &operation.reply {
        Reply::Empty => "empty".to_owned(),
        Reply::Bytes => "bytes".to_owned(),
        Reply::Json(_) => {
            let ty = types.reply.as_ref().ok_or_else(untyped)?;
            match &operation.paging {
                Some(paging) => {
                    let item = item(input, ty, &paging.items);
                    format!("json {}, paged {}", ty.in_builders(), item.in_builders())
                }
                None => format!("json {}", ty.in_builders()),
            }
        }
    };
    let multipart = operation
        .body
        .as_ref()
        .is_some_and(|body| body.kind == BodyKind::Multipart);
    let _ = write!(
        out,
        "\n    hoopai_runtime::operation! {{\n        /// The request of [`{0}`](super::Client::{0}).\n        pub {pascal}(operations::{1}){2} -> {reply}\n    }}\n",
        operation.name,
        operations::constant(operation),
        if multipart { " multipart" } else { "" },
    );
    let mut setters = String::new();
    let setter = |setters: &mut String,
                  kind: &str,
                  ident: &str,
                  ty: Option<&Type>,
                  wire: &str,
                  description: Option<&String>| {
        if let Some(description) = description.filter(|text| !text.is_empty()) {
            docs(setters, "            ", "///", description);
        }
        let ty = ty
            .map(|ty| format!(": {}", ty.in_builders()))
            .unwrap_or_default();
        let _ = writeln!(
            setters,
            "            {kind} {ident}{ty} = {},",
            literal(wire)
        );
    };
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let ty = types
            .parameters
            .get(&lower::parameter_name(index))
            .ok_or_else(untyped)?;
        let kind = match parameter.place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        };
        setter(
            &mut setters,
            kind,
            &parameter.ident,
            Some(ty),
            &parameter.wire,
            Some(&parameter_docs(operation, parameter)),
        );
    }
    for (index, part) in lower::parts(input.document, operation).iter().enumerate() {
        let Part {
            wire,
            ident,
            file,
            description,
            ..
        } = part;
        let ty = types
            .parameters
            .get(&lower::parameter_name(operation.parameters.len() + index))
            .ok_or_else(untyped)?;
        if *file {
            setter(
                &mut setters,
                "part",
                ident,
                None,
                wire,
                description.as_ref(),
            );
        } else {
            setter(
                &mut setters,
                "text",
                ident,
                Some(ty),
                wire,
                description.as_ref(),
            );
        }
    }
    if let Some(body) = operation.body.as_ref().filter(|_| !multipart) {
        let ty = types.body.as_ref().ok_or_else(untyped)?;
        let kind = if body.kind == BodyKind::Form {
            "form"
        } else {
            "json"
        };
        let _ = writeln!(setters, "            {kind} body: {},", ty.in_builders());
    }
    if !setters.is_empty() {
        let _ = write!(
            out,
            "    hoopai_runtime::setters! {{\n        {pascal} {{\n{setters}        }}\n    }}\n"
        );
    }
    Ok(())
}

/// What a parameter is, and whether a call needs it. Path parameters are always needed.
fn parameter_docs(operation: &Operation, parameter: &Parameter) -> String {
    let place = match parameter.place {
        Place::Path => "Path",
        Place::Query => "Query",
        Place::Header => "Header",
    };
    let is_automatic = operation.location.as_ref().is_some_and(|location| {
        location.place == place
            && (location.name == parameter.wire || location.alt_type && parameter.wire == "altType")
    });
    let required = if is_automatic {
        Some(AUTOMATIC)
    } else if operation.enforces_query(&parameter.wire) {
        Some("Required.")
    } else {
        (parameter.required && parameter.place != Place::Path).then_some(DECLARED_REQUIRED)
    };
    let own = parameter.description.as_deref();
    own.into_iter()
        .chain(required)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The type of one item of the list at a place in a reply; any JSON where the types do not lead there.
fn item(input: &Input<'_>, reply: &Type, place: &str) -> Type {
    let mut here = Some(unboxed(reply));
    for part in place.split('.').filter(|_| !place.is_empty()) {
        here = here.and_then(|ty| field(input, ty, part)).map(unboxed);
    }
    match here {
        Some(Type::List(item)) => unboxed(item).clone(),
        _ => Type::Value,
    }
}

fn field<'a>(input: &Input<'a>, ty: &'a Type, part: &str) -> Option<&'a Type> {
    match ty {
        Type::List(items) => Some(items),
        Type::Named(name) => {
            let (key, _) = input
                .lowered
                .structs
                .get(name)?
                .fields
                .iter()
                .find(|(_, field)| field.wire == part)?;
            input.types.structs.get(name)?.get(key)
        }
        _ => None,
    }
}

fn unboxed(ty: &Type) -> &Type {
    match ty {
        Type::Boxed(inner) => inner,
        other => other,
    }
}
