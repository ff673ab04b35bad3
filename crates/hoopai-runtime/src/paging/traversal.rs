//! What follows a page: another, the end, or the insight that there is no way on. Nothing here waits or sends.

use std::hash::{DefaultHasher, Hasher};

use super::page_scan::PageInfo;
use super::position::PageStart;
use crate::error::PagingErrorKind;

/// How many pages without items may follow one another.
pub(super) const EMPTY_PAGES: u32 = 1_000;

/// What follows a page.
pub(super) enum Continuation {
    End,
    Page(PageStart),
    /// The page itself is good, but there is no way on from it.
    Fail(PagingErrorKind),
}

/// The way through the pages, as far as it has been gone. It takes the same room however many there are.
pub(super) struct Traversal {
    /// How many items a page is asked for, if that is known.
    pub(super) asked: Option<u64>,
    /// How many items came, up to the last page.
    pub(super) seen: u64,
    pub(super) pages: u64,
    /// What the last page that said so gave as the count of all.
    pub(super) total: Option<u64>,
    /// The most items that a page has held.
    pub(super) largest: u64,
    /// Whether a page has said if there is more, so that one which does not is the last.
    reports_more: bool,
    /// The hash of the last page's items.
    last: Option<u64>,
    cycles: CycleDetector,
    empty: u32,
}

impl Traversal {
    pub(super) fn new(asked: Option<u64>) -> Self {
        Traversal {
            asked,
            seen: 0,
            pages: 0,
            total: None,
            largest: 0,
            reports_more: false,
            last: None,
            cycles: CycleDetector::default(),
            empty: 0,
        }
    }

    /// Takes notice of a page. An error: its items are not to be used.
    pub(super) fn arrive(
        &mut self,
        start: &PageStart,
        page: &PageInfo,
    ) -> Result<Continuation, PagingErrorKind> {
        let items = page.items.len() as u64;
        let cursor = if page.cursor.is_empty() {
            None
        } else {
            Some(PageStart::Cursor(page.cursor.clone()))
        };
        if self.pages == 0
            && let PageStart::Cursor(_) = start
        {
            self.cycles.visit(start);
        }
        self.pages += 1;
        let repeated = match &cursor {
            Some(cursor) => cursor == start,
            None => false,
        };
        if items > 0 && self.last.replace(page.hash) == Some(page.hash) {
            return Err(if repeated {
                PagingErrorKind::RepeatedCursor
            } else {
                PagingErrorKind::RepeatedPage
            });
        }
        self.seen = self.seen.saturating_add(items);
        self.total = page.total.or(self.total);
        self.largest = self.largest.max(items);
        self.empty = if items == 0 { self.empty + 1 } else { 0 };
        let more = match page.more {
            None if self.reports_more => Some(false),
            more => more,
        };
        self.reports_more |= more.is_some();
        Ok(self.next(start, items, cursor, repeated, more))
    }

    fn next(
        &mut self,
        start: &PageStart,
        items: u64,
        cursor: Option<PageStart>,
        repeated: bool,
        more: Option<bool>,
    ) -> Continuation {
        let promised = match more {
            Some(false) => return Continuation::End,
            Some(true) => true,
            None => false,
        };
        if self.empty > EMPTY_PAGES {
            return Continuation::Fail(PagingErrorKind::OnlyEmptyPages);
        }
        if !promised && self.complete(start, items) {
            return Continuation::End;
        }
        match start {
            PageStart::Offset(_) if items == 0 => Continuation::End,
            PageStart::Offset(offset) => {
                Continuation::Page(PageStart::Offset(offset.saturating_add(items)))
            }
            PageStart::Page(_) if items == 0 && !promised => Continuation::End,
            PageStart::Page(page) => Continuation::Page(PageStart::Page(page.saturating_add(1))),
            PageStart::First | PageStart::Cursor(_) => match cursor {
                None if promised => Continuation::Fail(PagingErrorKind::NoCursor),
                None => Continuation::End,
                Some(cursor) => {
                    if !repeated && !self.cycles.visit(&cursor) {
                        Continuation::Page(cursor)
                    } else if items == 0 && !promised {
                        Continuation::End
                    } else {
                        Continuation::Fail(PagingErrorKind::RepeatedCursor)
                    }
                }
            },
        }
    }

    /// Whether a page is the last by its size and the count of all. Neither alone would do: counts lie, and pages can be short
    /// anywhere.
    fn complete(&self, start: &PageStart, items: u64) -> bool {
        let seen = match start {
            PageStart::Offset(offset) => offset.saturating_add(items),
            _ => self.seen,
        };
        match (self.total, self.asked) {
            (Some(total), Some(asked)) => seen >= total && items < asked,
            _ => false,
        }
    }
}

/// Finds out, in constant room, whether marks go in a circle (Brent's algorithm): each is compared with one that stays for
/// twice as many steps each time.
#[derive(Default)]
struct CycleDetector {
    anchor: Option<u64>,
    steps: u64,
    steps_to_anchor: u64,
}

impl CycleDetector {
    fn visit(&mut self, cursor: &PageStart) -> bool {
        let mut hash = DefaultHasher::new();
        if let PageStart::Cursor(cursor) = cursor {
            for (name, field) in cursor {
                // The byte that ends each is in no text.
                hash.write(name.as_bytes());
                hash.write_u8(0xff);
                hash.write(field.as_bytes());
                hash.write_u8(0xff);
            }
        }
        let hash = Some(hash.finish());
        if self.anchor == hash {
            return true;
        }
        self.steps += 1;
        if self.steps >= self.steps_to_anchor {
            self.anchor = hash;
            self.steps = 0;
            self.steps_to_anchor = (self.steps_to_anchor * 2).max(1);
        }
        false
    }
}
