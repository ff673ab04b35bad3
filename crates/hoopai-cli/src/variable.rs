//! Environment variables. A variable without contents counts as not set.

use std::env::VarError;

use crate::failure::{Failure, Result};

/// Reads a variable.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::usage(format_args!(
            "the environment variable {name} is not UTF-8: set it again"
        ))),
    }
}
