//! One attempt: a request and its reply. Only this stage reports replies to the rate limiter.

use std::pin::pin;
use std::time::Duration;

use crate::error::Error;
use crate::send::rate_limit::Permit;
use crate::send::transport::{ErrorReply, PreparedRequest, RawReply, Transport, read};
use crate::time::{Clock, within};

/// The time to wait for the body of an error reply, whose status is already received.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends a request once and reads its reply. Any status other than 2xx is an error.
///
/// The permit is completed with status and headers before the body is read. It stays in place if no
/// reply arrives. An error reply is recorded in `error_reply` as it arrives, so that it is
/// available even if the caller stops waiting for its body.
pub(crate) async fn attempt(
    transport: &Transport,
    clock: &dyn Clock,
    prepared: &mut PreparedRequest,
    permit: &mut Permit,
    error_reply: &mut ErrorReply,
) -> Result<Box<RawReply>, Error> {
    let mut response = transport.execute(prepared).await?;
    let status = response.status();
    permit.complete(status.as_u16(), response.headers());
    if status.is_success() {
        if prepared.streamed {
            return Ok(transport.stream(response));
        }
        let body = read(&mut response, transport.response_limit).await;
        return transport.whole(prepared, response, body);
    }
    error_reply.begin(status, response.headers().clone());
    {
        let body = pin!(error_reply.read(&mut response, transport.response_limit));
        // The status is used whether or not the body arrives.
        let _ = within(clock, ERROR_BODY_TIMEOUT, body).await;
    }
    Err(error_reply
        .take_error(&prepared.call_site)
        .unwrap_or_else(|| Error::short_body(prepared.call_site.clone())))
}
