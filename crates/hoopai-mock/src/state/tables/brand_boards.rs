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
            "brand-boards.getBrandBoardsByLocation",
            "brandBoards",
            &paging::TOTAL_COUNT,
        )
        .filters(&[Filter::text("search"), Filter::equals("deleted", "deleted")]),
        Endpoint::create("brand-boards.createBrandBoard", ""),
        Endpoint::get("brand-boards.getBrandBoardById", "id", ""),
        Endpoint::update("brand-boards.updateBrandBoard", "id", ""),
        Endpoint::delete("brand-boards.deleteBrandBoard", "id")
            .reply_path("")
            .with(&[("deleted", ReplyField::True)]),
    ],
    ..Collection::HEX_ID
}];
