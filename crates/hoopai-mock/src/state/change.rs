//! Changes of items by requests, which webhooks report.

use std::sync::Arc;

use super::collection::Fields;

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Created,
    Updated,
    Deleted,
}

/// A change of an item. The fields are those that requests read.
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    pub(crate) collection: &'static str,
    /// The id of the location or company of the item.
    pub(crate) scope: Arc<str>,
    /// Whether the item belongs to a company.
    pub(crate) of_company: bool,
    pub(crate) id: String,
    /// The fields before an update; empty for other changes.
    pub(crate) before: Fields,
    /// The fields after the change; of a deleted item, its last fields.
    pub(crate) fields: Fields,
}
