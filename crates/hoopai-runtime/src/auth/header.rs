//! Tokens as calls carry them.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

const SCHEME: &str = "Bearer ";

/// What a call is authorised with.
#[derive(Clone)]
pub(crate) struct Grant {
    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) header: HeaderValue,
}

impl Grant {
    /// The token, for those who know it without its scheme.
    pub(crate) fn token(&self) -> SecretString {
        let text = self.header.to_str().unwrap_or_default();
        SecretString::from(text.strip_prefix(SCHEME).unwrap_or_default())
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant([hidden])")
    }
}

/// A token as a header, marked as sensitive. `None`: no header can hold it.
pub(crate) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let token = token.expose_secret();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let text = Zeroizing::new([SCHEME, token].concat());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
