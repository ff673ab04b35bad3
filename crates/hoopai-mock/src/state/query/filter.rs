//! The filters of a request, and the items that they select.

use serde_json::Value;

use super::condition::{Condition, ResolveField, SortOrder};
use super::values::{field_at, is_empty, text_of, time_of};
use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::state::collection::{Collection, Fields, Filter, FilterKind};
use crate::state::store::StoredItem;

/// The filters and sort orders of a request.
#[derive(Default)]
pub(crate) struct Query {
    parent: Option<String>,
    /// Texts that an item must contain anywhere. Items without them are not parsed.
    hints: Vec<String>,
    tests: Vec<Test>,
    orders: Vec<SortOrder>,
}

enum Test {
    Equals(&'static str, Vec<String>),
    AnyEquals(&'static [&'static str], String),
    Contains(&'static str, String, bool),
    Text(&'static [&'static str], String),
    Since(&'static str, u64),
    Until(&'static str, u64),
    Conditions(Condition),
    SharedWith(&'static str, String),
}

impl Query {
    /// Reads the filters of a request. `parent` restricts it to the items of one parent.
    pub(crate) fn new(
        collection: &'static Collection,
        filters: &'static [Filter],
        request: &ParsedRequest,
        parent: Option<String>,
        resolve: ResolveField<'_>,
    ) -> Result<Self, ApiError> {
        let mut query = Self {
            parent,
            ..Self::default()
        };
        for filter in filters {
            let value = request.any(filter.parameter);
            let Some(value) = value.filter(|value| filter.kind.restricts(value)) else {
                continue;
            };
            match filter.kind {
                FilterKind::Equals(field) => {
                    let accepted = accepted_values(value);
                    if accepted.iter().any(|value| value == "all") {
                        continue;
                    }
                    if let [only] = accepted.as_slice()
                        && value.is_string()
                    {
                        query.hints.push(only.clone());
                    }
                    query.tests.push(Test::Equals(field, accepted));
                }
                FilterKind::AnyEquals(fields) => {
                    query.hints.push(text_of(value));
                    query.tests.push(Test::AnyEquals(fields, text_of(value)));
                }
                FilterKind::Contains(field, element_parameter) => {
                    if let Some(element) = request.any(element_parameter) {
                        let contains = text_of(value) == "true";
                        let test = Test::Contains(field, text_of(element), contains);
                        query.tests.push(test);
                    }
                }
                FilterKind::Text => {
                    let text = text_of(value).to_lowercase();
                    query.tests.push(Test::Text(collection.search_fields, text));
                }
                FilterKind::Since(field) => {
                    query
                        .tests
                        .extend(time_of(value).map(|time| Test::Since(field, time)));
                }
                FilterKind::Until(field) => {
                    query
                        .tests
                        .extend(time_of(value).map(|time| Test::Until(field, time)));
                }
                FilterKind::Conditions(fields) => {
                    let conditions = fields.conditions(filter.parameter, value, resolve)?;
                    if !conditions.is_empty() {
                        query.tests.push(Test::Conditions(conditions));
                    }
                }
                FilterKind::SortOrders(fields) => {
                    query.orders = fields.sort_orders(filter.parameter, value, resolve)?;
                }
            }
        }
        Ok(query)
    }

    /// Restricts the query to the company's items that a location has.
    pub(crate) fn add_shared_with(&mut self, field: &'static str, location: &str) {
        self.tests
            .push(Test::SharedWith(field, location.to_owned()));
    }

    /// Whether it selects all items.
    pub(super) fn selects_all(&self) -> bool {
        self.parent.is_none() && self.tests.is_empty()
    }

    /// The sort orders; empty if the items keep the order of their creation.
    pub(super) fn orders(&self) -> &[SortOrder] {
        &self.orders
    }

    /// Whether an item is selected. `view` returns the fields of an item as replies show them.
    pub(crate) fn selects(&self, item: &StoredItem, view: &dyn Fn(Fields) -> Fields) -> bool {
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
        if !self.hints.iter().all(|hint| item.may_contain(hint)) {
            return false;
        }
        let fields = item.fields();
        self.tests.iter().all(|test| match test {
            Test::Conditions(conditions) => conditions.is_met(&view(fields.clone())),
            test => test.is_met(&fields),
        })
    }
}

impl FilterKind {
    /// Whether a value restricts anything. Filters and sort orders are always read, so that wrong
    /// ones are rejected.
    fn restricts(&self, value: &Value) -> bool {
        match self {
            FilterKind::Conditions(_) | FilterKind::SortOrders(_) => !value.is_null(),
            _ => !is_empty(value),
        }
    }
}

impl Test {
    fn is_met(&self, fields: &Fields) -> bool {
        match self {
            Test::Equals(field, accepted) => is_any_of(field_at(fields, field), accepted),
            Test::AnyEquals(names, expected) => names.iter().any(|name| {
                field_at(fields, name).is_some_and(|value| text_of(value) == *expected)
            }),
            Test::Contains(field, element, contains) => {
                is_any_of(field_at(fields, field), std::slice::from_ref(element)) == *contains
            }
            Test::Text(names, text) => {
                let contains = |name: &&str| {
                    let value = field_at(fields, name).map(text_of).unwrap_or_default();
                    value.to_lowercase().contains(text.as_str())
                };
                // First and last name are also searched as one text.
                let full_name = ["firstName", "lastName"]
                    .map(|name| fields.get(name).map(text_of).unwrap_or_default());
                names.iter().any(contains)
                    || names.contains(&"firstName")
                        && full_name.join(" ").to_lowercase().contains(text)
            }
            Test::Since(field, since) => field_at(fields, field)
                .and_then(time_of)
                .is_some_and(|time| time >= *since),
            Test::Until(field, until) => field_at(fields, field)
                .and_then(time_of)
                .is_some_and(|time| time <= *until),
            Test::SharedWith(field, location) => is_shared_with(fields, field, location),
            Test::Conditions(conditions) => conditions.is_met(fields),
        }
    }
}

/// Whether a location has an item of its company: the field contains the location, or is empty.
pub(crate) fn is_shared_with(fields: &Fields, field: &str, location: &str) -> bool {
    match field_at(fields, field) {
        Some(value) if !is_empty(value) => is_any_of(Some(value), &[location.to_owned()]),
        _ => true,
    }
}

/// Whether a value, or an element of a list, is one of the texts.
fn is_any_of(value: Option<&Value>, texts: &[String]) -> bool {
    match value {
        Some(Value::Array(items)) => items.iter().any(|item| texts.contains(&text_of(item))),
        Some(value) => texts.contains(&text_of(value)),
        None => false,
    }
}

/// The values that a parameter accepts: itself, the elements of a list, the parts of a
/// comma-separated text.
fn accepted_values(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        Value::String(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        value => vec![text_of(value)],
    }
}
