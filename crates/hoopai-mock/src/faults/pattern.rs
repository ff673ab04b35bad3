//! Which operations are meant.

/// `contacts.get-contact`, `contacts.*`, `contacts`, `GET /contacts/{contactId}`, `/contacts/{contactId}`, `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    All,
    /// By key, in which `*` stands for anything.
    Key(String),
    /// By path, in which a segment in braces stands for any, and a `*` at the end for all that follows.
    Path(Option<String>, String),
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "*" {
            return Self::All;
        }
        if text.starts_with('/') {
            return Self::Path(None, text.to_owned());
        }
        match text.split_once(char::is_whitespace) {
            Some((method, path)) => {
                let method = (method != "*").then(|| method.to_uppercase());
                Self::Path(method, path.trim().to_owned())
            }
            None if text.contains(['.', '*']) => Self::Key(text.to_owned()),
            None => Self::Key(format!("{text}.*")),
        }
    }

    pub(crate) fn matches(&self, method: &str, path: &str, key: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Key(pattern) => key.is_some_and(|key| wildcard(pattern, key)),
            Self::Path(wanted, pattern) => {
                wanted.as_deref().is_none_or(|wanted| wanted == method) && same_path(pattern, path)
            }
        }
    }
}

/// `*` stands for any number of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

fn same_path(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut wanted = pattern.split('/').peekable();
    while let Some(want) = wanted.next() {
        if want == "*" && wanted.peek().is_none() {
            return segments.next().is_some();
        }
        match segments.next() {
            Some(segment) if want == segment => {}
            Some(segment) if want.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}
