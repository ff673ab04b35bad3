//! Accepted undeclared parameters and fields, and arrays as axios and PHP write them.

use serde_json::{Value, json};

use super::super::{ParsedRequest, UndeclaredPolicy, request};
use super::{Draft, FieldSet, draft, incoming, options, run};
use crate::api_error::ApiError;
use crate::interface::schema_view::is_array;
use crate::interface::{Interface, Operation};

fn open(operation: &Operation, draft: &Draft) -> Result<ParsedRequest, ApiError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let incoming = incoming(operation, draft);
    let options = options(operation, UndeclaredPolicy::Accept);
    runtime.block_on(request(operation, &incoming, &draft.path, &options))
}

/// Adds a field to every object in a value. Returns the number of objects.
fn add_everywhere(value: &mut Value) -> usize {
    match value {
        Value::Object(fields) => {
            let within: usize = fields.values_mut().map(add_everywhere).sum();
            fields.insert("notDeclared".into(), json!("kept"));
            within + 1
        }
        Value::Array(items) => items.iter_mut().map(add_everywhere).sum(),
        _ => 0,
    }
}

#[test]
fn undeclared_field_is_accepted_and_kept_at_every_level() {
    let mut added = 0;
    for operation in &Interface::shared().operations {
        let mut draft = draft(operation, FieldSet::All);
        draft.query.push(("notDeclared".into(), "1".into()));
        let is_json = operation
            .body
            .as_ref()
            .is_some_and(|body| body.media_type == "application/json");
        if let (true, Some(body)) = (is_json, &mut draft.body) {
            added += add_everywhere(body);
        }
        let key = operation.key();
        if !operation.any_query {
            let refusal = run(operation, &draft).expect_err(&key);
            assert_eq!(refusal.status, 422, "{key}");
        }
        let accepted = open(operation, &draft).unwrap_or_else(|r| panic!("{key}: {}", r.body));
        assert!(!accepted.query.contains_key("notDeclared"), "{key}");
        if is_json {
            assert_eq!(accepted.body, draft.body, "{key}");
        }
    }
    assert!(added > 900, "{added}");
}

#[test]
fn bracketed_query_array_is_accepted() {
    let mut lists = 0;
    for operation in &Interface::shared().operations {
        let plain = draft(operation, FieldSet::All);
        let expected = run(operation, &plain).expect("a valid request").query;
        for parameter in operation.parameters.iter().filter(|p| !p.in_path) {
            let name = &parameter.name;
            let bracketed = |brackets: &str| {
                let mut draft = plain.clone();
                for (own, _) in draft.query.iter_mut().filter(|(own, _)| own == name) {
                    own.push_str(brackets);
                }
                draft
            };
            let key = format!("{} {name}", operation.key());
            if !plain.query.iter().any(|(own, _)| own == name) {
                continue;
            }
            if !is_array(operation, &parameter.schema) {
                run(operation, &bracketed("[]")).expect_err(&key);
                continue;
            }
            lists += 1;
            for brackets in ["[]", "[0]", "[12]"] {
                let accepted = run(operation, &bracketed(brackets));
                assert_eq!(accepted.expect(&key).query, expected, "{key}{brackets}");
            }
            for brackets in ["[a]", "[0][]", "[", "]"] {
                run(operation, &bracketed(brackets)).expect_err(&key);
            }
        }
    }
    assert!(lists > 5, "{lists}");
}
