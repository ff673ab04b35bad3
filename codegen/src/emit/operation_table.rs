//! `operations.rs`: the operation table.

use std::fmt::Write;

use super::input::{HEADER, Input};
use crate::model::{
    Body, BodyKind, Operation, PageParam, PageSize, PageStrategy, Paging, ParamLocation, Reply,
};
use crate::text::{code, literal, literals};

pub(super) fn file(input: &Input<'_>) -> String {
    let mut out = format!(
        "// {HEADER}\n\n//! The operation table.\n\nuse hoopai_runtime::operation::*;\n\n\
         /// Every operation of the module, by name.\npub static ALL: &[&Operation] = &[\n"
    );
    for operation in input.operations {
        let _ = writeln!(out, "    &{},", constant(operation));
    }
    out.push_str("];\n");
    for operation in input.operations {
        row(&mut out, input.module.name.as_str(), operation);
    }
    out
}

pub(super) fn constant(operation: &Operation) -> String {
    operation.name.to_uppercase()
}

fn row(out: &mut String, module: &str, operation: &Operation) {
    let method = operation.method.to_uppercase();
    let _ = write!(
        out,
        "\n/// {}\npub static {}: Operation = Operation {{\n    module: {}, name: {}, id: {},\n    method: &Method::{method}, path: {},\n",
        code(&format!("{method} {}", operation.path)),
        constant(operation),
        literal(module),
        literal(&operation.name),
        literal(&operation.id),
        literal(&operation.path),
    );
    if let Some(version) = &operation.version {
        let _ = writeln!(out, "    version: Some({}),", literal(version));
    }
    let tokens = match (operation.location_token, operation.agency_token) {
        (true, true) => "ANY",
        (true, false) => "LOCATION",
        (false, true) => "AGENCY",
        (false, false) => "NONE",
    };
    let _ = writeln!(
        out,
        "    tokens: Tokens::{tokens}, scopes: &[{}],",
        literals(&operation.scopes)
    );
    if operation.is_idempotent() {
        out.push_str("    idempotent: true,\n");
    }
    if let Some(location) = &operation.location {
        let (part, name) = (location.part, literal(&location.name));
        let (alt_type, required) = (location.alt_type, location.required);
        let _ = writeln!(
            out,
            "    location: Some(Location {{ part: ParamLocation::{part:?}, name: {name}, alt_type: {alt_type}, required: {required} }}),",
        );
    }
    let queries: Vec<_> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.part == ParamLocation::Query)
        .collect();
    if !queries.is_empty() {
        out.push_str("    query: &[\n");
        for query in queries {
            let style = if query.comma { "Comma" } else { "Repeat" };
            let name = literal(&query.wire_name);
            let required = operation.requires_query(&query.wire_name);
            let _ = writeln!(
                out,
                "        QueryParam {{ name: {name}, required: {required}, style: ListStyle::{style} }},"
            );
        }
        out.push_str("    ],\n");
    }
    if let Some(body) = &operation.body {
        let _ = writeln!(out, "    body: Some({}),", body_row(operation, body));
    }
    match operation.reply {
        Reply::Json(_) => {}
        Reply::Empty => out.push_str("    reply: Reply::Empty,\n"),
        Reply::Bytes => out.push_str("    reply: Reply::Bytes,\n"),
    }
    if let Some(rule) = &operation.paging {
        paging(out, rule);
    }
    if operation.deprecated {
        out.push_str("    deprecated: true,\n");
    }
    out.push_str("    ..Operation::DEFAULT\n};\n");
}

fn body_row(operation: &Operation, body: &Body) -> String {
    let mut parts = Vec::new();
    match body.kind {
        BodyKind::Json => {}
        BodyKind::Form => parts.push("kind: BodyKind::Form".to_owned()),
        BodyKind::Multipart => parts.push("kind: BodyKind::Multipart".to_owned()),
    }
    if !body.required {
        parts.push("required: false".to_owned());
    }
    let in_body = operation.required.iter().filter(|value| value.in_body);
    let fields: Vec<String> = in_body.map(|value| value.path.clone()).collect();
    if !fields.is_empty() {
        parts.push(format!("fields: &[{}]", literals(&fields)));
    }
    if body.omittable {
        parts.push("omittable: true".to_owned());
    }
    if parts.is_empty() {
        return "Body::DEFAULT".to_owned();
    }
    format!("Body {{ {}, ..Body::DEFAULT }}", parts.join(", "))
}

fn paging(out: &mut String, paging: &Paging) {
    let optional = |path: &Option<String>| match path {
        Some(path) => format!("Some({})", literal(path)),
        None => "None".to_owned(),
    };
    let _ = writeln!(
        out,
        "    paging: Some(Paging {{\n        items: {}, total: {}, more: {},",
        literal(&paging.items),
        optional(&paging.total),
        optional(&paging.more),
    );
    let size = match &paging.size {
        Some(PageSize { to, max, declared }) => format!(
            "Some(PageSize {{ to: {}, max: {max}, declared: {declared} }})",
            page_param(to)
        ),
        None => "None".to_owned(),
    };
    let _ = writeln!(out, "        size: {size},");
    match &paging.strategy {
        PageStrategy::Offset(to) => {
            let _ = writeln!(
                out,
                "        strategy: PageStrategy::Offset({}),",
                page_param(to)
            );
        }
        PageStrategy::Page { to, first } => {
            let to = page_param(to);
            let _ = writeln!(
                out,
                "        strategy: PageStrategy::Page {{ to: {to}, first: {first} }},"
            );
        }
        PageStrategy::Cursor(fields) => {
            out.push_str("        strategy: PageStrategy::Cursor(&[\n");
            for field in fields {
                let source = if field.of_last_item {
                    "LastItem"
                } else {
                    "Reply"
                };
                let _ = writeln!(
                    out,
                    "            CursorField {{ from: CursorSource::{source}({}), to: {} }},",
                    literal(&field.path),
                    page_param(&field.to),
                );
            }
            out.push_str("        ]),\n");
        }
    }
    out.push_str("    }),\n");
}

fn page_param(to: &PageParam) -> String {
    match to {
        PageParam::Query(name) => format!("PageParam::Query({})", literal(name)),
        PageParam::Body { name, text } => {
            format!(
                "PageParam::Body {{ name: {}, text: {text} }}",
                literal(name)
            )
        }
    }
}
