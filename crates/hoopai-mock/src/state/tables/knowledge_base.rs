//! Module `knowledge-base`: knowledge bases, questions and trained addresses.

use super::prelude::*;

const FAQS_PAGING: Paging = Paging {
    style: PagingStyle::LastId("lastFaqId"),
    default_limit: 10,
    reply_fields: &[
        ("count", PageField::Total),
        ("lastFaqId", PageField::LastId),
        ("hasMore", PageField::HasMore),
    ],
    ..paging::DEFAULT
};

const KNOWLEDGE_BASES_PAGING: Paging = Paging {
    style: PagingStyle::LastId("lastKnowledgeBaseId"),
    reply_fields: &[
        ("data.activeCount", PageField::Total),
        ("data.lastKnowledgeBaseId", PageField::LastId),
        ("data.hasMore", PageField::HasMore),
    ],
    ..paging::DEFAULT
};

const TRAINED_PAGING: Paging = Paging {
    style: PagingStyle::Page("page"),
    limit_parameter: "pageLength",
    reply_fields: &[("count", PageField::Total)],
    ..paging::DEFAULT
};

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "knowledge-bases",
        noun: "Knowledge base",
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        defaults: &[("deleted", FieldValue::False)],
        on_write: derive::knowledge_base_on_write,
        sample: &[("name", Sample::Numbered("Knowledge base"))],
        endpoints: &[
            Endpoint::list(
                "listAllKnowledgeBasesPaginated",
                "data.knowledgeBases",
                &KNOWLEDGE_BASES_PAGING,
            )
            .filters(&[Filter::text("query")])
            .with(SUCCESS),
            Endpoint::create("createKnowledgeBase", "data").with(SUCCESS),
            Endpoint::get("getKnowledgeBaseById", "knowledgeBaseId", "data").with(SUCCESS),
            Endpoint::update("updateKnowledgeBase", "id", "")
                .without_item()
                .with(SUCCESS),
            Endpoint::delete("deleteKnowledgeBase", "knowledgeBaseId").with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "faqs",
        noun: "FAQ",
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        search_fields: &["question", "answer"],
        parent: Some(Parent::new("knowledge-bases", "knowledgeBaseId")),
        defaults: &[
            ("deleted", FieldValue::False),
            ("trainedUrlId", FieldValue::NewId),
        ],
        on_write: derive::faq_on_write,
        sample: &[
            ("knowledgeBaseId", Sample::Reference("knowledge-bases")),
            (
                "trainedUrlId",
                Sample::MatchingReference("trained-urls", "knowledgeBaseId", "knowledgeBaseId"),
            ),
            ("question", Sample::Numbered("Question")),
            ("answer", Sample::Numbered("Answer")),
        ],
        endpoints: &[
            Endpoint::list("list", "faqs", &FAQS_PAGING)
                .filters(&[Filter::equals("knowledgeBaseId", "knowledgeBaseId")]),
            Endpoint::create("create", "faq").with(SUCCESS),
            Endpoint::update("update", "id", "")
                .without_item()
                .with(SUCCESS),
            Endpoint::delete("delete", "id").with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "trained-urls",
        noun: "Address",
        updated_fields: &["updatedAt"],
        search_fields: &["title", "url"],
        parent: Some(Parent::new("knowledge-bases", "knowledgeBaseId")),
        defaults: &[
            ("status", FieldValue::Text("trained")),
            ("contentEditedByUser", FieldValue::False),
        ],
        sample: &[
            ("knowledgeBaseId", Sample::Reference("knowledge-bases")),
            ("title", Sample::Numbered("Page")),
            ("url", Sample::Key("https://example.com/page")),
        ],
        endpoints: &[
            Endpoint::list(
                "getAllWebsiteUrlsDataByKnowledgeBase",
                "urls",
                &TRAINED_PAGING,
            )
            .filters(&[
                Filter::equals("knowledgeBaseId", "knowledgeBaseId"),
                Filter::text("query"),
            ]),
            Endpoint::new("deleteTrainedUrlsForKnowledgeBase", Action::DeleteMany)
                .by("urlIds")
                .without_item()
                .with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
];
