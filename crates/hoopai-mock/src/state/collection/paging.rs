//! Paging of lists, as data.

use crate::check::NumberKind;

/// How a list is paged.
pub(crate) struct Paging {
    pub(crate) style: PagingStyle,
    /// The parameter for the number of items on a page; empty if there is none.
    pub(crate) limit_parameter: &'static str,
    pub(crate) default_limit: usize,
    pub(crate) max_limit: MaxLimit,
    pub(crate) oldest_first: bool,
    /// The fields of the reply that describe the page, by path.
    pub(crate) reply_fields: &'static [(&'static str, PageField)],
    /// The field of an item that holds the cursor of the items after it; empty if there is none.
    pub(crate) cursor_field: &'static str,
}

/// What happens to a limit that is too large.
#[derive(Clone, Copy)]
pub(crate) enum MaxLimit {
    /// All limits are accepted.
    None,
    /// The request is rejected with 403.
    Reject(usize),
    /// The limit is lowered.
    Clamp(usize),
}

/// How a request selects a page.
#[derive(Clone, Copy)]
pub(crate) enum PagingStyle {
    /// There is only one page.
    All,
    /// Time and id of the last item; each without the other is ignored.
    TimestampAndId(&'static str, &'static str),
    /// The number of items to skip.
    Offset(&'static str),
    /// The page number, from 1.
    Page(&'static str),
    /// The page number, from 0.
    PageFromZero(&'static str),
    /// The page number; or time and id of the last item in a list, which takes precedence.
    PageOrCursor(&'static str, &'static str),
    /// The page number; or time and id of the last item, which take precedence.
    PageOrTimestampAndId(&'static str, &'static str, &'static str),
    /// The time of the last item.
    Timestamp(&'static str),
    /// The id of the last item.
    LastId(&'static str),
    /// An opaque text from the previous page.
    Cursor(&'static str),
}

/// A field of a reply that describes a page.
#[derive(Clone, Copy)]
pub(crate) enum PageField {
    /// The number of items in all pages.
    Total,
    /// The total as `[{"total": n}]`.
    TotalInList,
    /// The number of items on the page.
    Count,
    /// The page number; 1 if the page was selected by a cursor.
    Page,
    /// The number of the next page; null on the last one.
    NextPage,
    /// The number of the previous page; null on the first one.
    PreviousPage,
    /// The position of the last item.
    LastPosition,
    /// The id of the last item.
    LastId,
    /// Path and query of the next page; null on the last one.
    NextUrl,
    HasMore,
    HasPrevious,
    /// The cursor of the next page; null on the last one.
    NextCursor,
    Limit,
    Offset,
    PageCount,
}

impl Paging {
    /// One page with all items, the oldest first.
    pub(crate) const ALL: Paging = Paging {
        style: PagingStyle::All,
        limit_parameter: "",
        default_limit: usize::MAX,
        max_limit: MaxLimit::None,
        oldest_first: true,
        reply_fields: &[],
        cursor_field: "",
    };

    /// `skip` and `limit`.
    pub(crate) const fn skip(reply_fields: &'static [(&'static str, PageField)]) -> Paging {
        Paging {
            style: PagingStyle::Offset("skip"),
            limit_parameter: "limit",
            default_limit: 20,
            max_limit: MaxLimit::Clamp(100),
            oldest_first: false,
            reply_fields,
            cursor_field: "",
        }
    }

    /// `offset` and `limit`.
    pub(crate) const fn offset(reply_fields: &'static [(&'static str, PageField)]) -> Paging {
        let style = PagingStyle::Offset("offset");
        Paging {
            style,
            ..Self::skip(reply_fields)
        }
    }

    pub(crate) const fn default_limit(self, default_limit: usize) -> Paging {
        Paging {
            default_limit,
            ..self
        }
    }

    pub(crate) const fn max_limit(self, max_limit: usize) -> Paging {
        let max_limit = MaxLimit::Clamp(max_limit);
        Paging { max_limit, ..self }
    }

    pub(crate) const fn oldest_first(self) -> Paging {
        let oldest_first = true;
        Paging {
            oldest_first,
            ..self
        }
    }

    /// The parameters that select a page, and the kinds of numbers in them.
    pub(crate) fn numbers(&self) -> Vec<(&'static str, NumberKind)> {
        let mut numbers = match self.style {
            PagingStyle::All | PagingStyle::LastId(_) | PagingStyle::Cursor(_) => Vec::new(),
            PagingStyle::Offset(name) | PagingStyle::PageFromZero(name) => {
                vec![(name, NumberKind::AtLeast(0))]
            }
            PagingStyle::Page(name) => vec![(name, NumberKind::AtLeast(1))],
            PagingStyle::TimestampAndId(after, _) | PagingStyle::Timestamp(after) => {
                vec![(after, NumberKind::Timestamp)]
            }
            PagingStyle::PageOrCursor(page, after) => {
                vec![
                    (page, NumberKind::AtLeast(1)),
                    (after, NumberKind::TimestampCursor),
                ]
            }
            PagingStyle::PageOrTimestampAndId(page, after, _) => {
                vec![
                    (page, NumberKind::AtLeast(1)),
                    (after, NumberKind::Timestamp),
                ]
            }
        };
        if !self.limit_parameter.is_empty() {
            numbers.push((self.limit_parameter, NumberKind::AtLeast(0)));
        }
        numbers
    }
}
