//! Where in a list a reader is, to be kept and gone on from.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call_site::CallSite;
use crate::error::{Error, PagingErrorKind};
use crate::operation::{CursorField, PageStrategy, Paging};
use crate::redact::mask::mask;

/// What asks for a page.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// The call as it is, where marks lead on and none is known yet.
    First,
    /// A count of items to leave out.
    Offset(u64),
    /// The number of the page.
    Page(u64),
    /// The parameters that take marks, in the order of the rule, and what they take, as JSON.
    Marks(Vec<(String, String)>),
}

/// Where in a list a reader is. Kept, in whatever format serde knows, it is what a later reader of the same list goes on from,
/// in another process too: [`ItemStream::resume`](crate::paging::ItemStream::resume).
///
/// It names the operation, what asks for the page that the reader stands in, and how many of that page's items were taken. The
/// other parameters of the call are not in it: they must be set again, and be the same. It can hold ids of items, since that is
/// what many operations page by; its `Debug` shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct ListPosition {
    operation: String,
    pub(super) start: Start,
    pub(super) delivered: u64,
    items: u64,
}

/// A position as it is kept outside. It is flat, and all of it is there whatever the start, which any format can hold.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    operation: String,
    /// Which kind of start it is.
    start: String,
    /// Of an offset and of a page; of others it is 0.
    number: u64,
    marks: Vec<(String, String)>,
    delivered: u64,
    items: u64,
}

impl From<ListPosition> for Kept {
    fn from(position: ListPosition) -> Self {
        let (start, number, marks) = match position.start {
            Start::First => ("first", 0, Vec::new()),
            Start::Offset(offset) => ("offset", offset, Vec::new()),
            Start::Page(page) => ("page", page, Vec::new()),
            Start::Marks(marks) => ("marks", 0, marks),
        };
        Kept {
            operation: position.operation,
            start: start.to_owned(),
            number,
            marks,
            delivered: position.delivered,
            items: position.items,
        }
    }
}

impl TryFrom<Kept> for ListPosition {
    type Error = &'static str;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        if kept.delivered > kept.items {
            return Err("more items of one page are delivered than items at all");
        }
        for (_, mark) in &kept.marks {
            if serde_json::from_str::<&RawValue>(mark).is_err() {
                return Err("a mark is no JSON");
            }
        }
        let start = match (kept.start.as_str(), kept.number, kept.marks.is_empty()) {
            ("first", 0, true) => Start::First,
            ("offset", offset, true) => Start::Offset(offset),
            ("page", page, true) => Start::Page(page),
            ("marks", 0, false) => Start::Marks(kept.marks),
            _ => return Err("it names no page, or more than one"),
        };
        Ok(ListPosition {
            operation: kept.operation,
            start,
            delivered: kept.delivered,
            items: kept.items,
        })
    }
}

impl ListPosition {
    pub(super) fn new(origin: &CallSite, start: Start, delivered: u64, before: u64) -> Self {
        ListPosition {
            operation: name(origin),
            start,
            delivered,
            items: before.saturating_add(delivered),
        }
    }

    /// How many items were taken up to here, those of readers before included.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// How many of them lie before the page that the reader stands in.
    pub(super) fn before(&self) -> u64 {
        self.items - self.delivered
    }

    /// Whether a reader of this operation can go on from here.
    pub(super) fn check(&self, origin: &CallSite, rule: &Paging) -> Result<(), Error> {
        let text = if self.operation != name(origin) {
            format!(
                "the position is one of `{}`: go on with the operation that it was taken of",
                mask(&self.operation)
            )
        } else if self.fits(rule.strategy) {
            return Ok(());
        } else {
            "the position was taken when the list was paged in another way: begin anew".to_owned()
        };
        let fault = PagingErrorKind::OtherPosition;
        Err(Error::paging(origin.clone(), fault, text))
    }

    fn fits(&self, strategy: PageStrategy) -> bool {
        match (&self.start, strategy) {
            (Start::First, PageStrategy::Cursor(_))
            | (Start::Offset(_), PageStrategy::Offset(_))
            | (Start::Page(_), PageStrategy::Page { .. }) => true,
            (Start::Marks(marks), PageStrategy::Cursor(rule)) => {
                for (name, _) in marks {
                    if !takes(rule, name) {
                        return false;
                    }
                }
                true
            }
            _ => false,
        }
    }
}

fn takes(rule: &[CursorField], name: &str) -> bool {
    for mark in rule {
        if mark.to.name() == name {
            return true;
        }
    }
    false
}

/// Method and path tell operations apart, whatever they are called.
fn name(origin: &CallSite) -> String {
    format!("{} {}", origin.method, origin.template)
}

/// Shows no mark, for marks can be ids and addresses.
impl fmt::Debug for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ListPosition");
        out.field("operation", &mask(&self.operation));
        match &self.start {
            Start::First => out.field("start", &format_args!("first page")),
            Start::Offset(offset) => out.field("offset", offset),
            Start::Page(page) => out.field("page", page),
            Start::Marks(marks) => out.field("marks", &format_args!("[{} hidden]", marks.len())),
        };
        out.field("delivered", &self.delivered)
            .field("items", &self.items)
            .finish()
    }
}

/// The marks of a rule.
pub(super) fn marks_of(rule: &Paging) -> &'static [CursorField] {
    match rule.strategy {
        PageStrategy::Cursor(marks) => marks,
        PageStrategy::Offset(_) | PageStrategy::Page { .. } => &[],
    }
}
