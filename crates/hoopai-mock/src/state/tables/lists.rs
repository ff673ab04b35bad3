//! What the platform lists and hardly lets anybody change: affiliates and what they earn, campaigns, documents, pushes of
//! snapshots, trained addresses, and what social posts are sorted by.

use super::super::collection::{
    Act, Collection, Filter, Ids, Parent, Row, SUCCESS, Sample, Say, Scope, Value,
};
use super::super::paging;
use super::content::DONE;
use super::pages;

const OF_CSV: Option<Parent> = Some(Parent {
    collection: "social-csvs",
    field: "csvId",
    parameter: "id",
});

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "affiliates",
        noun: "Affiliate",
        text: &["firstName", "lastName", "email"],
        defaults: &[("active", Value::True), ("deleted", Value::False)],
        sample: &[
            ("firstName", Sample::FirstName),
            ("lastName", Sample::LastName),
            ("email", Sample::Email),
            ("campaignIds", Sample::Fixed(Value::List)),
        ],
        rows: &[
            Row::list(
                "affiliate-manager.list-affiliates",
                "affiliates",
                &pages::META_COUNT,
            )
            .filters(&[
                Filter::is("active", "active"),
                Filter::is("campaignId", "campaignIds"),
                Filter::from("fromDate", "createdAt"),
                Filter::to("toDate", "createdAt"),
                Filter::text("query"),
            ]),
            Row::get("affiliate-manager.get-affiliate", "affiliateId", ""),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "affiliate-commissions",
        noun: "Commission",
        place: "",
        text: &["campaignName", "productName"],
        sample: &[
            ("affiliateId", Sample::Of("affiliates")),
            ("campaignName", Sample::Numbered("Campaign")),
            ("amount", Sample::Number(1, 500)),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("status", Sample::OneOf(&["pending", "approved"])),
        ],
        rows: &[Row::list(
            "affiliate-manager.list-commissions",
            "commissions",
            &pages::META_COUNT,
        )
        .filters(EARNED)],
        ..Collection::HEX
    },
    Collection {
        name: "affiliate-payouts",
        noun: "Payout",
        text: &["affiliateName", "affiliateEmail"],
        sample: &[
            ("affiliateId", Sample::Of("affiliates")),
            (
                "affiliateName",
                Sample::Via(("affiliateId", "affiliates"), "firstName"),
            ),
            ("amount", Sample::Number(1, 500)),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("status", Sample::OneOf(&["pending", "paid"])),
        ],
        rows: &[Row::list(
            "affiliate-manager.list-payouts",
            "payouts",
            &pages::META_COUNT,
        )
        .filters(EARNED)],
        ..Collection::HEX
    },
    Collection {
        name: "email-campaigns",
        noun: "Campaign",
        ids: Ids::Hex,
        created: &["createdAt"],
        changed: &["updatedAt"],
        defaults: &[
            ("archived", Value::False),
            ("deleted", Value::False),
            ("status", Value::Text("active")),
        ],
        sample: &[("name", Sample::Numbered("Campaign"))],
        rows: &[
            Row::list("emails.fetch-campaigns", "schedules", &pages::SILENT_OFFSET).filters(&[
                Filter::is("status", "status"),
                Filter::is("archived", "archived"),
                Filter::is("parentId", "parentId"),
                Filter::text("name"),
            ]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "trained-urls",
        noun: "Address",
        changed: &["updatedAt"],
        text: &["title", "url"],
        parent: Some(Parent {
            collection: "knowledge-bases",
            field: "knowledgeBaseId",
            parameter: "knowledgeBaseId",
        }),
        defaults: &[
            ("status", Value::Text("trained")),
            ("contentEditedByUser", Value::False),
        ],
        sample: &[
            ("knowledgeBaseId", Sample::Of("knowledge-bases")),
            ("title", Sample::Numbered("Page")),
            ("url", Sample::Key("https://example.com/page")),
        ],
        rows: &[
            Row::list(
                "knowledge-base.getAllWebsiteUrlsDataByKnowledgeBase",
                "urls",
                &paging::TRAINED,
            )
            .filters(&[
                Filter::is("knowledgeBaseId", "knowledgeBaseId"),
                Filter::text("query"),
            ]),
            Row::new(
                "knowledge-base.deleteTrainedUrlsForKnowledgeBase",
                Act::DeleteAll,
            )
            .by("urlIds")
            .silent()
            .says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "documents",
        noun: "Document",
        defaults: &[("deleted", Value::False), ("isExpired", Value::False)],
        sample: &[
            ("name", Sample::Numbered("Document")),
            ("status", Sample::Made(|_| serde_json::json!(["draft"]))),
            (
                "paymentStatus",
                Sample::Made(|_| serde_json::json!(["waiting_for_payment"])),
            ),
        ],
        rows: &[Row::list(
            "proposals.list-documents-contracts",
            "documents",
            &pages::SKIP_TOTAL,
        )
        .filters(&[
            Filter::is("status", "status"),
            Filter::is("paymentStatus", "paymentStatus"),
            Filter::from("dateFrom", "createdAt"),
            Filter::to("dateTo", "createdAt"),
            Filter::text("query"),
        ])],
        ..Collection::HEX
    },
    Collection {
        name: "document-templates",
        noun: "Template",
        defaults: &[
            ("deleted", Value::False),
            ("id", Value::NewId),
            ("isPublicDocument", Value::False),
        ],
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("type", Sample::Fixed(Value::Text("proposal"))),
        ],
        rows: &[Row::list(
            "proposals.list-documents-contracts-templates",
            "data",
            &pages::SKIP_TOTAL,
        )
        .filters(&[
            Filter::is("type", "type"),
            Filter::is("isPublicDocument", "isPublicDocument"),
            Filter::from("dateFrom", "createdAt"),
            Filter::to("dateTo", "createdAt"),
            Filter::text("name"),
        ])],
        ..Collection::HEX
    },
    Collection {
        name: "snapshot-pushes",
        noun: "Push",
        scope: Scope::Company,
        place: "",
        changed: &[],
        sample: &[
            ("snapshotId", Sample::AnyId),
            ("locationId", Sample::Of("locations")),
            ("status", Sample::OneOf(&["completed", "processing"])),
        ],
        rows: &[
            Row::list("snapshots.get-snapshot-push", "data", &paging::PUSHES).filters(&[
                Filter::is("snapshotId", "snapshotId"),
                Filter::from("from", "dateAdded"),
                Filter::to("to", "dateAdded"),
            ]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "social-categories",
        noun: "Category",
        defaults: &[("deleted", Value::False), ("createdBy", Value::User)],
        sample: &[
            ("name", Sample::Numbered("Category")),
            ("primaryColor", Sample::Fixed(Value::Text("#EEAACC"))),
        ],
        rows: &[
            Row::list(
                "social-media-posting.get-categories-location-id",
                "results.categories",
                &pages::SOCIAL,
            )
            .filters(&[Filter::text("searchText")])
            .says(DONE),
            Row::get(
                "social-media-posting.get-categories-id",
                "id",
                "results.category",
            )
            .says(DONE),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "social-tags",
        noun: "Tag",
        text: &["tag"],
        defaults: &[("deleted", Value::False), ("createdBy", Value::User)],
        sample: &[("tag", Sample::Key("tag"))],
        rows: &[Row::list(
            "social-media-posting.get-tags-location-id",
            "results.tags",
            &pages::SOCIAL,
        )
        .filters(&[Filter::text("searchText")])
        .says(DONE)],
        ..Collection::HEX
    },
    Collection {
        name: "social-csvs",
        noun: "CSV",
        changed: &[],
        defaults: &[("accountIds", Value::List), ("createdBy", Value::User)],
        sample: &[
            ("fileName", Sample::Key("posts")),
            ("status", Sample::Fixed(Value::Text("in_review"))),
        ],
        rows: &[
            Row::list(
                "social-media-posting.get-upload-status",
                "results.csvs",
                &pages::SOCIAL,
            )
            .says(DONE),
            Row::delete("social-media-posting.delete-csv", "id").says(DONE),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "social-csv-posts",
        noun: "Post",
        parent: OF_CSV,
        text: &["summary"],
        sample: &[
            ("csvId", Sample::Of("social-csvs")),
            ("summary", Sample::Numbered("Post")),
            ("type", Sample::Fixed(Value::Text("post"))),
        ],
        rows: &[
            Row::list(
                "social-media-posting.get-csv-post",
                "results.posts",
                &pages::SOCIAL,
            )
            .says(DONE),
            Row::delete("social-media-posting.delete-csv-post", "postId").says(&[
                ("success", Say::Is(Value::True)),
                ("statusCode", Say::Is(Value::Number(200))),
                ("message", Say::Is(Value::Text("Deleted Post"))),
                ("results.postId", Say::Id),
            ]),
        ],
        ..Collection::HEX
    },
];

/// What was earned or paid out, of whom and in which state.
const EARNED: &[Filter] = &[
    Filter::is("affiliateId", "affiliateId"),
    Filter::is("campaignId", "campaignId"),
    Filter::is("status", "status"),
    Filter::text("query"),
];
