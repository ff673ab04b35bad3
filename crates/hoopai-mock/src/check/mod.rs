//! The check of a request against the interface, and its result, the [`ParsedRequest`].
//!
//! Depends on `interface`, `exchange`, `api_error` and `time`. Rules that only the stored items
//! have are parameters, so this folder does not depend on `state`.

mod body;
mod coerce;
mod counts;
pub(crate) mod field_path;
pub(crate) mod formats;
mod json;
mod multipart;
mod options;
mod parameters;
mod parsed_request;
pub(crate) mod schema;
#[cfg(test)]
mod tests;

pub(crate) use options::{CheckOptions, Mode, NumberKind, UndeclaredPolicy};
pub(crate) use parsed_request::ParsedRequest;

use crate::api_error::ApiError;
use crate::exchange::Request;
use crate::interface::Operation;

/// Checks a request against its operation. A body that cannot be read is rejected first. The errors
/// of path, query, headers and body are returned together.
pub(crate) async fn request(
    operation: &Operation,
    request: &Request,
    path: &[(String, String)],
    options: &CheckOptions,
) -> Result<ParsedRequest, ApiError> {
    let mut parsed = ParsedRequest::default();
    let mut errors = Vec::new();
    parameters::path(operation, path, &mut parsed, &mut errors);
    parameters::query(
        operation,
        &request.query,
        options.undeclared,
        &mut parsed,
        &mut errors,
    );
    parameters::headers(operation, request, &mut errors);
    body::read(operation, request, options, &mut parsed, &mut errors).await?;
    counts::check(operation, options, &parsed, &mut errors);
    if errors.is_empty() {
        Ok(parsed)
    } else {
        Err(ApiError::invalid(&errors))
    }
}
