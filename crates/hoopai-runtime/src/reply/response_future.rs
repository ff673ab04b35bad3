//! The future of a call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::error::Error;
use crate::reply::context::{Read, ReplyContext};
use crate::reply::response::Response;
use crate::time::BoxFuture;

/// The future of a call. Dropping it cancels the call.
///
/// All operations share this type, because hundreds of future types would be slow to compile.
#[must_use = "nothing is sent before it is awaited"]
pub struct ResponseFuture<T> {
    reply: BoxFuture<'static, Result<ReplyContext, Error>>,
    read: Read<T>,
}

impl<T> ResponseFuture<T> {
    pub(crate) fn new(
        reply: BoxFuture<'static, Result<ReplyContext, Error>>,
        read: Read<T>,
    ) -> Self {
        ResponseFuture { reply, read }
    }
}

impl<T> Future for ResponseFuture<T> {
    type Output = Result<Response<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let sent = ready!(self.reply.as_mut().poll(context));
        Poll::Ready(sent.and_then(self.read))
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
