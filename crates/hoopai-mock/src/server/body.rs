//! A reply's body, whole, in drips, or cut off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::faults::Wire;

/// How long a cut-off body waits before the end, for what was written to go out.
const BEFORE_CUT: Duration = Duration::from_millis(20);
/// What a cut-off reply without a body claims to have.
const CLAIMED: u64 = 64;

/// A reply's body.
pub(super) struct ReplyBody {
    rest: Bytes,
    /// The bytes of a piece.
    piece: usize,
    pause: Option<Duration>,
    pausing: Option<Pin<Box<Sleep>>>,
    /// What is claimed to be there and is never sent.
    withheld: u64,
}

impl ReplyBody {
    pub(super) fn new(mut body: Bytes, wire: Wire) -> Self {
        let mut withheld = 0;
        let (mut piece, mut pause) = (usize::MAX, None);
        match wire {
            Wire::Drip { bytes, pause: time } => {
                piece = bytes.max(1);
                pause = Some(time);
            }
            Wire::Cut => {
                let half = body.len() / 2;
                withheld = ((body.len() - half) as u64).max(CLAIMED);
                body.truncate(half);
            }
            Wire::Whole | Wire::Close | Wire::Reset => {}
        }
        Self {
            rest: body,
            piece,
            pause,
            pausing: None,
            withheld,
        }
    }

    /// Waits; the next call begins anew.
    fn poll_pause(&mut self, context: &mut Context<'_>, time: Duration) -> Poll<()> {
        let pausing = self.pausing.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(pausing.as_mut().poll(context));
        self.pausing = None;
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
        if !this.rest.is_empty() {
            if let Some(pause) = this.pause {
                ready!(this.poll_pause(context, pause));
            }
            let piece = this.rest.split_to(this.piece.min(this.rest.len()));
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if this.withheld > 0 {
            ready!(this.poll_pause(context, BEFORE_CUT));
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.withheld == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.rest.len() as u64).saturating_add(self.withheld))
    }
}
