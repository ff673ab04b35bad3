//! Module `conversation-ai`: agents and their actions.

use super::prelude::*;

const ASSISTANTS_PAGING: Paging = Paging {
    style: PagingStyle::LastId("startAfter"),
    reply_fields: &[
        ("count", PageField::Count),
        ("totalCount", PageField::Total),
    ],
    ..paging::DEFAULT
};

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "assistants",
        noun: "Agent",
        not_found: NotFound::Status(400, "No Agent found for the id: {id}"),
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        defaults: &[
            ("mode", FieldValue::Text("off")),
            ("channels", FieldValue::List),
            ("actions", FieldValue::List),
            ("isPrimary", FieldValue::False),
            ("sleepEnabled", FieldValue::False),
            ("waitTime", FieldValue::Number(2)),
            ("waitTimeUnit", FieldValue::Text("seconds")),
            ("autoPilotMaxMessages", FieldValue::Number(25)),
        ],
        sample: &[("name", Sample::Numbered("Assistant"))],
        endpoints: &[
            Endpoint::list("search-agent", "agents", &ASSISTANTS_PAGING)
                .filters(&[Filter::text("query")]),
            Endpoint::create("create-agent", ""),
            Endpoint::get("get-agent", "agentId", ""),
            Endpoint::update("update-agent", "agentId", ""),
            Endpoint::delete("delete-agent", "agentId")
                .with(&[("id", ReplyField::Id), ("success", ReplyField::True)]),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "assistant-actions",
        noun: "Action",
        scope_field: "",
        parent: Some(Parent::new("assistants", "agentId")),
        sample: &[
            ("agentId", Sample::Reference("assistants")),
            ("name", Sample::Numbered("Action")),
            ("type", Sample::Text("triggerWorkflow")),
        ],
        endpoints: &[
            Endpoint::list("list-actions", "data", &Paging::ALL).with(SUCCESS),
            Endpoint::create("create-action", "data").with(SUCCESS),
            Endpoint::get("get-action-by-id", "actionId", "data").with(SUCCESS),
            Endpoint::update("update-action", "actionId", "data").with(SUCCESS),
            Endpoint::delete("delete-action", "actionId")
                .with(&[("data.id", ReplyField::Id), ("success", ReplyField::True)]),
        ],
        ..Collection::DEFAULT
    },
];
