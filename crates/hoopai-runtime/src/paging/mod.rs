//! Lists that the platform returns page by page.
//!
//! Operations that are paged have three methods next to `send`: `stream` yields items, `pages` yields
//! pages, and `collect_all` returns the whole list unless it is longer than a limit.
//!
//! ```no_run
//! # use hoopai_runtime::{Handle, Method, operation::*, paging::ItemStream};
//! # async fn run(handle: Handle, save: impl Fn(String)) -> Result<(), hoopai_runtime::Error> {
//! // For operations of a module crate the operation table has the rule.
//! const RULE: Paging = Paging {
//!     items: "businesses",
//!     size: Some(PageSize { to: PageParam::Query("limit"), max: 100, declared: false }),
//!     strategy: PageStrategy::Offset(PageParam::Query("skip")),
//!     ..Paging::DEFAULT
//! };
//! let call = handle.request(Method::GET, "/businesses/").query("locationId", "Lq3Tz8Wn5Rk1Yb6Hd0Vx");
//! let mut businesses: ItemStream<serde_json::Value> = call.stream(RULE);
//! while let Some(business) = businesses.next().await {
//!     println!("{}", business?["name"]);
//!     save(serde_json::to_string(&businesses.position()).unwrap());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Reading
//!
//! A [rule](Paging) names the list of items in a reply, and the parameters that request the next page.
//! Each page is a call of its own, with its own time-outs, retries and rate-limit permit. Parameters
//! that the caller sets stay: the page size, and a page, offset or cursor to start with. The next page
//! is fetched while the current one is read. Items are decoded when they are requested, from the text
//! of the page, so memory does not grow with the list.
//!
//! # The end of a list
//!
//! If a page reports whether there are more items, that report decides; a page without a report after
//! pages with one is the last. Otherwise a page without a cursor is the last, or, for offsets and page
//! numbers, an empty page. Neither a short page nor a reached total ends a list, because both are wrong
//! at times. Both together do, which saves the last request.
//!
//! A list therefore takes one request for each page with items, and at most one more.
//! [`concurrent`](ItemStream::concurrent) can add requests in vain.
//!
//! # Faults of the platform
//!
//! - **Incomplete cursors.** `startAfter` without `startAfterId` returns the first page for ever. All
//!   fields of a rule's cursor are sent together. A page whose cursor leads to itself is
//!   [`RepeatedCursor`](PagingErrorKind::RepeatedCursor); its items are not yielded a second time.
//! - **Cycles of cursors** over several pages are detected in constant memory after at most a few
//!   rounds. Items of the cycle can have been yielded twice by then. An empty page that leads to itself
//!   is the end.
//! - **Repeated pages.** If the platform ignores the parameter that requests the next page, the same
//!   items return: [`RepeatedPage`](PagingErrorKind::RepeatedPage). They are not yielded again.
//! - **Wrong totals.** A total that is too high has no effect. One that is too low ends the list only
//!   together with a page that is shorter than requested.
//! - **Lists that change while they are read.** Offsets grow by the number of received items, so pages
//!   of varying length skip nothing. If items before the offset are deleted, as many later items are
//!   skipped; if items are inserted there, as many are repeated. Cursors do not have this problem.
//! - **Empty pages** do not end a list if a new cursor or the platform's report leads on. After a
//!   thousand in a row the error is [`OnlyEmptyPages`](PagingErrorKind::OnlyEmptyPages).
//! - **Replies without a list.** `null`, a missing list and an empty reply count as an empty page.
//!   Anything else is [`NoList`](PagingErrorKind::NoList), never a silent end.
//!
//! # Resuming
//!
//! A [`ListPosition`] can be taken at any time, stored, and [resumed](ItemStream::resume). No item is
//! lost or repeated as long as the list stays the same. After an error the position refers to the page
//! that failed.

mod items;
mod page_scan;
mod pager;
mod pages;
mod position;
mod progress;
mod traversal;

#[doc(hidden)]
pub use items::item_stream;
pub use items::{CollectFuture, ItemStream};
#[doc(hidden)]
pub use pages::page_stream;
pub use pages::{Page, PageStream};
pub use position::ListPosition;
pub use progress::ListProgress;

pub use crate::error::PagingErrorKind;
pub use crate::operation::{CursorField, CursorSource, PageParam, PageSize, PageStrategy, Paging};
