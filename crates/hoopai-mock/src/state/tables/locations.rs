//! Locations, what they define, and users.

use super::super::collection::{
    Collection, Filter, Missing, Row, SUCCEDED, SUCCESS, Sample, Say, Scope, Unique, Value,
};
use super::super::{derive, paging::Paging};
use super::pages;

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "locations",
        noun: "Location",
        scope: Scope::Company,
        place: "companyId",
        shared_with: "id",
        text: &["name", "email"],
        secret: &[
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
            ("country", Sample::Fixed(Value::Text("US"))),
        ],
        rows: &[
            Row::list("locations.search-locations", "locations", &pages::LOCATIONS)
                .filters(&[Filter::is("email", "email")]),
            Row::create("locations.create-location", ""),
            Row::get("locations.get-location", "locationId", "location"),
            Row::update("locations.put-location", "locationId", ""),
            Row::delete("locations.delete-location", "locationId").says(&[
                ("success", Say::Is(Value::True)),
                ("message", Say::Is(Value::Text("Location deleted"))),
            ]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "custom-fields",
        noun: "Custom field",
        defaults: &[
            ("model", Value::Text("contact")),
            ("dataType", Value::Text("TEXT")),
            ("position", Value::Number(0)),
        ],
        written: derive::custom_field_written,
        sample: &[("name", Sample::Numbered("Field"))],
        rows: &[
            Row::list("locations.get-custom-fields", "customFields", &Paging::ALL)
                .filters(&[Filter::is("model", "model")]),
            Row::create("locations.create-custom-field", "customField"),
            Row::get("locations.get-custom-field", "id", "customField"),
            Row::update("locations.update-custom-field", "id", "customField"),
            Row::delete("locations.delete-custom-field", "id").says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "custom-values",
        noun: "Custom value",
        written: derive::custom_value_written,
        sample: &[
            ("name", Sample::Numbered("Value")),
            ("value", Sample::Numbered("made up")),
        ],
        rows: &[
            Row::list("locations.get-custom-values", "customValues", &Paging::ALL),
            Row::create("locations.create-custom-value", "customValue"),
            Row::get("locations.get-custom-value", "id", "customValue"),
            Row::update("locations.update-custom-value", "id", "customValue"),
            Row::delete("locations.delete-custom-value", "id").says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "tags",
        noun: "Tag",
        unique: Unique::Words(&["name"], "The tag name is already exist."),
        written: derive::tag_written,
        sample: &[("name", Sample::Numbered("tag"))],
        rows: &[
            Row::list("locations.get-location-tags", "tags", &Paging::ALL),
            Row::create("locations.create-tag", "tag"),
            Row::get("locations.get-tag-by-id", "tagId", "tag"),
            Row::update("locations.update-tag", "tagId", "tag"),
            Row::delete("locations.delete-tag", "tagId").says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "location-templates",
        noun: "Template",
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("type", Sample::OneOf(&["sms", "email"])),
        ],
        rows: &[
            Row::list(
                "locations.GET-all-or-email-sms-templates",
                "templates",
                &pages::SKIP_TOTAL_COUNT,
            )
            .filters(&[Filter::is("type", "type")]),
            Row::delete("locations.DELETE-an-email-sms-template", "id"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "recurring-tasks",
        noun: "Recurring task",
        created: &["createdAt"],
        changed: &["updatedAt"],
        text: &["title"],
        defaults: &[
            ("deleted", Value::False),
            ("description", Value::Text("")),
            ("totalOccurrence", Value::Number(0)),
        ],
        sample: &[("title", Sample::Numbered("Task"))],
        rows: &[
            Row::create("locations.create-recurring-task", "recurringTask"),
            Row::get("locations.get-recurring-task-by-id", "id", "recurringTask"),
            Row::update("locations.update-recurring-task", "id", "recurringTask"),
            Row::delete("locations.delete-recurring-task", "id")
                .says(&[("id", Say::Id), ("success", Say::Is(Value::True))]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "users",
        noun: "User",
        missing: Missing::Status(401, "The user does not exist."),
        scope: Scope::Company,
        place: "",
        shared_with: "roles.locationIds",
        text: &["firstName", "lastName", "email", "phone"],
        secret: &[
            "password",
            "companyId",
            "scopesAssignedToOnly",
            "twilioPhone",
        ],
        unique: Unique::Words(&["email"], "A user with this email already exists"),
        defaults: &[
            ("deleted", Value::False),
            ("platformLanguage", Value::Text("en_US")),
        ],
        written: derive::user_written,
        sample: &[
            ("firstName", Sample::FirstName),
            ("lastName", Sample::LastName),
            ("email", Sample::Email),
            ("phone", Sample::Phone),
            ("type", Sample::Fixed(Value::Text("account"))),
            ("role", Sample::OneOf(&["user", "admin"])),
        ],
        rows: &[
            Row::list("users.get-user-by-location", "users", &Paging::ALL)
                .filters(&[Filter::is("locationId", "roles.locationIds")]),
            Row::list("users.search-users", "users", &pages::COUNT).filters(&[
                Filter::is("locationId", "roles.locationIds"),
                Filter::is("ids", "id"),
                Filter::is("role", "roles.role"),
                Filter::is("type", "roles.type"),
                Filter::text("query"),
            ]),
            Row::list("users.filter-users-by-email", "users", &pages::COUNT)
                .filters(&[Filter::is("emails", "email")]),
            Row::create("users.create-user", ""),
            Row::get("users.get-user", "userId", ""),
            Row::update("users.update-user", "userId", ""),
            Row::delete("users.delete-user", "userId").says(&[
                ("succeded", Say::Is(Value::True)),
                (
                    "message",
                    Say::Is(Value::Text("Queued deleting user with e-mail and name")),
                ),
            ]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "links",
        noun: "Link",
        written: derive::link_written,
        sample: &[
            ("name", Sample::Numbered("Link")),
            (
                "redirectTo",
                Sample::Fixed(Value::Text("https://example.com/")),
            ),
        ],
        rows: &[
            Row::list("links.get-links", "links", &Paging::ALL),
            Row::list("links.search-trigger-links", "links", &pages::SILENT_SKIP)
                .filters(&[Filter::text("query")]),
            Row::create("links.create-link", "link"),
            Row::get("links.get-link-by-id", "linkId", "link"),
            Row::update("links.update-link", "linkId", "link"),
            Row::delete("links.delete-link", "linkId").says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "medias",
        noun: "File",
        id: "_id",
        ids: super::super::collection::Ids::Hex,
        place: "altId",
        created: &["createdAt"],
        changed: &["updatedAt"],
        defaults: &[
            ("altType", Value::Text("location")),
            ("deleted", Value::False),
        ],
        sample: &[
            ("name", Sample::Numbered("File")),
            ("type", Sample::Fixed(Value::Text("file"))),
            (
                "url",
                Sample::Fixed(Value::Text("https://example.com/media")),
            ),
        ],
        rows: &[
            // The file says that files are texts.
            Row::list("medias.fetch-media-content", "files", &pages::SILENT_OFFSET).filters(&[
                Filter::is("type", "type"),
                Filter::is("parentId", "parentId"),
                Filter::text("query"),
            ]),
            Row::special(
                "medias.upload-media-content",
                super::super::collection::Special::Upload,
            ),
            Row::new(
                "medias.bulk-update-media-objects",
                super::super::collection::Act::UpdateEach("id"),
            )
            .by("filesToBeUpdated"),
            Row::create("medias.create-media-folder", "").sets(&[("type", Value::Text("folder"))]),
            Row::update("medias.update-media-object", "id", ""),
            Row::delete("medias.delete-media-content", "id"),
            Row::new(
                "medias.bulk-delete-media-objects",
                super::super::collection::Act::DeleteAll,
            )
            .by("filesToBeDeleted")
            .silent()
            .says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
];
