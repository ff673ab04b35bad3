//! OAuth: the page where users install an app, tokens for codes, for refresh tokens, for locations of an agency.

mod chooser;
mod locations;
mod refreshes;
mod token;

use crate::check::Accepted;
use crate::exchange::Outgoing;
use crate::interface::Operation;
use crate::refusal::Refusal;
use crate::tokens::Grant;
use crate::world::World;

pub(crate) use chooser::{CHOOSERS, chooser};
pub(crate) use refreshes::RefreshCounter;
pub use refreshes::Refreshes;
pub(crate) use token::token_endpoint;

/// The operations of OAuth that need a token.
pub(crate) fn answer(
    world: &World,
    operation: &Operation,
    accepted: &Accepted,
    grant: &Grant,
) -> Option<Result<Outgoing, Refusal>> {
    match operation.path.as_str() {
        "/oauth/locationToken" => Some(locations::token(world, operation, accepted, grant)),
        "/oauth/installedLocations" => {
            Some(Ok(locations::installed(world, operation, accepted, grant)))
        }
        _ => None,
    }
}

/// The scopes of a grant as one text; all that the interface knows where it has them all.
fn scope_text(world: &World, grant: &Grant) -> String {
    let mut scopes: Vec<&str> = match &grant.scopes {
        Some(scopes) => return scopes.join(" "),
        None => world
            .interface
            .operations
            .iter()
            .flat_map(|operation| &operation.security)
            .flat_map(|(_, scopes)| scopes)
            .map(String::as_str)
            .collect(),
    };
    scopes.sort_unstable();
    scopes.dedup();
    scopes.join(" ")
}
