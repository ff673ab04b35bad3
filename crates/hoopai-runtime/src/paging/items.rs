//! Lists item by item.

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

/// The settings that lists have, however they are read.
macro_rules! settings {
    () => {
        /// Whether the next page is fetched while this one is read; it is, unless this says otherwise. So there are two pages in
        /// memory at most.
        pub fn prefetch(mut self, prefetch: bool) -> Self {
            self.pager.settings().prefetch = prefetch;
            self
        }

        /// Fetches up to so many pages at a time once the first is there, and gives them in their order. It has an effect where
        /// pages are asked for by number or offset; a mark is known only from the page before.
        ///
        /// Where the platform says how many items there are no page is asked for beyond them, but for the one that may be needed
        /// to see the end. Where it does not, up to so many pages may be asked for in vain at the end, and wherever a page is
        /// shorter than those before it.
        pub fn concurrent(mut self, pages: usize) -> Self {
            self.pager.settings().concurrency = pages;
            self
        }

        /// Goes on from a position of the same list, in place of its beginning. The page that it lies in is fetched again, and
        /// what was taken of it is left out.
        ///
        /// A position of another operation is an error, which the first item carries; nothing is sent then.
        pub fn resume(mut self, from: ListPosition) -> Self {
            self.pager.resume(from);
            self
        }

        /// Is told of each page that comes, before its items are read.
        pub fn on_page(mut self, observer: impl Fn(&ListProgress) + Send + Sync + 'static) -> Self {
            self.pager.settings().on_page = Some(Arc::new(observer));
            self
        }

        /// Where the reader is, at any time: before the first item, between two, after an error, at the end.
        /// [`resume`](Self::resume) goes on from there, and no item is lost or comes twice.
        pub fn position(&self) -> ListPosition {
            self.pager.position()
        }

        /// How many items the list has, by what the last page said. It is the platform's word, and it can be wrong.
        pub fn total(&self) -> Option<u64> {
            self.pager.total()
        }
    };
}
pub(super) use settings;

/// A list, item by item over all of its pages: a `Stream`, and [`next`](ItemStream::next) for who has no use for one.
///
/// After an error it has ended; [`position`](ItemStream::position) tells from where to go on. See [`paging`](crate::paging).
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

    /// Reads what is left of the list, up to a limit.
    pub fn collect_all(mut self, limit: usize) -> CollectFuture<T> {
        self.pager.settings().max_items = Some(limit as u64);
        CollectFuture {
            items: Vec::new(),
            list: self,
        }
    }
}

impl<T: DeserializeOwned> ItemStream<T> {
    /// The next item; `None` at the end. Nothing is lost if the future is dropped before it is done.
    ///
    /// # Errors
    /// Those of a call, for any page; an item that does not fit its type; a list that cannot be read on, of kind
    /// [`Paging`](crate::error::ErrorKind::Paging).
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

    /// At least what is in hand comes yet, as far as it can be read.
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

/// Shows where the reader is, and no item.
impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.pager, f)
    }
}

/// A list that is read to its end: await it. It gives all items, or an error: nothing is cut off in silence.
///
/// # Errors
/// Those of [`ItemStream::next`], and a list that has more items than the limit. As soon as that is seen no further page is
/// asked for.
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
