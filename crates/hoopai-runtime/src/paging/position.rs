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
pub(super) enum PageStart {
    /// The call as it is, where marks lead on and none is known yet.
    First,
    /// A count of items to leave out.
    Offset(u64),
    /// The number of the page.
    Page(u64),
    /// The parameters that take marks, in the order of the rule, and what they take, as JSON.
    Cursor(Vec<(String, String)>),
}

/// Where in a list a reader is. Kept, in whatever format serde knows, it is what a later reader of the same list goes on from,
/// in another process too: [`ItemStream::resume`](crate::paging::ItemStream::resume).
///
/// It names the operation, what asks for the page that the reader stands in, and how many of that page's items were taken. The
/// other parameters of the call are not in it: they must be set again, and be the same. It can hold ids of items, since that is
/// what many operations page by; its `Debug` shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "StoredPosition", try_from = "StoredPosition")]
pub struct ListPosition {
    operation: String,
    pub(super) start: PageStart,
    pub(super) delivered: u64,
    items: u64,
}

/// A position as it is kept outside. It is flat, and all of it is there whatever the start, which any format can hold.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPosition {
    operation: String,
    /// Which kind of start it is.
    start: String,
    /// Of an offset and of a page; of others it is 0.
    number: u64,
    #[serde(rename = "marks")]
    cursor: Vec<(String, String)>,
    delivered: u64,
    items: u64,
}

impl From<ListPosition> for StoredPosition {
    fn from(position: ListPosition) -> Self {
        let (start, number, cursor) = match position.start {
            PageStart::First => ("first", 0, Vec::new()),
            PageStart::Offset(offset) => ("offset", offset, Vec::new()),
            PageStart::Page(page) => ("page", page, Vec::new()),
            PageStart::Cursor(cursor) => ("marks", 0, cursor),
        };
        StoredPosition {
            operation: position.operation,
            start: start.to_owned(),
            number,
            cursor,
            delivered: position.delivered,
            items: position.items,
        }
    }
}

impl TryFrom<StoredPosition> for ListPosition {
    type Error = &'static str;

    fn try_from(stored: StoredPosition) -> Result<Self, Self::Error> {
        if stored.delivered > stored.items {
            return Err("the position counts more items of its page than items in total");
        }
        for (_, field) in &stored.cursor {
            if serde_json::from_str::<&RawValue>(field).is_err() {
                return Err("a cursor is not JSON");
            }
        }
        let start = match (
            stored.start.as_str(),
            stored.number,
            stored.cursor.is_empty(),
        ) {
            ("first", 0, true) => PageStart::First,
            ("offset", offset, true) => PageStart::Offset(offset),
            ("page", page, true) => PageStart::Page(page),
            ("marks", 0, false) => PageStart::Cursor(stored.cursor),
            _ => return Err("the position names no page, or several"),
        };
        Ok(ListPosition {
            operation: stored.operation,
            start,
            delivered: stored.delivered,
            items: stored.items,
        })
    }
}

impl ListPosition {
    pub(super) fn new(call_site: &CallSite, start: PageStart, delivered: u64, before: u64) -> Self {
        ListPosition {
            operation: name(call_site),
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
    pub(super) fn check(&self, call_site: &CallSite, rule: &Paging) -> Result<(), Error> {
        let text = if self.operation != name(call_site) {
            format!(
                "the position belongs to `{}`: resume that operation",
                mask(&self.operation)
            )
        } else if self.fits(rule.strategy) {
            return Ok(());
        } else {
            "the position belongs to another way of paging this list: start from the beginning"
                .to_owned()
        };
        let fault = PagingErrorKind::OtherPosition;
        Err(Error::paging(call_site.clone(), fault, text))
    }

    fn fits(&self, strategy: PageStrategy) -> bool {
        match (&self.start, strategy) {
            (PageStart::First, PageStrategy::Cursor(_))
            | (PageStart::Offset(_), PageStrategy::Offset(_))
            | (PageStart::Page(_), PageStrategy::Page { .. }) => true,
            (PageStart::Cursor(cursor), PageStrategy::Cursor(rule)) => {
                for (name, _) in cursor {
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
    for field in rule {
        if field.to.name() == name {
            return true;
        }
    }
    false
}

/// Method and path tell operations apart, whatever they are called.
fn name(call_site: &CallSite) -> String {
    format!("{} {}", call_site.method, call_site.template)
}

/// Shows no mark, for marks can be ids and addresses.
impl fmt::Debug for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ListPosition");
        out.field("operation", &mask(&self.operation));
        match &self.start {
            PageStart::First => out.field("start", &format_args!("first page")),
            PageStart::Offset(offset) => out.field("offset", offset),
            PageStart::Page(page) => out.field("page", page),
            PageStart::Cursor(cursor) => {
                out.field("cursor", &format_args!("[{} hidden]", cursor.len()))
            }
        };
        out.field("delivered", &self.delivered)
            .field("items", &self.items)
            .finish()
    }
}

/// The marks of a rule.
pub(super) fn cursor_fields(rule: &Paging) -> &'static [CursorField] {
    match rule.strategy {
        PageStrategy::Cursor(cursor) => cursor,
        PageStrategy::Offset(_) | PageStrategy::Page { .. } => &[],
    }
}
