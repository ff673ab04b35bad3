//! What asks the platform for tokens.

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

/// Tokens by code and by refresh token. It takes no token.
pub const TOKEN_PATH: &str = "/oauth/token";

/// Tokens of a location, for those of its agency.
pub const LOCATION_TOKEN_PATH: &str = "/oauth/locationToken";

/// Sends requests for tokens: `POST`, the form urlencoded, `Version: 2021-07-28`, and the bearer if one is given.
///
/// A request is sent once, because the first one spends a refresh token. Only one that the server states by HTTP/2 not to have
/// processed is sent a second time. With all its waiting a request ends within two minutes, which is what leases are made for.
pub trait TokenEndpoint: Send + Sync + 'static {
    /// A 2xx reply, whether its body is whole or not: what arrived of it may hold the tokens.
    fn post<'a>(
        &'a self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        bearer: Option<BearerToken>,
    ) -> BoxFuture<'a, Result<TokenEndpointReply, TokenEndpointError>>;
}

/// A 2xx reply of a token endpoint.
pub struct TokenEndpointReply {
    /// The body, or the part of it that arrived.
    pub body: Bytes,
    /// Why the body is not whole.
    pub cut: Option<Error>,
}

impl TokenEndpointReply {
    /// A reply whose body arrived whole.
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

/// Why there is no reply with tokens. What the errors show holds nothing of the form.
#[derive(Debug)]
pub enum TokenEndpointError {
    /// Nothing was sent, or the server states that it processed nothing.
    NotSent(Error),
    /// Something was sent, and no status came back.
    Unknown(Error),
    /// A reply with another status than 2xx.
    Refused {
        /// The status.
        status: u16,
        /// The reply.
        error: Error,
    },
}

impl TokenEndpointError {
    /// What becomes of a reply with this status and this body, for endpoints that stand in for the platform's.
    pub fn of_reply(path: &'static str, status: StatusCode, body: impl Into<Bytes>) -> Self {
        let call_site = CallSite {
            operation: None,
            method: Method::Post,
            template: path.into(),
        };
        TokenEndpointError::Refused {
            status: status.as_u16(),
            error: Error::api_error(call_site, status, HeaderMap::new(), body.into(), false),
        }
    }
}
