//! Module `businesses`: businesses.

use super::paging;
use crate::state::collection::{Collection, Endpoint, SUCCESS, Sample};

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
        Endpoint::create("businesses.create-business", "buiseness").reply_fields(SUCCESS),
        Endpoint::get("businesses.get-business", "businessId", "business"),
        Endpoint::update("businesses.update-business", "businessId", "buiseness")
            .reply_fields(SUCCESS),
        Endpoint::delete("businesses.delete-Business", "businessId").reply_fields(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
