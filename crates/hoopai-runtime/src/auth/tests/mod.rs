//! Tokens under all that can go wrong.
pub(crate) mod files;
