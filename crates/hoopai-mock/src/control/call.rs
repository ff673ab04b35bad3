//! A request to the control interface, checked against its endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::field::{Field, Input, Kind, PathValues};
use crate::closest;
use crate::exchange::Request;
use crate::problem::Problem;
use crate::server_state::ServerState;
use crate::sessions::Sessions;

/// The result of an operation: JSON, or an error.
pub(super) type Answer = Result<Value, Problem>;

/// The values of a request to an endpoint.
pub(super) struct Call<'a> {
    pub(super) sessions: &'a Sessions,
    pub(super) server: &'a ServerState,
    path: PathValues,
    /// The values of query and body by their names, of the kinds that the endpoint declares.
    values: BTreeMap<&'static str, Value>,
    /// The body of an endpoint that reads it whole.
    pub(super) body: Value,
}

impl<'a> Call<'a> {
    /// Checks query and body of a request.
    pub(super) fn new(
        sessions: &'a Sessions,
        server: &'a ServerState,
        request: &Request,
        input: &'static Input,
        path: PathValues,
    ) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        for (name, text) in &request.query {
            let field = find(input.query, "query parameter", name)?;
            values.insert(field.name, field.read(text)?);
        }
        let body = match request.body.is_empty() {
            true => Value::Object(Map::new()),
            false => serde_json::from_slice(&request.body).map_err(|error| {
                Problem::invalid(format!("the body is not JSON: {error}; send a JSON object"))
            })?,
        };
        if !input.any_body {
            let Value::Object(fields) = &body else {
                return Err(Problem::invalid(
                    "the body is no object; send a JSON object",
                ));
            };
            for (name, value) in fields {
                let field = find(input.body, "field", name)?;
                values.insert(field.name, field.checked(value)?);
            }
        }
        let fields = input.query.iter().chain(input.body);
        for field in fields.filter(|field| field.required) {
            if !values.contains_key(field.name) {
                return Err(Problem::invalid(format!(
                    "`{}` is missing; it is {}",
                    field.name, field.about
                )));
            }
        }
        Ok(Self {
            sessions,
            server,
            path,
            values,
            body,
        })
    }

    /// Returns a parameter of the path.
    pub(super) fn path(&self, name: &str) -> &str {
        let found = self.path.iter().find(|(other, _)| *other == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns a parameter of the path as a number; `None` if it is none.
    pub(super) fn path_number(&self, name: &str) -> Option<u64> {
        self.path(name).parse().ok()
    }

    /// Returns a value of query or body.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.as_u64()
    }

    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.value(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// Returns seconds as a duration.
    pub(super) fn seconds(&self, name: &str) -> Option<Duration> {
        let seconds = self.value(name)?.as_f64()?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

fn find(fields: &'static [Field], what: &str, name: &str) -> Result<&'static Field, Problem> {
    fields
        .iter()
        .find(|field| field.name == name)
        .ok_or_else(|| {
            let names = || fields.iter().map(|field| field.name);
            let closest = closest::suggestion(name, names().map(|name| (name, name)));
            let known: Vec<&str> = names().collect();
            let known = match known.is_empty() {
                true => format!("this endpoint has no {what}s"),
                false => format!("this endpoint has {}", known.join(", ")),
            };
            Problem::invalid(format!("no {what} is called `{name}`{closest}; {known}"))
        })
}

impl Field {
    /// Reads a value of the query.
    fn read(&self, text: &str) -> Result<Value, Problem> {
        let value = match self.kind {
            Kind::Count | Kind::Seconds | Kind::Boolean => {
                serde_json::from_str(text).unwrap_or(Value::Null)
            }
            Kind::Text | Kind::Texts | Kind::Object | Kind::Any => text.into(),
        };
        self.checked(&value)
    }

    /// Checks the kind of a value.
    fn checked(&self, value: &Value) -> Result<Value, Problem> {
        let (is_of_kind, expected) = match self.kind {
            Kind::Text => (value.is_string(), "a text"),
            Kind::Count => (value.is_u64(), "a whole number from 0"),
            Kind::Seconds => (
                value.as_f64().is_some_and(|seconds| seconds >= 0.0),
                "a number of seconds from 0",
            ),
            Kind::Boolean => (value.is_boolean(), "true or false"),
            Kind::Texts => {
                let list = value.as_array();
                (
                    list.is_some_and(|list| list.iter().all(Value::is_string)),
                    "a list of texts",
                )
            }
            Kind::Object => (value.is_object(), "an object"),
            Kind::Any => (true, ""),
        };
        if is_of_kind {
            return Ok(value.clone());
        }
        Err(Problem::invalid(format!(
            "`{}` is not {expected}; it is {}",
            self.name, self.about
        )))
    }
}
