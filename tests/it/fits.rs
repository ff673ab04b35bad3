//! Whether a value on the wire is what the interface declares: kinds, enums, and no key that is not declared.

use serde_json::Value;

use crate::interface::{Fields, Interface, Schema, Shape};

/// What does not fit, by its place.
pub(crate) fn faults(interface: Interface, schema: Schema, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(interface, schema, value, "body", &mut faults);
    faults
}

fn check(
    interface: Interface,
    schema: Schema,
    value: &Value,
    place: &str,
    faults: &mut Vec<String>,
) {
    let is = match interface.shape(schema) {
        Shape::Any => true,
        Shape::Text(values) => value
            .as_str()
            .is_some_and(|text| values.is_empty() || values.contains(&text)),
        Shape::Number | Shape::Amount => value.is_number(),
        Shape::Moment if interface.resolve(schema)["type"] == "string" => value.is_string(),
        Shape::Moment => value.is_number(),
        Shape::Integer => value.is_i64(),
        Shape::Boolean => value.is_boolean(),
        Shape::List(of) => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                check(interface, of, item, &format!("{place}/{index}"), faults);
            }
            value.is_array()
        }
        Shape::Map(of) => {
            for (key, inner) in value.as_object().into_iter().flatten() {
                check(interface, of, inner, &format!("{place}/{key}"), faults);
            }
            value.is_object()
        }
        Shape::Object(fields) => {
            object(interface, &fields, value, place, faults);
            value.is_object()
        }
        Shape::Union(variants) => {
            let mut fit = variants.iter().map(|variant| {
                let mut faults = Vec::new();
                check(interface, variant, value, place, &mut faults);
                faults
            });
            fit.any(|faults| faults.is_empty())
        }
    };
    if !is {
        faults.push(format!("{place}: {value} is of another kind"));
    }
}

fn object(
    interface: Interface,
    fields: &Fields,
    value: &Value,
    place: &str,
    faults: &mut Vec<String>,
) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match (fields.declared.get(name.as_str()), fields.others) {
            (Some(schemas), _) => schemas
                .iter()
                .for_each(|schema| check(interface, schema, inner, &place, faults)),
            (None, Some(others)) => check(interface, others, inner, &place, faults),
            (None, None) => faults.push(format!("{place} is not declared")),
        }
    }
    for name in &fields.required {
        if value.get(name).is_none() {
            faults.push(format!("{place}/{name} is required and missing"));
        }
    }
}
