//! Changes of items by requests, which webhooks report.

use std::sync::Arc;

use super::collection::{Fields, Scope};
use super::store::Item;

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

impl Change {
    pub(super) fn created(item: &Item) -> Self {
        Self::new(ChangeKind::Created, item, Fields::new())
    }

    pub(super) fn updated(item: &Item, before: Fields) -> Self {
        Self::new(ChangeKind::Updated, item, before)
    }

    pub(super) fn deleted(item: &Item) -> Self {
        Self::new(ChangeKind::Deleted, item, Fields::new())
    }

    fn new(kind: ChangeKind, item: &Item, mut before: Fields) -> Self {
        let collection = item.collection;
        let mut fields = item.fields.clone();
        (collection.on_read)(&mut fields);
        if kind == ChangeKind::Updated {
            (collection.on_read)(&mut before);
        }
        Self {
            kind,
            collection: collection.name,
            scope: Arc::clone(&item.scope),
            of_company: collection.scope == Scope::Company,
            id: item.id.clone(),
            before,
            fields,
        }
    }
}
