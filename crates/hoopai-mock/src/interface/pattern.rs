//! Patterns that name operations: `contacts.get_contact`, `contacts.get-contact`, `contacts.*`,
//! `contacts`, `GET /contacts/{contactId}`, `/contacts/{contactId}`, `*`.

use super::operation::Operation;
use super::{AUTHORIZATION_PAGES, Interface};
use crate::closest;

/// A pattern that matches at least one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperationPattern {
    All,
    /// The keys of the matching operations.
    Keys(Vec<String>),
    /// A method, if the pattern has one, and a path.
    Path(Option<String>, String),
}

impl OperationPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Fails with a message if the pattern matches no operation.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::All);
        }
        if text.starts_with('/') {
            return by_path(text, None, text);
        }
        // Some operation ids of the platform contain a space.
        match text.split_once(char::is_whitespace) {
            Some((method, path)) if path.trim_start().starts_with('/') => {
                let method = (method != "*").then(|| method.to_uppercase());
                by_path(text, method, path.trim())
            }
            _ if text.contains(['.', '*']) => by_key(text, text),
            _ => by_key(text, &format!("{text}.*")),
        }
    }

    pub(crate) fn matches(&self, method: &str, path: &str, key: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Keys(keys) => key.is_some_and(|key| keys.iter().any(|own| own == key)),
            Self::Path(own, pattern) => {
                own.as_deref().is_none_or(|own| own == method) && same_path(pattern, path)
            }
        }
    }
}

fn by_key(text: &str, pattern: &str) -> Result<OperationPattern, String> {
    let matches = |operation: &Operation| {
        wildcard(pattern, &operation.key()) || wildcard(pattern, &operation.method_key())
    };
    let operations = Interface::shared().operations.iter();
    let keys: Vec<String> = operations
        .filter(|operation| matches(operation))
        .map(|operation| operation.key())
        .collect();
    if keys.is_empty() {
        return Err(unknown_key(text));
    }
    Ok(OperationPattern::Keys(keys))
}

fn by_path(text: &str, method: Option<String>, path: &str) -> Result<OperationPattern, String> {
    if path.contains('?') {
        return Err(format!(
            "`{text}` has a query; operations are named by method and path alone"
        ));
    }
    let same_method = |own: &str| method.as_deref().is_none_or(|method| method == own);
    let operations = &Interface::shared().operations;
    let mut known = operations.iter().any(|operation| {
        same_method(operation.method.as_str()) && may_be_same_path(path, &operation.path)
    });
    known |= same_method("GET") && AUTHORIZATION_PAGES.iter().any(|page| same_path(path, page));
    if known {
        Ok(OperationPattern::Path(method, path.to_owned()))
    } else {
        Err(unknown_path(text, method.is_some()))
    }
}

fn unknown_key(text: &str) -> String {
    let mut candidates = Vec::new();
    let mut modules: Vec<&str> = Vec::new();
    for operation in &Interface::shared().operations {
        for key in [operation.method_key(), operation.key()] {
            let name = key.split_once('.').map_or("", |(_, name)| name).to_owned();
            candidates.push((key.clone(), key.clone()));
            candidates.push((name, key));
        }
        if !modules.contains(&operation.module) {
            modules.push(operation.module);
        }
    }
    candidates.extend(
        modules
            .iter()
            .map(|name| ((*name).to_owned(), (*name).to_owned())),
    );
    let candidates = candidates.iter();
    let closest = closest::suggestion(text, candidates.map(|(a, b)| (a.as_str(), b.as_str())));
    format!("no operation is called `{text}`{closest}")
}

fn unknown_path(text: &str, with_method: bool) -> String {
    let name = |operation: &Operation| {
        if with_method {
            format!("{} {}", operation.method, operation.path)
        } else {
            operation.path.clone()
        }
    };
    // A value in place of a parameter is no difference.
    let segments: Vec<&str> = text.split('/').collect();
    let spelling = |name: &str| {
        let own = name.split('/').enumerate();
        let filled = own.map(|(index, segment)| match segments.get(index) {
            Some(value) if segment.starts_with('{') => value,
            _ => segment,
        });
        filled.collect::<Vec<_>>().join("/")
    };
    let operations = Interface::shared().operations.iter();
    let names: Vec<(String, String)> = operations
        .map(|operation| name(operation))
        .map(|name| (spelling(&name), name))
        .collect();
    let candidates = names
        .iter()
        .map(|(spelling, name)| (spelling.as_str(), name.as_str()));
    let closest = closest::suggestion(text, candidates);
    format!("no operation has the path `{text}`{closest}")
}

/// `*` matches any number of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether a path matches a pattern. A segment that is `*` or in braces matches any segment; a `*`
/// at the end matches the rest.
fn same_path(pattern: &str, path: &str) -> bool {
    unify(pattern, path, |own, segment| own == segment)
}

/// Whether any path of an operation can match a pattern.
fn may_be_same_path(pattern: &str, template: &str) -> bool {
    unify(pattern, template, |own, segment| {
        own == segment || (segment.starts_with('{') && !own.is_empty())
    })
}

fn unify(pattern: &str, path: &str, same: impl Fn(&str, &str) -> bool) -> bool {
    let mut segments = path.split('/');
    let mut pattern = pattern.split('/').peekable();
    while let Some(own) = pattern.next() {
        let any = own == "*";
        if any && pattern.peek().is_none() {
            return segments.next().is_some();
        }
        match segments.next() {
            Some(segment) if same(own, segment) => {}
            Some(segment) if (any || own.starts_with('{')) && !segment.is_empty() => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}
