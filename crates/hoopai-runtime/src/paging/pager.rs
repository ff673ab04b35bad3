//! Fetches page after page: in order for who reads, ahead of him on the wire. It does not know what an item is.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

use super::ListProgress;
use super::course::{Course, EMPTY_PAGES, Next};
use super::look::{Arrived, count, fetch};
use super::position::{ListPosition, Start, marks_of};
use crate::Call;
use crate::call_site::CallSite;
use crate::error::{Error, PagingErrorKind};
use crate::operation::{CursorField, PageParam, PageStrategy, Paging};
use crate::time::{BoxFuture, lock};

/// What is told of pages.
pub(super) type OnPage = Arc<dyn Fn(&ListProgress) + Send + Sync>;

pub(super) struct Pager {
    /// The call that each page is made of.
    call: Call,
    rule: Paging,
    /// What stands in the way from the beginning.
    fault: Option<Error>,
    settings: Settings,
    course: Course,
    /// What asks for the page in hand, or for the one to come.
    start: Start,
    /// How many items of it were taken.
    delivered: u64,
    /// How many items lie before it.
    before: u64,
    /// How many items came in this reading, without those that were taken before.
    came: u64,
    /// What follows the page in hand. `None`: no page is in hand.
    next: Option<Next>,
    /// How many items the page in hand has.
    size: u64,
    hand: Option<Arrived>,
    /// Pages on their way, in their order.
    flights: Vec<Flight>,
    begun: bool,
    ended: bool,
}

pub(super) struct Settings {
    pub(super) prefetch: bool,
    pub(super) lanes: usize,
    pub(super) on_page: Option<OnPage>,
    /// The most items that are wanted.
    pub(super) at_most: Option<u64>,
}

struct Flight {
    start: Start,
    page: Fetch,
}

enum Fetch {
    /// A task of its own, which goes on while nobody asks, and where it leaves the page.
    Task(JoinHandle<()>, Arc<Mutex<Option<Result<Arrived, Error>>>>),
    /// Goes on only while somebody asks.
    Own(BoxFuture<'static, Result<Arrived, Error>>),
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Fetch::Task(task, _) = &self.page {
            task.abort();
        }
    }
}

impl Flight {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        origin: &CallSite,
    ) -> Poll<Result<Arrived, Error>> {
        match &mut self.page {
            Fetch::Own(page) => page.as_mut().poll(context),
            Fetch::Task(task, page) => {
                if let Ok(()) = ready!(Pin::new(task).poll(context))
                    && let Some(page) = lock(page).take()
                {
                    return Poll::Ready(page);
                }
                let text = "the task that fetched a page was ended from outside, as with its runtime: go on from the position, in a runtime that lasts";
                Poll::Ready(Err(Error::paging(
                    origin.clone(),
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
            let text =
                "the operation has no pages: use `send`, or `request` with a rule of your own";
            fault = Some(Error::request(call.call_site().clone(), text));
        }
        let rule = rule.unwrap_or(Paging::DEFAULT);
        let start = match first(&call, &rule) {
            Ok(start) => start,
            Err(error) => {
                fault.get_or_insert(error);
                Start::First
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
                lanes: 1,
                on_page: None,
                at_most: None,
            },
            course: Course::new(asked),
            start,
            delivered: 0,
            before: 0,
            came: 0,
            next: None,
            size: 0,
            hand: None,
            flights: Vec::new(),
            begun: false,
            ended: false,
        }
    }

    pub(super) fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    pub(super) fn resume(&mut self, from: ListPosition) {
        let origin = self.call.call_site();
        let accepted = if self.begun {
            let text = "a list is gone on with from a position only before it is read from";
            Err(Error::request(origin.clone(), text))
        } else {
            from.check(origin, &self.rule)
        };
        if let Err(error) = accepted {
            self.fault.get_or_insert(error);
            return;
        }
        self.before = from.before();
        self.delivered = from.delivered;
        self.course.seen = self.before;
        self.start = from.start;
    }

    pub(super) fn position(&self) -> ListPosition {
        let origin = self.call.call_site();
        match &self.next {
            Some(Next::Page(next)) if self.delivered == self.size => ListPosition::new(
                origin,
                next.clone(),
                0,
                self.before.saturating_add(self.size),
            ),
            _ => ListPosition::new(origin, self.start.clone(), self.delivered, self.before),
        }
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.course.total
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// How many items are in hand.
    pub(super) fn in_hand(&self) -> u64 {
        match self.next {
            Some(_) => self.size.saturating_sub(self.delivered),
            None => 0,
        }
    }

    /// The page in hand, and which of its items is the next.
    pub(super) fn hand(&self) -> Option<(&Arrived, usize)> {
        Some((self.hand.as_ref()?, usize::try_from(self.delivered).ok()?))
    }

    /// Takes the page in hand; that it was there is not forgotten.
    pub(super) fn take(&mut self) -> Option<Arrived> {
        self.hand.take()
    }

    pub(super) fn rule(&self) -> &Paging {
        &self.rule
    }

    /// How many items of the page in hand were taken.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Items of the page in hand were taken.
    pub(super) fn deliver(&mut self, items: u64) {
        self.delivered += items;
    }

    pub(super) fn pages(&self) -> u64 {
        self.course.pages
    }

    /// Nothing follows any more.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.hand = None;
        self.flights.clear();
    }

    /// Has a page in hand from which items can be taken. `None`: there is none any more.
    pub(super) fn poll_items(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(), Error>>> {
        while !self.ended {
            if self.in_hand() > 0 {
                return Poll::Ready(Some(Ok(())));
            }
            match ready!(self.poll_page(context)) {
                Some(Ok(())) => {}
                other => return Poll::Ready(other),
            }
            if let Some(page) = &self.hand
                && let Err(error) = page.check_contents(self.rule.items)
            {
                self.end();
                return Poll::Ready(Some(Err(error)));
            }
        }
        Poll::Ready(None)
    }

    /// Has the next page in hand, in place of the one that was there.
    pub(super) fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(), Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.begun = true;
        if let Some(fault) = self.fault.take() {
            self.end();
            return Poll::Ready(Some(Err(fault)));
        }
        match self.next.take() {
            None => {}
            Some(Next::Page(start)) => {
                self.before = self.before.saturating_add(self.delivered);
                self.delivered = 0;
                self.start = start;
                self.hand = None;
            }
            Some(Next::End) => {
                self.end();
                return Poll::Ready(None);
            }
            Some(Next::Fail(fault)) => {
                self.end();
                return Poll::Ready(Some(Err(self.failed(fault))));
            }
        }
        if self.flights.is_empty() {
            self.launch(self.start.clone());
        }
        let Some(flight) = self.flights.first_mut() else {
            return Poll::Ready(None);
        };
        let page = ready!(flight.poll(context, self.call.call_site()));
        self.flights.remove(0);
        let result = match page {
            Ok(page) => self.arrive(page),
            Err(error) => Err(error),
        };
        if result.is_err() {
            self.end();
        }
        Poll::Ready(Some(result))
    }

    fn arrive(&mut self, page: Arrived) -> Result<(), Error> {
        let items = page.look.items.len() as u64;
        let next = match self.course.arrive(&self.start, &page.look) {
            Ok(next) => next,
            Err(fault) => return Err(self.failed(fault)),
        };
        self.came = self
            .came
            .saturating_add(items.saturating_sub(self.delivered));
        if self.came > self.at_most() {
            return Err(self.failed(PagingErrorKind::TooMany));
        }
        // Of a page that has become shorter in the meantime no more can have been taken.
        self.delivered = self.delivered.min(items);
        if let Some(on_page) = &self.settings.on_page {
            on_page(&ListProgress {
                pages: self.course.pages,
                items: self.before.saturating_add(items),
                page_items: items,
                total: self.course.total,
                more: matches!(next, Next::Page(_)),
            });
        }
        match &next {
            Next::Page(start) => {
                // A page that was asked for ahead is the next one only if the page before it was as long as expected.
                if let Some(flight) = self.flights.first()
                    && flight.start != *start
                {
                    self.flights.clear();
                }
                self.ahead(start, items);
            }
            Next::End | Next::Fail(_) => self.flights.clear(),
        }
        self.size = items;
        self.hand = Some(page);
        self.next = Some(next);
        Ok(())
    }

    /// Asks for pages ahead: the next one, and as many behind it as may be and are likely to be there.
    fn ahead(&mut self, next: &Start, items: u64) {
        let size = self.course.largest;
        let lanes = match next {
            // Behind a page that is shorter than others there is often nothing.
            Start::Offset(_) | Start::Page(_) if items == size => self.settings.lanes.max(1),
            _ => 1,
        };
        if self.settings.lanes < 2 && !self.settings.prefetch {
            return;
        }
        for lane in 0..lanes as u64 {
            let skipped = size.saturating_mul(lane);
            let (start, behind) = match next {
                Start::Offset(offset) => {
                    let offset = offset.saturating_add(skipped);
                    (Start::Offset(offset), offset)
                }
                Start::Page(page) => {
                    let behind = self.course.seen.saturating_add(skipped);
                    (Start::Page(page.saturating_add(lane)), behind)
                }
                Start::First | Start::Marks(_) => (next.clone(), 0),
            };
            let beyond = matches!(self.course.total, Some(total) if behind >= total)
                || self.came.saturating_add(skipped) > self.at_most();
            // The next page is asked for whatever the count says, for only it tells that it is the end. Those behind it are
            // guesses, which need a size to go by.
            if lane > 0 && (beyond || size == 0) {
                break;
            }
            if self.flights.get(lane as usize).is_none() {
                self.launch(start);
            }
        }
    }

    /// The most items that are wanted. Where nothing is said of it, no list has more.
    fn at_most(&self) -> u64 {
        self.settings.at_most.unwrap_or(u64::MAX)
    }

    /// Asks for a page.
    fn launch(&mut self, start: Start) {
        let call = match self.call.try_clone() {
            Some(call) => Ok(self.at(call, &start)),
            None => {
                let text = "a call whose body is multipart is sent once, and cannot ask for page after page";
                Err(Error::request(self.call.call_site().clone(), text))
            }
        };
        let page = fetch(call, self.rule);
        let ahead = self.settings.prefetch || self.settings.lanes > 1;
        let page = match tokio::runtime::Handle::try_current() {
            Ok(runtime) if ahead => {
                let left = Arc::new(Mutex::new(None));
                let leave = left.clone();
                let work: BoxFuture<'static, ()> = Box::pin(async move {
                    let page = page.await;
                    *lock(&leave) = Some(page);
                });
                Fetch::Task(runtime.spawn(work), left)
            }
            _ => Fetch::Own(page),
        };
        self.flights.push(Flight { start, page });
    }

    /// The call that asks for a page.
    fn at(&self, mut call: Call, start: &Start) -> Call {
        match (start, self.rule.strategy) {
            (Start::Offset(number), PageStrategy::Offset(to))
            | (Start::Page(number), PageStrategy::Page { to, .. }) => {
                call.set_parameter(to, &number.to_string());
            }
            (Start::Marks(marks), _) => {
                for CursorField { to, .. } in marks_of(&self.rule) {
                    // What a page before had left would lead elsewhere together with the new.
                    call.unset_parameter(*to);
                    for (name, mark) in marks {
                        if name == to.name() {
                            call.set_parameter(*to, mark);
                        }
                    }
                }
            }
            _ => {}
        }
        call
    }

    /// What to do about a fault of the page that came last.
    fn failed(&self, fault: PagingErrorKind) -> Error {
        let page = self.course.pages;
        let text = match fault {
            PagingErrorKind::RepeatedCursor => format!(
                "page {page} leads back to a page that was read before, so that the list would never end: the platform did not take the marks as they were sent; look whether the call sets one of them by itself"
            ),
            PagingErrorKind::RepeatedPage => format!(
                "page {page} holds the items of the page before it, so that the list would never end: the platform did not act on what asked for the next page; look whether the operation takes that parameter"
            ),
            PagingErrorKind::NoCursor => format!(
                "page {page} says that there is more, and not how to ask for it: go on from the position later, or read the pages with `send`"
            ),
            PagingErrorKind::OnlyEmptyPages => format!(
                "page {page} is empty like the {EMPTY_PAGES} before it, and the platform promises more: go on from the position if that can be"
            ),
            PagingErrorKind::TooMany => format!(
                "the list has more than {} items, and page {page} goes beyond that: raise the limit, or use `stream()`, which takes the same room however long the list is",
                self.settings.at_most.unwrap_or_default()
            ),
            _ => format!("page {page} cannot be used"),
        };
        Error::paging(self.call.call_site().clone(), fault, text)
    }
}

/// What the first page is asked for by: what the caller has set, or the beginning.
fn first(call: &Call, rule: &Paging) -> Result<Start, Error> {
    Ok(match rule.strategy {
        PageStrategy::Offset(to) => Start::Offset(number(call, to, 0)?),
        PageStrategy::Page { to, first } => Start::Page(number(call, to, u64::from(first))?),
        PageStrategy::Cursor(rule) => {
            let mut marks = Vec::new();
            for mark in rule {
                if let Some(own) = call.parameter(mark.to)
                    && own != "null"
                {
                    marks.push((mark.to.name().to_owned(), own));
                }
            }
            if marks.is_empty() {
                Start::First
            } else {
                Start::Marks(marks)
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
                    format!("`{name}` is no whole number, from which pages could be counted on");
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
            .field("pages", &self.course.pages)
            .field("total", &self.course.total)
            .field("ended", &self.ended)
            .finish()
    }
}
