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
        Endpoint::list("links.get-links", "links", &Paging::ALL),
        Endpoint::list("links.search-trigger-links", "links", &paging::SKIP)
            .filters(&[Filter::text("query")]),
        Endpoint::create("links.create-link", "link"),
        Endpoint::get("links.get-link-by-id", "linkId", "link"),
        Endpoint::update("links.update-link", "linkId", "link"),
        Endpoint::delete("links.delete-link", "linkId").with(SUCCEDED),
    ],
    ..Collection::DEFAULT
}];
