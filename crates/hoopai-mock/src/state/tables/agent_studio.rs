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
        Endpoint::list("getAgents", "agents", &AGENTS_PAGING).with(SUCCESS),
        Endpoint::list("getAgents-deprecated", "agents", &AGENTS_PAGING).with(SUCCESS),
        Endpoint::create("createAgent", "agent").with(SUCCESS),
        Endpoint::get("getAgentById", "agentId", "agent").with(SUCCESS),
        Endpoint::get("getAgentById-deprecated", "agentId", "agent").with(SUCCESS),
        Endpoint::update("updateAgentMetadata", "agentId", "data").with(SUCCESS),
        Endpoint::delete("deleteAgent", "agentId").with(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
