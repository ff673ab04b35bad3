//! Lists, item by item.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::pager::Pager;
use super::{ListPosition, ListProgress};
use crate::Call;
use crate::decode;
use crate::error::Error;
use crate::operation::Paging;

/// Settings of all list readers.
macro_rules! settings {
    () => {
        /// Sets whether the next page is fetched while the current one is read. Default: `true`. At
        /// most two pages are in memory then.
        pub fn prefetch(mut self, prefetch: bool) -> Self {
            self.pager.settings().prefetch = prefetch;
            self
        }

        /// Fetches up to this many pages at a time after the first, and yields them in order.
        /// Default: 1. It has an effect on lists with offsets or page numbers; a cursor is known
        /// only from the page before.
        ///
        /// If the platform reports a total, pages beyond it are not requested, except for the one
        /// that shows the end. If it does not, up to this many requests at the end, and after every
        /// short page, can be in vain.
        pub fn concurrent(mut self, pages: usize) -> Self {
            self.pager.settings().concurrency = pages;
            self
        }

        /// Starts at a position of the same list. The page that contains it is fetched again, and
        /// items delivered from it before are skipped.
        ///
        /// A position of another operation is an error, which the first item returns before
        /// anything is sent.
        pub fn resume(mut self, from: ListPosition) -> Self {
            self.pager.resume(from);
            self
        }

        /// Sets a function that is called for each page before its items are read.
        pub fn on_page(mut self, observer: impl Fn(&ListProgress) + Send + Sync + 'static) -> Self {
            self.pager.settings().on_page = Some(Arc::new(observer));
            self
        }

        /// Returns the position of the reader, at any time, also after an error.
        /// [`resume`](Self::resume) continues there; no item is lost or repeated.
        pub fn position(&self) -> ListPosition {
            self.pager.position()
        }

        /// Returns the total that the latest page reported. It can be wrong.
        pub fn total(&self) -> Option<u64> {
            self.pager.total()
        }
    };
}
pub(super) use settings;

/// The items of a list over all of its pages. It is a `Stream`, and has [`next`](ItemStream::next).
///
/// It ends after an error; [`position`](ItemStream::position) returns where to resume. See
/// [`paging`](crate::paging).
#[must_use = "nothing is sent before an item is asked for"]
pub struct ItemStream<T> {
    pager: Pager,
    item: PhantomData<fn() -> T>,
}

impl<T> ItemStream<T> {
    pub(crate) fn new(call: Call, rule: Option<Paging>) -> Self {
        ItemStream {
            pager: Pager::new(call, rule),
            item: PhantomData,
        }
    }

    settings!();

    /// Reads the items as another type, such as
    /// [`Box<RawValue>`](serde_json::value::RawValue), the JSON as it was received.
    pub fn items_as<U>(self) -> ItemStream<U> {
        ItemStream {
            pager: self.pager,
            item: PhantomData,
        }
    }

    /// Reads the rest of the list. A list with more items than `limit` is an error.
    pub fn collect_all(mut self, limit: usize) -> CollectFuture<T> {
        self.pager.settings().max_items = Some(limit as u64);
        CollectFuture {
            items: Vec::new(),
            list: self,
        }
    }
}

impl<T: DeserializeOwned> ItemStream<T> {
    /// Returns the next item, or `None` at the end. Dropping the future loses no item.
    ///
    /// # Errors
    ///
    /// An error of the call of any page; an item that does not fit its type; a list that cannot be
    /// continued, with kind [`Paging`](crate::error::ErrorKind::Paging).
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| self.poll_item(context)).await
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        match ready!(self.pager.poll_items(context)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(())) => {}
        }
        let paths = self.pager.rule().items;
        let Some((page, index)) = self.pager.current() else {
            return Poll::Ready(None);
        };
        let Some((text, start)) = page.item(index) else {
            return Poll::Ready(None);
        };
        let mut drift = Vec::new();
        let error = match decode::item::<T>(text, start, &mut drift) {
            Ok(item) => {
                let reported = match drift.is_empty() {
                    true => Ok(()),
                    false => page.drifted(paths, index, drift),
                };
                match reported {
                    Ok(()) => {
                        self.pager.mark_delivered(1);
                        return Poll::Ready(Some(Ok(item)));
                    }
                    Err(error) => error,
                }
            }
            Err(fault) => page.context.unreadable(&fault, &page.text),
        };
        self.pager.end();
        Poll::Ready(Some(Err(error)))
    }
}

impl<T: DeserializeOwned> Stream for ItemStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(context)
    }

    /// The lower bound is the number of items of the current page that are left.
    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.pager.has_ended() {
            return (0, Some(0));
        }
        (
            usize::try_from(self.pager.remaining()).unwrap_or(usize::MAX),
            None,
        )
    }
}

/// Shows the position and no item.
impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.pager, f)
    }
}

/// A future of all items of a list. It returns all of them or an error, never a part.
///
/// # Errors
///
/// Those of [`ItemStream::next`], and a list with more items than the limit. No further page is
/// requested then.
#[must_use = "nothing is sent before it is awaited"]
pub struct CollectFuture<T> {
    list: ItemStream<T>,
    items: Vec<T>,
}

/// Items are never pinned.
impl<T> Unpin for CollectFuture<T> {}

impl<T: DeserializeOwned> Future for CollectFuture<T> {
    type Output = Result<Vec<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        while let Some(item) = ready!(this.list.poll_item(context)) {
            match item {
                Ok(item) => this.items.push(item),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(std::mem::take(&mut this.items)))
    }
}

impl<T> fmt::Debug for CollectFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.list, f)
    }
}

/// The items of an operation's list, by the rule in its row.
#[doc(hidden)]
pub fn item_stream<T: DeserializeOwned>(call: Call) -> ItemStream<T> {
    let rule = call.rule();
    ItemStream::new(call, rule)
}
