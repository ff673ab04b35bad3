//! The token of a request.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

const SCHEME: &str = "Bearer ";

/// A token as a header value. Its `Debug` output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken {
    /// The value of the `Authorization` header, marked as sensitive.
    header: HeaderValue,
}

impl BearerToken {
    /// Creates it from a token without its scheme. `None`: the token is empty, or contains spaces
    /// or non-ASCII characters, and cannot be a header value.
    pub fn new(token: &SecretString) -> Option<Self> {
        let token = token.expose_secret();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let text = Zeroizing::new([SCHEME, token].concat());
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(BearerToken { header })
    }

    /// The token without its scheme.
    pub fn token(&self) -> SecretString {
        let text = self.header.to_str().unwrap_or_default();
        SecretString::from(text.strip_prefix(SCHEME).unwrap_or_default())
    }

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken([hidden])")
    }
}
