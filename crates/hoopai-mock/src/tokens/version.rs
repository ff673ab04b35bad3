//! The `Version` header.

use crate::exchange::Incoming;
use crate::interface::Operation;
use crate::refusal::Refusal;
use crate::world::World;

/// Versions that no operation declares and that the platform accepts on its long-standing paths. The official JavaScript client
/// sends the first, the official Python and PHP clients the second.
const UNDECLARED: [&str; 2] = ["2023-02-21", V3];

const V3: &str = "v3";

/// Operations that `v3` does not have any more, as recorded refusals show.
const REMOVED_IN_V3: [&str; 1] = ["oauth.get-installed-location"];

/// Every version that the platform knows is accepted by all operations, also those that declare another one. An operation that
/// declares none needs none.
pub(super) fn check(
    world: &World,
    operation: &Operation,
    incoming: &Incoming,
) -> Result<(), Refusal> {
    if !incoming.headers.contains_key("version") {
        return match operation.version {
            None => Ok(()),
            Some(_) => Err(Refusal::unauthorized("version header was not found.")),
        };
    }
    let version = incoming.header("version").unwrap_or_default();
    let mut declared = world.interface.versions.iter().map(String::as_str);
    if !UNDECLARED.contains(&version) && !declared.any(|known| known == version) {
        return Err(Refusal::unauthorized("version header is invalid"));
    }
    if version == V3 && REMOVED_IN_V3.contains(&operation.key().as_str()) {
        return Err(Refusal::bad_request(format!(
            "Endpoint {} not available in API version v3. This endpoint was removed in version v3. \
             Please use a version before v3.",
            incoming.target()
        )));
    }
    Ok(())
}
