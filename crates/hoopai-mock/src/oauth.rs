//! The operations of OAuth: tokens for codes, for refresh tokens, for locations of an agency.

use crate::check::Accepted;
use crate::exchange::{Incoming, Outgoing};
use crate::interface::Operation;
use crate::refusal::Refusal;
use crate::tokens::Grant;
use crate::world::World;

/// `POST /oauth/token`, which needs no token.
pub(crate) fn token_endpoint(
    world: &World,
    operation: &Operation,
    incoming: &Incoming,
) -> Option<Result<Outgoing, Refusal>> {
    let _ = (world, operation, incoming);
    None
}

/// The operations of OAuth that need one.
pub(crate) fn answer(
    world: &World,
    operation: &Operation,
    accepted: &Accepted,
    grant: &Grant,
) -> Option<Result<Outgoing, Refusal>> {
    let _ = (world, operation, accepted, grant);
    None
}
