//! Reads whole requests within limits of size, time and memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming as RequestBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::api_error::ApiError;
use crate::exchange;

/// The largest body that is not multipart. Parsing it requires many times its size in memory.
const TEXT_LIMIT: usize = 1 << 20;
/// The memory for parsing such a body, as a multiple of its size.
const TEXT_GROWTH: usize = 48;
/// The largest size of such a body after parsing, in bytes. A few thousand objects are accepted, a
/// body of only `{}` is not.
const PARSED_LIMIT: usize = 16 << 20;
/// Bodies up to this size require no permit.
const SMALL: usize = 64 << 10;
/// The bytes of memory for large bodies that one permit represents.
const UNIT: usize = 1 << 10;
/// The number of bytes of a too large body that are read and discarded, so that the client reads
/// the reply.
const DRAINED: usize = 4 << 20;

/// Reads requests.
pub(super) struct RequestReader {
    body_limit: usize,
    idle_timeout: Duration,
    /// The memory for large bodies of all connections.
    memory: Arc<Semaphore>,
    units: usize,
}

/// The result of reading a request.
pub(super) enum Read {
    /// A request, and the permit for the memory of its body.
    Whole(exchange::Request, Option<OwnedSemaphorePermit>),
    /// A request whose body was not read: the declared length, and the error; `None` if the client
    /// closed the connection.
    Unread(exchange::Request, u64, Option<ApiError>),
}

impl RequestReader {
    pub(super) fn new(body_limit: usize, idle_timeout: Duration) -> Self {
        let largest = body_limit.max(TEXT_LIMIT * TEXT_GROWTH);
        let units = largest.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            body_limit,
            idle_timeout,
            memory: Arc::new(Semaphore::new(units)),
            units,
        }
    }

    pub(super) async fn read(&self, request: Request<RequestBody>) -> Read {
        let (head, mut body) = request.into_parts();
        let multipart = head
            .headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.as_bytes().get(..10))
            .is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"));
        let limit = if multipart {
            self.body_limit
        } else {
            self.body_limit.min(TEXT_LIMIT)
        };
        let hint = body.size_hint();
        let declared = hint.exact().unwrap_or(hint.lower());
        // An upload may take longer than a head, but its time is limited too.
        let deadline = Instant::now()
            + self
                .idle_timeout
                .saturating_mul(4)
                .min(Duration::from_secs(600));
        let read = timeout_at(deadline, self.body(&mut body, limit, declared, multipart)).await;
        let outcome = match read {
            Ok(Ok((bytes, permit))) => return Read::Whole(with_body(head, bytes), permit),
            Ok(Err(ReadError::TooLarge)) => {
                let idle_timeout = self.idle_timeout.min(Duration::from_secs(2));
                tokio::spawn(timeout(idle_timeout, drain(body)));
                Some(ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "request entity too large",
                ))
            }
            Ok(Err(ReadError::Broken)) => None,
            Err(_) | Ok(Err(ReadError::TimedOut)) => Some(ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "Request Timeout",
            )),
        };
        Read::Unread(with_body(head, Bytes::new()), declared, outcome)
    }

    async fn body(
        &self,
        body: &mut RequestBody,
        limit: usize,
        declared: u64,
        multipart: bool,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ReadError> {
        if declared > limit as u64 {
            return Err(ReadError::TooLarge);
        }
        let exact = body.size_hint().exact();
        let expected = exact
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(limit);
        let mut permit = None;
        let mut bytes = BytesMut::new();
        loop {
            let frame = timeout(self.idle_timeout, body.frame())
                .await
                .map_err(|_| ReadError::TimedOut)?;
            let Some(frame) = frame else {
                if !multipart && parsed_size(&bytes) > PARSED_LIMIT {
                    return Err(ReadError::TooLarge);
                }
                return Ok((bytes.freeze(), permit));
            };
            let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else {
                continue;
            };
            let length = bytes.len() + data.len();
            if length > limit {
                return Err(ReadError::TooLarge);
            }
            if length > SMALL && permit.is_none() {
                permit = Some(self.acquire(expected, multipart).await?);
            }
            bytes.extend_from_slice(&data);
        }
    }

    /// Waits for the memory of a body.
    async fn acquire(
        &self,
        length: usize,
        multipart: bool,
    ) -> Result<OwnedSemaphorePermit, ReadError> {
        let size = if multipart {
            length
        } else {
            length.saturating_mul(TEXT_GROWTH)
        };
        let units = size.div_ceil(UNIT).min(self.units);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.memory).acquire_many_owned(units).await;
        permit.map_err(|_| ReadError::Broken)
    }
}

/// Returns the approximate size of JSON after parsing, in bytes. A map allocates space for eleven
/// members with its first.
fn parsed_size(body: &[u8]) -> usize {
    let cost = |byte: &u8| match byte {
        b'{' => 640,
        b',' | b'[' => 32,
        _ => 1,
    };
    body.iter().map(cost).sum()
}

/// The reason why a body was not read.
enum ReadError {
    TooLarge,
    /// The client closed the connection, or its framing is invalid.
    Broken,
    TimedOut,
}

fn with_body(head: Parts, body: Bytes) -> exchange::Request {
    let query = head.uri.query().unwrap_or_default();
    exchange::Request {
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        path: head.uri.path().to_owned(),
        method: head.method,
        headers: head.headers,
        body,
    }
}

async fn drain(mut body: RequestBody) {
    let mut drained = 0;
    while let Some(Ok(frame)) = body.frame().await {
        drained += frame.data_ref().map_or(0, Bytes::len);
        if drained > DRAINED {
            break;
        }
    }
}
