//! Errors of mappings and of the operations that they name.

use crate::error::{BulkError, BulkErrorKind};

pub(super) fn malformed(reason: &str) -> BulkError {
    invalid(
        format!("the mapping cannot be used: {reason}"),
        "write a JSON object from fields to columns: {\"email\": \"E-mail\"}",
    )
}

pub(super) fn invalid(message: String, remedy: &str) -> BulkError {
    BulkError::new(BulkErrorKind::Invalid, message, remedy)
}

/// Names for a message.
pub(super) fn names<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}
