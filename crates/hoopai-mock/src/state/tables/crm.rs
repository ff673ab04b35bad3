//! Contacts and what hangs on them, opportunities, businesses.

use super::super::collection::{
    Act, Collection, Filter, Missing, Parent, Row, SUCCEDED, SUCCESS, Sample, Say, Shows, Special,
    Unique, Value,
};
use super::super::{derive, paging};
use super::{pages, searches};

/// What belongs to a contact.
pub(super) const OF_CONTACT: Option<Parent> = Some(Parent {
    collection: "contacts",
    field: "contactId",
    parameter: "contactId",
});

/// Copies of a contact's fields in seeded items.
pub(super) const CONTACT_NAME: Sample = Sample::Via(("contactId", "contacts"), "contactName");
/// See [`CONTACT_NAME`].
pub(super) const CONTACT_EMAIL: Sample = Sample::Via(("contactId", "contacts"), "email");

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "contacts",
        noun: "Contact",
        missing: Missing::ForId,
        text: &["firstName", "lastName", "email", "phone", "companyName"],
        unique: Unique::Contact(&["email", "phone"]),
        secret: &["createNewIfDuplicateAllowed"],
        defaults: &[
            ("type", Value::Text("lead")),
            ("tags", Value::List),
            ("dnd", Value::False),
        ],
        written: derive::contact_written,
        read: derive::contact_read,
        sample: &[
            ("firstName", Sample::FirstName),
            ("lastName", Sample::LastName),
            ("email", Sample::Email),
            ("phone", Sample::Phone),
            ("country", Sample::Fixed(Value::Text("US"))),
            ("source", Sample::OneOf(&["website", "referral", "walk-in"])),
        ],
        rows: &[
            Row::list("contacts.get-contacts", "contacts", &paging::CONTACTS)
                .filters(&[Filter::text("query")]),
            Row::list(
                "contacts.get-contacts-by-businessId",
                "contacts",
                &pages::COUNT,
            )
            .filters(&[Filter::is("businessId", "businessId")]),
            Row::list(
                "contacts.search-contacts-advanced",
                "contacts",
                &paging::SEARCH,
            )
            .filters(&[
                Filter::text("query"),
                Filter::conditions("filters", &searches::CONTACTS),
                Filter::orders("sort", &searches::CONTACTS),
            ]),
            Row::new(
                "contacts.get-duplicate-contact",
                Act::FindBy(&[("email", "email"), ("number", "phone")]),
            )
            .at("contact"),
            Row::create("contacts.create-contact", "contact"),
            Row::get("contacts.get-contact", "contactId", "contact"),
            Row::update("contacts.update-contact", "contactId", "contact").says(SUCCEDED),
            Row::new("contacts.upsert-contact", Act::Upsert)
                .at("contact")
                .says(&[("new", Say::New)]),
            Row::delete("contacts.delete-contact", "contactId").says(SUCCEDED),
            Row::new(
                "contacts.add-tags",
                Act::Add {
                    field: "tags",
                    told: "tagsAdded",
                },
            )
            .by("contactId"),
            Row::new(
                "contacts.remove-tags",
                Act::Remove {
                    field: "tags",
                    told: "tagsRemoved",
                },
            )
            .by("contactId"),
            Row::new(
                "contacts.add-followers-contact",
                Act::Add {
                    field: "followers",
                    told: "followersAdded",
                },
            )
            .by("contactId"),
            Row::new(
                "contacts.remove-followers-contact",
                Act::Remove {
                    field: "followers",
                    told: "followersRemoved",
                },
            )
            .by("contactId"),
            Row::special("contacts.create-association", Special::TagContacts),
            Row::special("forms.upload-to-custom-fields", Special::UploadToFields).by("contactId"),
            Row::new(
                "contacts.add-remove-contact-from-business",
                Act::UpdateAll(&[("businessId", "businessId")]),
            )
            .by("ids")
            .at("ids")
            .says(SUCCESS),
            Row::new("contacts.add-contact-to-workflow", Act::Get)
                .by("contactId")
                .silent()
                .says(SUCCEDED),
            Row::new("contacts.delete-contact-from-workflow", Act::Get)
                .by("contactId")
                .silent()
                .says(SUCCEDED),
            Row::new("contacts.add-contact-to-campaign", Act::Get)
                .by("contactId")
                .silent()
                .says(SUCCEDED),
            Row::new("contacts.remove-contact-from-campaign", Act::Get)
                .by("contactId")
                .silent()
                .says(SUCCEDED),
            Row::new("contacts.remove-contact-from-every-campaign", Act::Get)
                .by("contactId")
                .silent()
                .says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "tasks",
        noun: "Task",
        missing: Missing::WithId,
        parent: OF_CONTACT,
        place: "",
        text: &["title", "body"],
        defaults: &[("completed", Value::False)],
        sample: &[
            ("contactId", Sample::Of("contacts")),
            ("title", Sample::Numbered("Call back")),
            ("dueDate", Sample::HoursLater(48)),
        ],
        rows: &[
            Row::list("contacts.get-all-tasks", "tasks", &paging::Paging::ALL),
            Row::list("locations.task-search", "tasks", &pages::SILENT_SKIP).filters(&[
                Filter::is("contactId", "contactId"),
                Filter::is("completed", "completed"),
                Filter::is("assignedTo", "assignedTo"),
                Filter::text("query"),
            ]),
            Row::create("contacts.create-task", "task"),
            Row::get("contacts.get-task", "taskId", "task"),
            Row::update("contacts.update-task", "taskId", "task"),
            Row::update("contacts.update-task-completed", "taskId", "task"),
            Row::delete("contacts.delete-task", "taskId").says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "notes",
        noun: "Note",
        missing: Missing::WithId,
        parent: OF_CONTACT,
        place: "",
        text: &["body"],
        defaults: &[("userId", Value::User)],
        sample: &[
            ("contactId", Sample::Of("contacts")),
            ("body", Sample::Numbered("Note")),
        ],
        rows: &[
            Row::list("contacts.get-all-notes", "notes", &paging::Paging::ALL),
            Row::create("contacts.create-note", "note"),
            Row::get("contacts.get-note", "id", "note"),
            Row::update("contacts.update-note", "id", "note"),
            Row::delete("contacts.delete-note", "id").says(SUCCEDED),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "opportunities",
        noun: "Opportunity",
        parent: OF_CONTACT,
        created: &["createdAt"],
        changed: &["updatedAt"],
        text: &["name"],
        defaults: &[
            ("status", Value::Text("open")),
            ("source", Value::Text("api")),
            ("followers", Value::List),
        ],
        stamps: &[
            ("pipelineStageId", "lastStageChangeAt"),
            ("status", "lastStatusChangeAt"),
        ],
        shows: Some(Shows {
            collection: "contacts",
            by: "contactId",
            under: "contact",
            fields: &[
                ("id", "id"),
                ("name", "name"),
                ("companyName", "companyName"),
                ("email", "email"),
                ("phone", "phone"),
                ("tags", "tags"),
            ],
        }),
        written: derive::opportunity_written,
        sample: &[
            ("name", Sample::Numbered("Deal")),
            ("contactId", Sample::Of("contacts")),
            ("pipelineId", Sample::Of("pipelines")),
            (
                "pipelineStageId",
                Sample::Member(("pipelineId", "pipelines"), "stages"),
            ),
            ("monetaryValue", Sample::Number(100, 10_000)),
            ("status", Sample::OneOf(&["open", "open", "won", "lost"])),
        ],
        rows: &[
            Row::list(
                "opportunities.search-opportunity",
                "opportunities",
                &paging::OPPORTUNITIES,
            )
            .filters(&[
                Filter::text("q"),
                Filter::is("pipeline_id", "pipelineId"),
                Filter::is("pipeline_stage_id", "pipelineStageId"),
                Filter::is("contact_id", "contactId"),
                Filter::is("status", "status"),
                Filter::is("assigned_to", "assignedTo"),
                Filter::is("id", "id"),
                Filter::from("date", "createdAt"),
                Filter::to("endDate", "createdAt"),
            ]),
            Row::list(
                "opportunities.search-opportunities-advanced",
                "opportunities",
                &paging::OPPORTUNITY_SEARCH,
            )
            .filters(&[
                Filter::text("query"),
                Filter::conditions("filters", &searches::OPPORTUNITIES),
                Filter::orders("sort", &searches::OPPORTUNITIES),
            ])
            .undeclared(&["filters", "sort"]),
            Row::create("opportunities.create-opportunity", "opportunity"),
            Row::get("opportunities.get-opportunity", "id", "opportunity"),
            Row::update("opportunities.update-opportunity", "id", "opportunity"),
            Row::update("opportunities.update-opportunity-status", "id", "")
                .silent()
                .says(SUCCEDED),
            Row::new("opportunities.Upsert-opportunity", Act::Upsert)
                .by("id")
                .at("opportunity")
                .says(&[("new", Say::New)]),
            Row::delete("opportunities.delete-opportunity", "id").says(SUCCEDED),
            Row::new(
                "opportunities.add-followers-opportunity",
                Act::Add {
                    field: "followers",
                    told: "followersAdded",
                },
            )
            .by("id"),
            Row::new(
                "opportunities.remove-followers-opportunity",
                Act::Remove {
                    field: "followers",
                    told: "followersRemoved",
                },
            )
            .by("id"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "pipelines",
        noun: "Pipeline",
        sample: &[
            ("name", Sample::Numbered("Pipeline")),
            ("stages", Sample::Listed(&["New", "Talking", "Closing"])),
            ("showInFunnel", Sample::Fixed(Value::True)),
            ("showInPieChart", Sample::Fixed(Value::True)),
        ],
        // The file says that a stage is a list.
        rows: &[Row::list(
            "opportunities.get-pipelines",
            "pipelines",
            &paging::Paging::ALL,
        )],
        ..Collection::PLAIN
    },
    Collection {
        name: "lost-reasons",
        noun: "Lost reason",
        created: &["createdAt"],
        changed: &["updatedAt"],
        sample: &[("name", Sample::Numbered("Reason"))],
        rows: &[Row::list(
            "opportunities.get-lost-reason",
            "lostReasons",
            &pages::SKIP_TOTAL,
        )
        .filters(&[Filter::text("query"), Filter::is("name", "name")])],
        ..Collection::PLAIN
    },
    Collection {
        name: "businesses",
        noun: "Business",
        created: &["createdAt"],
        changed: &["updatedAt"],
        sample: &[
            ("name", Sample::Numbered("Business")),
            ("email", Sample::Email),
            ("phone", Sample::Phone),
        ],
        rows: &[
            Row::list(
                "businesses.get-businesses-by-location",
                "businesses",
                &pages::BUSINESSES,
            ),
            Row::create("businesses.create-business", "buiseness").says(SUCCESS),
            Row::get("businesses.get-business", "businessId", "business"),
            Row::update("businesses.update-business", "businessId", "buiseness").says(SUCCESS),
            Row::delete("businesses.delete-Business", "businessId").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
];
