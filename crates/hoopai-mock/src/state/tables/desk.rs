//! Assistants and their actions, menus, boards, email templates.

use super::super::collection::{
    Collection, Filter, Ids, Missing, Parent, Row, SUCCESS, Sample, Say, Scope, Value,
};
use super::super::{paging, paging::Paging};
use super::pages;

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "assistants",
        noun: "Agent",
        missing: Missing::Status(400, "No Agent found for the id: {id}"),
        created: &["createdAt"],
        changed: &["updatedAt"],
        defaults: &[
            ("mode", Value::Text("off")),
            ("channels", Value::List),
            ("actions", Value::List),
            ("isPrimary", Value::False),
            ("sleepEnabled", Value::False),
            ("waitTime", Value::Number(2)),
            ("waitTimeUnit", Value::Text("seconds")),
            ("autoPilotMaxMessages", Value::Number(25)),
        ],
        sample: &[("name", Sample::Numbered("Assistant"))],
        rows: &[
            Row::list(
                "conversation-ai.search-agent",
                "agents",
                &paging::ASSISTANTS,
            )
            .filters(&[Filter::text("query")]),
            Row::create("conversation-ai.create-agent", ""),
            Row::get("conversation-ai.get-agent", "agentId", ""),
            Row::update("conversation-ai.update-agent", "agentId", ""),
            Row::delete("conversation-ai.delete-agent", "agentId")
                .says(&[("id", Say::Id), ("success", Say::Is(Value::True))]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "assistant-actions",
        noun: "Action",
        place: "",
        parent: Some(Parent {
            collection: "assistants",
            field: "agentId",
            parameter: "agentId",
        }),
        sample: &[
            ("agentId", Sample::Of("assistants")),
            ("name", Sample::Numbered("Action")),
            ("type", Sample::Fixed(Value::Text("triggerWorkflow"))),
        ],
        rows: &[
            Row::list("conversation-ai.list-actions", "data", &Paging::ALL).says(SUCCESS),
            Row::create("conversation-ai.create-action", "data").says(SUCCESS),
            Row::get("conversation-ai.get-action-by-id", "actionId", "data").says(SUCCESS),
            Row::update("conversation-ai.update-action", "actionId", "data").says(SUCCESS),
            Row::delete("conversation-ai.delete-action", "actionId")
                .says(&[("data.id", Say::Id), ("success", Say::Is(Value::True))]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "voice-actions",
        noun: "Action",
        ids: Ids::Hex,
        parent: Some(Parent {
            collection: "voice-agents",
            field: "agentId",
            parameter: "agentId",
        }),
        sample: &[
            ("agentId", Sample::Of("voice-agents")),
            ("name", Sample::Numbered("Action")),
            ("actionType", Sample::Fixed(Value::Text("SMS"))),
        ],
        rows: &[
            Row::create("voice-ai.create-action", ""),
            Row::get("voice-ai.get-action", "actionId", ""),
            Row::update("voice-ai.update-action", "actionId", ""),
            Row::delete("voice-ai.delete-action", "actionId"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "custom-menus",
        noun: "Custom menu",
        scope: Scope::Company,
        place: "",
        text: &["title"],
        sample: &[
            ("title", Sample::Numbered("Menu")),
            ("url", Sample::Fixed(Value::Text("https://example.com/"))),
            ("locations", Sample::Fixed(Value::List)),
            ("showOnCompany", Sample::Fixed(Value::True)),
        ],
        rows: &[
            Row::list(
                "custom-menus.get-custom-menus",
                "customMenus",
                &pages::MENUS,
            )
            .filters(&[
                Filter::text("query"),
                Filter::is("locationId", "locations"),
                Filter::is("showOnCompany", "showOnCompany"),
            ]),
            Row::create("custom-menus.create-custom-menu", "customMenu"),
            Row::get(
                "custom-menus.get-custom-menu-by-id",
                "customMenuId",
                "customMenu",
            ),
            Row::update(
                "custom-menus.update-custom-menu",
                "customMenuId",
                "customMenu",
            )
            .says(SUCCESS),
            Row::delete("custom-menus.delete-custom-menu", "customMenuId").says(&[
                ("success", Say::Is(Value::True)),
                ("deletedMenuId", Say::Id),
            ]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "brand-boards",
        noun: "Brand board",
        defaults: &[("default", Value::False), ("deleted", Value::False)],
        sample: &[("name", Sample::Numbered("Board"))],
        rows: &[
            Row::list(
                "brand-boards.getBrandBoardsByLocation",
                "brandBoards",
                &pages::TOTAL_COUNT,
            )
            .filters(&[Filter::text("search"), Filter::is("deleted", "deleted")]),
            Row::create("brand-boards.createBrandBoard", ""),
            Row::get("brand-boards.getBrandBoardById", "id", ""),
            Row::update("brand-boards.updateBrandBoard", "id", ""),
            Row::delete("brand-boards.deleteBrandBoard", "id")
                .at("")
                .says(&[("deleted", Say::Is(Value::True))]),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "email-templates",
        noun: "Template",
        ids: Ids::Hex,
        changed: &["lastUpdated"],
        text: &["name"],
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("templateType", Sample::Fixed(Value::Text("html"))),
        ],
        rows: &[
            Row::list("emails.fetch-template", "builders", &pages::SILENT_OFFSET)
                .filters(&[Filter::text("search"), Filter::is("name", "name")]),
            Row::create("emails.create-template", "")
                .silent()
                .says(&[("redirect", Say::Id)]),
            Row::update("emails.update-template", "templateId", "").silent(),
            Row::delete("emails.delete-template", "templateId"),
        ],
        ..Collection::PLAIN
    },
];
