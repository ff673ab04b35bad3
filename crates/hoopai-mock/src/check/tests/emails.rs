//! Email addresses in bodies.

use serde_json::Value;

use super::{FieldSet, draft, run};
use crate::interface::Interface;

/// Makes the email addresses in a value invalid. Returns their number.
fn corrupt(value: &mut Value) -> usize {
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
                    value => corrupt(value),
                }
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(corrupt).sum(),
        _ => 0,
    }
}

#[test]
fn malformed_email_is_rejected_by_every_operation() {
    let mut corrupted = 0;
    for operation in &Interface::shared().operations {
        let mut draft = draft(operation, FieldSet::All);
        let own = draft.body.as_mut().map_or(0, corrupt);
        if own == 0 || operation.any_query {
            continue;
        }
        let key = operation.key();
        let error = run(operation, &draft).expect_err(&key);
        let errors = error.body["errors"].as_array().expect(&key);
        assert_eq!(errors.len(), own, "{key}: {errors:?}");
        for error in errors {
            assert_eq!(error["message"], "Invalid email format", "{key}");
        }
        corrupted += own;
    }
    assert!(corrupted > 30, "{corrupted}");
}
