//! Lists that the platform gives page by page, read as one.
//!
//! Operations that page have three methods next to `send`: `stream` gives item after item, `pages` gives page after page, and
//! `collect_all` gives the whole list, if it is not longer than a limit.
//!
//! ```no_run
//! # use hoopai_runtime::{Handle, Method, operation::*, paging::ItemStream};
//! # async fn run(handle: Handle, save: impl Fn(String)) -> Result<(), hoopai_runtime::Error> {
//! // What the operation's table knows of operations, said by hand.
//! const RULE: Paging = Paging {
//!     items: "businesses",
//!     size: Some(PageSize { to: PageParam::Query("limit"), max: 100, declared: false }),
//!     strategy: PageStrategy::Offset(PageParam::Query("skip")),
//!     ..Paging::DEFAULT
//! };
//! let call = handle.request(Method::Get, "/businesses/").query("locationId", "Lq3Tz8Wn5Rk1Yb6Hd0Vx");
//! let mut businesses: ItemStream<serde_json::Value> = call.stream(RULE);
//! while let Some(business) = businesses.next().await {
//!     println!("{}", business?["name"]);
//!     save(serde_json::to_string(&businesses.position()).unwrap());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How it reads
//!
//! A [rule](Paging) says where the items stand in a reply, and what asks for the next page. Each page is a call of its own, made
//! anew of what the builder was told, with its own time, its retries, and its turn under the rate limit. What the caller sets
//! stays: a size of pages, and a page, offset or mark to begin with. While one page is read the next is on its way. Items are
//! read one by one, when they are asked for, from the text of the page, so that memory does not grow with the list.
//!
//! # Where it ends
//!
//! By the platform's own sign. Where a page says whether there is more, that counts; one that says nothing after others did is
//! the last. Otherwise: where marks lead on, a page without a mark is the last; where numbers do, an empty one is. A short page
//! does not end a list, and a count of all does not either, for both are wrong at times. Both together do, which saves the last
//! request.
//!
//! So there is a request for each page that has items, and at most one more, which sees the end.
//! [`concurrent`](ItemStream::concurrent) can add those that it asked for in vain.
//!
//! # What goes wrong on the platform's side
//!
//! - **The trap of contacts.** `startAfter` without `startAfterId` gives the first page again, for ever. All marks of a rule
//!   go together, and if a page leads back to itself, that is [`RepeatedCursor`](PagingErrorKind::RepeatedCursor); its items are not
//!   given a second time.
//! - **A repeated cursor** that comes after several pages makes a circle. It is found in constant room, when the circle has been
//!   gone through at most a few times; items of it can have come twice by then. An empty page that leads to itself is the end.
//! - **A repeated page**: the platform does not act on what was to ask for the next. A page with the very items of the one
//!   before is [`RepeatedPage`](PagingErrorKind::RepeatedPage), and its items are not given.
//! - **A count of all that lies.** Too high, it costs nothing: the empty page ends the list. Too low, it ends it only together
//!   with a page that is shorter than asked for.
//! - **A list that changes while it is read.** Offsets grow by the items that came, so that pages of odd lengths leave nothing
//!   out. If items vanish that were read already, all later ones move up, and as many of them are skipped; if items are added
//!   in front, as many come twice. That is the nature of offsets and page numbers. Marks do not have it.
//! - **An empty page in the middle** does not end a list where a fresh mark, or the platform's word that there is more, leads on.
//!   Where offsets do, nothing can follow it. After a thousand in a row it is
//!   [`OnlyEmptyPages`](PagingErrorKind::OnlyEmptyPages).
//! - **No list where it is to stand.** `null`, nothing, and an empty reply are an empty page. Anything else is
//!   [`NoList`](PagingErrorKind::NoList), and never an end in silence.
//!
//! # Going on later
//!
//! A [`ListPosition`] can be taken at any time, kept, and [resumed](ItemStream::resume): no item is lost, none comes twice, as far as
//! the list itself stays the same. After an error the stream has ended; its position leads to the page that failed.

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
