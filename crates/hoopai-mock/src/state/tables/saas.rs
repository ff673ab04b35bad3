//! Module `saas`: locations in SaaS mode.

use super::prelude::*;

const SAAS_PAGING: Paging = Paging {
    style: PagingStyle::Page("page"),
    limit_parameter: "limit",
    default_limit: 10,
    reply_fields: &[
        ("pagination.page", PageField::Page),
        ("pagination.limit", PageField::Limit),
        ("pagination.total", PageField::Total),
        ("pagination.totalPages", PageField::PageCount),
        ("pagination.hasNext", PageField::HasMore),
        ("pagination.hasPrev", PageField::HasPrevious),
    ],
    ..paging::DEFAULT
};

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "saas-locations",
    noun: "Location",
    id: "locationId",
    scope: Scope::Company,
    scope_field: "companyId",
    sample: &[
        ("name", Sample::Numbered("Location")),
        ("email", Sample::Email),
        ("saasMode", Sample::Text("activated")),
        ("subscriptionId", Sample::NewId),
        ("customerId", Sample::NewId),
    ],
    endpoints: &[
        Endpoint::list("get-saas-locations", "locations", &SAAS_PAGING),
        Endpoint::list("get-saas-locations-deprecated", "locations", &SAAS_PAGING),
    ],
    ..Collection::DEFAULT
}];
