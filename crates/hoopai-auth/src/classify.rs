//! What the token endpoint's refusals mean.

use hoopai_runtime::Error;
use hoopai_runtime::error::ApiErrorKind;

/// Whether the token endpoint rejected the refresh token itself, so that it will never be accepted again.
pub(crate) fn refresh_token_is_dead(error: &Error) -> bool {
    error.api_error_kind() == Some(ApiErrorKind::InvalidGrant)
}

#[cfg(test)]
mod tests {
    use hoopai_runtime::auth::{TOKEN_PATH, TokenEndpointError};
    use hoopai_runtime::reqwest::StatusCode;

    use super::refresh_token_is_dead;

    fn dead(status: u16, body: &'static str) -> bool {
        let status = StatusCode::from_u16(status).unwrap();
        match TokenEndpointError::of_reply(TOKEN_PATH, status, body) {
            TokenEndpointError::Refused { error, .. } => refresh_token_is_dead(&error),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_dead_refresh_token_is_told_from_other_refusals() {
        for body in [
            r#"{"error":"invalid_grant","error_description":"Invalid grant: refresh token is invalid"}"#,
            r#"{"error":"invalid_grant"}"#,
            r#"{"statusCode":400,"message":"This refresh token is invalid","error":"Bad Request"}"#,
        ] {
            assert!(dead(400, body), "{body}");
            assert!(!dead(500, body), "{body}");
        }
        for body in [
            r#"{"error":"invalid_client","error_description":"Invalid client: client is invalid"}"#,
            r#"{"statusCode":400,"message":"Location is not active"}"#,
            r#"{"error":"invalid_grant","error_description":"Location is not active"}"#,
            r#"{"error":"invalid_request","error_description":"Missing parameter: `refresh_token`"}"#,
            "<html>403</html>",
            "",
        ] {
            assert!(!dead(400, body), "{body}");
        }
    }
}
