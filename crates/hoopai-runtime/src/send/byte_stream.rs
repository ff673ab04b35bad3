//! Reply bodies as byte streams.

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

/// The body of a reply as bytes: a `Stream` of chunks, which [`collect`](ByteStream::collect)
/// joins.
pub struct ByteStream {
    call_site: CallSite,
    source: BodySource,
    limit: usize,
    /// The number of bytes still to come, if the reply declares its length.
    remaining: Option<u64>,
    read_timeout: Option<ReadTimeout>,
    /// The timeout of the awaited chunk, once it is pending.
    idle_timer: Option<BoxFuture<'static, ()>>,
}

/// The source of the remaining chunks.
enum BodySource {
    /// Chunks from the connection.
    Streaming(Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>>),
    /// One chunk in memory, or none.
    Buffered(Option<Bytes>),
}

/// The time that a reply may be idle while it is read.
#[derive(Clone)]
pub(crate) struct ReadTimeout {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: Duration,
}

impl ByteStream {
    pub(crate) fn new(
        call_site: CallSite,
        source: reqwest::Response,
        limit: usize,
        read_timeout: ReadTimeout,
    ) -> Self {
        ByteStream {
            call_site,
            remaining: source.content_length(),
            source: BodySource::Streaming(Box::pin(source.bytes_stream())),
            limit,
            read_timeout: Some(read_timeout),
            idle_timer: None,
        }
    }

    /// Creates a stream of a body in memory.
    pub(crate) fn whole(call_site: CallSite, body: Bytes) -> Self {
        let limit = body.len();
        ByteStream {
            call_site,
            source: BodySource::Buffered(Some(body)),
            limit,
            remaining: None,
            read_timeout: None,
            idle_timer: None,
        }
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// The connection broke, a timeout expired, or the body exceeds the client's response limit.
    /// The limit does not apply to chunks that are read one by one.
    pub async fn collect(mut self) -> Result<Bytes, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next_chunk().await? {
            if body.len() + chunk.len() > self.limit {
                return Err(Error::too_large(self.call_site, self.limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }

    /// Returns the next chunk, or `None` at the end.
    ///
    /// # Errors
    /// The connection broke, or a timeout expired.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let chunk = match &mut this.source {
            BodySource::Streaming(chunks) => chunks.as_mut().poll_next(context),
            BodySource::Buffered(chunk) => return Poll::Ready(chunk.take().map(Ok)),
        };
        if let Poll::Ready(chunk) = chunk {
            this.idle_timer = None;
            return Poll::Ready(match chunk {
                Some(Ok(chunk)) => {
                    let length = chunk.len() as u64;
                    this.remaining = this
                        .remaining
                        .map(|remaining| remaining.saturating_sub(length));
                    Some(Ok(chunk))
                }
                Some(Err(error)) => Some(Err(Error::broken_body(this.call_site.clone(), error))),
                None if this.remaining.take().is_some_and(|remaining| remaining > 0) => {
                    this.source = BodySource::Buffered(None);
                    Some(Err(Error::short_body(this.call_site.clone())))
                }
                None => None,
            });
        }
        let Some(ReadTimeout { clock, time }) = &this.read_timeout else {
            return Poll::Pending;
        };
        let idle_timer = this.idle_timer.get_or_insert_with(|| clock.sleep(*time));
        std::task::ready!(idle_timer.as_mut().poll(context));
        let error = Error::timed_out(this.call_site.clone(), *time, "read_timeout");
        // Later chunks are not read.
        this.source = BodySource::Buffered(None);
        Poll::Ready(Some(Err(error)))
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}
