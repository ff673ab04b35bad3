//! Lists, page by page.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::items::settings;
use super::pager::Pager;
use super::{ListPosition, ListProgress};
use crate::error::Error;
use crate::operation::Paging;
use crate::reply::context;
use crate::{Call, Response};

/// The pages of a list. It is a `Stream`, and has [`next`](PageStream::next). Each page is a whole
/// reply, as `send` returns it. Pages without items are included.
///
/// It ends after an error; [`position`](PageStream::position) returns where to resume. See
/// [`paging`](crate::paging).
#[must_use = "nothing is sent before a page is asked for"]
pub struct PageStream<R> {
    pager: Pager,
    reply: PhantomData<fn() -> R>,
}

impl<R> PageStream<R> {
    pub(crate) fn new(call: Call, rule: Option<Paging>) -> Self {
        PageStream {
            pager: Pager::new(call, rule),
            reply: PhantomData,
        }
    }

    settings!();
}

impl<R: DeserializeOwned> PageStream<R> {
    /// Returns the next page, or `None` at the end. Dropping the future loses no page.
    ///
    /// # Errors
    ///
    /// An error of the call, or a list that cannot be continued, with kind
    /// [`Paging`](crate::error::ErrorKind::Paging).
    pub async fn next(&mut self) -> Option<Result<Page<R>, Error>> {
        std::future::poll_fn(|context| self.poll_reply(context)).await
    }

    fn poll_reply(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<R>, Error>>> {
        loop {
            match ready!(self.pager.poll_page(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(())) => {}
            }
            let taken = self.pager.delivered();
            let Some(page) = self.pager.take_current() else {
                return Poll::Ready(None);
            };
            let items = page.info.items.len();
            if taken > 0 && taken >= items as u64 {
                // All of its items were delivered earlier.
                continue;
            }
            return Poll::Ready(Some(match context::json::<R>(page.context) {
                Ok(response) => {
                    self.pager.mark_delivered(items as u64 - taken);
                    Ok(Page {
                        response,
                        number: self.pager.pages(),
                        items,
                        taken: taken as usize,
                    })
                }
                Err(error) => {
                    self.pager.end();
                    Err(error)
                }
            }));
        }
    }
}

impl<R: DeserializeOwned> Stream for PageStream<R> {
    type Item = Result<Page<R>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_reply(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.pager.has_ended().then_some(0))
    }
}

/// Shows the position and no item.
impl<R> fmt::Debug for PageStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.pager, f)
    }
}

/// A page of a list. It dereferences to its [`Response`].
pub struct Page<R> {
    response: Response<R>,
    number: u64,
    items: usize,
    taken: usize,
}

impl<R> Page<R> {
    /// The number of the page among those of this reader, starting at 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The number of items.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The number of items at its beginning that were delivered before the position that was
    /// resumed.
    pub fn taken_before(&self) -> usize {
        self.taken
    }

    /// Returns the reply.
    pub fn into_response(self) -> Response<R> {
        self.response
    }

    /// Returns the contents of the reply.
    pub fn into_inner(self) -> R {
        self.response.into_inner()
    }
}

impl<R> Deref for Page<R> {
    type Target = Response<R>;

    fn deref(&self) -> &Response<R> {
        &self.response
    }
}

impl<R> DerefMut for Page<R> {
    fn deref_mut(&mut self) -> &mut Response<R> {
        &mut self.response
    }
}

/// Shows the head of the reply and not its contents.
impl<R> fmt::Debug for Page<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .field("items", &self.items)
            .field("response", &self.response)
            .finish()
    }
}

/// The pages of an operation's list, by the rule in its row.
#[doc(hidden)]
pub fn page_stream<R: DeserializeOwned>(call: Call) -> PageStream<R> {
    let rule = call.rule();
    PageStream::new(call, rule)
}
