//! Module `social-media-posting`: posts, categories, tags and CSV uploads.

use super::prelude::*;

const DONE: &[(&str, ReplyField)] = &[
    ("success", ReplyField::True),
    ("statusCode", ReplyField::Number(200)),
    ("message", ReplyField::Text("Done")),
];

const OF_CSV: Option<Parent> = Some(Parent::new("social-csvs", "csvId").by("id"));

const SOCIAL_PAGING: Paging = Paging::skip(&[("results.count", PageField::Total)]);

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "social-posts",
        noun: "Post",
        search_fields: &["summary"],
        defaults: &[("source", FieldValue::Text("composer"))],
        sample: &[
            ("summary", Sample::Numbered("Post")),
            ("status", Sample::Text("published")),
            ("type", Sample::Text("post")),
        ],
        endpoints: &[
            Endpoint::list("get-posts", "results.posts", &SOCIAL_PAGING).with(DONE),
            Endpoint::create("create-post", "results.post").with(DONE),
            Endpoint::get("get-post", "id", "results.post").with(DONE),
            Endpoint::update("edit-post", "id", "")
                .without_item()
                .with(DONE),
            Endpoint::delete("delete-post", "id").with(&[
                ("success", ReplyField::True),
                ("statusCode", ReplyField::Number(200)),
                ("message", ReplyField::Text("Deleted Post")),
                ("results.postId", ReplyField::Id),
            ]),
            Endpoint::new("bulk-delete-social-planner-posts", Action::DeleteMany)
                .by("postIds")
                .without_item()
                .with(&[
                    ("success", ReplyField::True),
                    ("statusCode", ReplyField::Number(200)),
                    ("message", ReplyField::Text("Deleted Posts")),
                    ("results.deletedCount", ReplyField::Count),
                ]),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "social-categories",
        noun: "Category",
        defaults: &[
            ("deleted", FieldValue::False),
            ("createdBy", FieldValue::User),
        ],
        sample: &[
            ("name", Sample::Numbered("Category")),
            ("primaryColor", Sample::Text("#EEAACC")),
        ],
        endpoints: &[
            Endpoint::list(
                "get-categories-location-id",
                "results.categories",
                &SOCIAL_PAGING,
            )
            .filters(&[Filter::text("searchText")])
            .with(DONE),
            Endpoint::get("get-categories-id", "id", "results.category").with(DONE),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "social-tags",
        noun: "Tag",
        search_fields: &["tag"],
        defaults: &[
            ("deleted", FieldValue::False),
            ("createdBy", FieldValue::User),
        ],
        sample: &[("tag", Sample::Key("tag"))],
        endpoints: &[
            Endpoint::list("get-tags-location-id", "results.tags", &SOCIAL_PAGING)
                .filters(&[Filter::text("searchText")])
                .with(DONE),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "social-csvs",
        noun: "CSV",
        updated_fields: &[],
        defaults: &[
            ("accountIds", FieldValue::List),
            ("createdBy", FieldValue::User),
        ],
        sample: &[
            ("fileName", Sample::Key("posts")),
            ("status", Sample::Text("in_review")),
        ],
        endpoints: &[
            Endpoint::list("get-upload-status", "results.csvs", &SOCIAL_PAGING).with(DONE),
            Endpoint::delete("delete-csv", "id").with(DONE),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "social-csv-posts",
        noun: "Post",
        parent: OF_CSV,
        search_fields: &["summary"],
        sample: &[
            ("csvId", Sample::Reference("social-csvs")),
            ("summary", Sample::Numbered("Post")),
            ("type", Sample::Text("post")),
        ],
        endpoints: &[
            Endpoint::list("get-csv-post", "results.posts", &SOCIAL_PAGING).with(DONE),
            Endpoint::delete("delete-csv-post", "postId").with(&[
                ("success", ReplyField::True),
                ("statusCode", ReplyField::Number(200)),
                ("message", ReplyField::Text("Deleted Post")),
                ("results.postId", ReplyField::Id),
            ]),
        ],
        ..Collection::HEX_ID
    },
];
