//! Fetches pages ahead of the reader and yields them in order. It does not decode items.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

use super::ListProgress;
use super::page_scan::{FetchedPage, count, fetch};
use super::position::{ListPosition, PageStart, cursor_fields};
use super::traversal::{Continuation, EMPTY_PAGES, Traversal};
use crate::Call;
use crate::call_site::CallSite;
use crate::error::{Error, PagingErrorKind};
use crate::operation::{CursorField, PageParam, PageStrategy, Paging};
use crate::time::{BoxFuture, lock};

/// Called for each page.
pub(super) type OnPage = Arc<dyn Fn(&ListProgress) + Send + Sync>;

pub(super) struct Pager {
    /// The call that each page request is cloned from.
    call: Call,
    rule: Paging,
    /// An error that prevents reading from the start.
    fault: Option<Error>,
    settings: Settings,
    traversal: Traversal,
    /// What requests the current page, or the first one.
    start: PageStart,
    /// The number of its items that were delivered.
    delivered: u64,
    /// The number of items before it.
    before: u64,
    /// The number of items received by this reader, without those delivered earlier.
    received: u64,
    /// What follows the current page. `None`: there is no current page.
    next: Option<Continuation>,
    /// The number of items of the current page.
    size: u64,
    current: Option<FetchedPage>,
    /// Requested pages, in order.
    pending: Vec<PendingPage>,
    started: bool,
    ended: bool,
}

pub(super) struct Settings {
    pub(super) prefetch: bool,
    pub(super) concurrency: usize,
    pub(super) on_page: Option<OnPage>,
    /// The maximum number of items.
    pub(super) max_items: Option<u64>,
}

struct PendingPage {
    start: PageStart,
    page: Fetch,
}

enum Fetch {
    /// A spawned task, and the slot for its result.
    Spawned(
        JoinHandle<()>,
        Arc<Mutex<Option<Result<FetchedPage, Error>>>>,
    ),
    /// A future that is polled by the reader.
    Inline(BoxFuture<'static, Result<FetchedPage, Error>>),
}

impl Drop for PendingPage {
    fn drop(&mut self) {
        if let Fetch::Spawned(task, _) = &self.page {
            task.abort();
        }
    }
}

impl PendingPage {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        call_site: &CallSite,
    ) -> Poll<Result<FetchedPage, Error>> {
        match &mut self.page {
            Fetch::Inline(page) => page.as_mut().poll(context),
            Fetch::Spawned(task, page) => {
                if let Ok(()) = ready!(Pin::new(task).poll(context))
                    && let Some(page) = lock(page).take()
                {
                    return Poll::Ready(page);
                }
                let text = "the task that fetched a page was aborted, for example because its runtime shut down: resume from the position in a running runtime";
                Poll::Ready(Err(Error::paging(
                    call_site.clone(),
                    PagingErrorKind::Interrupted,
                    text.to_owned(),
                )))
            }
        }
    }
}

impl Pager {
    pub(super) fn new(mut call: Call, rule: Option<Paging>) -> Self {
        let mut fault = call.take_error();
        if fault.is_none() && rule.is_none() {
            let text = "the operation is not paged: use `send`, or `request` with a paging rule";
            fault = Some(Error::request(call.call_site().clone(), text));
        }
        let rule = rule.unwrap_or(Paging::DEFAULT);
        let start = match first(&call, &rule) {
            Ok(start) => start,
            Err(error) => {
                fault.get_or_insert(error);
                PageStart::First
            }
        };
        let asked = match rule.size {
            None => None,
            Some(size) => match call.parameter(size.to) {
                Some(own) => count(&own),
                None => {
                    call.set_parameter(size.to, &size.max.to_string());
                    Some(u64::from(size.max))
                }
            },
        };
        Pager {
            call,
            rule,
            fault,
            settings: Settings {
                prefetch: true,
                concurrency: 1,
                on_page: None,
                max_items: None,
            },
            traversal: Traversal::new(asked),
            start,
            delivered: 0,
            before: 0,
            received: 0,
            next: None,
            size: 0,
            current: None,
            pending: Vec::new(),
            started: false,
            ended: false,
        }
    }

    pub(super) fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    pub(super) fn resume(&mut self, from: ListPosition) {
        let call_site = self.call.call_site();
        let accepted = if self.started {
            let text = "`resume` must be called before the first item is read";
            Err(Error::request(call_site.clone(), text))
        } else {
            from.check(call_site, &self.rule)
        };
        if let Err(error) = accepted {
            self.fault.get_or_insert(error);
            return;
        }
        self.before = from.before();
        self.delivered = from.delivered;
        self.traversal.seen = self.before;
        self.start = from.start;
    }

    pub(super) fn position(&self) -> ListPosition {
        let call_site = self.call.call_site();
        match &self.next {
            Some(Continuation::Page(next)) if self.delivered == self.size => ListPosition::new(
                call_site,
                next.clone(),
                0,
                self.before.saturating_add(self.size),
            ),
            _ => ListPosition::new(call_site, self.start.clone(), self.delivered, self.before),
        }
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.traversal.total
    }

    /// Whether all items were delivered and no further page follows.
    pub(super) fn has_ended(&self) -> bool {
        let is_last = matches!(self.next, Some(Continuation::End));
        self.ended || (is_last && self.remaining() == 0)
    }

    /// The number of items of the current page that are left.
    pub(super) fn remaining(&self) -> u64 {
        match self.next {
            Some(_) => self.size.saturating_sub(self.delivered),
            None => 0,
        }
    }

    /// The current page, and the index of its next item.
    pub(super) fn current(&self) -> Option<(&FetchedPage, usize)> {
        Some((
            self.current.as_ref()?,
            usize::try_from(self.delivered).ok()?,
        ))
    }

    /// Takes the current page. The counters stay.
    pub(super) fn take_current(&mut self) -> Option<FetchedPage> {
        self.current.take()
    }

    pub(super) fn rule(&self) -> &Paging {
        &self.rule
    }

    /// The number of items of the current page that were delivered.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// KeyKind items of the current page as delivered.
    pub(super) fn mark_delivered(&mut self, items: u64) {
        self.delivered += items;
    }

    pub(super) fn pages(&self) -> u64 {
        self.traversal.pages
    }

    /// Ends the list.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.current = None;
        self.pending.clear();
    }

    /// Ensures a current page with items. `None`: the list has ended.
    pub(super) fn poll_items(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(), Error>>> {
        while !self.ended {
            if self.remaining() > 0 {
                return Poll::Ready(Some(Ok(())));
            }
            match ready!(self.poll_page(context)) {
                Some(Ok(())) => {}
                other => return Poll::Ready(other),
            }
            if let Some(page) = &self.current
                && let Err(error) = page.check_contents(self.rule.items)
            {
                self.end();
                return Poll::Ready(Some(Err(error)));
            }
        }
        Poll::Ready(None)
    }

    /// Replaces the current page by the next one.
    pub(super) fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(), Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.started = true;
        if let Some(fault) = self.fault.take() {
            self.end();
            return Poll::Ready(Some(Err(fault)));
        }
        match self.next.take() {
            None => {}
            Some(Continuation::Page(start)) => {
                self.before = self.before.saturating_add(self.delivered);
                self.delivered = 0;
                self.start = start;
                self.current = None;
            }
            Some(Continuation::End) => {
                self.end();
                return Poll::Ready(None);
            }
            Some(Continuation::Fail(fault)) => {
                self.end();
                return Poll::Ready(Some(Err(self.failed(fault))));
            }
        }
        if self.pending.is_empty() {
            self.request_page(self.start.clone());
        }
        let Some(page) = self.pending.first_mut() else {
            return Poll::Ready(None);
        };
        let page = ready!(page.poll(context, self.call.call_site()));
        self.pending.remove(0);
        let result = match page {
            Ok(page) => self.arrive(page),
            Err(error) => Err(error),
        };
        if result.is_err() {
            self.end();
        }
        Poll::Ready(Some(result))
    }

    fn arrive(&mut self, page: FetchedPage) -> Result<(), Error> {
        let items = page.info.items.len() as u64;
        let next = match self.traversal.arrive(&self.start, &page.info) {
            Ok(next) => next,
            Err(fault) => return Err(self.failed(fault)),
        };
        self.received = self
            .received
            .saturating_add(items.saturating_sub(self.delivered));
        if self.received > self.max_items() {
            return Err(self.failed(PagingErrorKind::TooMany));
        }
        // The page can have become shorter since its items were delivered.
        self.delivered = self.delivered.min(items);
        if let Some(on_page) = &self.settings.on_page {
            on_page(&ListProgress {
                pages: self.traversal.pages,
                items: self.before.saturating_add(items),
                page_items: items,
                total: self.traversal.total,
                more: matches!(next, Continuation::Page(_)),
            });
        }
        match &next {
            Continuation::Page(start) => {
                // A prefetched page is the next one only if the page before it had the expected
                // length.
                if let Some(page) = self.pending.first()
                    && page.start != *start
                {
                    self.pending.clear();
                }
                self.prefetch(start, items);
            }
            Continuation::End | Continuation::Fail(_) => self.pending.clear(),
        }
        self.size = items;
        self.current = Some(page);
        self.next = Some(next);
        Ok(())
    }

    /// Requests the next page, and as many after it as the settings allow and the total makes
    /// likely.
    fn prefetch(&mut self, next: &PageStart, items: u64) {
        let size = self.traversal.largest;
        let concurrency = match next {
            // A page that is shorter than others is often the last.
            PageStart::Offset(_) | PageStart::Page(_) if items == size => {
                self.settings.concurrency.max(1)
            }
            _ => 1,
        };
        if self.settings.concurrency < 2 && !self.settings.prefetch {
            return;
        }
        for index in 0..concurrency as u64 {
            let skipped = size.saturating_mul(index);
            let (start, behind) = match next {
                PageStart::Offset(offset) => {
                    let offset = offset.saturating_add(skipped);
                    (PageStart::Offset(offset), offset)
                }
                PageStart::Page(page) => {
                    let behind = self.traversal.seen.saturating_add(skipped);
                    (PageStart::Page(page.saturating_add(index)), behind)
                }
                PageStart::First | PageStart::Cursor(_) => (next.clone(), 0),
            };
            let beyond = matches!(self.traversal.total, Some(total) if behind >= total)
                || self.received.saturating_add(skipped) > self.max_items();
            // The next page is requested whatever the total is, because only it shows the end.
            // Later ones are guesses based on the page size.
            if index > 0 && (beyond || size == 0) {
                break;
            }
            if self.pending.get(index as usize).is_none() {
                self.request_page(start);
            }
        }
    }

    /// The maximum number of items.
    fn max_items(&self) -> u64 {
        self.settings.max_items.unwrap_or(u64::MAX)
    }

    /// Requests a page.
    fn request_page(&mut self, start: PageStart) {
        let call = match self.call.try_clone() {
            Some(call) => Ok(self.with_start(call, &start)),
            None => {
                let text = "a call whose body is multipart can be sent only once, so it cannot request several pages";
                Err(Error::request(self.call.call_site().clone(), text))
            }
        };
        let page = fetch(call, self.rule);
        let ahead = self.settings.prefetch || self.settings.concurrency > 1;
        let page = match tokio::runtime::Handle::try_current() {
            Ok(runtime) if ahead => {
                let left = Arc::new(Mutex::new(None));
                let slot = left.clone();
                let work: BoxFuture<'static, ()> = Box::pin(async move {
                    let page = page.await;
                    *lock(&slot) = Some(page);
                });
                Fetch::Spawned(runtime.spawn(work), left)
            }
            _ => Fetch::Inline(page),
        };
        self.pending.push(PendingPage { start, page });
    }

    /// Returns the call with the parameters of a page.
    fn with_start(&self, mut call: Call, start: &PageStart) -> Call {
        match (start, self.rule.strategy) {
            (PageStart::Offset(number), PageStrategy::Offset(to))
            | (PageStart::Page(number), PageStrategy::Page { to, .. }) => {
                call.set_parameter(to, &number.to_string());
            }
            (PageStart::Cursor(cursor), _) => {
                for CursorField { to, .. } in cursor_fields(&self.rule) {
                    // Parameters that only the previous page set must not remain.
                    call.unset_parameter(*to);
                    for (name, field) in cursor {
                        if name == to.name() {
                            call.set_parameter(*to, field);
                        }
                    }
                }
            }
            _ => {}
        }
        call
    }

    /// The error for a page that cannot be followed.
    fn failed(&self, fault: PagingErrorKind) -> Error {
        let page = self.traversal.pages;
        let text = match fault {
            PagingErrorKind::RepeatedCursor => format!(
                "page {page} leads back to an earlier page, so the list would never end: the platform ignored the cursor; check whether the call sets a cursor parameter itself"
            ),
            PagingErrorKind::RepeatedPage => format!(
                "page {page} repeats the items of the page before it, so the list would never end: the platform ignored the parameter that requests the next page; check whether the operation accepts it"
            ),
            PagingErrorKind::NoCursor => format!(
                "page {page} reports more items but has no cursor for them: resume from the position later, or read the pages with `send`"
            ),
            PagingErrorKind::OnlyEmptyPages => format!(
                "page {page} is empty like the {EMPTY_PAGES} pages before it, although the platform reports more items: resume from the position later"
            ),
            PagingErrorKind::TooMany => format!(
                "the list has more than {} items, which page {page} exceeds: raise the limit, or use `stream()`, which needs constant memory",
                self.settings.max_items.unwrap_or_default()
            ),
            _ => format!("page {page} cannot be used"),
        };
        Error::paging(self.call.call_site().clone(), fault, text)
    }
}

/// The start of the list: what the caller set, or the beginning.
fn first(call: &Call, rule: &Paging) -> Result<PageStart, Error> {
    Ok(match rule.strategy {
        PageStrategy::Offset(to) => PageStart::Offset(number(call, to, 0)?),
        PageStrategy::Page { to, first } => PageStart::Page(number(call, to, u64::from(first))?),
        PageStrategy::Cursor(rule) => {
            let mut cursor = Vec::new();
            for field in rule {
                if let Some(own) = call.parameter(field.to)
                    && own != "null"
                {
                    cursor.push((field.to.name().to_owned(), own));
                }
            }
            if cursor.is_empty() {
                PageStart::First
            } else {
                PageStart::Cursor(cursor)
            }
        }
    })
}

/// The number that a parameter is set to.
fn number(call: &Call, to: PageParam, otherwise: u64) -> Result<u64, Error> {
    match call.parameter(to) {
        Some(own) if own != "null" => match count(&own) {
            Some(own) => Ok(own),
            None => {
                let name = to.name();
                let text =
                    format!("`{name}` is not a whole number, so the next page cannot be computed");
                Err(Error::request(call.call_site().clone(), text).about(name))
            }
        },
        _ => Ok(otherwise),
    }
}

impl fmt::Debug for Pager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("position", &self.position())
            .field("pages", &self.traversal.pages)
            .field("total", &self.traversal.total)
            .field("ended", &self.ended)
            .finish()
    }
}
