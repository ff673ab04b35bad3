//! What the platform's refusals mean for tokens.

/// Whether a 401 with these messages can mean that the access token has expired.
///
/// Most 401s do not: a scope that is missing, a class of token that an operation does not take, a version header. And each refresh
/// spends a refresh token, of which the platform takes five a minute. So only words for a token that is no longer good count. An
/// empty body or a page says nothing and counts as no: whether a token has expired is known here by its date too.
pub fn can_mean_expiry(messages: &[String]) -> bool {
    for message in messages {
        let said = message.to_ascii_lowercase();
        if holds(&said, SPENT) && !holds(&said, OTHER) {
            return true;
        }
    }
    false
}

/// What is said of tokens that are no longer good.
const SPENT: &[&str] = &[
    "jwt",
    "expired",
    "access token is invalid",
    "invalid access token",
    "invalid token",
];

/// What is said where a new token would be refused too.
const OTHER: &[&str] = &[
    "scope",
    "authclass",
    "iam ",
    "version header",
    "private integration",
];

fn holds(text: &str, words: &[&str]) -> bool {
    for word in words {
        if text.contains(*word) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::can_mean_expiry;

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
}
