//! The checks of version, token, class and scopes. They precede the rate limits, so their errors
//! carry no rate limit headers. The first check that fails returns its error:
//!
//! 1. `Version`: 401 if it is missing in an operation that declares one, 401 if it is unknown, 400
//!    if it is `v3` and the operation was removed in `v3`.
//! 2. `Authorization`: 401 if the token is missing, unknown, expired or revoked.
//! 3. The class of the token: 401 if a location's operation is called with an agency's token, or an
//!    agency's operation with a location's token.
//! 4. Scopes: 403, or the status of
//!    [`MockBuilder::scope_status`](crate::MockBuilder::scope_status).

use std::time::Duration;

use super::claims::Claims;
use super::store::TokenStore;
use crate::api_error::ApiError;
use crate::exchange::Request;
use crate::interface::{Interface, Operation};

/// Versions that no operation declares and that the platform accepts on its long-standing paths.
/// The official JavaScript client sends the first, the official Python and PHP clients the second.
const UNDECLARED_VERSIONS: [&str; 2] = ["2023-02-21", V3];

const V3: &str = "v3";

/// Operations that `v3` does not have, according to recorded errors.
const REMOVED_IN_V3: [&str; 1] = ["oauth.get-installed-location"];

const INVALID_JWT: &str = "Invalid JWT";

/// Checks version, token, class of the token, and scopes.
pub(crate) fn authorize(
    tokens: &TokenStore,
    now: Duration,
    operation: &Operation,
    request: &Request,
) -> Result<Claims, ApiError> {
    check_version(operation, request)?;
    let token = bearer(request)?;
    let claims = tokens.claims(token, now).ok_or_else(|| {
        ApiError::unauthorized(if token.starts_with("pit-") {
            "Invalid Private Integration token"
        } else {
            INVALID_JWT
        })
    })?;
    if operation.security.is_empty() {
        return Ok(claims);
    }
    let mut of_class = operation
        .security
        .iter()
        .filter(|(scheme, _)| claims.has_class(scheme))
        .peekable();
    if of_class.peek().is_none() {
        return Err(ApiError::unauthorized(
            "This authClass type is not allowed to access this scope. \
             Please verify your IAM configuration if this is not the case.",
        ));
    }
    if of_class.any(|(_, scopes)| claims.has_scopes(scopes)) {
        return Ok(claims);
    }
    Err(ApiError::new(
        tokens.settings().scope_status,
        "The token is not authorized for this scope.",
    ))
}

/// Checks the `Version` header. All operations accept every known version, including versions other
/// than the declared one. An operation without a declared version requires none.
fn check_version(operation: &Operation, request: &Request) -> Result<(), ApiError> {
    if !request.headers.contains_key("version") {
        return match operation.version {
            None => Ok(()),
            Some(_) => Err(ApiError::unauthorized("version header was not found.")),
        };
    }
    let version = request.header("version").unwrap_or_default();
    let mut declared = Interface::shared().versions.iter();
    if !UNDECLARED_VERSIONS.contains(&version) && !declared.any(|known| known == version) {
        return Err(ApiError::unauthorized("version header is invalid"));
    }
    if version == V3 && REMOVED_IN_V3.contains(&operation.key().as_str()) {
        return Err(ApiError::bad_request(format!(
            "Endpoint {} not available in API version v3. This endpoint was removed in version v3. \
             Please use a version before v3.",
            request.target()
        )));
    }
    Ok(())
}

/// Returns the bearer token of a request.
fn bearer(request: &Request) -> Result<&str, ApiError> {
    request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| ApiError::unauthorized(INVALID_JWT))
}
