//! Checks numeric query parameters and the body fields that page a list: they must be whole, not negative and exact.
//!
//! The platform uses JavaScript numbers, in which integers above 2^53 - 1 are not exact. Other numbers are refused with 422, so
//! that later stages never handle them.

use serde_json::Value;

use super::Accepted;
use super::place::Place;
use super::schema::{Fault, keys, parts};
use crate::interface::Operation;

/// The largest integer that a JavaScript number holds exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// Parameters that are counts in every operation, also if the interface declares a string.
const COUNTS: [&str; 3] = ["limit", "skip", "offset"];

/// The kind of number that a parameter or a body field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// A whole number that is at least this.
    From(u64),
    /// A moment: milliseconds since 1970, or a date.
    Moment,
    /// A list that begins with a moment.
    Mark,
}

/// The kind of number in a parameter or a body field, independent of the declared type.
pub(super) fn role(numbers: &[(&str, Number)], name: &str) -> Option<Number> {
    let row = numbers.iter().find(|(own, _)| *own == name);
    let count = COUNTS.contains(&name).then_some(Number::From(0));
    row.map(|(_, number)| *number).or(count)
}

pub(super) fn check(operation: &Operation, accepted: &Accepted, faults: &mut Vec<Fault>) {
    let numbers = crate::state::numbers(operation);
    let role = |name: &str| role(&numbers, name);
    for parameter in operation.parameters.iter().filter(|p| !p.in_path) {
        let numeric = is_numeric(operation, &parameter.schema).then_some(Number::From(0));
        if let Some(number) = role(&parameter.name).or(numeric)
            && let Some(value) = accepted.query.get(&parameter.name)
        {
            look(&parameter.name, number, value, faults);
        }
    }
    let body = accepted.body.as_ref().and_then(Value::as_object);
    let declared = operation.body.as_ref();
    let declared = declared.and_then(|body| keys(operation, &body.schema));
    for (name, value) in body.into_iter().flatten() {
        let is_declared = declared
            .as_ref()
            .is_none_or(|declared| declared.contains(&name.as_str()));
        if let Some(number) = role(name).filter(|_| is_declared) {
            look(name, number, value, faults);
        }
    }
}

fn is_numeric(operation: &Operation, schema: &Value) -> bool {
    parts(operation, schema).iter().any(|part| {
        let kind = part.get("type").and_then(Value::as_str);
        matches!(kind, Some("number" | "integer"))
    })
}

/// Reports a value that is no such number. Values that are empty, or that have a fault already, are skipped.
fn look(name: &str, number: Number, value: &Value, faults: &mut Vec<Fault>) {
    if faults.iter().any(|(field, _)| field == name) || is_left_out(value) {
        return;
    }
    let problem = match number {
        Number::From(least) => problem(value, least),
        Number::Moment => moment(value),
        Number::Mark => match value {
            Value::Array(items) => items.first().and_then(moment),
            _ => None,
        },
    };
    if let Some(problem) = problem {
        faults.push(Place::named(name).say(&problem));
    }
}

fn is_left_out(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Returns what is wrong with a count.
fn problem(value: &Value, least: u64) -> Option<String> {
    let sent = match value {
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() && !text.contains(|c: char| c.is_alphabetic()) => {
                number
            }
            _ => return Some("must be a number string".to_owned()),
        },
        Value::Number(number) => number.as_f64()?,
        // The schema refuses values of other types.
        _ => return None,
    };
    if sent.fract() != 0.0 {
        Some("must be an integer number".to_owned())
    } else if sent < least as f64 {
        Some(format!("must not be less than {least}"))
    } else if sent > LARGEST as f64 {
        Some(format!("must not be greater than {LARGEST}"))
    } else {
        None
    }
}

fn moment(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains(['-', ':']) && crate::time::parse(text).is_some() => {
            None
        }
        value => problem(value, 0),
    }
}
