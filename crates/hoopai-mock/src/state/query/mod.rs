//! Selects the items of a list: filters, conditions and sort orders of a search, and the page of
//! the result. May depend on `collection`, `store`, `check`, `interface` and `error`; `call` and
//! `seed` depend on it.

mod condition;
mod filter;
mod page;
mod selection;
mod values;

pub(super) use condition::{FieldReference, ValuePath};
pub(super) use filter::{Query, is_shared_with};
pub(super) use selection::Selection;
pub(super) use values::{field_at, text_of};
