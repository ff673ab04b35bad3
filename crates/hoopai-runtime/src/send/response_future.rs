//! A call on its way.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::error::Error;
use crate::reply::drift::Reading;
use crate::send::pipeline::travel;
use crate::send::transport::{Prepared, RawReply};
use crate::{Call, Handle, Response};

/// What a road yields: the reply as it came, and the call that it answers.
pub(crate) struct Sent {
    pub(crate) handle: Handle,
    /// The request, whose values are masked where the reply is shown.
    pub(crate) prepared: Box<Prepared>,
    pub(crate) reply: RawReply,
    pub(crate) reading: Reading,
}

/// Turns a reply as it came into what the caller asked for.
pub(crate) type Read<T> = fn(Sent) -> Result<Response<T>, Error>;

/// A call on its way: await it. Dropping it gives the call up.
///
/// It is one type for all operations, and not a future of its own for each, because that is what hundreds of operations cost
/// least to compile.
#[must_use = "nothing is sent before it is awaited"]
pub struct ResponseFuture<T> {
    road: Pin<Box<dyn Future<Output = Result<Sent, Error>> + Send>>,
    read: Read<T>,
}

impl<T> ResponseFuture<T> {
    pub(crate) fn new(call: Call, streamed: bool, read: Read<T>) -> Self {
        ResponseFuture {
            road: road(call, streamed),
            read,
        }
    }
}

/// The road of a call to its reply as it came.
pub(crate) fn road(
    call: Call,
    streamed: bool,
) -> Pin<Box<dyn Future<Output = Result<Sent, Error>> + Send>> {
    let reading = call.reading();
    // Prepared here and boxed, so that the future does not hold the call and the request, and moves neither.
    let (handle, mut prepared) = match call.prepare(streamed) {
        Ok((handle, prepared)) => (handle, Box::new(prepared)),
        Err(error) => return Box::pin(std::future::ready(Err(error))),
    };
    Box::pin(async move {
        let reply = travel(&handle.0, &mut prepared).await?;
        Ok(Sent {
            handle,
            prepared,
            reply,
            reading,
        })
    })
}

impl<T> Future for ResponseFuture<T> {
    type Output = Result<Response<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let sent = ready!(self.road.as_mut().poll(context));
        Poll::Ready(sent.and_then(self.read))
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
