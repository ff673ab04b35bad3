//! Module `links`: trigger links.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "links",
    noun: "Link",
    on_write: derive::link_on_write,
    sample: &[
        ("name", Sample::Numbered("Link")),
        ("redirectTo", Sample::Text("https://example.com/")),
    ],
    endpoints: &[
        Endpoint::list("get-links", "links", &Paging::ALL),
        Endpoint::list("search-trigger-links", "links", &paging::SKIP)
            .filters(&[Filter::text("query")]),
        Endpoint::create("create-link", "link"),
        Endpoint::get("get-link-by-id", "linkId", "link"),
        Endpoint::update("update-link", "linkId", "link"),
        Endpoint::delete("delete-link", "linkId").with(SUCCEDED),
    ],
    ..Collection::DEFAULT
}];
