//! What follows a page: another, the end, or the insight that there is no way on. Nothing here waits or sends.

use std::hash::{DefaultHasher, Hasher};

use super::look::Look;
use super::position::Start;
use crate::error::PagingErrorKind;

/// How many pages without items may follow one another.
pub(super) const EMPTY_PAGES: u32 = 1_000;

/// What follows a page.
pub(super) enum Next {
    End,
    Page(Start),
    /// The page itself is good, but there is no way on from it.
    Fail(PagingErrorKind),
}

/// The way through the pages, as far as it has been gone. It takes the same room however many there are.
pub(super) struct Course {
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
    tells: bool,
    /// The hash of the last page's items.
    last: Option<u64>,
    circle: Circle,
    empty: u32,
}

impl Course {
    pub(super) fn new(asked: Option<u64>) -> Self {
        Course {
            asked,
            seen: 0,
            pages: 0,
            total: None,
            largest: 0,
            tells: false,
            last: None,
            circle: Circle::default(),
            empty: 0,
        }
    }

    /// Takes notice of a page. An error: its items are not to be used.
    pub(super) fn arrive(&mut self, start: &Start, page: &Look) -> Result<Next, PagingErrorKind> {
        let items = page.items.len() as u64;
        let marks = if page.marks.is_empty() {
            None
        } else {
            Some(Start::Marks(page.marks.clone()))
        };
        if self.pages == 0
            && let Start::Marks(_) = start
        {
            self.circle.meets(start);
        }
        self.pages += 1;
        let repeated = match &marks {
            Some(marks) => marks == start,
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
            None if self.tells => Some(false),
            more => more,
        };
        self.tells |= more.is_some();
        Ok(self.next(start, items, marks, repeated, more))
    }

    fn next(
        &mut self,
        start: &Start,
        items: u64,
        marks: Option<Start>,
        repeated: bool,
        more: Option<bool>,
    ) -> Next {
        let promised = match more {
            Some(false) => return Next::End,
            Some(true) => true,
            None => false,
        };
        if self.empty > EMPTY_PAGES {
            return Next::Fail(PagingErrorKind::OnlyEmptyPages);
        }
        if !promised && self.complete(start, items) {
            return Next::End;
        }
        match start {
            Start::Offset(_) if items == 0 => Next::End,
            Start::Offset(offset) => Next::Page(Start::Offset(offset.saturating_add(items))),
            Start::Page(_) if items == 0 && !promised => Next::End,
            Start::Page(page) => Next::Page(Start::Page(page.saturating_add(1))),
            Start::First | Start::Marks(_) => match marks {
                None if promised => Next::Fail(PagingErrorKind::NoCursor),
                None => Next::End,
                Some(marks) => {
                    if !repeated && !self.circle.meets(&marks) {
                        Next::Page(marks)
                    } else if items == 0 && !promised {
                        Next::End
                    } else {
                        Next::Fail(PagingErrorKind::RepeatedCursor)
                    }
                }
            },
        }
    }

    /// Whether a page is the last by its size and the count of all. Neither alone would do: counts lie, and pages can be short
    /// anywhere.
    fn complete(&self, start: &Start, items: u64) -> bool {
        let seen = match start {
            Start::Offset(offset) => offset.saturating_add(items),
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
struct Circle {
    stays: Option<u64>,
    steps: u64,
    room: u64,
}

impl Circle {
    fn meets(&mut self, marks: &Start) -> bool {
        let mut hash = DefaultHasher::new();
        if let Start::Marks(marks) = marks {
            for (name, mark) in marks {
                // The byte that ends each is in no text.
                hash.write(name.as_bytes());
                hash.write_u8(0xff);
                hash.write(mark.as_bytes());
                hash.write_u8(0xff);
            }
        }
        let hash = Some(hash.finish());
        if self.stays == hash {
            return true;
        }
        self.steps += 1;
        if self.steps >= self.room {
            self.stays = hash;
            self.steps = 0;
            self.room = (self.room * 2).max(1);
        }
        false
    }
}
