//! Values in tables, and the fields of items.

use serde_json::{Map, Value};

/// The fields of an item by name.
pub(crate) type Fields = Map<String, Value>;

/// A value in a table.
#[derive(Clone, Copy)]
pub(crate) enum FieldValue {
    Text(&'static str),
    Number(i64),
    True,
    False,
    /// An empty list.
    List,
    /// An empty object.
    Object,
    /// A new id.
    NewId,
    /// The id of the default user, [`USER`](crate::USER).
    User,
    /// The time of the request.
    Now,
}
