//! The steps from a request to a reserved delivery.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use hoopai_runtime::time::{Clock, SystemClock};
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::delivery::Delivery;
use super::rejection::Rejection;
use crate::replay::{DeliveryKey, MemoryReplayGuard, ReplayGuard, Reservation, Reserved};
use crate::verify::{Verified, Verifier};

/// Larger than each event that was seen, by far.
const DEFAULT_MAX_BODY: usize = 1024 * 1024;
/// How much of a larger body is read before the reply.
const MAX_DISCARDED: u64 = 16 * 1024 * 1024;
/// The platform stops waiting for a reply earlier.
const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads, verifies and reserves deliveries. Clones are the same receiver.
///
/// It is the configuration of the extractor [`Delivery`], of [`WebhookLayer`](crate::WebhookLayer)
/// and of [`Dispatcher`](crate::Dispatcher).
///
/// ```
/// use hoopai_webhooks::{MemoryReplayGuard, Receiver, Verifier};
///
/// let verifier = Verifier::builder().app_id("67f1c2d3e4b5a69788990011").build();
/// let receiver = Receiver::new(verifier)
///     .replay_guard(MemoryReplayGuard::new().capacity(100_000))
///     .max_body(256 * 1024);
/// ```
#[derive(Clone)]
pub struct Receiver {
    verifier: Verifier,
    guard: Arc<dyn ReplayGuard>,
    max_body: usize,
    body_timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl Receiver {
    /// Creates a receiver with a replay guard in memory, and limits of 1 MiB and 30 seconds for
    /// bodies.
    pub fn new(verifier: Verifier) -> Self {
        Receiver {
            verifier,
            guard: Arc::new(MemoryReplayGuard::new()),
            max_body: DEFAULT_MAX_BODY,
            body_timeout: DEFAULT_BODY_TIMEOUT,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the replay guard.
    #[must_use]
    pub fn replay_guard(mut self, guard: impl ReplayGuard) -> Self {
        self.guard = Arc::new(guard);
        self
    }

    /// Sets the largest body that is accepted, in bytes. Of a larger one, up to 16 MiB are read and
    /// dropped before the reply 413, so that clients receive it.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sets how long the body of a request may take to arrive.
    ///
    /// Without a limit, a client that sends slowly keeps its connection open, also while the server
    /// shuts down.
    #[must_use]
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.body_timeout = time;
        self
    }

    /// Sets the clock of the time limit for bodies.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Reads, verifies and reserves a request, which is one delivery also if its body is a list of
    /// several events.
    ///
    /// # Errors
    /// The request is to be answered without handling an event: see [`Rejection`].
    pub async fn receive<B>(&self, parts: &Parts, body: B) -> Result<Delivery, Rejection>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let verified = self.read_and_verify(parts, body).await?;
        self.reserve(verified).await
    }

    /// Reads and verifies a request.
    pub(super) async fn read_and_verify<B>(
        &self,
        parts: &Parts,
        body: B,
    ) -> Result<Verified, Rejection>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = self.read(parts, body).await?;
        self.verify(&parts.headers, body)
    }

    /// Reads the body of a request.
    pub(super) async fn read<B>(&self, parts: &Parts, body: B) -> Result<Bytes, Rejection>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if parts.method != Method::POST {
            return Err(Rejection::MethodNotAllowed);
        }
        let mut body = pin!(body);
        let mut is_too_large = false;
        let read = self.within_timeout(async {
            // The announced length, so that a body that is too large is not kept.
            if body.size_hint().lower() <= self.max_body as u64 {
                match Limited::new(body.as_mut(), self.max_body).collect().await {
                    Ok(read) => return Ok(read.to_bytes()),
                    Err(error) if error.is::<LengthLimitError>() => {}
                    Err(_) => return Err(Rejection::IncompleteBody),
                }
            }
            is_too_large = true;
            if !parts.headers.contains_key(EXPECT) {
                discard(body).await;
            }
            Err(Rejection::TooLarge)
        });
        let read = read.await;
        read.unwrap_or_else(|| match is_too_large {
            true => Err(Rejection::TooLarge),
            false => Err(Rejection::BodyTimeout),
        })
    }

    /// Waits for the body of a request; `None` after the time limit.
    async fn within_timeout<F: Future>(&self, body: F) -> Option<F::Output> {
        let mut body = pin!(body);
        // A body that is there already needs no timer.
        let mut timeout = None;
        std::future::poll_fn(|context| {
            if let Poll::Ready(body) = body.as_mut().poll(context) {
                return Poll::Ready(Some(body));
            }
            let timeout = timeout.get_or_insert_with(|| self.clock.sleep(self.body_timeout));
            timeout.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    /// Verifies a body.
    pub(super) fn verify(&self, headers: &HeaderMap, body: Bytes) -> Result<Verified, Rejection> {
        if body.len() > self.max_body {
            return Err(Rejection::TooLarge);
        }
        self.verifier
            .verify_bytes(headers, body)
            .map_err(Rejection::Unverified)
    }

    /// Decodes and reserves a verified delivery.
    pub(super) async fn reserve(&self, verified: Verified) -> Result<Delivery, Rejection> {
        let event = verified.event().map_err(Rejection::NotAnEvent)?;
        let key = DeliveryKey::of_body(verified.body());
        match Reservation::reserve(self.guard.clone(), key).await {
            Ok(Reserved::New(reservation)) => Ok(Delivery {
                event: Arc::new(event),
                verified,
                reservation,
            }),
            Ok(Reserved::Pending) => Err(Rejection::Pending),
            Ok(Reserved::Duplicate) => Err(Rejection::Duplicate),
            Err(error) => Err(Rejection::ReplayGuard(error)),
        }
    }
}

/// Reads the rest of a body and drops it, up to a limit. A connection that is closed before a client
/// has sent its request can be reset, and then the client does not receive the reply.
async fn discard<B: http_body::Body>(mut body: Pin<&mut B>) {
    if body.size_hint().lower() > MAX_DISCARDED {
        return;
    }
    let mut length = 0;
    while length < MAX_DISCARDED {
        let Some(Ok(frame)) = body.frame().await else {
            return;
        };
        length += frame.data_ref().map_or(0, |data| data.remaining() as u64);
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("verifier", &self.verifier)
            .field("max_body", &self.max_body)
            .field("body_timeout", &self.body_timeout)
            .finish_non_exhaustive()
    }
}
