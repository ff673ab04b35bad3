//! Problems of a request. They name fields and kinds, never values.

use std::fmt;

use crate::field_path::LARGEST_INDEX;

/// The name of the kind whose parts have indices.
pub(crate) const LIST: &str = "a list";

/// A problem of a request, with the name or the path of the value that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The parameter, or the path of the body's field: `customFields[0].value`. It is `body` for the
    /// whole body.
    pub path: String,
    /// What is wrong.
    pub kind: ProblemKind,
    /// Whether the client sends the request in spite of it: the interface file declares the value as
    /// required, and the platform is known to accept many calls without such values.
    pub is_advice: bool,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The operation declares no such parameter or field.
    Unknown {
        /// The declared name that is most similar.
        closest: Option<String>,
    },
    /// The value is missing.
    Missing,
    /// The value is empty, `.` or `..`, and would change the path of the request.
    NoPathValue,
    /// The value is of another kind.
    WrongKind {
        /// The declared kind.
        expected: String,
        /// The kind of the value.
        found: &'static str,
    },
    /// The value is not one of the allowed ones.
    NotAllowed {
        /// The allowed values.
        allowed: Vec<String>,
    },
    /// The value breaks a rule: a format, a limit.
    Invalid {
        /// The rule: `must be at most 100`.
        rule: String,
    },
    /// The path leads into a value that has no such parts.
    NoParts {
        /// The declared kind of the value.
        expected: &'static str,
    },
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, kind: ProblemKind) -> Self {
        Self {
            path: path.into(),
            kind,
            is_advice: false,
        }
    }

    pub(crate) fn invalid(path: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::new(path, ProblemKind::Invalid { rule: rule.into() })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Lists of currencies and countries are longer.
        const MOST: usize = 20;
        let path = &self.path;
        match &self.kind {
            ProblemKind::Unknown { closest: None } => {
                write!(f, "`{path}` is not declared by the operation")
            }
            ProblemKind::Unknown {
                closest: Some(closest),
            } => write!(
                f,
                "`{path}` is not declared by the operation; did you mean `{closest}`?"
            ),
            ProblemKind::Missing => write!(f, "`{path}` is missing"),
            ProblemKind::NoPathValue => write!(
                f,
                "`{path}` is empty, `.` or `..`, which would change the path"
            ),
            ProblemKind::WrongKind { expected, found } => {
                write!(f, "`{path}` must be {expected}, not {found}")
            }
            ProblemKind::NotAllowed { allowed } => {
                let first: Vec<&str> = allowed.iter().map(String::as_str).take(MOST).collect();
                write!(f, "`{path}` must be one of: {}", first.join(", "))?;
                match allowed.len() - first.len() {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            ProblemKind::Invalid { rule } => write!(f, "`{path}` {rule}"),
            ProblemKind::NoParts { expected } if *expected == LIST => write!(
                f,
                "`{path}` does not exist: the value before it is a list, whose index is a number from \
                 0 to {LARGEST_INDEX}"
            ),
            ProblemKind::NoParts { expected } => write!(
                f,
                "`{path}` does not exist, because the value before it is {expected}"
            ),
        }
    }
}

impl std::error::Error for Problem {}
