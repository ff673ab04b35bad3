//! Filters and sort orders in the body of a search: `{field, operator, value}`, groups of them, and
//! `{field, direction}`.
//!
//! The fields of each search are data ([`SearchFields`]). Unknown fields are rejected as by the
//! platform: 400 `Invalid field X`.

use std::cmp::Ordering;

use serde_json::Value;

use super::values::{field_at, is_empty, text_of, time_of};
use crate::api_error::ApiError;
use crate::state::collection::{Fields, SearchFields};

/// A custom field or property in a filter that is not resolved yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldReference<'a> {
    /// A custom field by its id.
    Custom(&'a str),
    /// A field of a custom object by its key.
    Property(&'a str),
}

/// The path of a value in an item.
#[derive(Clone, Debug)]
pub(crate) enum ValuePath {
    At(String),
    /// The custom field of this id, or one option of it in a text box list.
    Custom(String, Option<String>),
}

/// Looks up a custom field or property; `None` if the location does not have it.
pub(crate) type ResolveField<'a> = &'a dyn Fn(FieldReference<'_>) -> Option<ValuePath>;

pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test {
        path: ValuePath,
        operator: Operator,
        value: Value,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    NotEq,
    Contains,
    NotContains,
    Exists,
    NotExists,
    Range,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("eq", Operator::Eq),
    ("not_eq", Operator::NotEq),
    ("contains", Operator::Contains),
    ("not_contains", Operator::NotContains),
    ("exists", Operator::Exists),
    ("not_exists", Operator::NotExists),
    ("range", Operator::Range),
];

/// The deepest nesting of groups.
const MAX_DEPTH: usize = 8;

impl SearchFields {
    /// Reads the filters of a request, which are combined with AND.
    pub(crate) fn conditions(
        &self,
        name: &str,
        value: &Value,
        resolve: ResolveField<'_>,
    ) -> Result<Condition, ApiError> {
        Ok(Condition::All(self.list(name, value, resolve, 0)?))
    }

    fn list(
        &self,
        name: &str,
        value: &Value,
        resolve: ResolveField<'_>,
        depth: usize,
    ) -> Result<Vec<Condition>, ApiError> {
        let Value::Array(list) = value else {
            return Err(invalid(name, "must be an array"));
        };
        if depth > MAX_DEPTH {
            return Err(ApiError::bad_request("Filters are nested too deeply"));
        }
        let read = |condition| self.condition(name, condition, resolve, depth);
        list.iter().map(read).collect()
    }

    fn condition(
        &self,
        name: &str,
        condition: &Value,
        resolve: ResolveField<'_>,
        depth: usize,
    ) -> Result<Condition, ApiError> {
        let Value::Object(keys) = condition else {
            return Err(invalid(name, "must contain objects only"));
        };
        if let Some(group) = keys.get("filters") {
            let list = self.list(name, group, resolve, depth + 1)?;
            return match keys.get("group").map(text_of).as_deref() {
                None | Some("AND") => Ok(Condition::All(list)),
                Some("OR") => Ok(Condition::Any(list)),
                Some(_) => Err(invalid(
                    "group",
                    "must be one of the following values: AND, OR",
                )),
            };
        }
        let field = keys.get("field").map_or("undefined".to_owned(), text_of);
        let path = self
            .path(&field, resolve)
            .ok_or_else(|| unknown_field(&field))?;
        let operator = keys.get("operator").map_or("undefined".to_owned(), text_of);
        let known = OPERATORS.iter().find(|(name, _)| *name == operator);
        let (_, operator) = known
            .copied()
            .ok_or_else(|| ApiError::bad_request(format!("Invalid operator {operator}")))?;
        let value = keys.get("value").cloned().unwrap_or_default();
        if !is_valid_value(operator, &value) {
            return Err(ApiError::bad_request(format!(
                "Invalid value for field {field}"
            )));
        }
        Ok(Condition::Test {
            path,
            operator,
            value,
        })
    }

    fn path(&self, field: &str, resolve: ResolveField<'_>) -> Option<ValuePath> {
        if let Some((_, path)) = self.fields.iter().find(|(name, _)| *name == field) {
            return Some(ValuePath::At((*path).to_owned()));
        }
        let (first, rest) = field.split_once('.')?;
        if self.properties && first == "properties" {
            return resolve(FieldReference::Property(rest));
        }
        if !self.custom_prefixes.contains(&first) {
            return None;
        }
        let (id, option) = match rest.split_once('.') {
            Some((id, option)) => (id, Some(option.to_owned())),
            None => (rest, None),
        };
        match resolve(FieldReference::Custom(id))? {
            ValuePath::Custom(id, _) => Some(ValuePath::Custom(id, option)),
            path => Some(path),
        }
    }

    /// Reads the sort orders of a request, the most important first.
    pub(crate) fn sort_orders(
        &self,
        name: &str,
        value: &Value,
        resolve: ResolveField<'_>,
    ) -> Result<Vec<SortOrder>, ApiError> {
        let Value::Array(list) = value else {
            return Err(invalid(name, "must be an array"));
        };
        let read = |order: &Value| {
            let field = order.get("field").map_or("undefined".to_owned(), text_of);
            let path = self
                .path(&field, resolve)
                .ok_or_else(|| unknown_field(&field))?;
            let ascending = match order.get("direction").map(text_of).as_deref() {
                Some("asc") => true,
                None | Some("desc") => false,
                Some(_) => {
                    return Err(invalid(
                        "direction",
                        "must be one of the following values: asc, desc",
                    ));
                }
            };
            Ok(SortOrder { path, ascending })
        };
        list.iter().map(read).collect()
    }
}

fn unknown_field(field: &str) -> ApiError {
    // The name can be as long as the body.
    let field: String = field.chars().take(200).collect();
    ApiError::bad_request(format!("Invalid field {field}"))
}

fn invalid(field: &str, sentence: &str) -> ApiError {
    ApiError::invalid(&[(field.to_owned(), format!("{field} {sentence}"))])
}

/// Whether a value is valid for an operator.
fn is_valid_value(operator: Operator, value: &Value) -> bool {
    match operator {
        Operator::Exists | Operator::NotExists => true,
        Operator::Range => {
            let bounds = value.as_object().filter(|bounds| !bounds.is_empty());
            bounds.is_some_and(|bounds| {
                bounds.iter().all(|(bound, value)| {
                    ["gte", "lte", "gt", "lt"].contains(&bound.as_str()) && number(value).is_some()
                })
            })
        }
        _ => !value.is_null() && !value.is_object(),
    }
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| time_of(value).map(|time| time as f64))
}

impl ValuePath {
    fn of<'f>(&self, fields: &'f Fields) -> Option<&'f Value> {
        let value = match self {
            ValuePath::At(path) => field_at(fields, path),
            ValuePath::Custom(id, option) => {
                let list = fields.get("customFields").and_then(Value::as_array);
                let own = list.into_iter().flatten().find(|one| one["id"] == **id);
                let value = own.and_then(|one| one.get("value").or_else(|| one.get("fieldValue")));
                match option {
                    Some(option) => value.and_then(|value| value.get(option)),
                    None => value,
                }
            }
        };
        value.filter(|value| !is_empty(value))
    }
}

impl Condition {
    /// Whether it restricts nothing.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Condition::All(list) if list.is_empty())
    }

    /// Whether an item, as replies show it, meets the condition.
    pub(crate) fn is_met(&self, fields: &Fields) -> bool {
        match self {
            Condition::All(list) => list.iter().all(|condition| condition.is_met(fields)),
            Condition::Any(list) => list.iter().any(|condition| condition.is_met(fields)),
            Condition::Test {
                path,
                operator,
                value,
            } => is_met(path.of(fields), *operator, value),
        }
    }
}

fn is_met(value: Option<&Value>, operator: Operator, operand: &Value) -> bool {
    let lower = |value: &Value| text_of(value).to_lowercase();
    let list = |value: &Value| match value {
        Value::Array(items) => items.iter().map(lower).collect(),
        value => vec![lower(value)],
    };
    let expected: Vec<String> = list(operand);
    let actual: Vec<String> = value.map(list).unwrap_or_default();
    let equal = || actual.iter().any(|actual| expected.contains(actual));
    let within = || {
        actual
            .iter()
            .any(|actual| expected.iter().any(|part| actual.contains(part.as_str())))
    };
    match operator {
        Operator::Eq => equal(),
        Operator::NotEq => !equal(),
        Operator::Contains => within(),
        Operator::NotContains => !within(),
        Operator::Exists => value.is_some(),
        Operator::NotExists => value.is_none(),
        Operator::Range => {
            let bound = |key: &str| operand.get(key).and_then(number);
            value.and_then(number).is_some_and(|at| {
                bound("gte").is_none_or(|from| at >= from)
                    && bound("lte").is_none_or(|to| at <= to)
                    && bound("gt").is_none_or(|from| at > from)
                    && bound("lt").is_none_or(|to| at < to)
            })
        }
    }
}

/// A sort order.
#[derive(Debug)]
pub(crate) struct SortOrder {
    path: ValuePath,
    ascending: bool,
}

/// A sort key: numbers and times sort before texts.
#[derive(Clone, Debug)]
pub(crate) enum SortKey {
    Number(f64),
    Text(String),
}

impl SortOrder {
    /// The key of an item; `None` if it does not have the field.
    pub(crate) fn key(&self, fields: &Fields) -> Option<SortKey> {
        let value = self.path.of(fields)?;
        Some(match number(value) {
            Some(number) => SortKey::Number(number),
            None => SortKey::Text(text_of(value).to_lowercase()),
        })
    }

    /// Items without the field come last, whatever the direction.
    pub(crate) fn compare(&self, a: Option<&SortKey>, b: Option<&SortKey>) -> Ordering {
        let order = match (a, b) {
            (Some(SortKey::Number(a)), Some(SortKey::Number(b))) => a.total_cmp(b),
            (Some(SortKey::Text(a)), Some(SortKey::Text(b))) => a.cmp(b),
            (Some(SortKey::Number(_)), Some(SortKey::Text(_))) => Ordering::Less,
            (Some(SortKey::Text(_)), Some(SortKey::Number(_))) => Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
        };
        if self.ascending {
            order
        } else {
            order.reverse()
        }
    }
}
