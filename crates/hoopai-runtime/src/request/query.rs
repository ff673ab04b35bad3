//! Queries: from pairs to text.

use std::borrow::Cow;

use crate::operation::ListStyle;
use crate::request::path::encode;

/// The pairs of a query, in the order in which they were set.
#[derive(Clone, Default)]
pub(crate) struct Query(Vec<Pair>);

#[derive(Clone)]
struct Pair {
    name: Cow<'static, str>,
    values: Vec<String>,
    style: ListStyle,
}

impl Query {
    /// Sets a parameter and replaces its values. An empty list removes it.
    pub(crate) fn set(&mut self, name: &'static str, values: Vec<String>, style: ListStyle) {
        self.0.retain(|pair| pair.name != name);
        self.add(Cow::Borrowed(name), values, style);
    }

    /// Adds a value to a parameter.
    pub(crate) fn add(&mut self, name: Cow<'static, str>, values: Vec<String>, style: ListStyle) {
        if !values.is_empty() {
            self.0.push(Pair {
                name,
                values,
                style,
            });
        }
    }

    /// Returns the values of a parameter, if it is set.
    pub(crate) fn get(&self, name: &str) -> Option<&[String]> {
        let pair = self.0.iter().find(|pair| pair.name == name)?;
        Some(&pair.values)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|pair| pair.name == name)
    }

    /// The parameter that takes most of the query, and its length there.
    pub(crate) fn longest(&self) -> Option<(String, usize)> {
        let mut longest: Option<(String, usize)> = None;
        for pair in &self.0 {
            let mut length = 0;
            for value in &pair.values {
                length += encode(value).len();
                if pair.style == ListStyle::Repeat {
                    length += pair.name.len() + 2;
                }
            }
            if longest.as_ref().is_none_or(|longest| longest.1 < length) {
                longest = Some((pair.name.to_string(), length));
            }
        }
        longest
    }

    /// The query without its question mark.
    pub(crate) fn encode(&self) -> String {
        let mut out = String::new();
        for pair in &self.0 {
            match pair.style {
                ListStyle::Repeat => {
                    for value in &pair.values {
                        push(&mut out, &pair.name, &encode(value));
                    }
                }
                ListStyle::Comma => {
                    let mut values = String::new();
                    for (index, value) in pair.values.iter().enumerate() {
                        if index > 0 {
                            values.push(',');
                        }
                        values.push_str(&encode(value));
                    }
                    push(&mut out, &pair.name, &values);
                }
            }
        }
        out
    }
}

fn push(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(&encode(name));
    out.push('=');
    out.push_str(value);
}

/// Appends a pair in the `application/x-www-form-urlencoded` encoding. A space is `%20`, which
/// every parser accepts.
pub(crate) fn push_pair(out: &mut String, name: &str, value: &str) {
    push(out, name, &encode(value));
}
