//! What the platform's refusals mean for tokens.

use crate::Error;

/// Whether a 401 with these messages can mean that the access token has expired.
///
/// Most 401s do not: a scope that is missing, a class of token that an operation does not take, a version header. And each refresh
/// spends a refresh token, of which the platform takes five a minute. So only words for a token that is no longer good count. An
/// empty body or a page says nothing and counts as no: whether a token has expired is known here by its date too.
pub(crate) fn can_mean_expiry(messages: &[String]) -> bool {
    messages.iter().any(|message| {
        let said = message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
        if says(&[
            "scope",
            "authclass",
            "iam ",
            "version header",
            "private integration",
        ]) {
            return false;
        }
        says(&[
            "jwt",
            "expired",
            "access token is invalid",
            "invalid access token",
            "invalid token",
        ])
    })
}

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
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::{can_mean_expiry, refresh_token_is_dead};
    use crate::Error;
    use crate::error::Origin;
    use crate::operation::Method;

    fn expiry(message: &str) -> bool {
        can_mean_expiry(&[message.to_owned()])
    }

    #[test]
    fn expiry_is_told_from_other_refusals() {
        for message in [
            "Invalid JWT",
            "jwt expired",
            "The access token has expired.",
            "Token expired",
            "Invalid token: access token is invalid",
        ] {
            assert!(expiry(message), "{message}");
        }
        for message in [
            "The token is not authorized for this scope.",
            "This route is not yet supported by the IAM Service. Please update the IAM config.",
            "This authClass type is not allowed to access this scope. Please reach out to the Marketplace Support.",
            "Invalid Private Integration token",
            "version header was not found.",
            "version header is invalid",
            "Unauthorized",
            "",
        ] {
            assert!(!expiry(message), "{message}");
        }
        assert!(!can_mean_expiry(&[]));
    }

    fn dead(status: u16, body: &'static str) -> bool {
        let origin = Origin {
            operation: None,
            method: Method::Post,
            template: "/oauth/token".into(),
        };
        let code = StatusCode::from_u16(status).unwrap();
        let error = Error::refused(origin, code, HeaderMap::new(), body.into(), false);
        refresh_token_is_dead(status, &error)
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
