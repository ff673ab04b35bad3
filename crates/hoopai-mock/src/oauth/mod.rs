//! The OAuth endpoints: authorization page, token endpoint, tokens of locations, installed
//! locations.
//!
//! Depends on `tokens`, which issues and stores tokens, and on `check`, `limits` and `journal`.
//! Only the pipeline depends on it.

mod authorization_page;
mod locations;
mod token_endpoint;
mod token_reply;

use std::time::Duration;

pub(crate) use authorization_page::authorization_page;
pub(crate) use token_endpoint::TokenEndpoint;

use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::exchange::Reply;
use crate::interface::Operation;
use crate::tokens::{Claims, TokenStore};

/// Returns the reply of an OAuth operation that requires a token.
pub(crate) fn answer(
    tokens: &TokenStore,
    now: Duration,
    operation: &Operation,
    request: &ParsedRequest,
    claims: &Claims,
) -> Option<Result<Reply, ApiError>> {
    match operation.path.as_str() {
        "/oauth/locationToken" => Some(locations::token(tokens, now, operation, request, claims)),
        "/oauth/installedLocations" => {
            Some(Ok(locations::installed(tokens, operation, request, claims)))
        }
        _ => None,
    }
}
