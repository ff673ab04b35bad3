//! The values that an endpoint reads, as data.

/// The parameters of a path, decoded.
pub(super) type PathValues = Vec<(&'static str, String)>;

/// The query parameters and the body of an endpoint.
pub(super) struct Input {
    pub(super) query: &'static [Field],
    pub(super) body: &'static [Field],
    /// Whether the operation reads the body itself.
    pub(super) any_body: bool,
}

/// A query parameter or a field of a body.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// What it is: the end of the sentence "it is …".
    pub(super) about: &'static str,
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Count,
    Seconds,
    Boolean,
    Texts,
    Object,
    Any,
}
