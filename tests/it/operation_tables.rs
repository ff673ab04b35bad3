//! The operation table of every module as text, so that a change of the platform is a readable
//! diff.

use std::collections::BTreeSet;
use std::fmt::Write;

use hoopai::runtime::operation::{
    CursorSource, ListStyle, Method, Operation, PageParam, PageStrategy, Paging, Reply,
};

use crate::interface::Interface;
use crate::operations::{all_operations, qualified_name};

fn text_if(condition: bool, text: &str) -> &str {
    if condition { text } else { "" }
}

fn row(operation: &Operation) -> String {
    let version = operation.version.unwrap_or("undeclared");
    let mut out = format!(
        "{}\n    {} {}\n    id {}, version {version}{}{}\n",
        operation.name,
        operation.method,
        operation.path,
        operation.id,
        text_if(operation.idempotent, ", idempotent"),
        text_if(operation.deprecated, ", deprecated"),
    );
    let tokens = match (operation.tokens.location, operation.tokens.agency) {
        (true, true) => "location, agency",
        (true, false) => "location",
        (false, true) => "agency",
        (false, false) => "",
    };
    let scopes = list(operation.scopes);
    let _ = writeln!(out, "    tokens {tokens}; scopes {scopes}");
    if !operation.query.is_empty() {
        let query = operation.query.iter().map(|parameter| {
            let required = text_if(parameter.required, "*");
            let comma = text_if(parameter.style == ListStyle::Comma, " (comma)");
            format!("{}{required}{comma}", parameter.name)
        });
        let _ = writeln!(out, "    query {}", query.collect::<Vec<_>>().join(", "));
    }
    if let Some(body) = operation.body {
        let required = text_if(body.required, "*");
        let omittable = text_if(body.omittable, ", may be omitted");
        let (kind, fields) = (body.kind, list(body.fields));
        let _ = writeln!(out, "    body {kind:?}{required} with {fields}{omittable}");
    }
    if operation.reply != Reply::Json {
        let _ = writeln!(out, "    reply {:?}", operation.reply);
    }
    if let Some(location) = operation.location {
        let required = text_if(location.required, "*");
        let with = text_if(location.alt_type, " with altType");
        let (part, name) = (location.part, location.name);
        let _ = writeln!(out, "    location in {part:?} {name}{required}{with}");
    }
    if let Some(paging) = operation.paging {
        out.push_str(&pages(&paging));
    }
    out
}

fn pages(paging: &Paging) -> String {
    let name = |to: &PageParam| match *to {
        PageParam::Query(name) => name.to_owned(),
        PageParam::Body { name, text: false } => format!("{name} (body)"),
        PageParam::Body { name, text: true } => format!("{name} (body, text)"),
        ref other => panic!("{other:?}"),
    };
    let strategy = match paging.strategy {
        PageStrategy::Offset(to) => format!("offset {}", name(&to)),
        PageStrategy::Page { to, first } => format!("page {} from {first}", name(&to)),
        PageStrategy::Cursor(fields) => {
            let fields = fields.iter().map(|field| match field.from {
                CursorSource::Reply(path) => format!("{} = {path}", name(&field.to)),
                CursorSource::LastItem(path) => {
                    format!("{} = {path} of the last", name(&field.to))
                }
                other => panic!("{other:?}"),
            });
            format!("cursor {}", fields.collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other:?}"),
    };
    let items = match paging.items {
        "" => "the reply",
        items => items,
    };
    let mut out = format!("    pages by {strategy}; items {items}");
    for (word, path) in [("total", paging.total), ("more", paging.more)] {
        if let Some(path) = path {
            let _ = write!(out, "; {word} {path}");
        }
    }
    if let Some(size) = paging.size {
        let _ = write!(out, "; size {} up to {}", name(&size.to), size.max);
    }
    out.push('\n');
    out
}

fn list(items: &[&str]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

#[test]
fn operation_tables_of_all_modules() {
    for table in hoopai::OPERATIONS {
        let text: String = table.iter().map(|operation| row(operation)).collect();
        insta::assert_snapshot!(table[0].module, text);
    }
}

#[test]
fn operation_rows_are_complete_and_valid() {
    let all: Vec<&Operation> = all_operations().collect();
    assert_eq!(hoopai::OPERATIONS.len(), 41);
    // 576 operations of the interface files, and 33 that only HoopAI documents.
    assert_eq!(all.len(), 609);
    let mut seen = BTreeSet::new();
    for operation in all {
        let name = qualified_name(operation);
        assert!(
            seen.insert((operation.method.as_str(), operation.path)),
            "{name}: {} {} is listed twice",
            operation.method,
            operation.path
        );
        assert!(
            operation.path.starts_with('/'),
            "{name}: {}",
            operation.path
        );
        assert!(
            operation.tokens.location || operation.tokens.agency,
            "{name}: no kind of token"
        );
        if let Some(version) = operation.version {
            let digits = version.split('-').map(str::len).collect::<Vec<_>>();
            assert_eq!(digits, [4, 2, 2], "{name}: version {version}");
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            operation.name.chars().all(plain),
            "{name} is not in snake case"
        );
        let is_redundant = operation.name.ends_with("_by_id") || operation.name.contains("_by_id_");
        assert!(!is_redundant, "{name} repeats its parameter");
    }
}

#[test]
fn every_write_declares_whether_it_is_idempotent() {
    let mut undeclared = Vec::new();
    for operation in all_operations() {
        let name = qualified_name(operation);
        let interface = Interface::of(operation.module);
        let declared = interface.operation(operation);
        let yes = declared["x-hoopai-idempotent"] == true;
        let no = declared["x-hoopai-not-idempotent"].is_string();
        assert!(!(yes && no), "{name} declares both");
        let by_rule = match *operation.method {
            Method::POST | Method::PATCH
                if !operation.name.starts_with("create_") && !yes && !no =>
            {
                undeclared.push(name.clone());
                false
            }
            Method::POST | Method::PATCH => false,
            _ => true,
        };
        assert_eq!(operation.idempotent, yes || by_rule && !no, "{name}");
        // Operations with these verbs have an external or cumulative effect.
        let verbs = [
            "send_",
            "purchase_",
            "record_",
            "publish_",
            "duplicate_",
            "clone_",
            "execute_",
        ];
        if verbs.iter().any(|verb| operation.name.starts_with(verb)) {
            let harmless = operation.name == "send_live_chat_typing_indicator";
            assert_eq!(operation.idempotent, harmless, "{name}");
        }
    }
    assert!(
        undeclared.is_empty(),
        "declare whether these are idempotent: {undeclared:?}"
    );
}

/// The mock is independent of the tables. It accepts both the name of an operation in errors, spans
/// and metrics, and its operation id.
#[test]
fn mock_accepts_operation_names_and_ids() {
    use hoopai_mock::{Fault, FaultRule};
    let rule = |name: &str, operation: &Operation| {
        FaultRule::new(Fault::status(503)).on(&format!("{}.{name}", operation.module))
    };
    let mut rules = Vec::new();
    for operation in all_operations() {
        let named = rule(operation.name, operation);
        assert_eq!(named, rule(operation.id, operation), "{}", operation.name);
        rules.push(named);
    }
    let equal = rules.iter().filter(|rule| **rule == rules[0]);
    assert_eq!((equal.count(), rules.len()), (1, 609));
}
