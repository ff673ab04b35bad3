//! The names that every table uses.

pub(super) use super::paging;
pub(super) use crate::state::collection::*;
pub(super) use crate::state::derive;
