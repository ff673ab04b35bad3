//! Module `custom-menus`: custom menus.

use super::prelude::*;

const MENUS_PAGING: Paging = Paging::skip(&[("totalLinks", PageField::Total)]);

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "custom-menus",
    noun: "Custom menu",
    scope: Scope::Company,
    scope_field: "",
    search_fields: &["title"],
    sample: &[
        ("title", Sample::Numbered("Menu")),
        ("url", Sample::Text("https://example.com/")),
        ("locations", Sample::Fixed(FieldValue::List)),
        ("showOnCompany", Sample::Fixed(FieldValue::True)),
    ],
    endpoints: &[
        Endpoint::list("get-custom-menus", "customMenus", &MENUS_PAGING).filters(&[
            Filter::text("query"),
            Filter::equals("locationId", "locations"),
            Filter::equals("showOnCompany", "showOnCompany"),
        ]),
        Endpoint::create("create-custom-menu", "customMenu"),
        Endpoint::get("get-custom-menu-by-id", "customMenuId", "customMenu"),
        Endpoint::update("update-custom-menu", "customMenuId", "customMenu").with(SUCCESS),
        Endpoint::delete("delete-custom-menu", "customMenuId").with(&[
            ("success", ReplyField::True),
            ("deletedMenuId", ReplyField::Id),
        ]),
    ],
    ..Collection::DEFAULT
}];
