//! Module `phone-system`: phone numbers.

use super::prelude::*;

const NUMBERS_PAGING: Paging = Paging {
    style: PagingStyle::PageFromZero("page"),
    default_limit: 1000,
    max_limit: MaxLimit::Clamp(1000),
    reply_fields: &[("page", PageField::Page), ("pageSize", PageField::Limit)],
    ..paging::NUMBERED
};

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "phone-numbers",
    noun: "Number",
    id: "sid",
    search_fields: &["phoneNumber", "friendlyName"],
    defaults: &[("isDefaultNumber", FieldValue::False)],
    discarded: &["fingerprintId", "skipLocationKYC"],
    sample: &[
        ("phoneNumber", Sample::Phone),
        ("friendlyName", Sample::Numbered("Line")),
        ("countryCode", Sample::Text("US")),
        ("isDefaultNumber", Sample::Fixed(FieldValue::False)),
    ],
    endpoints: &[
        Endpoint::list("active-numbers", "numbers", &NUMBERS_PAGING)
            .filters(&[Filter::text("searchFilter")]),
        Endpoint::create("purchase-phone-number", "").without_item(),
    ],
    ..Collection::DEFAULT
}];
