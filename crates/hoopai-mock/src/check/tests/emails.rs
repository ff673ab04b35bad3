//! Email addresses in bodies.

use serde_json::Value;

use super::{FieldSet, draft, run};
use crate::interface::Interface;

/// Spoils the email addresses within a value; how many there are.
fn spoil(value: &mut Value) -> usize {
    match value {
        Value::Object(fields) => fields
            .iter_mut()
            .map(|(name, value)| {
                let is_address = name == "email" || name.ends_with("Email");
                match value {
                    Value::String(text) if is_address => {
                        *text = "jane@example".to_owned();
                        1
                    }
                    value => spoil(value),
                }
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(spoil).sum(),
        _ => 0,
    }
}

#[test]
fn malformed_addresses_are_refused_by_every_operation() {
    let mut spoiled = 0;
    for operation in &Interface::shared().operations {
        let mut draft = draft(operation, FieldSet::All);
        let own = draft.body.as_mut().map_or(0, spoil);
        if own == 0 || operation.any_query {
            continue;
        }
        let key = operation.key();
        let refusal = run(operation, &draft).expect_err(&key);
        let errors = refusal.body["errors"].as_array().expect(&key);
        assert_eq!(errors.len(), own, "{key}: {errors:?}");
        for error in errors {
            assert_eq!(error["message"], "Invalid email format", "{key}");
        }
        spoiled += own;
    }
    assert!(spoiled > 30, "{spoiled}");
}
