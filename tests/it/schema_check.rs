//! Checks that a JSON value matches its schema: kinds, enums, required fields, no undeclared keys.

use serde_json::Value;

use crate::interface::{Fields, Interface, Schema, Shape};

/// The deviations of a value from its schema, each with its path.
pub(crate) fn violations(interface: Interface, schema: Schema, value: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    check(interface, schema, value, "body", &mut violations);
    violations
}

fn check(
    interface: Interface,
    schema: Schema,
    value: &Value,
    path: &str,
    violations: &mut Vec<String>,
) {
    let is_declared = match interface.shape(schema) {
        Shape::Any => true,
        Shape::Text(values) => value
            .as_str()
            .is_some_and(|text| values.is_empty() || values.contains(&text)),
        Shape::Number | Shape::Decimal => value.is_number(),
        Shape::Timestamp if interface.resolve(schema)["type"] == "string" => value.is_string(),
        Shape::Timestamp => value.is_number(),
        Shape::Integer => value.is_i64(),
        Shape::Boolean => value.is_boolean(),
        Shape::List(of) => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                check(interface, of, item, &format!("{path}/{index}"), violations);
            }
            value.is_array()
        }
        Shape::Map(of) => {
            for (key, inner) in value.as_object().into_iter().flatten() {
                check(interface, of, inner, &format!("{path}/{key}"), violations);
            }
            value.is_object()
        }
        Shape::Object(fields) => {
            object(interface, &fields, value, path, violations);
            value.is_object()
        }
        Shape::Union(variants) => {
            let mut violations = variants.iter().map(|variant| {
                let mut violations = Vec::new();
                check(interface, variant, value, path, &mut violations);
                violations
            });
            violations.any(|violations| violations.is_empty())
        }
    };
    if !is_declared {
        violations.push(format!("{path}: {value} has another kind"));
    }
}

fn object(
    interface: Interface,
    fields: &Fields,
    value: &Value,
    path: &str,
    violations: &mut Vec<String>,
) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        match (fields.declared.get(name.as_str()), fields.additional) {
            (Some(schemas), _) => schemas
                .iter()
                .for_each(|schema| check(interface, schema, inner, &path, violations)),
            (None, Some(additional)) => check(interface, additional, inner, &path, violations),
            (None, None) => violations.push(format!("{path} is not declared")),
        }
    }
    for name in &fields.required {
        if value.get(name).is_none() {
            violations.push(format!("{path}/{name} is required and missing"));
        }
    }
}
