//! The interface of the platform's token endpoints.

use std::fmt;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::SecretString;

use super::BearerToken;
use crate::Error;
use crate::call_site::CallSite;
use crate::operation::Method;
use crate::time::BoxFuture;

/// The path that returns tokens for a code or a refresh token. It requires no token.
pub const TOKEN_PATH: &str = "/oauth/token";

/// The path that returns tokens of a location for those of its agency.
pub const LOCATION_TOKEN_PATH: &str = "/oauth/locationToken";

/// Sends token requests: `POST` with a urlencoded form, `Version: 2021-07-28`, and the bearer token
/// if there is one.
///
/// A request is sent once, because it invalidates the refresh token. It is sent a second time only
/// if the server states by HTTP/2 that it did not process it. A request ends within two minutes,
/// waits included, which leases depend on.
pub trait TokenEndpoint: Send + Sync + 'static {
    /// Returns a 2xx reply, even if its body is incomplete, since the received part may contain the
    /// tokens.
    fn post<'a>(
        &'a self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        bearer: Option<BearerToken>,
    ) -> BoxFuture<'a, Result<TokenEndpointReply, TokenEndpointError>>;
}

/// A 2xx reply of a token endpoint.
pub struct TokenEndpointReply {
    /// The body, or its received part.
    pub body: Bytes,
    /// Why the body is incomplete.
    pub cut: Option<Error>,
}

impl TokenEndpointReply {
    /// Creates a reply with a complete body.
    pub fn whole(body: impl Into<Bytes>) -> Self {
        TokenEndpointReply {
            body: body.into(),
            cut: None,
        }
    }
}

/// Hides the body.
impl fmt::Debug for TokenEndpointReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpointReply")
            .field("cut", &self.cut)
            .finish_non_exhaustive()
    }
}

/// Why there is no reply with tokens. The errors contain nothing of the form.
#[derive(Debug)]
pub enum TokenEndpointError {
    /// Nothing was sent, or the server states that it processed nothing.
    NotSent(Error),
    /// Something was sent, and no status was received.
    Unknown(Error),
    /// A reply with a status other than 2xx.
    Refused {
        /// The status.
        status: u16,
        /// The reply.
        error: Error,
    },
}

impl TokenEndpointError {
    /// Creates the error of a reply, for implementations other than the platform's.
    pub fn of_reply(path: &'static str, status: StatusCode, body: impl Into<Bytes>) -> Self {
        let call_site = CallSite {
            operation: None,
            method: Method::POST,
            template: path.into(),
        };
        TokenEndpointError::Refused {
            status: status.as_u16(),
            error: Error::api_error(call_site, status, HeaderMap::new(), body.into(), false),
        }
    }
}
