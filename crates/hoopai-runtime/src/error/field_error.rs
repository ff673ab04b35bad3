//! Complaints about single fields.

use std::fmt;

use crate::redact::mask::field_path;

/// A complaint of the platform about one field of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as the platform names it.
    pub field: String,
    /// What is wrong with it, in the platform's words.
    pub message: String,
}

/// Shows the field and not what is said of it, which can repeat what the call carried.
impl fmt::Debug for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [hidden]", field_path(&self.field))
    }
}
