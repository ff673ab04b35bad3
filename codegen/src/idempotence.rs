//! Whether operations are idempotent: as overlays declare it, or else by a rule.

use serde_json::Value;

use crate::fault::{At, Fault};
use crate::json::Object;

const NOT: &str = "x-hoopai-not-idempotent";

/// Whether repeating a request after it was carried out leaves the state as it is and has no second effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Idempotence {
    Idempotent,
    /// It is not, and why.
    Not(String),
    /// Nothing is declared, so it is not.
    Undeclared,
}

/// Reads the declaration. Without one, the HTTP method decides, and operations whose name begins with `create_` create a
/// record each time.
pub(crate) fn read(
    operation: &Object,
    method: &str,
    name: &str,
    at: &At<'_>,
) -> Result<Idempotence, Fault> {
    let not = reason(operation, NOT, "what a repeated request does", at)?;
    match (operation.get("x-hoopai-idempotent"), not) {
        (None, Some(reason)) => Ok(Idempotence::Not(reason)),
        (Some(Value::Bool(true)), None) => Ok(Idempotence::Idempotent),
        (None, None) if matches!(method, "get" | "put" | "delete") => Ok(Idempotence::Idempotent),
        (None, None) if name.starts_with("create_") => Ok(Idempotence::Not(
            "It creates a record each time.".to_owned(),
        )),
        (None, None) => Ok(Idempotence::Undeclared),
        (Some(Value::Bool(true)), Some(_)) => Err(at.fault(
            format!("it has both `x-hoopai-idempotent` and `{NOT}`"),
            "delete one of them in the module's overlay",
        )),
        (Some(other), _) => Err(at.fault(
            format!("`x-hoopai-idempotent` is {other}, not true"),
            format!("write true, or `{NOT}` with the reason, in the module's overlay"),
        )),
    }
}

/// Reads an extension that holds a reason.
pub(crate) fn reason(
    operation: &Object,
    extension: &str,
    what: &str,
    at: &At<'_>,
) -> Result<Option<String>, Fault> {
    let Some(reason) = operation.get(extension) else {
        return Ok(None);
    };
    match reason.as_str().map(str::trim) {
        Some(reason) if !reason.is_empty() => Ok(Some(reason.to_owned())),
        _ => Err(at.fault(
            format!("`{extension}` is {reason}, no reason"),
            format!("say in the module's overlay {what}"),
        )),
    }
}
