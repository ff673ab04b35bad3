//! Forms of schemas that OpenAPI 3.0 does not allow or that generators reject.

use serde_json::{Value, json};

use super::walk;
use crate::json::{self, Object};
use crate::openapi::resolve;

/// Moves the siblings of a reference beside `allOf` with the reference as its only part: OpenAPI
/// 3.0 ignores siblings of `$ref`.
pub(super) fn wrap_references(document: &mut Value) {
    walk::objects(document, &mut |map| {
        if map.len() > 1 && map.get("$ref").is_some_and(Value::is_string) {
            let reference = map.remove("$ref");
            map.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        }
    });
}

/// Gives schemas with `nullable` the type that OpenAPI 3.0 requires beside it: the type of the
/// only part, or null as one more part. Schemas that allow any JSON need no `nullable`.
pub(super) fn type_nullable(document: &mut Value) {
    let original = document.clone();
    walk::objects(document, &mut |map| {
        if !json::flag(map, "nullable") || map.contains_key("type") {
            return;
        }
        let null = json!({ "enum": [null], "nullable": true, "type": "string" });
        for key in ["oneOf", "anyOf"] {
            if let Some(parts) = map.get_mut(key).and_then(Value::as_array_mut) {
                parts.push(null.clone());
                map.remove("nullable");
                return;
            }
        }
        let part = json::items(map, "allOf").find_map(|part| type_of(&original, part));
        match part {
            Some(name) => map.insert("type".to_owned(), name.into()),
            None => map.remove("nullable"),
        };
    });
}

/// Removes formats of schemas that are no scalars. They say which type of the client holds the
/// values, and some generators reject them.
pub(super) fn remove_formats(document: &mut Value) {
    walk::objects(document, &mut |map| {
        let is_scalar = !matches!(json::text(map, "type"), None | Some("array" | "object"));
        if !is_scalar && map.get("format").is_some_and(Value::is_string) {
            map.remove("format");
        }
    });
}

fn type_of(document: &Value, schema: &Value) -> Option<String> {
    let name = resolve(document, schema).get("type")?.as_str()?;
    Some(name.to_owned())
}

/// Replaces enums of fractions, for which generators have no type, by bounds and a step. Values
/// without a common step are named in the description instead.
pub(super) fn bound_fractions(document: &mut Value) {
    walk::objects(document, &mut |map| {
        let Some(mut values) = fractions(map) else {
            return;
        };
        values.sort_by(f64::total_cmp);
        let step = values.windows(2).map(|pair| pair[1] - pair[0]);
        let step = step.fold(f64::INFINITY, f64::min);
        let is_multiple = |value: f64| value == (value / step).round() * step;
        let (first, last) = (values[0], values[values.len() - 1]);
        let is_series =
            is_multiple(first) && values.windows(2).all(|pair| pair[1] - pair[0] == step);
        map.remove("enum");
        map.insert("minimum".to_owned(), first.into());
        map.insert("maximum".to_owned(), last.into());
        if is_series {
            map.insert("multipleOf".to_owned(), step.into());
        } else {
            let list: Vec<String> = values.iter().map(f64::to_string).collect();
            let text = json::text(map, "description").unwrap_or_default();
            let text = format!("{text} One of {}.", list.join(", "));
            map.insert("description".to_owned(), text.trim().into());
        }
    });
}

/// The distinct values of an enum of at least two numbers, if one has a fractional part.
fn fractions(map: &Object) -> Option<Vec<f64>> {
    let values = map.get("enum")?.as_array()?;
    let values: Vec<f64> = values.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let has_fraction = values.iter().any(|value| value.fract() != 0.0);
    let has_two = values.iter().any(|value| *value != values[0]);
    (has_fraction && has_two).then(|| {
        let mut distinct = Vec::new();
        for value in values {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        distinct
    })
}
