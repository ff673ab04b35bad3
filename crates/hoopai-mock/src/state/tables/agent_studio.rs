//! Module `agent-studio`: agents.

use crate::state::collection::{
    Collection, Endpoint, FieldValue, IdFormat, PageField, Paging, SUCCESS, Sample,
};

const AGENTS_PAGING: Paging = Paging::offset(&[
    ("pagination.total", PageField::Total),
    ("pagination.limit", PageField::Limit),
    ("pagination.offset", PageField::Offset),
    ("pagination.hasMore", PageField::HasMore),
]);

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "agents",
    noun: "Agent",
    id: "agentId",
    ids: IdFormat::Hex,
    created_fields: &["createdAt"],
    updated_fields: &["updatedAt"],
    defaults: &[("status", FieldValue::Text("active"))],
    sample: &[("name", Sample::Numbered("Agent"))],
    endpoints: &[
        Endpoint::list("agent-studio.getAgents", "agents", &AGENTS_PAGING).reply_fields(SUCCESS),
        Endpoint::list(
            "agent-studio.getAgents-deprecated",
            "agents",
            &AGENTS_PAGING,
        )
        .reply_fields(SUCCESS),
        Endpoint::create("agent-studio.createAgent", "agent").reply_fields(SUCCESS),
        Endpoint::get("agent-studio.getAgentById", "agentId", "agent").reply_fields(SUCCESS),
        Endpoint::get("agent-studio.getAgentById-deprecated", "agentId", "agent")
            .reply_fields(SUCCESS),
        Endpoint::update("agent-studio.updateAgentMetadata", "agentId", "data")
            .reply_fields(SUCCESS),
        Endpoint::delete("agent-studio.deleteAgent", "agentId").reply_fields(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
