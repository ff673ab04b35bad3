//! Which items a list is about.

use serde_json::Value;

use super::collection::{Collection, Filter, How};
use super::conditions::{Condition, Lookup, Order};
use super::store::{Fields, Item};
use super::time;
use crate::api_error::ApiError;
use crate::check::ParsedRequest;

/// What a request asks of items.
#[derive(Default)]
pub(super) struct Choice {
    parent: Option<String>,
    /// Texts that an item must hold somewhere; they save reading the others.
    hints: Vec<String>,
    tests: Vec<Test>,
    orders: Vec<Order>,
}

enum Test {
    Is(&'static str, Vec<String>),
    OneOf(&'static [&'static str], String),
    Holds(&'static str, String, bool),
    Text(&'static [&'static str], String),
    From(&'static str, u64),
    To(&'static str, u64),
    Conditions(Condition),
    Share(&'static str, String),
}

impl Choice {
    pub(super) fn of(
        collection: &'static Collection,
        filters: &'static [Filter],
        accepted: &ParsedRequest,
        parent: Option<String>,
        lookup: Lookup<'_>,
    ) -> Result<Self, ApiError> {
        let mut choice = Self {
            parent,
            ..Self::default()
        };
        for filter in filters {
            let Some(value) = accepted
                .any(filter.parameter)
                .filter(|value| filter.how.is_for(value))
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
                How::Conditions(search) => {
                    let conditions = search.conditions(filter.parameter, value, lookup)?;
                    if !conditions.is_empty() {
                        choice.tests.push(Test::Conditions(conditions));
                    }
                }
                How::Orders(search) => {
                    choice.orders = search.orders(filter.parameter, value, lookup)?;
                }
            }
        }
        Ok(choice)
    }

    /// Restricts the choice to the company's items that a location has.
    pub(super) fn add_share(&mut self, field: &'static str, location: &str) {
        self.tests.push(Test::Share(field, location.to_owned()));
    }

    /// Whether it leaves nothing out.
    pub(super) fn takes_all(&self) -> bool {
        self.parent.is_none() && self.tests.is_empty()
    }

    /// The sort orders; empty if the items keep the order of their creation.
    pub(super) fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// Whether an item is chosen. `view` returns the fields of an item as replies show them.
    pub(super) fn takes(&self, item: &Item, view: &dyn Fn(Fields) -> Fields) -> bool {
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
        self.tests.iter().all(|test| match test {
            Test::Conditions(conditions) => conditions.is_met(&view(fields.clone())),
            test => test.holds(&fields),
        })
    }
}

impl How {
    /// Whether a value restricts anything. Filters and sort orders are always read, so that wrong ones are refused.
    fn is_for(&self, value: &Value) -> bool {
        match self {
            How::Conditions(_) | How::Orders(_) => !value.is_null(),
            _ => !is_nothing(value),
        }
    }
}

impl Test {
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
            Test::Conditions(conditions) => conditions.is_met(fields),
        }
    }
}

/// Whether a location has an item of its company: the field holds the location, or is empty.
pub(super) fn shares(fields: &Fields, field: &str, location: &str) -> bool {
    match at(fields, field) {
        Some(value) if !is_nothing(value) => has(Some(value), &[location.to_owned()]),
        _ => true,
    }
}

/// A field, also one within another: `roles.locationIds`.
pub(super) fn at<'f>(fields: &'f Fields, path: &str) -> Option<&'f Value> {
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

pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

pub(super) fn moment(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => time::parse(text),
        value => value
            .as_f64()
            .filter(|number| *number >= 0.0)
            .map(|number| number as u64),
    }
}
