//! Replies that are bytes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::error::{Error, Origin};

/// The body of a reply as bytes: a `Stream` of its pieces, or [`collect`](ByteStream::collect)ed.
pub struct ByteStream {
    origin: Origin,
    rest: Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>>,
    limit: usize,
}

impl ByteStream {
    pub(crate) fn new(origin: Origin, rest: reqwest::Response, limit: usize) -> Self {
        ByteStream {
            origin,
            rest: Box::pin(rest.bytes_stream()),
            limit,
        }
    }

    /// A body that is at hand.
    pub(crate) fn whole(origin: Origin, body: Bytes) -> Self {
        let limit = body.len();
        ByteStream {
            origin,
            rest: Box::pin(Whole(Some(body))),
            limit,
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
        let piece = std::task::ready!(self.rest.as_mut().poll_next(context));
        Poll::Ready(
            piece.map(|piece| piece.map_err(|fault| Error::broken(self.origin.clone(), fault))),
        )
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
