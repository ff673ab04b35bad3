//! Module `voice-ai`: voice agents, call logs and actions.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "voice-agents",
        noun: "Agent",
        ids: IdFormat::Hex,
        search_fields: &["agentName", "businessName"],
        defaults: &[
            ("agentName", FieldValue::Text("Agent")),
            ("language", FieldValue::Text("en-US")),
            ("actions", FieldValue::List),
        ],
        sample: &[("agentName", Sample::Numbered("Agent"))],
        endpoints: &[
            Endpoint::list("get-agents", "agents", &paging::NUMBERED)
                .filters(&[Filter::text("query")]),
            Endpoint::create("create-agent", ""),
            Endpoint::get("get-agent", "agentId", ""),
            Endpoint::update("patch-agent", "agentId", ""),
            Endpoint::delete("delete-agent", "agentId"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "call-logs",
        noun: "Call log",
        ids: IdFormat::Hex,
        created_fields: &["createdAt"],
        updated_fields: &[],
        search_fields: &["summary"],
        sample: &[
            ("agentId", Sample::Reference("voice-agents")),
            ("contactId", Sample::Reference("contacts")),
            ("duration", Sample::Number(5, 600)),
            ("summary", Sample::Numbered("Call")),
        ],
        endpoints: &[
            Endpoint::list("get-call-logs", "callLogs", &paging::NUMBERED).filters(&[
                Filter::equals("agentId", "agentId"),
                Filter::equals("contactId", "contactId"),
                Filter::since("startDate", "createdAt"),
                Filter::until("endDate", "createdAt"),
            ]),
            Endpoint::get("getCallLog", "callId", ""),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "voice-actions",
        noun: "Action",
        ids: IdFormat::Hex,
        parent: Some(Parent::new("voice-agents", "agentId")),
        sample: &[
            ("agentId", Sample::Reference("voice-agents")),
            ("name", Sample::Numbered("Action")),
            ("actionType", Sample::Text("SMS")),
        ],
        endpoints: &[
            Endpoint::create("create-action", ""),
            Endpoint::get("get-action", "actionId", ""),
            Endpoint::update("update-action", "actionId", ""),
            Endpoint::delete("delete-action", "actionId"),
        ],
        ..Collection::DEFAULT
    },
];
