//! Forms, surveys, objects, funnels, blogs, social posts.

use super::super::collection::{
    Act, Collection, Filter, Ids, Parent, Row, SUCCESS, Sample, Say, Value,
};
use super::super::{derive, paging, paging::Paging};
use super::crm::{CONTACT_EMAIL, CONTACT_NAME};
use super::{pages, searches};

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "forms",
        noun: "Form",
        sample: &[("name", Sample::Numbered("Form"))],
        rows: &[Row::list("forms.get-forms", "forms", &pages::FORMS)],
        ..Collection::PLAIN
    },
    Collection {
        name: "submissions",
        noun: "Submission",
        created: &["createdAt"],
        changed: &[],
        text: &["name", "email"],
        sample: &[
            ("formId", Sample::Of("forms")),
            ("contactId", Sample::Of("contacts")),
            ("name", CONTACT_NAME),
            ("email", CONTACT_EMAIL),
        ],
        rows: &[Row::list(
            "forms.get-forms-submissions",
            "submissions",
            &paging::SUBMISSIONS,
        )
        .filters(&[
            Filter::is("formId", "formId"),
            Filter::text("q"),
            Filter::from("startAt", "createdAt"),
            Filter::to("endAt", "createdAt"),
        ])],
        ..Collection::PLAIN
    },
    Collection {
        name: "surveys",
        noun: "Survey",
        sample: &[("name", Sample::Numbered("Survey"))],
        rows: &[Row::list("surveys.get-surveys", "surveys", &pages::FORMS)],
        ..Collection::PLAIN
    },
    Collection {
        name: "survey-submissions",
        noun: "Submission",
        created: &["createdAt"],
        changed: &[],
        text: &["name", "email"],
        sample: &[
            ("surveyId", Sample::Of("surveys")),
            ("contactId", Sample::Of("contacts")),
            ("name", CONTACT_NAME),
            ("email", CONTACT_EMAIL),
        ],
        rows: &[Row::list(
            "surveys.get-surveys-submissions",
            "submissions",
            &paging::SUBMISSIONS,
        )
        .filters(&[
            Filter::is("surveyId", "surveyId"),
            Filter::text("q"),
            Filter::from("startAt", "createdAt"),
            Filter::to("endAt", "createdAt"),
        ])],
        ..Collection::PLAIN
    },
    Collection {
        name: "objects",
        noun: "Object",
        id: "key",
        ids: Ids::Given,
        standard: &[
            ("contact", "Contact", "Contacts"),
            ("opportunity", "Opportunity", "Opportunities"),
            ("business", "Company", "Companies"),
        ],
        text: &["key"],
        secret: &["searchableProperties"],
        defaults: &[
            ("id", Value::NewId),
            ("standard", Value::False),
            ("primaryDisplayProperty", Value::Text("name")),
        ],
        written: derive::object_written,
        sample: &[
            ("key", Sample::Key("custom_objects.sample")),
            (
                "labels",
                Sample::Made(
                    |number| serde_json::json!({ "singular": format!("Sample {number}"), "plural": format!("Samples {number}") }),
                ),
            ),
        ],
        rows: &[
            Row::list("objects.get-object-by-location-id", "objects", &Paging::ALL),
            Row::create("objects.create-custom-object-schema", "object"),
            Row::get("objects.get-object-schema-by-key", "key", "object"),
            Row::update("objects.update-custom-object", "key", "object"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "records",
        noun: "Record",
        ids: Ids::Hex,
        text: &["properties"],
        parent: Some(Parent {
            collection: "objects",
            field: "objectKey",
            parameter: "schemaKey",
        }),
        defaults: &[
            ("followers", Value::List),
            ("owner", Value::List),
            ("properties", Value::Object),
        ],
        read: derive::record_read,
        sample: &[
            ("objectKey", Sample::Of("objects")),
            (
                "properties",
                Sample::Made(|number| serde_json::json!({ "name": format!("Record {number}") })),
            ),
        ],
        rows: &[
            // The file says that properties are a text.
            Row::list("objects.search-object-records", "records", &paging::SEARCH)
                .filters(&[
                    Filter::text("query"),
                    Filter::conditions("filters", &searches::RECORDS),
                    Filter::orders("sort", &searches::RECORDS),
                ])
                .undeclared(&["filters", "sort"]),
            Row::create("objects.create-object-record", "record").placed(),
            Row::get("objects.get-record-by-id", "id", "record"),
            Row::update("objects.update-object-record", "id", "record"),
            Row::delete("objects.delete-object-record", "id")
                .says(&[("id", Say::Id), ("success", Say::Is(Value::True))]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "funnels",
        noun: "Funnel",
        sample: &[
            ("name", Sample::Numbered("Funnel")),
            ("type", Sample::Fixed(Value::Text("funnel"))),
            ("steps", Sample::Listed(&["Start", "Thanks"])),
        ],
        // The file says that the list is an object.
        rows: &[Row::list("funnels.getFunnels", "funnels", &pages::FUNNELS)
            .filters(&[Filter::is("name", "name"), Filter::is("type", "type")])],
        ..Collection::HEX
    },
    Collection {
        name: "funnel-pages",
        noun: "Page",
        sample: &[
            ("name", Sample::Numbered("Page")),
            ("funnelId", Sample::Of("funnels")),
            ("stepId", Sample::Member(("funnelId", "funnels"), "steps")),
            ("deleted", Sample::Fixed(Value::False)),
        ],
        // The file has one page where the platform has a list.
        rows: &[
            Row::list("funnels.getPagesByFunnelId", "", &pages::SILENT_OFFSET).filters(&[
                Filter::is("funnelId", "funnelId"),
                Filter::is("name", "name"),
            ]),
            Row::list("funnels.getPagesCountByFunnelId", "-", &PAGES_COUNTED).filters(&[
                Filter::is("funnelId", "funnelId"),
                Filter::is("name", "name"),
            ]),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "redirects",
        noun: "Redirect",
        text: &["path", "target", "domain"],
        defaults: &[("type", Value::Text("Exact"))],
        written: derive::redirect_written,
        sample: &[
            ("domain", Sample::Fixed(Value::Text("example.com"))),
            ("path", Sample::Key("/old")),
            ("target", Sample::Key("https://example.com/new")),
            ("action", Sample::Fixed(Value::Text("url"))),
        ],
        rows: &[
            Row::list(
                "funnels.fetch-redirects-list",
                "data.data",
                &pages::REDIRECTS,
            )
            .filters(&[Filter::text("search")]),
            Row::create("funnels.create-redirect", "data"),
            Row::update("funnels.update-redirect-by-id", "id", "data"),
            Row::delete("funnels.delete-redirect-by-id", "id")
                .says(&[("data.status", Say::Is(Value::Text("ok")))]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "blogs",
        noun: "Blog",
        sample: &[("name", Sample::Numbered("Blog"))],
        rows: &[Row::list("blogs.get-blogs", "data", &pages::SILENT_SKIP)
            .filters(&[Filter::text("searchTerm")])],
        ..Collection::HEX
    },
    Collection {
        name: "blog-posts",
        noun: "Post",
        text: &["title", "description"],
        secret: &["rawHTML"],
        defaults: &[("archived", Value::False)],
        sample: &[
            ("title", Sample::Numbered("Post")),
            ("blogId", Sample::Of("blogs")),
            ("status", Sample::Fixed(Value::Text("PUBLISHED"))),
            ("urlSlug", Sample::Key("post")),
        ],
        rows: &[
            Row::list("blogs.get-blog-post", "blogs", &pages::SILENT_OFFSET).filters(&[
                Filter::is("blogId", "blogId"),
                Filter::is("status", "status"),
                Filter::text("searchTerm"),
            ]),
            Row::list("blogs.check-url-slug-exists", "", &Paging::ALL)
                .silent()
                .filters(&[Filter::one_of("urlSlug", &["urlSlug"])])
                .says(&[("exists", Say::Some)]),
            Row::create("blogs.create-blog-post", "data"),
            Row::update("blogs.update-blog-post", "postId", "updatedBlogPost"),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "blog-authors",
        noun: "Author",
        sample: &[("name", Sample::Numbered("Author"))],
        rows: &[Row::list(
            "blogs.get-all-blog-authors-by-location",
            "authors",
            &pages::SILENT_OFFSET,
        )],
        ..Collection::HEX
    },
    Collection {
        name: "blog-categories",
        noun: "Category",
        sample: &[
            ("label", Sample::Numbered("Category")),
            ("urlSlug", Sample::Key("category")),
        ],
        rows: &[Row::list(
            "blogs.get-all-categories-by-location",
            "categories",
            &pages::SILENT_OFFSET,
        )],
        ..Collection::HEX
    },
    Collection {
        name: "social-posts",
        noun: "Post",
        text: &["summary"],
        defaults: &[("source", Value::Text("composer"))],
        sample: &[
            ("summary", Sample::Numbered("Post")),
            ("status", Sample::Fixed(Value::Text("published"))),
            ("type", Sample::Fixed(Value::Text("post"))),
        ],
        rows: &[
            Row::list(
                "social-media-posting.get-posts",
                "results.posts",
                &pages::SOCIAL,
            )
            .says(DONE),
            Row::create("social-media-posting.create-post", "results.post").says(DONE),
            Row::get("social-media-posting.get-post", "id", "results.post").says(DONE),
            Row::update("social-media-posting.edit-post", "id", "")
                .silent()
                .says(DONE),
            Row::delete("social-media-posting.delete-post", "id").says(&[
                ("success", Say::Is(Value::True)),
                ("statusCode", Say::Is(Value::Number(200))),
                ("message", Say::Is(Value::Text("Deleted Post"))),
                ("results.postId", Say::Id),
            ]),
            Row::new(
                "social-media-posting.bulk-delete-social-planner-posts",
                Act::DeleteAll,
            )
            .by("postIds")
            .silent()
            .says(&[
                ("success", Say::Is(Value::True)),
                ("statusCode", Say::Is(Value::Number(200))),
                ("message", Say::Is(Value::Text("Deleted Posts"))),
                ("results.deletedCount", Say::Changed),
            ]),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "knowledge-bases",
        noun: "Knowledge base",
        created: &["createdAt"],
        changed: &["updatedAt"],
        defaults: &[("deleted", Value::False)],
        written: derive::named_lower,
        sample: &[("name", Sample::Numbered("Knowledge base"))],
        rows: &[
            Row::list(
                "knowledge-base.listAllKnowledgeBasesPaginated",
                "data.knowledgeBases",
                &paging::KNOWLEDGE_BASES,
            )
            .filters(&[Filter::text("query")])
            .says(SUCCESS),
            Row::create("knowledge-base.createKnowledgeBase", "data").says(SUCCESS),
            Row::get(
                "knowledge-base.getKnowledgeBaseById",
                "knowledgeBaseId",
                "data",
            )
            .says(SUCCESS),
            Row::update("knowledge-base.updateKnowledgeBase", "id", "")
                .silent()
                .says(SUCCESS),
            Row::delete("knowledge-base.deleteKnowledgeBase", "knowledgeBaseId").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "faqs",
        noun: "FAQ",
        created: &["createdAt"],
        changed: &["updatedAt"],
        text: &["question", "answer"],
        parent: Some(Parent {
            collection: "knowledge-bases",
            field: "knowledgeBaseId",
            parameter: "knowledgeBaseId",
        }),
        defaults: &[("deleted", Value::False), ("trainedUrlId", Value::NewId)],
        written: derive::faq_written,
        sample: &[
            ("knowledgeBaseId", Sample::Of("knowledge-bases")),
            (
                "trainedUrlId",
                Sample::OfSame("trained-urls", "knowledgeBaseId", "knowledgeBaseId"),
            ),
            ("question", Sample::Numbered("Question")),
            ("answer", Sample::Numbered("Answer")),
        ],
        rows: &[
            Row::list("knowledge-base.list", "faqs", &paging::FAQS)
                .filters(&[Filter::is("knowledgeBaseId", "knowledgeBaseId")]),
            Row::create("knowledge-base.create", "faq").says(SUCCESS),
            Row::update("knowledge-base.update", "id", "")
                .silent()
                .says(SUCCESS),
            Row::delete("knowledge-base.delete", "id").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
];

const PAGES_COUNTED: Paging = Paging {
    tells: &[("count", paging::Tell::Total)],
    ..Paging::ALL
};

pub(super) const DONE: &[(&str, Say)] = &[
    ("success", Say::Is(Value::True)),
    ("statusCode", Say::Is(Value::Number(200))),
    ("message", Say::Is(Value::Text("Done"))),
];
