//! Filters and sort orders in the body of a search: `{field, operator, value}`, groups of them, and `{field, direction}`.
//!
//! The fields of each search are data ([`Search`]). Unknown fields are refused as by the platform: 400 `Invalid field X`.

use std::cmp::Ordering;

use serde_json::Value;

use super::choose::{at, is_nothing, moment, plain};
use super::store::Fields;
use crate::api_error::ApiError;

/// The fields by which a search filters and sorts.
pub(super) struct Search {
    /// The name of a field in a filter, and its path in an item as replies show it. The path is empty for fields that the
    /// mock does not store; no item has a value for them.
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// The prefixes of custom field ids, as in `customFields.ID`.
    pub(super) custom: &'static [&'static str],
    /// Whether `properties.KEY` names a field of a custom object.
    pub(super) properties: bool,
}

/// A custom field or property in a filter that is not looked up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// A custom field by its id.
    Custom(&'a str),
    /// A field of a custom object by its key.
    Property(&'a str),
}

/// The place of a value in an item.
#[derive(Clone, Debug)]
pub(super) enum Place {
    At(String),
    /// The custom field of this id, or one option of it in a text box list.
    Custom(String, Option<String>),
}

/// Looks up a custom field or property; `None` if the location does not have it.
pub(super) type Lookup<'a> = &'a dyn Fn(Named<'_>) -> Option<Place>;

pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test {
        place: Place,
        operator: Operator,
        value: Value,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
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
const DEEPEST: usize = 8;

impl Search {
    /// Reads the filters of a request, which are combined with AND.
    pub(super) fn conditions(
        &self,
        name: &str,
        value: &Value,
        lookup: Lookup<'_>,
    ) -> Result<Condition, ApiError> {
        Ok(Condition::All(self.list(name, value, lookup, 0)?))
    }

    fn list(
        &self,
        name: &str,
        value: &Value,
        lookup: Lookup<'_>,
        depth: usize,
    ) -> Result<Vec<Condition>, ApiError> {
        let Value::Array(list) = value else {
            return Err(invalid(name, "must be an array"));
        };
        if depth > DEEPEST {
            return Err(ApiError::bad_request("Filters are nested too deeply"));
        }
        let read = |condition| self.condition(name, condition, lookup, depth);
        list.iter().map(read).collect()
    }

    fn condition(
        &self,
        name: &str,
        condition: &Value,
        lookup: Lookup<'_>,
        depth: usize,
    ) -> Result<Condition, ApiError> {
        let Value::Object(keys) = condition else {
            return Err(invalid(name, "must contain objects only"));
        };
        if let Some(group) = keys.get("filters") {
            let list = self.list(name, group, lookup, depth + 1)?;
            return match keys.get("group").map(plain).as_deref() {
                None | Some("AND") => Ok(Condition::All(list)),
                Some("OR") => Ok(Condition::Any(list)),
                Some(_) => Err(invalid(
                    "group",
                    "must be one of the following values: AND, OR",
                )),
            };
        }
        let field = keys.get("field").map_or("undefined".to_owned(), plain);
        let place = self
            .place(&field, lookup)
            .ok_or_else(|| unknown_field(&field))?;
        let operator = keys.get("operator").map_or("undefined".to_owned(), plain);
        let known = OPERATORS.iter().find(|(name, _)| *name == operator);
        let (_, operator) = known
            .copied()
            .ok_or_else(|| ApiError::bad_request(format!("Invalid operator {operator}")))?;
        let value = keys.get("value").cloned().unwrap_or_default();
        if !fits(operator, &value) {
            return Err(ApiError::bad_request(format!(
                "Invalid value for field {field}"
            )));
        }
        Ok(Condition::Test {
            place,
            operator,
            value,
        })
    }

    fn place(&self, field: &str, lookup: Lookup<'_>) -> Option<Place> {
        if let Some((_, place)) = self.fields.iter().find(|(name, _)| *name == field) {
            return Some(Place::At((*place).to_owned()));
        }
        let (first, rest) = field.split_once('.')?;
        if self.properties && first == "properties" {
            return lookup(Named::Property(rest));
        }
        if !self.custom.contains(&first) {
            return None;
        }
        let (id, option) = match rest.split_once('.') {
            Some((id, option)) => (id, Some(option.to_owned())),
            None => (rest, None),
        };
        match lookup(Named::Custom(id))? {
            Place::Custom(id, _) => Some(Place::Custom(id, option)),
            place => Some(place),
        }
    }

    /// Reads the sort orders of a request, the most important first.
    pub(super) fn orders(
        &self,
        name: &str,
        value: &Value,
        lookup: Lookup<'_>,
    ) -> Result<Vec<Order>, ApiError> {
        let Value::Array(list) = value else {
            return Err(invalid(name, "must be an array"));
        };
        let read = |order: &Value| {
            let field = order.get("field").map_or("undefined".to_owned(), plain);
            let place = self
                .place(&field, lookup)
                .ok_or_else(|| unknown_field(&field))?;
            let ascending = match order.get("direction").map(plain).as_deref() {
                Some("asc") => true,
                None | Some("desc") => false,
                Some(_) => {
                    return Err(invalid(
                        "direction",
                        "must be one of the following values: asc, desc",
                    ));
                }
            };
            Ok(Order { place, ascending })
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
fn fits(operator: Operator, value: &Value) -> bool {
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
        .or_else(|| moment(value).map(|moment| moment as f64))
}

impl Place {
    fn of<'f>(&self, fields: &'f Fields) -> Option<&'f Value> {
        let value = match self {
            Place::At(path) => at(fields, path),
            Place::Custom(id, option) => {
                let list = fields.get("customFields").and_then(Value::as_array);
                let own = list.into_iter().flatten().find(|one| one["id"] == **id);
                let value = own.and_then(|one| one.get("value").or_else(|| one.get("fieldValue")));
                match option {
                    Some(option) => value.and_then(|value| value.get(option)),
                    None => value,
                }
            }
        };
        value.filter(|value| !is_nothing(value))
    }
}

impl Condition {
    /// Whether it restricts nothing.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Condition::All(list) if list.is_empty())
    }

    /// Whether an item, as replies show it, meets the condition.
    pub(super) fn is_met(&self, fields: &Fields) -> bool {
        match self {
            Condition::All(list) => list.iter().all(|condition| condition.is_met(fields)),
            Condition::Any(list) => list.iter().any(|condition| condition.is_met(fields)),
            Condition::Test {
                place,
                operator,
                value,
            } => holds(place.of(fields), *operator, value),
        }
    }
}

fn holds(value: Option<&Value>, operator: Operator, given: &Value) -> bool {
    let lower = |value: &Value| plain(value).to_lowercase();
    let list = |value: &Value| match value {
        Value::Array(items) => items.iter().map(lower).collect(),
        value => vec![lower(value)],
    };
    let wanted: Vec<String> = list(given);
    let held: Vec<String> = value.map(list).unwrap_or_default();
    let equal = || held.iter().any(|held| wanted.contains(held));
    let within = || {
        held.iter()
            .any(|held| wanted.iter().any(|part| held.contains(part.as_str())))
    };
    match operator {
        Operator::Eq => equal(),
        Operator::NotEq => !equal(),
        Operator::Contains => within(),
        Operator::NotContains => !within(),
        Operator::Exists => value.is_some(),
        Operator::NotExists => value.is_none(),
        Operator::Range => {
            let bound = |key: &str| given.get(key).and_then(number);
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
pub(super) struct Order {
    place: Place,
    ascending: bool,
}

/// A sort key: numbers and moments sort before texts.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Number(f64),
    Text(String),
}

impl Order {
    /// The key of an item; `None` if it does not have the field.
    pub(super) fn key(&self, fields: &Fields) -> Option<Key> {
        let value = self.place.of(fields)?;
        Some(match number(value) {
            Some(number) => Key::Number(number),
            None => Key::Text(plain(value).to_lowercase()),
        })
    }

    /// Items without the field come last, whatever the direction.
    pub(super) fn compare(&self, a: Option<&Key>, b: Option<&Key>) -> Ordering {
        let order = match (a, b) {
            (Some(Key::Number(a)), Some(Key::Number(b))) => a.total_cmp(b),
            (Some(Key::Text(a)), Some(Key::Text(b))) => a.cmp(b),
            (Some(Key::Number(_)), Some(Key::Text(_))) => Ordering::Less,
            (Some(Key::Text(_)), Some(Key::Number(_))) => Ordering::Greater,
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
