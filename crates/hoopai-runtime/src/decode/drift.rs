//! Deviations of a text from its type.

use std::borrow::Cow;
use std::fmt;

/// A place where a reply is not what its type says. It names the place and the kinds, and never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// What became of the value.
    pub kind: DriftKind,
    /// Where it stands, such as `contacts[3].dateAdded`; `$` is the whole reply. Keys that can be about a person are masked.
    pub path: String,
    /// What its type takes, in words.
    pub expected: Cow<'static, str>,
    /// What the reply holds there: `a string`, `a number`, `a boolean`, `null`, `an object`, `a list` or `nothing`; for
    /// [`Repaired`](DriftKind::Repaired) what was replaced or skipped, such as `a byte order mark`.
    pub found: &'static str,
}

/// What became of a value that drifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DriftKind {
    /// It was understood as what its type takes: `"12"` as 12, 0 as `false`, 1.10 as `"1.10"`. It is written back as its type
    /// writes it.
    Coerced,
    /// It fits nothing. It is kept as it came, and written back so: in the [`extra`](crate::Extra) of the nearest model around
    /// it, under the name of the field that stays empty; for an item of a list of models, in that item's own
    /// [`extra`](crate::Extra::whole); for a whole reply, in [`Response::raw`](crate::Response::raw).
    Unparsed,
    /// The reply, or the list page, has no body, only blanks, or `null`, where a body is declared. The value is empty. Replies
    /// with status 204 and 205, which HTTP sends without a body, are no exception; operations of which no body is declared are.
    Empty,
    /// An object that has fields, none of which its type knows, so that the type's own fields are all empty. All that came is
    /// in its [`extra`](crate::Extra).
    UnknownShape,
    /// The reply is JSON but for its encoding or for bytes that JSON does not allow, which were replaced or skipped: a byte
    /// order mark, UTF-16, a byte that is no UTF-8, control characters, text before or after the JSON.
    /// [`Response::raw_body`](crate::Response::raw_body) has the bytes as they came.
    Repaired,
}

impl Drift {
    /// Returns the path without list indexes, such as `contacts[].dateAdded`: the same for each item of a list, and thus fit for
    /// a label of a metric.
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
