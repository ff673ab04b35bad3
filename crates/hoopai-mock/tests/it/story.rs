//! What hangs together, as tables of requests: each step says what it sends, what it sees, and what it keeps for later steps.

use hoopai_mock::{LOCATION, Mock, TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, call, client};

/// A request and what is seen of its reply. In path, body and what is seen, `{name}` stands for what was kept or seeded under
/// that name.
pub(crate) struct Step {
    method: Method,
    path: &'static str,
    body: Value,
    /// Pointers into the reply, and what is there; null where there is to be nothing.
    sees: Vec<(&'static str, Value)>,
    keeps: Vec<(&'static str, &'static str)>,
    refused: Option<(u16, &'static str)>,
}

impl Step {
    pub(crate) fn new(method: Method, path: &'static str, body: Value) -> Self {
        Self {
            method,
            path,
            body,
            sees: Vec::new(),
            keeps: Vec::new(),
            refused: None,
        }
    }

    pub(crate) fn sees(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.sees.push((pointer, value.into()));
        self
    }

    pub(crate) fn keeps(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.keeps.push((name, pointer));
        self
    }

    pub(crate) fn refused(mut self, status: u16, words: &'static str) -> Self {
        self.refused = Some((status, words));
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

/// Tells a story on a server of its own, of which one item of each of these collections is seeded, called by its collection.
pub(crate) async fn tell(seeds: &[&str], steps: Vec<Step>) {
    let mock = Mock::builder()
        .token(TOKEN)
        .start()
        .await
        .expect("a server");
    let client = client();
    let mut known = vec![("L".to_owned(), LOCATION.to_owned())];
    for name in seeds {
        let id = mock.seed().items(name, LOCATION, 1).remove(0);
        known.push(((*name).to_owned(), id));
    }
    for step in steps {
        let fill = |text: String| {
            known.iter().fold(text, |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
        };
        let filled = |value: &Value| -> Value { fill(value.to_string()).parse().expect("JSON") };
        let path = fill(step.path.to_owned());
        let what = format!("{} {path}", step.method);
        let request = call(&client, &mock, step.method.clone(), &path, TOKEN);
        let reply = Reply::of(if step.body.is_null() {
            request
        } else {
            request.json(&filled(&step.body))
        })
        .await;
        if let Some((status, words)) = step.refused {
            assert_eq!(reply.status, status, "{what}: {}", reply.text);
            let words = fill(words.to_owned());
            assert!(reply.text.contains(&words), "{what}: {}", reply.text);
            continue;
        }
        assert!(
            reply.status < 300,
            "{what}: {} {}",
            reply.status,
            reply.text
        );
        for (pointer, value) in &step.sees {
            let seen = reply.json().pointer(pointer).cloned().unwrap_or_default();
            assert_eq!(seen, filled(value), "{what} at {pointer}: {}", reply.text);
        }
        for (name, pointer) in &step.keeps {
            let value = reply.json().pointer(pointer).cloned().unwrap_or_default();
            let value = value
                .as_str()
                .unwrap_or_else(|| panic!("{what}: nothing at {pointer} in {}", reply.text));
            known.push(((*name).to_owned(), value.to_owned()));
        }
    }
}

/// A body with the location as the payment side names it.
pub(crate) fn at(more: Value) -> Value {
    let mut body = json!({ "altId": LOCATION, "altType": "location" });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}
