//! Module `businesses`: businesses.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "businesses",
    noun: "Business",
    created_fields: &["createdAt"],
    updated_fields: &["updatedAt"],
    sample: &[
        ("name", Sample::Numbered("Business")),
        ("email", Sample::Email),
        ("phone", Sample::Phone),
    ],
    endpoints: &[
        Endpoint::list(
            "get-businesses-by-location",
            "businesses",
            &paging::SKIP_100,
        ),
        Endpoint::create("create-business", "buiseness").with(SUCCESS),
        Endpoint::get("get-business", "businessId", "business"),
        Endpoint::update("update-business", "businessId", "buiseness").with(SUCCESS),
        Endpoint::delete("delete-Business", "businessId").with(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
