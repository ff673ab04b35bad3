//! The replies of the endpoints that issue tokens.

use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Value, json};

use crate::account::{AccountId, USER};
use crate::api_error::ApiError;
use crate::interface::{Interface, Operation};
use crate::tokens::{Claims, IssueError, IssuedTokens, TokenStore};

/// Returns the declared status of an operation.
pub(super) fn status(operation: &Operation) -> StatusCode {
    StatusCode::from_u16(operation.reply.status).unwrap_or(StatusCode::OK)
}

/// Returns the body of a reply with tokens.
pub(super) fn body(tokens: &TokenStore, issued: &IssuedTokens) -> Value {
    let claims = &issued.claims;
    let mut body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": tokens.settings().access_lifetime.as_secs(),
        "scope": scope(claims),
        "userType": claims.account.user_type(),
        "companyId": issued.company,
        "userId": USER,
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = refresh.as_str().into();
    }
    match &claims.account {
        AccountId::Location(id) => body["locationId"] = id.as_str().into(),
        AccountId::Company(company) => {
            let installations = tokens.installations(&claims.app);
            let approved = installations
                .into_iter()
                .filter(|found| found.is_installed && found.company == *company);
            body["approvedLocations"] = approved.map(|found| found.location).collect();
            body["isBulkInstallation"] = true.into();
        }
    }
    body
}

/// Returns the scopes, separated by spaces. A token with all scopes has those of the interface.
fn scope(claims: &Claims) -> String {
    if let Some(scopes) = &claims.scopes {
        return scopes.join(" ");
    }
    let mut scopes: Vec<&str> = Interface::shared()
        .operations
        .iter()
        .flat_map(|operation| &operation.security)
        .flat_map(|(_, scopes)| scopes)
        .map(String::as_str)
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes.join(" ")
}

/// Creates the error of a code or token that no tokens are issued for.
pub(super) fn issue_error(error: IssueError, invalid: &str) -> ApiError {
    let description = match error {
        IssueError::Invalid => invalid,
        IssueError::OtherUserType => "the code was issued for another user type",
        IssueError::OtherRedirectUri => "`redirect_uri` does not match",
        IssueError::InactiveLocation => return ApiError::bad_request("Location is not active"),
    };
    oauth_error("invalid_grant", format!("Invalid grant: {description}"))
}

/// Creates an error in the format of OAuth.
pub(super) fn oauth_error(error: &str, description: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError {
        status: StatusCode::BAD_REQUEST,
        body: json!({ "error": error, "error_description": description.into() }),
    }
}
