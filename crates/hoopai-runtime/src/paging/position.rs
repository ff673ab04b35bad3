//! Where in a list a reader is, to be kept and gone on from.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Origin, PagingFault, mask};
use crate::operation::{Mark, Paging, Step};

/// What asks for a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
#[serde(try_from = "Kept")]
pub struct Position {
    operation: String,
    pub(super) start: Start,
    pub(super) delivered: u64,
    items: u64,
}

/// A position as it comes from outside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    operation: String,
    start: Start,
    delivered: u64,
    items: u64,
}

impl TryFrom<Kept> for Position {
    type Error = &'static str;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let Kept {
            operation,
            start,
            delivered,
            items,
        } = kept;
        if delivered > items {
            return Err("more items of one page are delivered than items at all");
        }
        if let Start::Marks(marks) = &start {
            let is_json = |mark: &str| crate::json::exact::<IgnoredAny>(mark).is_ok();
            if marks.is_empty() || !marks.iter().all(|(_, mark)| is_json(mark)) {
                return Err("a mark is missing, or is no JSON");
            }
        }
        Ok(Position {
            operation,
            start,
            delivered,
            items,
        })
    }
}

impl Position {
    pub(super) fn new(origin: &Origin, start: Start, delivered: u64, before: u64) -> Self {
        Position {
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
    pub(super) fn check(&self, origin: &Origin, rule: &Paging) -> Result<(), Error> {
        let refused = |text: String| {
            let fault = PagingFault::OtherPosition;
            Err(Error::paging(origin.clone(), fault, text))
        };
        if self.operation != name(origin) {
            return refused(format!(
                "the position is one of `{}`: go on with the operation that it was taken of",
                mask(&self.operation)
            ));
        }
        let fits = match (&self.start, rule.step) {
            (Start::First, Step::Cursor(_))
            | (Start::Offset(_), Step::Offset(_))
            | (Start::Page(_), Step::Page { .. }) => true,
            (Start::Marks(marks), Step::Cursor(rule)) => {
                let takes = |name: &str| rule.iter().any(|mark| mark.to.name() == name);
                marks.iter().all(|(name, _)| takes(name))
            }
            _ => false,
        };
        if fits {
            return Ok(());
        }
        refused(
            "the position was taken when the list was paged in another way: begin anew".to_owned(),
        )
    }
}

/// Method and path tell operations apart, whatever they are called.
fn name(origin: &Origin) -> String {
    format!("{} {}", origin.method, origin.template)
}

/// Shows no mark, for marks can be ids and addresses.
impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Position");
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
pub(super) fn marks_of(rule: &Paging) -> &'static [Mark] {
    match rule.step {
        Step::Cursor(marks) => marks,
        Step::Offset(_) | Step::Page { .. } => &[],
    }
}
