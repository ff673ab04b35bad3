//! Errors of single fields.

use std::fmt;

use crate::redact::mask::field_path;

/// An error of one field of a request, reported by the platform.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FieldError {
    /// The field, as the platform names it.
    pub field: String,
    /// The platform's message about it.
    pub message: String,
}

/// Shows the field and hides the message, which can repeat values of the request.
impl fmt::Debug for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [hidden]", field_path(&self.field))
    }
}
