//! Selects the items of a list: filters, conditions, sort orders, and the page of the result.
//! Reads items, and never writes them.
//! May depend on `collection` and `store`; `call` and `seed` depend on it.

mod condition;
mod filter;
mod page;
mod selection;
mod values;

pub(super) use condition::{FieldReference, ValuePath};
pub(super) use filter::{Query, is_shared_with};
pub(super) use selection::Selection;
pub(super) use values::{field_at, text_of};
