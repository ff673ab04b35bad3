//! Positions in a list, which can be stored and resumed.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call_site::CallSite;
use crate::error::{Error, PagingErrorKind};
use crate::operation::{CursorField, PageStrategy, Paging};
use crate::redact::mask::mask;

/// What requests a page.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PageStart {
    /// The call as it is, for lists with cursors.
    First,
    /// The number of items to skip.
    Offset(u64),
    /// The number of the page.
    Page(u64),
    /// The parameters of the cursor, in the order of the rule, and their values as JSON.
    Cursor(Vec<(String, String)>),
}

/// A position in a list. It can be serialized and [resumed](crate::paging::ItemStream::resume)
/// later, in another process too.
///
/// It holds the operation, what requests the current page, and the number of items delivered from
/// that page. It does not hold the other parameters of the call, which must be set again to the
/// same values. It can contain ids, since many operations use them as cursors; its `Debug` output
/// shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "StoredPosition", try_from = "StoredPosition")]
pub struct ListPosition {
    operation: String,
    pub(super) start: PageStart,
    pub(super) delivered: u64,
    items: u64,
}

/// The serialized form of a position. All fields are always present, so that any format can hold
/// it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPosition {
    operation: String,
    /// The kind of start.
    start: String,
    /// The number of an offset or a page; otherwise 0.
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

    /// The number of items delivered up to here, including those of earlier readers.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// The number of items before the current page.
    pub(super) fn before(&self) -> u64 {
        self.items - self.delivered
    }

    /// Checks that a reader of this operation can resume here.
    pub(super) fn check(&self, call_site: &CallSite, rule: &Paging) -> Result<(), Error> {
        let text = if self.operation != name(call_site) {
            format!(
                "the position belongs to `{}`: resume that operation",
                mask(&self.operation)
            )
        } else if self.matches(rule.strategy) {
            return Ok(());
        } else {
            "the position belongs to another way of paging this list: start from the beginning"
                .to_owned()
        };
        let fault = PagingErrorKind::OtherPosition;
        Err(Error::paging(call_site.clone(), fault, text))
    }

    fn matches(&self, strategy: PageStrategy) -> bool {
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

/// The name of an operation in positions: method and path.
fn name(call_site: &CallSite) -> String {
    format!("{} {}", call_site.method, call_site.template)
}

/// Shows no cursor, because cursors can be ids or addresses.
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

/// The cursor fields of a rule.
pub(super) fn cursor_fields(rule: &Paging) -> &'static [CursorField] {
    match rule.strategy {
        PageStrategy::Cursor(cursor) => cursor,
        PageStrategy::Offset(_) | PageStrategy::Page { .. } => &[],
    }
}
