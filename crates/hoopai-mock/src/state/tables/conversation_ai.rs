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
            Endpoint::list("conversation-ai.search-agent", "agents", &ASSISTANTS_PAGING)
                .filters(&[Filter::text("query")]),
            Endpoint::create("conversation-ai.create-agent", ""),
            Endpoint::get("conversation-ai.get-agent", "agentId", ""),
            Endpoint::update("conversation-ai.update-agent", "agentId", ""),
            Endpoint::delete("conversation-ai.delete-agent", "agentId")
                .with(&[("id", ReplyField::Id), ("success", ReplyField::True)]),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "assistant-actions",
        noun: "Action",
        scope_field: "",
        parent: Some(Parent::new("assistants", "agentId", "agentId")),
        sample: &[
            ("agentId", Sample::Reference("assistants")),
            ("name", Sample::Numbered("Action")),
            ("type", Sample::Text("triggerWorkflow")),
        ],
        endpoints: &[
            Endpoint::list("conversation-ai.list-actions", "data", &Paging::ALL).with(SUCCESS),
            Endpoint::create("conversation-ai.create-action", "data").with(SUCCESS),
            Endpoint::get("conversation-ai.get-action-by-id", "actionId", "data").with(SUCCESS),
            Endpoint::update("conversation-ai.update-action", "actionId", "data").with(SUCCESS),
            Endpoint::delete("conversation-ai.delete-action", "actionId")
                .with(&[("data.id", ReplyField::Id), ("success", ReplyField::True)]),
        ],
        ..Collection::DEFAULT
    },
];
