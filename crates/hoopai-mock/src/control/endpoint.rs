//! One operation of the control interface, and its path.

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::call::{Answer, Call};
use super::field::{Field, Input, PathValues};
use crate::problem::Problem;

/// The prefix of all paths but that of the page.
pub(crate) const PREFIX: &str = "/__hoopai";

/// One operation.
pub(super) struct Endpoint {
    pub(super) method: &'static str,
    /// The path after [`PREFIX`], with parameters in braces.
    pub(super) path: &'static str,
    /// The id in the document.
    pub(super) id: &'static str,
    /// What it does: a sentence.
    pub(super) about: &'static str,
    pub(super) input: Input,
    /// What the reply contains.
    pub(super) reply: &'static str,
    pub(super) action: Action,
}

/// What executes an operation.
pub(super) enum Action {
    Now(fn(&Call<'_>) -> Answer),
    Document,
    WaitForRequests,
    WaitForDeliveries,
}

pub(super) const fn endpoint(
    (method, path): (&'static str, &'static str),
    id: &'static str,
    about: &'static str,
    reply: &'static str,
    action: Action,
) -> Endpoint {
    Endpoint {
        method,
        path,
        id,
        about,
        input: Input {
            query: &[],
            body: &[],
            any_body: false,
        },
        reply,
        action,
    }
}

impl Endpoint {
    pub(super) const fn query(mut self, query: &'static [Field]) -> Self {
        self.input.query = query;
        self
    }

    pub(super) const fn body(mut self, body: &'static [Field]) -> Self {
        self.input.body = body;
        self
    }

    pub(super) const fn any_body(mut self) -> Self {
        self.input.any_body = true;
        self
    }

    /// Finds the operation of a method and a path, and the parameters of the path.
    pub(super) fn find(
        all: &'static [Self],
        method: &Method,
        path: &str,
    ) -> Result<(&'static Self, PathValues), Problem> {
        let mut methods = Vec::new();
        for endpoint in all {
            let Some(parameters) = matched(endpoint.path, path) else {
                continue;
            };
            if endpoint.method == method.as_str() {
                return Ok((endpoint, parameters));
            }
            methods.push(endpoint.method);
        }
        if methods.is_empty() {
            return Err(Problem::not_found(format!(
                "the control interface has no such path; GET {PREFIX}/openapi.json lists all"
            )));
        }
        Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("this path has no {method}; it has {}", methods.join(", ")),
        ))
    }
}

/// The parameters of a path, decoded; `None` if it does not match.
fn matched(pattern: &'static str, path: &str) -> Option<PathValues> {
    let mut segments = path.split('/');
    let mut parameters = Vec::new();
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                let value = percent_decode_str(segment).decode_utf8_lossy();
                parameters.push((name, value.into_owned()));
            }
            None if expected == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(parameters)
}
