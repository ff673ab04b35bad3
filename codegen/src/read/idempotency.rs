//! The idempotency of operations: as overlays declare it, else by a rule.

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::json::Object;
use crate::model::Idempotency;

const NOT: &str = "x-hoopai-not-idempotent";

/// Reads the declaration. Without one, the HTTP method decides; operations whose name begins with
/// `create_` are not idempotent.
pub(super) fn read(
    operation: &Object,
    method: &str,
    name: &str,
    at: &SourcePointer<'_>,
) -> Result<Idempotency, FileError> {
    let not = reason(operation, NOT, "what a repeated request does", at)?;
    match (operation.get("x-hoopai-idempotent"), not) {
        (None, Some(reason)) => Ok(Idempotency::Not(reason)),
        (Some(Value::Bool(true)), None) => Ok(Idempotency::Idempotent),
        (None, None) if matches!(method, "get" | "put" | "delete") => Ok(Idempotency::Idempotent),
        (None, None) if name.starts_with("create_") => Ok(Idempotency::Not(
            "It creates a record each time.".to_owned(),
        )),
        (None, None) => Ok(Idempotency::Undeclared),
        (Some(Value::Bool(true)), Some(_)) => Err(at.key("x-hoopai-idempotent").error(
            format!("it has both `x-hoopai-idempotent` and `{NOT}`"),
            "delete one of them in the module's overlay",
        )),
        (Some(other), _) => Err(at.key("x-hoopai-idempotent").error(
            format!("`x-hoopai-idempotent` is {other}, not true"),
            format!("write true, or `{NOT}` with the reason, in the module's overlay"),
        )),
    }
}

/// Reads an extension whose value is a reason.
pub(super) fn reason(
    operation: &Object,
    extension: &str,
    what: &str,
    at: &SourcePointer<'_>,
) -> Result<Option<String>, FileError> {
    let Some(reason) = operation.get(extension) else {
        return Ok(None);
    };
    match reason.as_str().map(str::trim) {
        Some(reason) if !reason.is_empty() => Ok(Some(reason.to_owned())),
        _ => Err(at.key(extension).error(
            format!("`{extension}` is {reason}, not a reason"),
            format!("state in the module's overlay {what}"),
        )),
    }
}
