//! Deviations of a text from its type.

use std::borrow::Cow;
use std::fmt;

/// A deviation of a reply from its type. It contains the path and the kinds of values, never a
/// value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Drift {
    /// How the value was treated.
    pub kind: DriftKind,
    /// The JSON path, such as `contacts[3].dateAdded`; `$` is the whole reply. Keys that can
    /// identify a person are masked.
    pub path: String,
    /// The kind of value that the type declares.
    pub expected: Cow<'static, str>,
    /// The kind of value in the reply: `a string`, `a number`, `a boolean`, `null`, `an object`, `a
    /// list` or `nothing`. For [`Repaired`](DriftKind::Repaired): what was replaced or skipped,
    /// such as `a byte order mark`.
    pub found: &'static str,
}

/// How a value that deviates was treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DriftKind {
    /// The value was converted to the declared type: `"12"` to 12, 0 to `false`, 1.10 to `"1.10"`.
    /// It is written back as the declared type.
    Coerced,
    /// The value cannot be converted. It is kept and written back unchanged: in the
    /// [`extra`](crate::Extra) of the enclosing model, under the name of the field, which is
    /// `None`; for an item of a list of models, in that item's [`extra`](crate::Extra::whole); for
    /// a whole reply, in [`Response::raw`](crate::Response::raw).
    Unparsed,
    /// The reply or page has no body, only white space, or `null`, although a body is declared. The
    /// value is empty. This includes replies with status 204 and 205; it excludes operations
    /// without a declared body.
    Empty,
    /// An object has fields, and its type declares none of them, so all declared fields are empty.
    /// The contents are in its [`extra`](crate::Extra).
    UnknownShape,
    /// The reply is JSON except for its encoding or for bytes that JSON does not allow, which were
    /// replaced or skipped: a byte order mark, UTF-16, invalid UTF-8, control characters, text
    /// before or after the JSON. [`Response::raw_body`](crate::Response::raw_body) returns the
    /// original bytes.
    Repaired,
}

impl Drift {
    /// Returns the path without list indexes, such as `contacts[].dateAdded`. It is the same for
    /// each item of a list, which makes it a suitable metric label.
    pub fn path_template(&self) -> String {
        let mut template = String::with_capacity(self.path.len());
        let mut rest = self.path.as_str();
        while let Some((before, after)) = rest.split_once('[') {
            template.push_str(before);
            template.push('[');
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            rest = if after[digits..].starts_with(']') {
                &after[digits..]
            } else {
                after
            };
        }
        template.push_str(rest);
        template
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Drift {
            kind,
            path,
            expected,
            found,
        } = self;
        match kind {
            DriftKind::Coerced => write!(f, "`{path}`: {found} was read as {expected}"),
            DriftKind::Unparsed => {
                write!(
                    f,
                    "`{path}`: {found} where {expected} is declared was set aside"
                )
            }
            DriftKind::Empty => write!(f, "`{path}`: {found} where {expected} is declared"),
            DriftKind::Repaired => {
                write!(
                    f,
                    "`{path}`: {found} was replaced or skipped to read {expected}"
                )
            }
            DriftKind::UnknownShape => write!(f, "`{path}`: {found} has none of the {expected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Drift, DriftKind};

    #[test]
    fn template_of_a_path_has_no_list_indexes() {
        for (path, template) in [
            ("$", "$"),
            ("name", "name"),
            ("contacts[3].dateAdded", "contacts[].dateAdded"),
            ("a[0][12].b[345]", "a[][].b[]"),
            ("[7]", "[]"),
            // Brackets of a key.
            ("a[b].c[1]", "a[b].c[]"),
            ("a[1b]", "a[1b]"),
            ("a[", "a["),
        ] {
            let drift = Drift {
                kind: DriftKind::Coerced,
                path: path.to_owned(),
                expected: "a number".into(),
                found: "a string",
            };
            assert_eq!(drift.path_template(), template);
        }
    }
}
