//! Module `brand-boards`: brand boards.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "brand-boards",
    noun: "Brand board",
    defaults: &[
        ("default", FieldValue::False),
        ("deleted", FieldValue::False),
    ],
    sample: &[("name", Sample::Numbered("Board"))],
    endpoints: &[
        Endpoint::list(
            "getBrandBoardsByLocation",
            "brandBoards",
            &paging::TOTAL_COUNT,
        )
        .filters(&[Filter::text("search"), Filter::equals("deleted", "deleted")]),
        Endpoint::create("createBrandBoard", ""),
        Endpoint::get("getBrandBoardById", "id", ""),
        Endpoint::update("updateBrandBoard", "id", ""),
        Endpoint::delete("deleteBrandBoard", "id")
            .reply_path("")
            .with(&[("deleted", ReplyField::True)]),
    ],
    ..Collection::HEX_ID
}];
