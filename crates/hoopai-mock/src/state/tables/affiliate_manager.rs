//! Module `affiliate-manager`: affiliates, commissions and payouts.

use super::prelude::*;

const EARNING_FILTERS: &[Filter] = &[
    Filter::equals("affiliateId", "affiliateId"),
    Filter::equals("campaignId", "campaignId"),
    Filter::equals("status", "status"),
    Filter::text("query"),
];

const META_COUNT_PAGING: Paging =
    Paging::skip(&[("meta.count", PageField::Total)]).default_limit(10);

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "affiliates",
        noun: "Affiliate",
        search_fields: &["firstName", "lastName", "email"],
        defaults: &[("active", FieldValue::True), ("deleted", FieldValue::False)],
        sample: &[
            ("firstName", Sample::FirstName),
            ("lastName", Sample::LastName),
            ("email", Sample::Email),
            ("campaignIds", Sample::Fixed(FieldValue::List)),
        ],
        endpoints: &[
            Endpoint::list("list-affiliates", "affiliates", &META_COUNT_PAGING).filters(&[
                Filter::equals("active", "active"),
                Filter::equals("campaignId", "campaignIds"),
                Filter::since("fromDate", "createdAt"),
                Filter::until("toDate", "createdAt"),
                Filter::text("query"),
            ]),
            Endpoint::get("get-affiliate", "affiliateId", ""),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "affiliate-commissions",
        noun: "Commission",
        scope_field: "",
        search_fields: &["campaignName", "productName"],
        sample: &[
            ("affiliateId", Sample::Reference("affiliates")),
            ("campaignName", Sample::Numbered("Campaign")),
            ("amount", Sample::Number(1, 500)),
            ("currency", Sample::Text("USD")),
            ("status", Sample::OneOf(&["pending", "approved"])),
        ],
        endpoints: &[
            Endpoint::list("list-commissions", "commissions", &META_COUNT_PAGING)
                .filters(EARNING_FILTERS),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "affiliate-payouts",
        noun: "Payout",
        search_fields: &["affiliateName", "affiliateEmail"],
        sample: &[
            ("affiliateId", Sample::Reference("affiliates")),
            (
                "affiliateName",
                Sample::ReferencedField(("affiliateId", "affiliates"), "firstName"),
            ),
            ("amount", Sample::Number(1, 500)),
            ("currency", Sample::Text("USD")),
            ("status", Sample::OneOf(&["pending", "paid"])),
        ],
        endpoints: &[
            Endpoint::list("list-payouts", "payouts", &META_COUNT_PAGING).filters(EARNING_FILTERS),
        ],
        ..Collection::HEX_ID
    },
];
