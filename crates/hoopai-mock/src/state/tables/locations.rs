//! Module `locations`: locations, custom fields, custom values, tags, templates and recurring
//! tasks.

use super::prelude::*;

/// An operation id, as the interface has it.
const LIST_TEMPLATES: &str = "GET-all-or-email-sms-templates";

const LOCATIONS_PAGING: Paging = Paging::skip(&[]).default_limit(10);

const SKIP_TOTAL_COUNT_PAGING: Paging =
    Paging::skip(&[("totalCount", PageField::Total)]).default_limit(25);

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "locations",
        noun: "Location",
        scope: Scope::Company,
        scope_field: "companyId",
        shared_with: "id",
        search_fields: &["name", "email"],
        discarded: &[
            "snapshotId",
            "snapshot",
            "mailgun",
            "twilio",
            "prospectInfo",
        ],
        sample: &[
            ("name", Sample::Numbered("Location")),
            ("email", Sample::Email),
            ("phone", Sample::Phone),
            ("country", Sample::Text("US")),
        ],
        endpoints: &[
            Endpoint::list("search-locations", "locations", &LOCATIONS_PAGING)
                .filters(&[Filter::equals("email", "email")]),
            Endpoint::create("create-location", ""),
            Endpoint::get("get-location", "locationId", "location"),
            Endpoint::update("put-location", "locationId", ""),
            Endpoint::delete("delete-location", "locationId").with(&[
                ("success", ReplyField::True),
                ("message", ReplyField::Text("Location deleted")),
            ]),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "custom-fields",
        noun: "Custom field",
        defaults: &[
            ("model", FieldValue::Text("contact")),
            ("dataType", FieldValue::Text("TEXT")),
            ("position", FieldValue::Number(0)),
        ],
        on_write: derive::custom_field_on_write,
        sample: &[("name", Sample::Numbered("Field"))],
        endpoints: &[
            Endpoint::list("get-custom-fields", "customFields", &Paging::ALL)
                .filters(&[Filter::equals("model", "model")]),
            Endpoint::create("create-custom-field", "customField"),
            Endpoint::get("get-custom-field", "id", "customField"),
            Endpoint::update("update-custom-field", "id", "customField"),
            Endpoint::delete("delete-custom-field", "id").with(SUCCEDED),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "custom-values",
        noun: "Custom value",
        on_write: derive::custom_value_on_write,
        sample: &[
            ("name", Sample::Numbered("Value")),
            ("value", Sample::Numbered("made up")),
        ],
        endpoints: &[
            Endpoint::list("get-custom-values", "customValues", &Paging::ALL),
            Endpoint::create("create-custom-value", "customValue"),
            Endpoint::get("get-custom-value", "id", "customValue"),
            Endpoint::update("update-custom-value", "id", "customValue"),
            Endpoint::delete("delete-custom-value", "id").with(SUCCEDED),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "tags",
        noun: "Tag",
        unique: Unique::Message(&["name"], "The tag name is already exist."),
        on_write: derive::tag_on_write,
        sample: &[("name", Sample::Numbered("tag"))],
        endpoints: &[
            Endpoint::list("get-location-tags", "tags", &Paging::ALL),
            Endpoint::create("create-tag", "tag"),
            Endpoint::get("get-tag-by-id", "tagId", "tag"),
            Endpoint::update("update-tag", "tagId", "tag"),
            Endpoint::delete("delete-tag", "tagId").with(SUCCEDED),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "location-templates",
        noun: "Template",
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("type", Sample::OneOf(&["sms", "email"])),
        ],
        endpoints: &[
            Endpoint::list(LIST_TEMPLATES, "templates", &SKIP_TOTAL_COUNT_PAGING)
                .filters(&[Filter::equals("type", "type")]),
            Endpoint::delete("DELETE-an-email-sms-template", "id"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "recurring-tasks",
        noun: "Recurring task",
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        search_fields: &["title"],
        defaults: &[
            ("deleted", FieldValue::False),
            ("description", FieldValue::Text("")),
            ("totalOccurrence", FieldValue::Number(0)),
        ],
        sample: &[("title", Sample::Numbered("Task"))],
        endpoints: &[
            Endpoint::create("create-recurring-task", "recurringTask"),
            Endpoint::get("get-recurring-task-by-id", "id", "recurringTask"),
            Endpoint::update("update-recurring-task", "id", "recurringTask"),
            Endpoint::delete("delete-recurring-task", "id")
                .with(&[("id", ReplyField::Id), ("success", ReplyField::True)]),
        ],
        ..Collection::DEFAULT
    },
];
