//! Module `emails`: templates and campaigns.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "email-templates",
        noun: "Template",
        ids: IdFormat::Hex,
        updated_fields: &["lastUpdated"],
        search_fields: &["name"],
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("templateType", Sample::Text("html")),
        ],
        endpoints: &[
            Endpoint::list("fetch-template", "builders", &paging::OFFSET)
                .filters(&[Filter::text("search"), Filter::equals("name", "name")]),
            Endpoint::create("create-template", "")
                .without_item()
                .with(&[("redirect", ReplyField::Id)]),
            Endpoint::update("update-template", "templateId", "").without_item(),
            Endpoint::delete("delete-template", "templateId"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "email-campaigns",
        noun: "Campaign",
        ids: IdFormat::Hex,
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        defaults: &[
            ("archived", FieldValue::False),
            ("deleted", FieldValue::False),
            ("status", FieldValue::Text("active")),
        ],
        sample: &[("name", Sample::Numbered("Campaign"))],
        endpoints: &[
            Endpoint::list("fetch-campaigns", "schedules", &paging::OFFSET).filters(&[
                Filter::equals("status", "status"),
                Filter::equals("archived", "archived"),
                Filter::equals("parentId", "parentId"),
                Filter::text("name"),
            ]),
        ],
        ..Collection::DEFAULT
    },
];
