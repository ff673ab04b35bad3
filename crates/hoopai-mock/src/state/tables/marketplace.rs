//! Module `marketplace`: charges.

use super::prelude::*;

const CHARGES_PAGING: Paging = Paging::skip(&[
    ("count", PageField::Total),
    ("pagination.total", PageField::Total),
    ("pagination.limit", PageField::Limit),
    ("pagination.skip", PageField::Offset),
]);

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "charges",
    noun: "Charge",
    id: "chargeId",
    ids: IdFormat::Hex,
    scope: Scope::Company,
    scope_field: "companyId",
    search_fields: &["description"],
    on_write: derive::charge_on_write,
    sample: &[
        ("appId", Sample::NewId),
        ("meterId", Sample::NewId),
        ("eventId", Sample::NewId),
        ("units", Sample::Number(1, 9)),
        ("price", Sample::Number(1, 5)),
        ("description", Sample::Numbered("Charge")),
    ],
    endpoints: &[
        Endpoint::list("getCharges", "charges", &CHARGES_PAGING).filters(&[
            Filter::equals("eventId", "eventId"),
            Filter::equals("meterId", "meterId"),
            Filter::equals("userId", "userId"),
            Filter::since("startDate", "createdAt"),
            Filter::until("endDate", "createdAt"),
        ]),
        Endpoint::create("charge", "").with(SUCCESS),
        Endpoint::get("getSpecificCharge", "chargeId", ""),
        Endpoint::delete("deleteCharge", "chargeId").with(SUCCESS),
    ],
    created_fields: &["createdAt"],
    updated_fields: &["updatedAt"],
    ..Collection::DEFAULT
}];
