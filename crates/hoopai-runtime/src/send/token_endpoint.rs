//! The client of the platform's token endpoints. It uses the transport of calls, with separate rate
//! limits.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use tracing::{Instrument, debug, info_span};

use crate::call_site::CallSite;
use crate::error::{Error, ErrorKind, Outcome};
use crate::operation::Method;
use crate::request::base_url::BaseUrl;
use crate::request::body::Payload;
use crate::request::query::push_pair;
use crate::send::attempt::attempt;
use crate::send::auth::{
    BearerToken, TOKEN_PATH, TokenEndpoint, TokenEndpointError, TokenEndpointReply,
};
use crate::send::rate_limit::Limiter;
use crate::send::retry_after::server_wait;
use crate::send::transport::{ErrorReply, PreparedRequest, ReplyBody, Transport};
use crate::time::{BoxFuture, Clock};
use crate::time::{Elapsed, within};
use crate::{CallOptions, DEFAULT_API_VERSION};

/// The time to wait for the rest of a body that is already a complete JSON value, since
/// `Content-Length` may be too large.
const REMAINDER_TIMEOUT: Duration = Duration::from_millis(250);

pub(crate) struct HttpTokenEndpoint {
    transport: Transport,
    base_url: BaseUrl,
    /// The limit of `/oauth/token`: five requests a minute, unless the builder sets another.
    tokens: Limiter,
    /// The limit of location tokens, of which an agency's app may need many at a time: that of
    /// calls.
    locations: Limiter,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

impl HttpTokenEndpoint {
    pub(crate) fn new(
        transport: Transport,
        base_url: BaseUrl,
        [tokens, locations]: [Limiter; 2],
        clock: Arc<dyn Clock>,
        timeout: Duration,
    ) -> Self {
        HttpTokenEndpoint {
            transport,
            base_url,
            tokens,
            locations,
            clock,
            timeout,
        }
    }

    async fn send(
        &self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        bearer: Option<BearerToken>,
    ) -> Result<TokenEndpointReply, TokenEndpointError> {
        let call_site = CallSite {
            operation: None,
            method: Method::POST,
            template: path.into(),
        };
        let Some(url) = self.base_url.join(path, "") else {
            return Err(TokenEndpointError::NotSent(Error::config(
                "the URL of the token endpoint cannot be derived from the base URL: check `base_url`",
            )));
        };
        let mut body = String::new();
        for (name, value) in &form {
            push_pair(&mut body, name, value.expose_secret());
        }
        let mut prepared = PreparedRequest {
            call_site,
            url,
            version: HeaderValue::from_static(DEFAULT_API_VERSION),
            accept: "application/json",
            headers: HeaderMap::new(),
            payload: Payload::Form(body.into()),
            token: bearer,
            previous_token: None,
            // The received part of the body is kept if the rest does not arrive.
            streamed: true,
            options: CallOptions::new(),
        };
        match self.attempt(path, &mut prepared).await {
            Err(TokenEndpointError::NotSent(error)) if error.outcome() == Outcome::Unprocessed => {
                debug!(target: "hoopai", "sent again: the server did not process the request");
                self.attempt(path, &mut prepared).await
            }
            result => result,
        }
    }

    /// Sends a request once.
    async fn attempt(
        &self,
        path: &'static str,
        prepared: &mut PreparedRequest,
    ) -> Result<TokenEndpointReply, TokenEndpointError> {
        let call_site = prepared.call_site.clone();
        let limiter = if path == TOKEN_PATH {
            &self.tokens
        } else {
            &self.locations
        };
        let mut permit = loop {
            match limiter.acquire(None).await {
                Ok(permit) if permit.may_send() => break permit,
                // The share of the limit has ended since, while this process did not run.
                Ok(_) => {}
                Err(limited) => {
                    return Err(TokenEndpointError::NotSent(Error::rate_limit(
                        Some(call_site),
                        limited.wait,
                        format!(
                            "not sent: the token endpoint allows {}",
                            limiter.settings().shown()
                        ),
                    )));
                }
            }
        };
        permit.sent();
        let mut error_reply = ErrorReply::default();
        let started = self.clock.now();
        let clock = &*self.clock;
        let attempt = attempt(
            &self.transport,
            clock,
            prepared,
            &mut permit,
            &mut error_reply,
        );
        let result = within(clock, self.timeout, pin!(attempt)).await;
        let error = match result {
            Ok(Ok(reply)) => {
                let spent = self.clock.now().saturating_duration_since(started);
                let left = self.timeout.saturating_sub(spent);
                return Ok(self.read(reply.body, &call_site, left).await);
            }
            Ok(Err(error)) => error,
            Err(Elapsed) => error_reply
                .take_error(&call_site)
                .unwrap_or_else(|| Error::timed_out(call_site, self.timeout, "attempt_timeout")),
        };
        let error = error.masking(&prepared.sent_request(&self.transport.user_agent, None));
        let sent = error.kind() != ErrorKind::Connect;
        permit.failed(sent);
        let wait = server_wait(error.headers(), self.clock.system_time());
        let error = error
            .with_retry_after(wait)
            .with_attempts(1, u32::from(sent));
        debug!(target: "hoopai", status = error.status().map(|status| status.as_u16()), kind = ?error.kind(), "the token request failed");
        Err(match (error.kind(), error.status()) {
            (ErrorKind::Connect, _) => TokenEndpointError::NotSent(error),
            (ErrorKind::Status, Some(status)) => TokenEndpointError::Refused {
                status: status.as_u16(),
                error,
            },
            _ if error.outcome() == Outcome::Unprocessed => TokenEndpointError::NotSent(error),
            _ => TokenEndpointError::Unknown(error),
        })
    }
}

impl HttpTokenEndpoint {
    /// Reads the part of a body that arrives within a time.
    async fn read(
        &self,
        body: ReplyBody,
        call_site: &CallSite,
        left: Duration,
    ) -> TokenEndpointReply {
        let (mut rest, limit) = match body {
            ReplyBody::Whole(body) => return TokenEndpointReply::whole(body),
            ReplyBody::Streamed(body) => (body.rest, body.limit),
        };
        let started = self.clock.now();
        let mut body = BytesMut::new();
        let cut = loop {
            let is_complete = is_complete(&body);
            let spent = self.clock.now().saturating_duration_since(started);
            let wait = if is_complete {
                REMAINDER_TIMEOUT
            } else {
                Duration::MAX
            };
            let wait = wait.min(left.saturating_sub(spent));
            match within(&*self.clock, wait, pin!(rest.chunk())).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break None,
                _ if is_complete => break None,
                Ok(Err(error)) => break Some(Error::broken_body(call_site.clone(), error)),
                Err(Elapsed) => {
                    let error =
                        Error::timed_out(call_site.clone(), self.timeout, "attempt_timeout");
                    break Some(error);
                }
            }
            if body.len() > limit {
                break Some(Error::too_large(call_site.clone(), limit));
            }
        };
        if let Some(error) = &cut {
            debug!(target: "hoopai", bytes = body.len(), "the reply of the token endpoint is truncated: {error}");
        }
        TokenEndpointReply {
            body: body.freeze(),
            cut,
        }
    }
}

/// Whether a body is a complete JSON object.
fn is_complete(body: &[u8]) -> bool {
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    json.trim_ascii_end().ends_with(b"}") && serde_json::from_slice::<IgnoredAny>(json).is_ok()
}

impl TokenEndpoint for HttpTokenEndpoint {
    fn post<'a>(
        &'a self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        bearer: Option<BearerToken>,
    ) -> BoxFuture<'a, Result<TokenEndpointReply, TokenEndpointError>> {
        let span = info_span!(target: "hoopai", "token", url.template = path);
        Box::pin(self.send(path, form, bearer).instrument(span))
    }
}
