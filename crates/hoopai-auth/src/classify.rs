//! What the token endpoint's refusals mean.

use hoopai_runtime::Error;

/// Whether the token endpoint refused the refresh token itself, so that it will never be taken again.
pub(crate) fn refresh_token_is_dead(status: u16, error: &Error) -> bool {
    if !matches!(status, 400 | 401 | 403) {
        return false;
    }
    let code = error.code().unwrap_or_default().to_ascii_lowercase();
    let said = error.messages().join(" ").to_ascii_lowercase();
    // An account that sleeps can wake up again.
    if said.contains("not active") {
        return false;
    }
    let token = said.contains("refresh token") || said.contains("refresh_token");
    let spent = ["invalid", "expired", "revoked", "not found", "used"];
    code == "invalid_grant"
        || said.contains("invalid_grant")
        || said.contains("invalid grant")
        || token && spent.iter().any(|word| said.contains(word))
}

#[cfg(test)]
mod tests {
    use hoopai_runtime::auth::{EndpointFault, TOKEN_PATH};
    use hoopai_runtime::reqwest::StatusCode;

    use super::refresh_token_is_dead;

    fn dead(status: u16, body: &'static str) -> bool {
        let status = StatusCode::from_u16(status).unwrap();
        match EndpointFault::of_reply(TOKEN_PATH, status, body) {
            EndpointFault::Refused { status, error } => refresh_token_is_dead(status, &error),
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
