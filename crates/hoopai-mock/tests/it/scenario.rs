//! Scenarios: sequences of requests. Each step sends a request, checks the reply, and saves values
//! for later steps.

use hoopai_mock::{AGENCY_TOKEN, LOCATION, TOKEN};
use hoopai_test_support::interface::declares;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;

/// A request and the expected values of its reply. In path, body and values, `{name}` is replaced
/// by the value that was saved or seeded under that name.
pub(crate) struct Step {
    method: Method,
    path: &'static str,
    body: Value,
    /// JSON pointers into the reply, and the values there; null if there is none.
    expects: Vec<(&'static str, Value)>,
    saves: Vec<(&'static str, &'static str)>,
    rejected: Option<(u16, &'static str)>,
    token: &'static str,
}

impl Step {
    pub(crate) fn new(method: Method, path: &'static str, body: Value) -> Self {
        Self {
            method,
            path,
            body,
            expects: Vec::new(),
            saves: Vec::new(),
            rejected: None,
            token: TOKEN,
        }
    }

    pub(crate) fn expects(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.expects.push((pointer, value.into()));
        self
    }

    pub(crate) fn saves(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.saves.push((name, pointer));
        self
    }

    pub(crate) fn rejected(mut self, status: u16, message: &'static str) -> Self {
        self.rejected = Some((status, message));
        self
    }

    /// Sends the token of the agency.
    pub(crate) fn by_agency(mut self) -> Self {
        self.token = AGENCY_TOKEN;
        self
    }
}

pub(crate) fn get(path: &'static str) -> Step {
    Step::new(Method::GET, path, Value::Null)
}

pub(crate) fn post(path: &'static str, body: Value) -> Step {
    Step::new(Method::POST, path, body)
}

pub(crate) fn put(path: &'static str, body: Value) -> Step {
    Step::new(Method::PUT, path, body)
}

pub(crate) fn patch(path: &'static str, body: Value) -> Step {
    Step::new(Method::PATCH, path, body)
}

pub(crate) fn delete(path: &'static str) -> Step {
    Step::new(Method::DELETE, path, Value::Null)
}

/// Runs a scenario on a new server. One item of each of the collections `seeds` is seeded under the
/// name of its collection.
pub(crate) async fn run(seeds: &[&str], steps: Vec<Step>) {
    let is_declared = |step: &Step| {
        let mut body = step.body.clone();
        if let Some(fields) = body.as_object_mut() {
            // The platform accepts it, although no file declares it.
            fields.remove("filters");
        }
        step.rejected.is_some() || declares(step.method.as_str(), step.path, &body)
    };
    if !steps.iter().all(is_declared) {
        return;
    }
    let api = Api::start().await;
    let mut values = vec![("L".to_owned(), LOCATION.to_owned())];
    for name in seeds {
        let id = api.seed().items(name, LOCATION, 1).remove(0);
        values.push(((*name).to_owned(), id));
    }
    for step in steps {
        let fill = |text: String| {
            values.iter().fold(text, |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
        };
        let fill_value =
            |value: &Value| -> Value { fill(value.to_string()).parse().expect("JSON") };
        let path = fill(step.path.to_owned());
        let request = format!("{} {path}", step.method);
        let body = fill_value(&step.body);
        let reply = api.send_as(step.token, step.method, &path, &body).await;
        if let Some((status, message)) = step.rejected {
            assert_eq!(reply.status, status, "{request}: {}", reply.text);
            let message = fill(message.to_owned());
            assert!(reply.text.contains(&message), "{request}: {}", reply.text);
            continue;
        }
        assert!(
            reply.status < 300,
            "{request}: {} {}",
            reply.status,
            reply.text
        );
        for (pointer, value) in &step.expects {
            let actual = reply.json().pointer(pointer).cloned().unwrap_or_default();
            assert_eq!(
                actual,
                fill_value(value),
                "{request} at {pointer}: {}",
                reply.text
            );
        }
        for (name, pointer) in &step.saves {
            let value = reply.json().pointer(pointer).cloned().unwrap_or_default();
            let value = value
                .as_str()
                .unwrap_or_else(|| panic!("{request}: nothing at {pointer} in {}", reply.text));
            values.push(((*name).to_owned(), value.to_owned()));
        }
    }
}

/// A body that names the location as the payment modules do.
pub(crate) fn with_alt_id(more: Value) -> Value {
    let mut body = json!({ "altId": LOCATION, "altType": "location" });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}
