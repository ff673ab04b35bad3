//! Phone numbers, voice agents, agents, SaaS locations: the families of paging that stand nowhere else.

use super::super::collection::{Collection, Filter, Ids, Row, SUCCESS, Sample, Scope, Value};
use super::super::paging;
use super::pages;

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "phone-numbers",
        noun: "Number",
        id: "sid",
        text: &["phoneNumber", "friendlyName"],
        defaults: &[("isDefaultNumber", Value::False)],
        secret: &["fingerprintId", "skipLocationKYC"],
        sample: &[
            ("phoneNumber", Sample::Phone),
            ("friendlyName", Sample::Numbered("Line")),
            ("countryCode", Sample::Fixed(Value::Text("US"))),
            ("isDefaultNumber", Sample::Fixed(Value::False)),
        ],
        rows: &[
            Row::list("phone-system.active-numbers", "numbers", &paging::NUMBERS)
                .filters(&[Filter::text("searchFilter")]),
            Row::create("phone-system.purchase-phone-number", "").silent(),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "voice-agents",
        noun: "Agent",
        ids: Ids::Hex,
        text: &["agentName", "businessName"],
        defaults: &[
            ("agentName", Value::Text("Agent")),
            ("language", Value::Text("en-US")),
            ("actions", Value::List),
        ],
        sample: &[("agentName", Sample::Numbered("Agent"))],
        rows: &[
            Row::list("voice-ai.get-agents", "agents", &paging::VOICE)
                .filters(&[Filter::text("query")]),
            Row::create("voice-ai.create-agent", ""),
            Row::get("voice-ai.get-agent", "agentId", ""),
            Row::update("voice-ai.patch-agent", "agentId", ""),
            Row::delete("voice-ai.delete-agent", "agentId"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "call-logs",
        noun: "Call log",
        ids: Ids::Hex,
        created: &["createdAt"],
        changed: &[],
        text: &["summary"],
        sample: &[
            ("agentId", Sample::Of("voice-agents")),
            ("contactId", Sample::Of("contacts")),
            ("duration", Sample::Number(5, 600)),
            ("summary", Sample::Numbered("Call")),
        ],
        rows: &[
            Row::list("voice-ai.get-call-logs", "callLogs", &paging::VOICE).filters(&[
                Filter::is("agentId", "agentId"),
                Filter::is("contactId", "contactId"),
                Filter::from("startDate", "createdAt"),
                Filter::to("endDate", "createdAt"),
            ]),
            Row::get("voice-ai.getCallLog", "callId", ""),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "agents",
        noun: "Agent",
        id: "agentId",
        ids: Ids::Hex,
        created: &["createdAt"],
        changed: &["updatedAt"],
        defaults: &[("status", Value::Text("active"))],
        sample: &[("name", Sample::Numbered("Agent"))],
        rows: &[
            Row::list("agent-studio.getAgents", "agents", &pages::AGENTS).says(SUCCESS),
            Row::list(
                "agent-studio.getAgents-deprecated",
                "agents",
                &pages::AGENTS,
            )
            .says(SUCCESS),
            Row::create("agent-studio.createAgent", "agent").says(SUCCESS),
            Row::get("agent-studio.getAgentById", "agentId", "agent").says(SUCCESS),
            Row::get("agent-studio.getAgentById-deprecated", "agentId", "agent").says(SUCCESS),
            Row::update("agent-studio.updateAgentMetadata", "agentId", "data").says(SUCCESS),
            Row::delete("agent-studio.deleteAgent", "agentId").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "saas-locations",
        noun: "Location",
        id: "locationId",
        scope: Scope::Company,
        place: "companyId",
        sample: &[
            ("name", Sample::Numbered("Location")),
            ("email", Sample::Email),
            ("saasMode", Sample::Fixed(Value::Text("activated"))),
            ("subscriptionId", Sample::AnyId),
            ("customerId", Sample::AnyId),
        ],
        rows: &[
            Row::list("saas.get-saas-locations", "locations", &paging::SAAS),
            Row::list(
                "saas.get-saas-locations-deprecated",
                "locations",
                &paging::SAAS,
            ),
        ],
        ..Collection::PLAIN
    },
];
