//! Replies that are bytes.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use crate::call_site::CallSite;
use crate::error::Error;
use crate::time::{BoxFuture, Clock};

/// The body of a reply as bytes: a `Stream` of its pieces, or [`collect`](ByteStream::collect)ed.
pub struct ByteStream {
    origin: CallSite,
    rest: Rest,
    limit: usize,
    /// How much is still to come, if the reply announced its length.
    missing: Option<u64>,
    read_timeout: Option<ReadTimeout>,
    /// The end of read_timeout with the piece that is waited for.
    silence: Option<BoxFuture<'static, ()>>,
}

/// What is still to be read.
enum Rest {
    /// Pieces that come over the connection.
    Coming(Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>>),
    /// One piece that is at hand, or nothing more.
    AtHand(Option<Bytes>),
}

/// How long a reply may stay silent while it is read.
#[derive(Clone)]
pub(crate) struct ReadTimeout {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: Duration,
}

impl ByteStream {
    pub(crate) fn new(
        origin: CallSite,
        rest: reqwest::Response,
        limit: usize,
        read_timeout: ReadTimeout,
    ) -> Self {
        ByteStream {
            origin,
            missing: rest.content_length(),
            rest: Rest::Coming(Box::pin(rest.bytes_stream())),
            limit,
            read_timeout: Some(read_timeout),
            silence: None,
        }
    }

    /// A body that is at hand.
    pub(crate) fn whole(origin: CallSite, body: Bytes) -> Self {
        let limit = body.len();
        ByteStream {
            origin,
            rest: Rest::AtHand(Some(body)),
            limit,
            missing: None,
            read_timeout: None,
            silence: None,
        }
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// The connection broke, time ran out, or there is more than the client's response limit, which does not hold for pieces
    /// that are taken one by one.
    pub async fn collect(mut self) -> Result<Bytes, Error> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            if whole.len() + piece.len() > self.limit {
                return Err(Error::too_large(self.origin, self.limit));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// The connection broke, or time ran out.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let piece = match &mut this.rest {
            Rest::Coming(pieces) => pieces.as_mut().poll_next(context),
            Rest::AtHand(piece) => return Poll::Ready(piece.take().map(Ok)),
        };
        if let Poll::Ready(piece) = piece {
            this.silence = None;
            return Poll::Ready(match piece {
                Some(Ok(piece)) => {
                    let length = piece.len() as u64;
                    this.missing = this.missing.map(|missing| missing.saturating_sub(length));
                    Some(Ok(piece))
                }
                Some(Err(fault)) => Some(Err(Error::broken_body(this.origin.clone(), fault))),
                None if this.missing.take().is_some_and(|missing| missing > 0) => {
                    this.rest = Rest::AtHand(None);
                    Some(Err(Error::short_body(this.origin.clone())))
                }
                None => None,
            });
        }
        let Some(ReadTimeout { clock, time }) = &this.read_timeout else {
            return Poll::Pending;
        };
        let silence = match &mut this.silence {
            Some(silence) => silence,
            none => none.insert(clock.sleep(*time)),
        };
        std::task::ready!(silence.as_mut().poll(context));
        let error = Error::timed_out(this.origin.clone(), *time, "read_timeout");
        // What comes later is not waited for.
        this.rest = Rest::AtHand(None);
        Poll::Ready(Some(Err(error)))
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}
