//! Checks parameters of path, query and headers.

use serde_json::{Map, Value};

use super::coerce::coerce;
use super::field_path::FieldPath;
use super::options::{Mode, UndeclaredPolicy};
use super::parsed_request::ParsedRequest;
use super::schema::{FieldError, MAX_ERRORS, is_valid, validate};
use crate::exchange::Request;
use crate::interface::schema_view::{alternatives, is_array, property, property_names};
use crate::interface::{Operation, Parameter};

pub(super) fn path(
    operation: &Operation,
    values: &[(String, String)],
    parsed: &mut ParsedRequest,
    errors: &mut Vec<FieldError>,
) {
    for (name, value) in values {
        let declared = operation
            .parameters
            .iter()
            .find(|parameter| parameter.in_path && parameter.name == *name);
        let value = match declared {
            Some(parameter) => {
                let value = coerce(operation, &parameter.schema, &[value.as_str()], false);
                errors.extend(check(operation, parameter, &value));
                value
            }
            None => value.as_str().into(),
        };
        parsed.path.insert(name.clone(), value);
    }
}

pub(super) fn headers(operation: &Operation, request: &Request, errors: &mut Vec<FieldError>) {
    let missing = |name: &&String| request.header(name).is_none_or(str::is_empty);
    for name in operation.headers.iter().filter(missing) {
        errors.push(FieldPath::parameter(name).error("should not be empty"));
    }
}

pub(super) fn query(
    operation: &Operation,
    pairs: &[(String, String)],
    undeclared: UndeclaredPolicy,
    parsed: &mut ParsedRequest,
    errors: &mut Vec<FieldError>,
) {
    let pairs = &without_brackets(operation, pairs);
    let mut known: Vec<&str> = Vec::new();
    for parameter in operation.parameters.iter().filter(|p| !p.in_path) {
        let properties = property_names(operation, &parameter.schema);
        if properties.is_empty() {
            known.push(&parameter.name);
            let texts = texts(pairs, &parameter.name);
            if !texts.is_empty() {
                let value = coerce(operation, &parameter.schema, &texts, parameter.comma);
                errors.extend(check(operation, parameter, &value));
                parsed.query.insert(parameter.name.clone(), value);
            } else if parameter.required {
                errors.push(FieldPath::parameter(&parameter.name).error("should not be empty"));
            }
        } else {
            let object = collect_object(operation, parameter, &properties, pairs);
            known.extend(properties);
            if !object.is_empty() || parameter.required {
                let value = Value::Object(object);
                // Each property is a query pair, so its path is that of a parameter.
                let path = FieldPath::body();
                errors.extend(validate(
                    operation,
                    &parameter.schema,
                    &value,
                    Mode::Request,
                    &path,
                ));
                if let Value::Object(object) = value {
                    parsed.query.extend(object);
                }
            }
        }
    }
    if operation.any_query || undeclared == UndeclaredPolicy::Accept {
        return;
    }
    for (name, _) in pairs {
        if !known.contains(&name.as_str()) {
            let error = FieldPath::parameter(name).undeclared();
            if errors.len() < MAX_ERRORS && !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
}

/// Returns the pairs with the declared names of arrays: axios and PHP write `userIds[]=a` or
/// `userIds[0]=a` for `userIds=a`. It has not been observed whether the platform accepts that. The
/// server accepts it because the official JavaScript client, which uses axios, sends arrays so.
fn without_brackets(operation: &Operation, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let is_array = |name: &str| {
        let mut query = operation.parameters.iter().filter(|one| !one.in_path);
        query.any(|parameter| {
            let property = property(operation, &parameter.schema, name);
            let own = (parameter.name == name).then_some(&parameter.schema);
            own.or(property)
                .is_some_and(|schema| is_array(operation, schema))
        })
    };
    let plain = |name: &String| {
        let (array, index) = name.strip_suffix(']')?.rsplit_once('[')?;
        let is_index = index.bytes().all(|byte| byte.is_ascii_digit());
        (is_index && is_array(array)).then(|| array.to_owned())
    };
    pairs
        .iter()
        .map(|(name, value)| (plain(name).unwrap_or_else(|| name.clone()), value.clone()))
        .collect()
}

/// Collects an object from query pairs, with the types of the first valid alternative.
fn collect_object(
    operation: &Operation,
    parameter: &Parameter,
    names: &[&str],
    pairs: &[(String, String)],
) -> Map<String, Value> {
    let object = |schema: &Value| -> Map<String, Value> {
        let mut fields = Map::new();
        for name in names {
            let texts = texts(pairs, name);
            if !texts.is_empty() {
                let schema = property(operation, schema, name).unwrap_or(&Value::Null);
                let value = coerce(operation, schema, &texts, false);
                fields.insert((*name).to_owned(), value);
            }
        }
        fields
    };
    let schema = operation.resolve(&parameter.schema);
    let valid = alternatives(schema).iter().find_map(|alternative| {
        let value = Value::Object(object(alternative));
        is_valid(operation, alternative, &value, Mode::Request).then(|| object(alternative))
    });
    valid.unwrap_or_else(|| object(schema))
}

fn texts<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(other, _)| other == name)
        .map(|(_, value)| value.as_str())
        .collect()
}

fn check(operation: &Operation, parameter: &Parameter, value: &Value) -> Vec<FieldError> {
    validate(
        operation,
        &parameter.schema,
        value,
        Mode::Request,
        &FieldPath::parameter(&parameter.name),
    )
}
