//! Module `opportunities`: opportunities, pipelines and lost reasons.

use super::contacts::OF_CONTACT;
use super::prelude::*;

/// The fields are in snake case, unlike those of replies.
static OPPORTUNITIES_FIELDS: SearchFields = SearchFields {
    fields: &[
        ("id", "id"),
        ("name", "name"),
        ("status", "status"),
        ("source", "source"),
        ("monetary_value", "monetaryValue"),
        ("pipeline_id", "pipelineId"),
        ("pipeline_stage_id", "pipelineStageId"),
        ("lost_reason_id", "lostReasonId"),
        ("assigned_to", "assignedTo"),
        ("followers", "followers"),
        ("contact_id", "contactId"),
        ("contact_name", "contact.name"),
        ("company_name", "contact.companyName"),
        ("email", "contact.email"),
        ("phone", "contact.phone"),
        ("date_added", "createdAt"),
        ("date_updated", "updatedAt"),
        ("last_status_change_date", "lastStatusChangeAt"),
        ("last_stage_change_date", "lastStageChangeAt"),
    ],
    custom_prefixes: &["custom_fields", "customFields"],
    properties: false,
};

const OPPORTUNITY_SEARCH_PAGING: Paging = Paging {
    limit_parameter: "limit",
    max_limit: MaxLimit::Reject(100),
    cursor_field: "sort",
    ..paging::SEARCH
};

const OPPORTUNITIES_PAGING: Paging = Paging {
    style: PagingStyle::PageOrTimestampAndId("page", "startAfter", "startAfterId"),
    cursor_field: "",
    reply_fields: &[
        ("meta.total", PageField::Total),
        ("meta.nextPageUrl", PageField::NextUrl),
        ("meta.startAfter", PageField::LastPosition),
        ("meta.startAfterId", PageField::LastId),
        ("meta.currentPage", PageField::Page),
        ("meta.nextPage", PageField::NextPage),
        ("meta.prevPage", PageField::PreviousPage),
    ],
    ..OPPORTUNITY_SEARCH_PAGING
};

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "opportunities",
        noun: "Opportunity",
        parent: OF_CONTACT,
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        search_fields: &["name"],
        defaults: &[
            ("status", FieldValue::Text("open")),
            ("source", FieldValue::Text("api")),
            ("followers", FieldValue::List),
        ],
        change_timestamps: &[
            ("pipelineStageId", "lastStageChangeAt"),
            ("status", "lastStatusChangeAt"),
        ],
        embeds: Some(Embed {
            collection: "contacts",
            id_field: "contactId",
            field: "contact",
            fields: &[
                ("id", "id"),
                ("name", "name"),
                ("companyName", "companyName"),
                ("email", "email"),
                ("phone", "phone"),
                ("tags", "tags"),
            ],
        }),
        on_write: derive::opportunity_on_write,
        sample: &[
            ("name", Sample::Numbered("Deal")),
            ("contactId", Sample::Reference("contacts")),
            ("pipelineId", Sample::Reference("pipelines")),
            (
                "pipelineStageId",
                Sample::ListMember(("pipelineId", "pipelines"), "stages"),
            ),
            ("monetaryValue", Sample::Number(100, 10_000)),
            ("status", Sample::OneOf(&["open", "open", "won", "lost"])),
        ],
        endpoints: &[
            Endpoint::list("search-opportunity", "opportunities", &OPPORTUNITIES_PAGING).filters(
                &[
                    Filter::text("q"),
                    Filter::equals("pipeline_id", "pipelineId"),
                    Filter::equals("pipeline_stage_id", "pipelineStageId"),
                    Filter::equals("contact_id", "contactId"),
                    Filter::equals("status", "status"),
                    Filter::equals("assigned_to", "assignedTo"),
                    Filter::equals("id", "id"),
                    Filter::since("date", "createdAt"),
                    Filter::until("endDate", "createdAt"),
                ],
            ),
            Endpoint::list(
                "search-opportunities-advanced",
                "opportunities",
                &OPPORTUNITY_SEARCH_PAGING,
            )
            .filters(&[
                Filter::text("query"),
                Filter::conditions("filters", &OPPORTUNITIES_FIELDS),
                Filter::sort_orders("sort", &OPPORTUNITIES_FIELDS),
            ])
            .undeclared(&["filters", "sort"]),
            Endpoint::create("create-opportunity", "opportunity"),
            Endpoint::get("get-opportunity", "id", "opportunity"),
            Endpoint::update("update-opportunity", "id", "opportunity"),
            Endpoint::update("update-opportunity-status", "id", "")
                .without_item()
                .with(SUCCEDED),
            Endpoint::new("Upsert-opportunity", Action::Upsert)
                .by("id")
                .reply_path("opportunity")
                .with(&[("new", ReplyField::IsNew)]),
            Endpoint::delete("delete-opportunity", "id").with(SUCCEDED),
            Endpoint::new(
                "add-followers-opportunity",
                Action::AddMembers("followers", "followersAdded"),
            )
            .by("id"),
            Endpoint::new(
                "remove-followers-opportunity",
                Action::RemoveMembers("followers", "followersRemoved"),
            )
            .by("id"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "pipelines",
        noun: "Pipeline",
        sample: &[
            ("name", Sample::Numbered("Pipeline")),
            (
                "stages",
                Sample::NamedObjects(&["New", "Talking", "Closing"]),
            ),
            ("showInFunnel", Sample::Fixed(FieldValue::True)),
            ("showInPieChart", Sample::Fixed(FieldValue::True)),
        ],
        // The interface file declares a stage as a list.
        endpoints: &[Endpoint::list("get-pipelines", "pipelines", &Paging::ALL)],
        ..Collection::DEFAULT
    },
    Collection {
        name: "lost-reasons",
        noun: "Lost reason",
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        sample: &[("name", Sample::Numbered("Reason"))],
        endpoints: &[
            Endpoint::list("get-lost-reason", "lostReasons", &paging::SKIP_TOTAL)
                .filters(&[Filter::text("query"), Filter::equals("name", "name")]),
        ],
        ..Collection::DEFAULT
    },
];
