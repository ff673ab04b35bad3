//! The body of a reply: whole, in chunks with delays, or cut off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::faults::Delivery;

/// The delay before a body is cut off, so that the written part is sent.
const CUT_DELAY: Duration = Duration::from_millis(20);
/// The smallest number of missing bytes of a cut-off body.
const MIN_MISSING: u64 = 64;

/// The body of a reply.
pub(super) struct ReplyBody {
    remaining: Bytes,
    chunk_size: usize,
    /// The delay before each chunk.
    delay: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// The number of bytes that `Content-Length` includes and that are never sent.
    missing: u64,
}

impl ReplyBody {
    pub(super) fn new(mut body: Bytes, delivery: Delivery) -> Self {
        let mut missing = 0;
        let (mut chunk_size, mut delay) = (usize::MAX, None);
        match delivery {
            Delivery::Drip { bytes, pause } => {
                chunk_size = bytes.max(1);
                delay = Some(pause);
            }
            Delivery::Cut => {
                let half = body.len() / 2;
                missing = ((body.len() - half) as u64).max(MIN_MISSING);
                body.truncate(half);
            }
            Delivery::Whole | Delivery::Close | Delivery::Reset => {}
        }
        Self {
            remaining: body,
            chunk_size,
            delay,
            sleep: None,
            missing,
        }
    }

    /// Waits for a delay. After it, the next call starts a new delay.
    fn poll_delay(&mut self, context: &mut Context<'_>, delay: Duration) -> Poll<()> {
        let pending = self.sleep.get_or_insert_with(|| Box::pin(sleep(delay)));
        ready!(pending.as_mut().poll(context));
        self.sleep = None;
        Poll::Ready(())
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if !this.remaining.is_empty() {
            if let Some(delay) = this.delay {
                ready!(this.poll_delay(context, delay));
            }
            let chunk = this
                .remaining
                .split_to(this.chunk_size.min(this.remaining.len()));
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if this.missing > 0 {
            ready!(this.poll_delay(context, CUT_DELAY));
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.remaining.is_empty() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.remaining.len() as u64).saturating_add(self.missing))
    }
}
