//! Parameters of the path, the query and the headers.

use serde_json::{Map, Value};

use super::place::Place;
use super::schema::{Fault, validate};
use super::{Accepted, Side, Undeclared, text};
use crate::exchange::Incoming;
use crate::interface::{Operation, Parameter};

pub(super) fn path(
    operation: &Operation,
    values: &[(String, String)],
    accepted: &mut Accepted,
    faults: &mut Vec<Fault>,
) {
    for (name, value) in values {
        let declared = operation
            .parameters
            .iter()
            .find(|parameter| parameter.in_path && parameter.name == *name);
        let value = match declared {
            Some(parameter) => {
                let made = text::typed(operation, &parameter.schema, &[value.as_str()], false);
                faults.extend(check(operation, parameter, &made));
                made
            }
            None => value.as_str().into(),
        };
        accepted.path.insert(name.clone(), value);
    }
}

pub(super) fn headers(operation: &Operation, incoming: &Incoming, faults: &mut Vec<Fault>) {
    let missing = |name: &&String| incoming.header(name).is_none_or(str::is_empty);
    for name in operation.headers.iter().filter(missing) {
        faults.push(Place::named(name).say("should not be empty"));
    }
}

pub(super) fn query(
    operation: &Operation,
    pairs: &[(String, String)],
    undeclared: Undeclared,
    accepted: &mut Accepted,
    faults: &mut Vec<Fault>,
) {
    let pairs = &unbracketed(operation, pairs);
    let mut known: Vec<&str> = Vec::new();
    for parameter in operation.parameters.iter().filter(|p| !p.in_path) {
        let spread = text::spread(operation, &parameter.schema);
        if spread.is_empty() {
            known.push(&parameter.name);
            let texts = texts(pairs, &parameter.name);
            if !texts.is_empty() {
                let value = text::typed(operation, &parameter.schema, &texts, parameter.comma);
                faults.extend(check(operation, parameter, &value));
                accepted.query.insert(parameter.name.clone(), value);
            } else if parameter.required {
                let (field, sentence) = Place::named(&parameter.name).say("should not be empty");
                faults.push((field, sentence));
            }
        } else {
            let object = gather(operation, parameter, &spread, pairs);
            known.extend(spread);
            if !object.is_empty() || parameter.required {
                let value = Value::Object(object);
                // Its properties are pairs of their own, so they are spoken of as such.
                let place = Place::body();
                faults.extend(validate(
                    operation,
                    &parameter.schema,
                    &value,
                    Side::Request,
                    &place,
                ));
                if let Value::Object(object) = value {
                    accepted.query.extend(object);
                }
            }
        }
    }
    if operation.any_query || undeclared == Undeclared::Accepted {
        return;
    }
    for (name, _) in pairs {
        if !known.contains(&name.as_str()) {
            let fault = Place::named(name).undeclared();
            if faults.len() < 64 && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
}

/// The pairs with the names of lists as they are declared: axios and PHP write `userIds[]=a` or `userIds[0]=a` for
/// `userIds=a`. Whether the platform accepts that was never seen. It is accepted here because the official JavaScript client,
/// which is built on axios, sends its lists so.
fn unbracketed(operation: &Operation, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let is_list = |name: &str| {
        let query = operation.parameters.iter().filter(|one| !one.in_path);
        query.into_iter().any(|parameter| {
            let property = text::property(operation, &parameter.schema, name);
            let own = (parameter.name == name).then_some(&parameter.schema);
            own.or(property)
                .is_some_and(|schema| text::is_list(operation, schema))
        })
    };
    let plain = |name: &String| {
        let (list, index) = name.strip_suffix(']')?.rsplit_once('[')?;
        let is_index = index.bytes().all(|byte| byte.is_ascii_digit());
        (is_index && is_list(list)).then(|| list.to_owned())
    };
    pairs
        .iter()
        .map(|(name, value)| (plain(name).unwrap_or_else(|| name.clone()), value.clone()))
        .collect()
}

/// The object whose properties came as pairs; of several shapes, the first that fits.
fn gather(
    operation: &Operation,
    parameter: &Parameter,
    names: &[&str],
    pairs: &[(String, String)],
) -> Map<String, Value> {
    let make = |shape: &Value| -> Map<String, Value> {
        let mut object = Map::new();
        for name in names {
            let texts = texts(pairs, name);
            if !texts.is_empty() {
                let nothing = Value::Null;
                let schema = text::property(operation, shape, name).unwrap_or(&nothing);
                let value = text::typed(operation, schema, &texts, false);
                object.insert((*name).to_owned(), value);
            }
        }
        object
    };
    let schema = operation.resolve(&parameter.schema);
    super::schema::alternatives(schema)
        .iter()
        .map(|shape| (shape, make(shape)))
        .find(|(shape, object)| {
            let value = Value::Object(object.clone());
            validate(operation, shape, &value, Side::Request, &Place::body()).is_empty()
        })
        .map(|(_, object)| object)
        .unwrap_or_else(|| make(schema))
}

fn texts<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(other, _)| other == name)
        .map(|(_, value)| value.as_str())
        .collect()
}

fn check(operation: &Operation, parameter: &Parameter, value: &Value) -> Vec<Fault> {
    validate(
        operation,
        &parameter.schema,
        value,
        Side::Request,
        &Place::named(&parameter.name),
    )
}
