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
            "businesses.get-businesses-by-location",
            "businesses",
            &paging::SKIP_100,
        ),
        Endpoint::create("businesses.create-business", "buiseness").with(SUCCESS),
        Endpoint::get("businesses.get-business", "businessId", "business"),
        Endpoint::update("businesses.update-business", "businessId", "buiseness").with(SUCCESS),
        Endpoint::delete("businesses.delete-Business", "businessId").with(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
