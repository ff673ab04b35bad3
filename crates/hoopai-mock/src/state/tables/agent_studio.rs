//! Module `agent-studio`: agents.

use super::prelude::*;

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
        Endpoint::list("agent-studio.getAgents", "agents", &AGENTS_PAGING).with(SUCCESS),
        Endpoint::list(
            "agent-studio.getAgents-deprecated",
            "agents",
            &AGENTS_PAGING,
        )
        .with(SUCCESS),
        Endpoint::create("agent-studio.createAgent", "agent").with(SUCCESS),
        Endpoint::get("agent-studio.getAgentById", "agentId", "agent").with(SUCCESS),
        Endpoint::get("agent-studio.getAgentById-deprecated", "agentId", "agent").with(SUCCESS),
        Endpoint::update("agent-studio.updateAgentMetadata", "agentId", "data").with(SUCCESS),
        Endpoint::delete("agent-studio.deleteAgent", "agentId").with(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
