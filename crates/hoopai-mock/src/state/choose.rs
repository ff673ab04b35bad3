//! Which items a list is about.

use serde_json::Value;

use super::collection::{Collection, Filter, How};
use super::store::{Fields, Item};
use super::time;
use crate::check::Accepted;
use crate::refusal::Refusal;

/// What a request asks of items.
#[derive(Default)]
pub(super) struct Choice<'a> {
    parent: Option<String>,
    /// Texts that an item must hold somewhere; they save reading the others.
    hints: Vec<String>,
    tests: Vec<Test<'a>>,
}

enum Test<'a> {
    Is(&'static str, Vec<String>),
    OneOf(&'static [&'static str], String),
    Holds(&'static str, String, bool),
    Text(&'static [&'static str], String),
    From(&'static str, u64),
    To(&'static str, u64),
    Conditions(&'a [Value]),
    Share(&'static str, String),
}

impl<'a> Choice<'a> {
    pub(super) fn of(
        collection: &'static Collection,
        filters: &'static [Filter],
        accepted: &'a Accepted,
        parent: Option<String>,
    ) -> Result<Self, Refusal> {
        let mut choice = Self {
            parent,
            ..Self::default()
        };
        for filter in filters {
            let Some(value) = accepted
                .any(filter.parameter)
                .filter(|value| !is_nothing(value))
            else {
                continue;
            };
            match filter.how {
                How::Is(field) => {
                    let wanted = wanted(value);
                    if wanted.iter().any(|wanted| wanted == "all") {
                        continue;
                    }
                    if let [only] = wanted.as_slice()
                        && value.is_string()
                    {
                        choice.hints.push(only.clone());
                    }
                    choice.tests.push(Test::Is(field, wanted));
                }
                How::OneOf(fields) => {
                    choice.hints.push(plain(value));
                    choice.tests.push(Test::OneOf(fields, plain(value)));
                }
                How::Holds(field, member) => {
                    if let Some(member) = accepted.any(member) {
                        let holds = plain(value) == "true";
                        choice.tests.push(Test::Holds(field, plain(member), holds));
                    }
                }
                How::Text => {
                    let words = plain(value).to_lowercase();
                    choice.tests.push(Test::Text(collection.text, words));
                }
                How::From(field) => {
                    if let Some(moment) = moment(value) {
                        choice.tests.push(Test::From(field, moment));
                    }
                }
                How::To(field) => {
                    if let Some(moment) = moment(value) {
                        choice.tests.push(Test::To(field, moment));
                    }
                }
                How::Conditions => {
                    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    check(list, 0)?;
                    choice.tests.push(Test::Conditions(list));
                }
            }
        }
        Ok(choice)
    }

    /// Leaves out a company's items that a location does not have.
    pub(super) fn add_share(&mut self, field: &'static str, location: &str) {
        self.tests.push(Test::Share(field, location.to_owned()));
    }

    /// Whether it leaves nothing out.
    pub(super) fn takes_all(&self) -> bool {
        self.parent.is_none() && self.tests.is_empty()
    }

    pub(super) fn takes(&self, item: &Item) -> bool {
        if self
            .parent
            .as_deref()
            .is_some_and(|parent| parent != item.parent())
        {
            return false;
        }
        if self.tests.is_empty() {
            return true;
        }
        if !self.hints.iter().all(|hint| item.may_have(hint)) {
            return false;
        }
        let fields = item.fields();
        self.tests.iter().all(|test| test.holds(&fields))
    }
}

impl Test<'_> {
    fn holds(&self, fields: &Fields) -> bool {
        match self {
            Test::Is(field, wanted) => has(at(fields, field), wanted),
            Test::OneOf(names, wanted) => names
                .iter()
                .any(|name| at(fields, name).is_some_and(|value| plain(value) == *wanted)),
            Test::Holds(field, member, holds) => {
                has(at(fields, field), std::slice::from_ref(member)) == *holds
            }
            Test::Text(names, words) => {
                let held = |name: &&str| {
                    let value = at(fields, name).map(plain).unwrap_or_default();
                    value.to_lowercase().contains(words.as_str())
                };
                // A name in two fields is looked for as one, too.
                let whole = ["firstName", "lastName"]
                    .map(|name| fields.get(name).map(plain).unwrap_or_default());
                names.iter().any(held)
                    || names.contains(&"firstName")
                        && whole.join(" ").to_lowercase().contains(words)
            }
            Test::From(field, from) => at(fields, field)
                .and_then(moment)
                .is_some_and(|at| at >= *from),
            Test::To(field, to) => at(fields, field)
                .and_then(moment)
                .is_some_and(|at| at <= *to),
            Test::Share(field, location) => shares(fields, field, location),
            Test::Conditions(list) => list.iter().all(|condition| meets(fields, condition)),
        }
    }
}

/// Whether a location has an item: the field holds it, or says nothing.
pub(super) fn shares(fields: &Fields, field: &str, location: &str) -> bool {
    match at(fields, field) {
        Some(value) if !is_nothing(value) => has(Some(value), &[location.to_owned()]),
        _ => true,
    }
}

/// A field, also one within another: `roles.locationIds`.
fn at<'f>(fields: &'f Fields, path: &str) -> Option<&'f Value> {
    let mut steps = path.split('.');
    let first = fields.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

fn has(value: Option<&Value>, wanted: &[String]) -> bool {
    match value {
        Some(Value::Array(items)) => items.iter().any(|item| wanted.contains(&plain(item))),
        Some(value) => wanted.contains(&plain(value)),
        None => false,
    }
}

/// What a parameter wants: itself, the items of a list, what stands between commas.
fn wanted(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::String(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        value => vec![plain(value)],
    }
}

/// A value as text.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn moment(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => time::parse(text),
        value => value
            .as_f64()
            .filter(|number| *number >= 0.0)
            .map(|number| number as u64),
    }
}

const OPERATORS: &[&str] = &[
    "eq",
    "not_eq",
    "contains",
    "not_contains",
    "exists",
    "not_exists",
    "range",
];

/// Refuses conditions that the search does not know.
fn check(list: &[Value], depth: usize) -> Result<(), Refusal> {
    for condition in list {
        if let Some(group) = condition.get("filters").and_then(Value::as_array) {
            if depth > 8 {
                return Err(Refusal::bad_request("Filters are nested too deeply"));
            }
            check(group, depth + 1)?;
            continue;
        }
        if !condition.get("field").is_some_and(Value::is_string) {
            return Err(Refusal::bad_request("Invalid field"));
        }
        let operator = condition
            .get("operator")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !OPERATORS.contains(&operator) {
            return Err(Refusal::bad_request(format!("Invalid operator {operator}")));
        }
    }
    Ok(())
}

fn meets(fields: &Fields, condition: &Value) -> bool {
    if let Some(group) = condition.get("filters").and_then(Value::as_array) {
        let any = condition.get("group").and_then(Value::as_str) == Some("OR");
        return if any {
            group.iter().any(|condition| meets(fields, condition))
        } else {
            group.iter().all(|condition| meets(fields, condition))
        };
    }
    let text = |key: &str| {
        condition
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let value = at(fields, text("field")).filter(|value| !is_nothing(value));
    let given = condition.get("value").unwrap_or(&Value::Null);
    let lower = |value: &Value| plain(value).to_lowercase();
    let wanted: Vec<String> = match given {
        Value::Array(items) => items.iter().map(lower).collect(),
        given => vec![lower(given)],
    };
    let held: Vec<String> = match value {
        Some(Value::Array(items)) => items.iter().map(lower).collect(),
        Some(value) => vec![lower(value)],
        None => Vec::new(),
    };
    let equal = || held.iter().any(|held| wanted.contains(held));
    let within = || {
        held.iter()
            .any(|held| wanted.iter().any(|part| held.contains(part.as_str())))
    };
    match text("operator") {
        "eq" => equal(),
        "not_eq" => !equal(),
        "contains" => within(),
        "not_contains" => !within(),
        "exists" => value.is_some(),
        "not_exists" => value.is_none(),
        "range" => {
            let number = |value: &Value| {
                value
                    .as_f64()
                    .or_else(|| moment(value).map(|moment| moment as f64))
            };
            let bound = |key: &str| given.get(key).and_then(number);
            value.and_then(number).is_some_and(|at| {
                bound("gte").is_none_or(|from| at >= from)
                    && bound("lte").is_none_or(|to| at <= to)
                    && bound("gt").is_none_or(|from| at > from)
                    && bound("lt").is_none_or(|to| at < to)
            })
        }
        _ => false,
    }
}
