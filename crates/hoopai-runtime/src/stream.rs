//! Replies that are bytes.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use crate::error::{Error, Origin};
use crate::time::{BoxFuture, Clock};

/// The body of a reply as bytes: a `Stream` of its pieces, or [`collect`](ByteStream::collect)ed.
pub struct ByteStream {
    origin: Origin,
    rest: Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>>,
    limit: usize,
    patience: Option<Patience>,
    /// The end of patience with the piece that is waited for.
    silence: Option<BoxFuture<'static, ()>>,
}

/// How long a reply may stay silent while it is read.
#[derive(Clone)]
pub(crate) struct Patience {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: Duration,
}

impl ByteStream {
    pub(crate) fn new(
        origin: Origin,
        rest: reqwest::Response,
        limit: usize,
        patience: Patience,
    ) -> Self {
        ByteStream {
            origin,
            rest: Box::pin(rest.bytes_stream()),
            limit,
            patience: Some(patience),
            silence: None,
        }
    }

    /// A body that is at hand.
    pub(crate) fn whole(origin: Origin, body: Bytes) -> Self {
        let limit = body.len();
        ByteStream {
            origin,
            rest: Box::pin(Whole(Some(body))),
            limit,
            patience: None,
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
        if let Poll::Ready(piece) = this.rest.as_mut().poll_next(context) {
            this.silence = None;
            let broken = |fault| Error::broken(this.origin.clone(), fault);
            return Poll::Ready(piece.map(|piece| piece.map_err(broken)));
        }
        let Some(Patience { clock, time }) = &this.patience else {
            return Poll::Pending;
        };
        let silence = this.silence.get_or_insert_with(|| clock.sleep(*time));
        std::task::ready!(silence.as_mut().poll(context));
        let error = Error::timed_out(this.origin.clone(), *time, "read_timeout");
        // What comes later is not waited for.
        this.rest = Box::pin(Whole(None));
        Poll::Ready(Some(Err(error)))
    }
}

/// A stream of one piece.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, reqwest::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}
