//! Module `funnels`: funnels, pages and redirects.

use super::prelude::*;

const COUNT_PAGING: Paging = Paging {
    reply_fields: &[("count", PageField::Total)],
    ..Paging::ALL
};

const FUNNELS_PAGING: Paging = Paging::offset(&[("count", PageField::Total)]);

const REDIRECTS_PAGING: Paging = Paging::offset(&[("data.count", PageField::Total)]);

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "funnels",
        noun: "Funnel",
        sample: &[
            ("name", Sample::Numbered("Funnel")),
            ("type", Sample::Text("funnel")),
            ("steps", Sample::NamedObjects(&["Start", "Thanks"])),
        ],
        // The interface file declares the list as an object.
        endpoints: &[
            Endpoint::list("getFunnels", "funnels", &FUNNELS_PAGING).filters(&[
                Filter::equals("name", "name"),
                Filter::equals("type", "type"),
            ]),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "funnel-pages",
        noun: "Page",
        sample: &[
            ("name", Sample::Numbered("Page")),
            ("funnelId", Sample::Reference("funnels")),
            (
                "stepId",
                Sample::ListMember(("funnelId", "funnels"), "steps"),
            ),
            ("deleted", Sample::Fixed(FieldValue::False)),
        ],
        // The interface file declares one page; the platform returns a list.
        endpoints: &[
            Endpoint::list("getPagesByFunnelId", "", &paging::OFFSET).filters(&[
                Filter::equals("funnelId", "funnelId"),
                Filter::equals("name", "name"),
            ]),
            Endpoint::list("getPagesCountByFunnelId", "-", &COUNT_PAGING).filters(&[
                Filter::equals("funnelId", "funnelId"),
                Filter::equals("name", "name"),
            ]),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "redirects",
        noun: "Redirect",
        search_fields: &["path", "target", "domain"],
        defaults: &[("type", FieldValue::Text("Exact"))],
        on_write: derive::redirect_on_write,
        sample: &[
            ("domain", Sample::Text("example.com")),
            ("path", Sample::Key("/old")),
            ("target", Sample::Key("https://example.com/new")),
            ("action", Sample::Text("url")),
        ],
        endpoints: &[
            Endpoint::list("fetch-redirects-list", "data.data", &REDIRECTS_PAGING)
                .filters(&[Filter::text("search")]),
            Endpoint::create("create-redirect", "data"),
            Endpoint::update("update-redirect-by-id", "id", "data"),
            Endpoint::delete("delete-redirect-by-id", "id")
                .with(&[("data.status", ReplyField::Text("ok"))]),
        ],
        ..Collection::DEFAULT
    },
];
