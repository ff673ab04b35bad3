//! Decides what follows a page: another page, the end, or an error. It neither waits nor sends.

use std::hash::{DefaultHasher, Hasher};

use super::page_scan::PageInfo;
use super::position::PageStart;
use crate::error::PagingErrorKind;

/// The number of pages without items that may follow each other.
pub(super) const EMPTY_PAGES: u32 = 1_000;

/// What follows a page.
pub(super) enum Continuation {
    End,
    Page(PageStart),
    /// The page is valid, but the next one cannot be requested.
    Fail(PagingErrorKind),
}

/// The state of a traversal of the pages. Its size is constant.
pub(super) struct Traversal {
    /// The requested page size, if known.
    pub(super) asked: Option<u64>,
    /// The number of items up to the last page.
    pub(super) seen: u64,
    pub(super) pages: u64,
    /// The total that the latest page with a total reported.
    pub(super) total: Option<u64>,
    /// The number of items of the largest page.
    pub(super) largest: u64,
    /// Whether a page has reported whether there are more. If so, a page without such a report is
    /// the last.
    reports_more: bool,
    /// The hash of the items of the last page.
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

    /// Records a page and returns what follows it. An error means that its items must not be used.
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

    /// Whether a page is the last by its size and the total. Either alone is unreliable: totals are
    /// wrong at times, and pages can be short anywhere.
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

/// Detects a cycle of cursors in constant memory (Brent's algorithm): each cursor is compared with
/// an anchor, which is replaced after twice as many steps each time.
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
                // No text contains this byte.
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
