//! What a call proves itself with.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// Where the token of a call comes from.
///
/// The one source so far is a private integration token, which never changes.
pub(crate) enum Credentials {
    PrivateToken(SecretString),
}

impl Credentials {
    /// Takes a token as people paste it: with blanks around it, or with the scheme in front.
    pub(crate) fn private_token(token: Option<&SecretString>) -> Result<Self, Error> {
        let text = token
            .map(|token| token.expose_secret().trim())
            .unwrap_or_default();
        let text = match text.strip_prefix("Bearer") {
            Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest.trim(),
            _ => text,
        };
        if text.is_empty() {
            return Err(Error::config(
                "no token is set: make a private integration in the account (Settings > Integrations) and give its token to `private_token`",
            ));
        }
        let credentials = Credentials::PrivateToken(SecretString::from(text));
        match credentials.authorization() {
            Some(_) => Ok(credentials),
            None => Err(Error::config(
                "the token cannot be sent: it holds blanks or characters beyond ASCII, as no token does; copy it again",
            )),
        }
    }

    /// The value of the `Authorization` header, marked as sensitive. `None`: no header can hold the token.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let Credentials::PrivateToken(token) = self;
        let text = token.expose_secret();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}
