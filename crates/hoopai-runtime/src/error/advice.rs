//! The reason and the remedy in error texts. Both follow from the kind of the API error, or from
//! the kind of another error.

use super::api_error_kind::ApiErrorKind as Kind;
use super::{Error, ErrorKind, Outcome};
use crate::DEFAULT_API_VERSION;
use crate::operation::{Operation, Tokens};

/// The reason of an API error, in a few words.
pub(super) fn reason(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "not found",
        Kind::UnknownPath => "the platform has no such path",
        Kind::RouteNotSupported => "the platform does not offer this path to the token",
        Kind::EndpointRemoved => "the operation was removed in this API version",
        Kind::InvalidVersion => "the API version was rejected",
        Kind::ExpiredToken => "the token has expired or is damaged",
        Kind::InvalidToken => "the token was rejected",
        Kind::InvalidGrant => "the authorization code or refresh token was rejected",
        Kind::WrongTokenKind => "the token is of the wrong kind",
        Kind::MissingScope => "the token lacks a scope",
        Kind::WrongLocation => "the location is not accessible with this token",
        Kind::LocationInactive => "the location is not active",
        Kind::Forbidden => "access denied",
        Kind::Blocked => "a proxy, or the edge in front of the platform, blocked the request",
        Kind::Validation => "invalid request",
        Kind::PageSizeTooLarge => "the page size is too large",
        Kind::Duplicate => "the object exists already",
        Kind::Conflict => "conflict with the current state of the object",
        Kind::RequestTooLarge => "the request is too large",
        Kind::RateLimited => "too many requests",
        Kind::Internal => "internal error of the platform",
        Kind::Unavailable => "the platform is not available",
        Kind::ServerError => "error of the platform",
        Kind::Redirect => {
            "the reply is a redirect, which is not followed, so that the token is not sent to another server"
        }
        Kind::Other => "the platform rejected the request",
    }
}

/// The remedy of an API error, without a full stop. `None`: the platform's own message is
/// sufficient.
pub(super) fn for_api_error(error: &Error, kind: Kind) -> Option<String> {
    let operation = error.operation();
    let fixed = match kind {
        Kind::NotFound => "Check the ids in the request, and that the object is in this account",
        Kind::UnknownPath => match operation {
            Some(_) => {
                "Check the base URL and the ids in the path; the platform may also have moved the operation"
            }
            None => {
                "Check the method, the path, in which a trailing slash matters, and the base URL"
            }
        },
        Kind::RouteNotSupported => match operation {
            Some(operation) => {
                return Some(format!(
                    "{}. With such a token, the platform does not offer the operation",
                    valid_token_but(operation)
                ));
            }
            None => {
                "The token itself is valid. Check the method and the path, in which a trailing slash matters"
            }
        },
        Kind::EndpointRemoved => return Some(older_version(operation)),
        Kind::InvalidVersion => {
            return Some(format!(
                "Check `api_version`, a date such as {DEFAULT_API_VERSION}"
            ));
        }
        Kind::ExpiredToken => "Get a new token",
        Kind::InvalidToken => {
            "Check that the token is complete, has not been revoked, and belongs to the account; copy a private integration token again from Settings > Integrations of the account"
        }
        Kind::InvalidGrant => "Have a user of the account authorize the app again",
        Kind::WrongTokenKind => match operation {
            Some(operation) if operation.tokens.location != operation.tokens.agency => {
                return Some(valid_token_but(operation));
            }
            _ => {
                "The token itself is valid. Use a location token instead of an agency token, or the other way round"
            }
        },
        Kind::MissingScope => match operation {
            Some(operation) if !operation.scopes.is_empty() => {
                return Some(valid_token_but(operation));
            }
            _ => "The token itself is valid. Add the scope that the operation needs",
        },
        Kind::WrongLocation => {
            "Check the location id of the request, which can also be missing: set it, or a default with `location`, or use a token of that location"
        }
        Kind::LocationInactive => "Activate the location (sub-account) in HoopAI first",
        Kind::Forbidden => match operation {
            Some(operation) => {
                return Some(format!("Check the token: {}", token_requirement(operation)));
            }
            None => "Check the scopes of the token, and that the object is in its account",
        },
        Kind::Blocked => {
            "Check the network, any proxy, the base URL, and that nothing modifies the request in transit"
        }
        Kind::PageSizeTooLarge => return Some(smaller_page(operation)),
        Kind::Duplicate => match error.meta() {
            Some(_) => "Update the existing object, which `meta()` identifies",
            None => "Update the existing object",
        },
        Kind::Conflict => "Read the object again before you change it",
        Kind::RequestTooLarge => "Send less at once",
        Kind::RateLimited => {
            "Try again later: an app has 100 calls in 10 seconds and 200,000 a day for each location, unless its plan has other limits"
        }
        Kind::Internal | Kind::Unavailable => try_again(error),
        Kind::Redirect => "Check the base URL",
        Kind::Validation | Kind::ServerError | Kind::Other => return None,
    };
    Some(fixed.to_owned())
}

/// The remedy of an error without a reply.
pub(super) fn without_reply(error: &Error) -> Option<&'static str> {
    // The text contains the remedy.
    if error.outcome() == Outcome::Permanent {
        return None;
    }
    match error.kind() {
        ErrorKind::Connect => {
            Some("Check the network, a proxy if there is one, and the base URL, then try again")
        }
        ErrorKind::Timeout | ErrorKind::Transport => Some(try_again(error)),
        _ => None,
    }
}

/// The remedy of failures after which the platform may have executed the request.
fn try_again(error: &Error) -> &'static str {
    if error.is_retryable() {
        "Try again later"
    } else {
        "The platform may have executed the request: check the result before you send it again"
    }
}

fn older_version(operation: Option<&Operation>) -> String {
    let version = match operation {
        Some(Operation {
            version: Some(version),
            ..
        }) => version,
        _ => DEFAULT_API_VERSION,
    };
    format!("Set an `api_version` that has it, such as {version}")
}

fn smaller_page(operation: Option<&Operation>) -> String {
    let size = match operation {
        Some(Operation {
            paging: Some(paging),
            ..
        }) => paging.size,
        _ => None,
    };
    match size {
        Some(size) => format!(
            "Set `{}` to {} at most, or read the whole list with `stream()`. Scopes and token are not the cause",
            size.to.name(),
            size.max
        ),
        None => "Request a smaller page. Scopes and token are not the cause".to_owned(),
    }
}

fn valid_token_but(operation: &Operation) -> String {
    format!(
        "The token itself is valid, but {}",
        token_requirement(operation)
    )
}

/// The kind of token and the scopes that an operation requires.
fn token_requirement(operation: &Operation) -> String {
    let kind = match (operation.tokens.location, operation.tokens.agency) {
        (true, false) => "the operation needs a location token",
        (false, true) => "the operation needs an agency token",
        _ => "the operation needs a token",
    };
    match operation.scopes {
        [] if operation.tokens == Tokens::NONE => format!("{kind} with the right scope"),
        [] => kind.to_owned(),
        [scope] => format!("{kind} with the scope {scope}"),
        scopes => format!("{kind} with the scopes {}", scopes.join(", ")),
    }
}
