//! The effects of operations: as overlays declare them (`x-hoopai-effect`), else by a rule.

use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::model::{Effect, Operation};

/// The extension: `{ effect, reason }`.
const EXTENSION: &str = "x-hoopai-effect";

/// The first words of the names of operations that read, whatever their method.
const READS: [&str; 9] = [
    "calculate",
    "check",
    "filter",
    "find",
    "get",
    "list",
    "preview",
    "search",
    "validate",
];
const DESTROYS: [&str; 10] = [
    "cancel",
    "clear",
    "delete",
    "disconnect",
    "merge",
    "purge",
    "remove",
    "revoke",
    "uninstall",
    "void",
];
const REACHES_OUT: [&str; 4] = ["charge", "publish", "purchase", "send"];

/// Reads the declaration with its reason; without one, the rule decides.
pub(super) fn read(
    operation: &Operation,
    declared: &Object,
    at: &SourcePointer<'_>,
) -> Result<(Effect, Option<String>), FileError> {
    let by_rule = by_rule(operation);
    let Some(declared) = declared.get(EXTENSION) else {
        return Ok((by_rule, None));
    };
    let at = at.key(EXTENSION);
    let names = || Effect::ALL.map(Effect::name).join(", ");
    let fields = json::object(declared, &at, "an object of effect and reason")?;
    let effect = json::text(fields, "effect").unwrap_or_default();
    let effect = Effect::ALL.into_iter().find(|one| one.name() == effect);
    let reason = json::text(fields, "reason").map(str::trim);
    let reason = reason.filter(|reason| !reason.is_empty());
    let others = fields.keys().any(|key| key != "effect" && key != "reason");
    match (effect, reason) {
        (Some(effect), Some(_)) if effect == by_rule => Err(at.error(
            format!("the rule derives `{}` without it", effect.name()),
            "delete that action of the module's overlay",
        )),
        (Some(effect), Some(reason)) if !others => Ok((effect, Some(reason.to_owned()))),
        _ => Err(at.error(
            format!("`{EXTENSION}` is {declared}"),
            format!(
                "write `effect` ({}) and `reason`, and nothing else",
                names()
            ),
        )),
    }
}

/// Derives the effect from method, name and paging. Lists by POST are reads.
fn by_rule(operation: &Operation) -> Effect {
    let verb = operation.name.split('_').next().unwrap_or_default();
    match operation.method.as_str() {
        "get" => Effect::Read,
        "delete" => Effect::Destroy,
        _ if REACHES_OUT.contains(&verb) => Effect::Outward,
        _ if DESTROYS.contains(&verb) => Effect::Destroy,
        _ if READS.contains(&verb) || operation.paging.is_some() => Effect::Read,
        _ => Effect::Write,
    }
}
