//! The pagings of the families that count from an offset, and where each says what.

use super::super::paging::{Paging, Tell};

pub(super) const COUNT: Paging = Paging::skip_limit(&[("count", Tell::Total)]).usually(25);
pub(super) const SILENT_SKIP: Paging = Paging::skip_limit(&[]);
pub(super) const SILENT_OFFSET: Paging = Paging::offset_limit(&[]);
pub(super) const LOCATIONS: Paging = Paging::skip_limit(&[]).usually(10);
pub(super) const BUSINESSES: Paging = Paging::skip_limit(&[]).usually(100);
pub(super) const SKIP_TOTAL: Paging = Paging::skip_limit(&[("total", Tell::Total)]).usually(10);
pub(super) const FORMS: Paging = SKIP_TOTAL.at_most(50);
pub(super) const SCHEDULES: Paging = SILENT_SKIP.at_most(500);
pub(super) const RELATIONS: Paging = Paging::skip_limit(&[("total", Tell::Total)]).oldest_first();
pub(super) const SKIP_TOTAL_COUNT: Paging =
    Paging::skip_limit(&[("totalCount", Tell::Total)]).usually(25);
pub(super) const TOTAL_COUNT: Paging =
    Paging::offset_limit(&[("totalCount", Tell::Total)]).usually(10);
pub(super) const TOTAL: Paging = Paging::offset_limit(&[("total", Tell::Total)]);
pub(super) const PRODUCTS: Paging = Paging::offset_limit(&[("total", Tell::TotalInList)]);
pub(super) const FUNNELS: Paging = Paging::offset_limit(&[("count", Tell::Total)]);
pub(super) const REDIRECTS: Paging = Paging::offset_limit(&[("data.count", Tell::Total)]);
pub(super) const MORE: Paging = Paging::offset_limit(&[("hasMore", Tell::More)]).at_most(20);
pub(super) const SOCIAL: Paging = Paging::skip_limit(&[("results.count", Tell::Total)]);
pub(super) const META_COUNT: Paging =
    Paging::skip_limit(&[("meta.count", Tell::Total)]).usually(10);
pub(super) const AGENTS: Paging = Paging::offset_limit(&[
    ("pagination.total", Tell::Total),
    ("pagination.limit", Tell::Limit),
    ("pagination.offset", Tell::Skip),
    ("pagination.hasMore", Tell::More),
]);

pub(super) const MENUS: Paging = Paging::skip_limit(&[("totalLinks", Tell::Total)]);
pub(super) const CHARGES: Paging = Paging::skip_limit(&[
    ("count", Tell::Total),
    ("pagination.total", Tell::Total),
    ("pagination.limit", Tell::Limit),
    ("pagination.skip", Tell::Skip),
]);
