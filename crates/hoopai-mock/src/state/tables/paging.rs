//! Paging styles that several modules share.

use crate::state::collection::{MaxLimit, PageField, Paging, PagingStyle};

pub(super) const SKIP_COUNT: Paging =
    Paging::skip(&[("count", PageField::Total)]).default_limit(25);
pub(super) const SKIP: Paging = Paging::skip(&[]);
pub(super) const OFFSET: Paging = Paging::offset(&[]);
pub(super) const SKIP_100: Paging = Paging::skip(&[]).default_limit(100);

pub(super) const SKIP_TOTAL: Paging =
    Paging::skip(&[("total", PageField::Total)]).default_limit(10);

pub(super) const FORMS: Paging = SKIP_TOTAL.max_limit(50);

pub(super) const TOTAL_COUNT: Paging =
    Paging::offset(&[("totalCount", PageField::Total)]).default_limit(10);
pub(super) const TOTAL: Paging = Paging::offset(&[("total", PageField::Total)]);

pub(super) const SEARCH: Paging = Paging {
    style: PagingStyle::PageOrCursor("page", "searchAfter"),
    limit_parameter: "pageLimit",
    default_limit: 20,
    max_limit: MaxLimit::Reject(500),
    oldest_first: false,
    reply_fields: &[("total", PageField::Total)],
    cursor_field: "searchAfter",
};

/// The newest items first, by default 20 and at most 100 on a page.
pub(super) const DEFAULT: Paging = Paging::skip(&[]);

pub(super) const SUBMISSIONS: Paging = Paging {
    style: PagingStyle::Page("page"),
    max_limit: MaxLimit::Reject(100),
    reply_fields: &[
        ("meta.total", PageField::Total),
        ("meta.currentPage", PageField::Page),
        ("meta.nextPage", PageField::NextPage),
        ("meta.prevPage", PageField::PreviousPage),
    ],
    ..DEFAULT
};

pub(super) const NUMBERED: Paging = Paging {
    style: PagingStyle::Page("page"),
    limit_parameter: "pageSize",
    default_limit: 10,
    max_limit: MaxLimit::Clamp(50),
    reply_fields: &[
        ("total", PageField::Total),
        ("page", PageField::Page),
        ("pageSize", PageField::Limit),
    ],
    ..DEFAULT
};
