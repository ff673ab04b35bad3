//! Reading a request to its end, within limits of size, time and memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming as RequestBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::exchange::Incoming;
use crate::refusal::Refusal;

/// The largest body that is not multipart: it is parsed as a whole, and takes many times its size while that is done.
const TEXT_LIMIT: usize = 1 << 20;
/// What parsing such a body may take, as a multiple of its size.
const TEXT_GROWTH: usize = 48;
/// The most that such a body may take once parsed, in bytes: a few thousand objects are fine, a body of nothing but `{}` is not.
const PARSED_LIMIT: usize = 16 << 20;
/// Bodies up to this size need no place.
const SMALL: usize = 64 << 10;
/// A unit of the room for large bodies, in bytes.
const UNIT: usize = 1 << 10;
/// How much of a body that is too large is read all the same, so that the client comes to read the reply.
const DRAINED: usize = 4 << 20;

/// What reads requests.
pub(super) struct Intake {
    body_limit: usize,
    patience: Duration,
    /// Room for large bodies, of all connections together.
    room: Arc<Semaphore>,
    units: usize,
}

/// What came of reading.
pub(super) enum Read {
    /// A request, and the room that its body takes up.
    Whole(Incoming, Option<OwnedSemaphorePermit>),
    /// One whose body was not read to its end: its length as declared, and what to say; nothing where no one listens.
    Unread(Incoming, u64, Option<Refusal>),
}

impl Intake {
    pub(super) fn new(body_limit: usize, patience: Duration) -> Self {
        let largest = body_limit.max(TEXT_LIMIT * TEXT_GROWTH);
        let units = largest.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            body_limit,
            patience,
            room: Arc::new(Semaphore::new(units)),
            units,
        }
    }

    pub(super) async fn read(&self, request: Request<RequestBody>) -> Read {
        let (head, mut body) = request.into_parts();
        let multipart = head
            .headers
            .get(http::header::CONTENT_TYPE)
            .is_some_and(|kind| {
                kind.as_bytes()
                    .get(..10)
                    .is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"))
            });
        let limit = if multipart {
            self.body_limit
        } else {
            self.body_limit.min(TEXT_LIMIT)
        };
        let hint = body.size_hint();
        let declared = hint.exact().unwrap_or(hint.lower());
        // An upload takes longer than a head, but not for ever either.
        let deadline = Instant::now()
            + self
                .patience
                .saturating_mul(4)
                .min(Duration::from_secs(600));
        let read = timeout_at(deadline, self.body(&mut body, limit, declared, multipart)).await;
        let outcome = match read {
            Ok(Ok((bytes, place))) => return Read::Whole(incoming(head, bytes), place),
            Ok(Err(Fail::TooLarge)) => {
                let patience = self.patience.min(Duration::from_secs(2));
                tokio::spawn(timeout(patience, drain(body)));
                Some(Refusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "request entity too large",
                ))
            }
            Ok(Err(Fail::Broken)) => None,
            Err(_) | Ok(Err(Fail::Slow)) => {
                Some(Refusal::new(StatusCode::REQUEST_TIMEOUT, "Request Timeout"))
            }
        };
        Read::Unread(incoming(head, Bytes::new()), declared, outcome)
    }

    async fn body(
        &self,
        body: &mut RequestBody,
        limit: usize,
        declared: u64,
        multipart: bool,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Fail> {
        if declared > limit as u64 {
            return Err(Fail::TooLarge);
        }
        let exact = body.size_hint().exact();
        let expected = exact
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(limit);
        let mut place = None;
        let mut bytes = BytesMut::new();
        loop {
            let frame = timeout(self.patience, body.frame())
                .await
                .map_err(|_| Fail::Slow)?;
            let Some(frame) = frame else {
                if !multipart && parsed(&bytes) > PARSED_LIMIT {
                    return Err(Fail::TooLarge);
                }
                return Ok((bytes.freeze(), place));
            };
            let Ok(data) = frame.map_err(|_| Fail::Broken)?.into_data() else {
                continue;
            };
            let length = bytes.len() + data.len();
            if length > limit {
                return Err(Fail::TooLarge);
            }
            if length > SMALL && place.is_none() {
                place = Some(self.place(expected, multipart).await?);
            }
            bytes.extend_from_slice(&data);
        }
    }

    async fn place(&self, length: usize, multipart: bool) -> Result<OwnedSemaphorePermit, Fail> {
        let taken = if multipart {
            length
        } else {
            length.saturating_mul(TEXT_GROWTH)
        };
        let units = taken.div_ceil(UNIT).min(self.units);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.room).acquire_many_owned(units).await;
        place.map_err(|_| Fail::Broken)
    }
}

/// What JSON takes once parsed, roughly, in bytes: a map has room for eleven members from its first.
fn parsed(body: &[u8]) -> usize {
    let cost = |byte: &u8| match byte {
        b'{' => 640,
        b',' | b'[' => 32,
        _ => 1,
    };
    body.iter().map(cost).sum()
}

/// Why a body was not read to its end.
enum Fail {
    TooLarge,
    /// The client left, or its framing is wrong.
    Broken,
    Slow,
}

fn incoming(head: Parts, body: Bytes) -> Incoming {
    let query = head.uri.query().unwrap_or_default();
    Incoming {
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
