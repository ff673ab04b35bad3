//! Module `contacts`: contacts, their tasks and notes.

use super::prelude::*;

pub(super) const OF_CONTACT: Option<Parent> = Some(Parent::new("contacts", "contactId"));

/// The vendor's pages announce `firstName` and `lastName`, but do not list them yet.
static CONTACTS_FIELDS: SearchFields = SearchFields {
    fields: &[
        ("id", "id"),
        ("contactName", "contactName"),
        ("firstName", "firstName"),
        ("lastName", "lastName"),
        ("firstNameLowerCase", "firstNameLowerCase"),
        ("lastNameLowerCase", "lastNameLowerCase"),
        ("email", "email"),
        ("phone", "phone"),
        ("address", "address1"),
        ("city", "city"),
        ("state", "state"),
        ("postalCode", "postalCode"),
        ("country", "country"),
        ("timezone", "timezone"),
        ("website", "website"),
        ("companyName", "companyName"),
        ("businessName", "businessName"),
        ("assignedTo", "assignedTo"),
        ("followers", "followers"),
        ("source", "source"),
        ("tags", "tags"),
        ("type", "type"),
        ("dnd", "dnd"),
        ("dateAdded", "dateAdded"),
        ("dateUpdated", "dateUpdated"),
        ("dateOfBirth", "dateOfBirth"),
        ("validEmail", "validEmail"),
        ("isValidWhatsapp", ""),
        ("lastEmailClickedDate", ""),
        ("lastEmailOpenedDate", ""),
        ("lastAppointment", ""),
        ("activeWorkflows", ""),
        ("finishedWorkflows", ""),
    ],
    custom_prefixes: &["customFields"],
    properties: false,
};

const CONTACTS_PAGING: Paging = Paging {
    style: PagingStyle::TimestampAndId("startAfter", "startAfterId"),
    limit_parameter: "limit",
    default_limit: 20,
    max_limit: MaxLimit::Reject(100),
    oldest_first: false,
    reply_fields: &[
        ("count", PageField::Total),
        ("meta.total", PageField::Total),
        ("meta.currentPage", PageField::Page),
        ("meta.nextPage", PageField::NextPage),
        ("meta.prevPage", PageField::PreviousPage),
        ("meta.startAfter", PageField::LastPosition),
        ("meta.startAfterId", PageField::LastId),
        ("meta.nextPageUrl", PageField::NextUrl),
    ],
    cursor_field: "",
};

pub(super) const CONTACT_EMAIL: Sample =
    Sample::ReferencedField(("contactId", "contacts"), "email");
pub(super) const CONTACT_NAME: Sample =
    Sample::ReferencedField(("contactId", "contacts"), "contactName");

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "contacts",
        noun: "Contact",
        not_found: NotFound::ForId,
        search_fields: &["firstName", "lastName", "email", "phone", "companyName"],
        unique: Unique::Contact(&["email", "phone"]),
        discarded: &["createNewIfDuplicateAllowed"],
        defaults: &[
            ("type", FieldValue::Text("lead")),
            ("tags", FieldValue::List),
            ("dnd", FieldValue::False),
        ],
        on_write: derive::contact_on_write,
        on_read: derive::contact_on_read,
        sample: &[
            ("firstName", Sample::FirstName),
            ("lastName", Sample::LastName),
            ("email", Sample::Email),
            ("phone", Sample::Phone),
            ("country", Sample::Text("US")),
            ("source", Sample::OneOf(&["website", "referral", "walk-in"])),
        ],
        endpoints: &[
            Endpoint::list("get-contacts", "contacts", &CONTACTS_PAGING)
                .filters(&[Filter::text("query")]),
            Endpoint::list(
                "get-contacts-by-businessId",
                "contacts",
                &paging::SKIP_COUNT,
            )
            .filters(&[Filter::equals("businessId", "businessId")]),
            Endpoint::list("search-contacts-advanced", "contacts", &paging::SEARCH).filters(&[
                Filter::text("query"),
                Filter::conditions("filters", &CONTACTS_FIELDS),
                Filter::sort_orders("sort", &CONTACTS_FIELDS),
            ]),
            Endpoint::new(
                "get-duplicate-contact",
                Action::FindBy(&[("email", "email"), ("number", "phone")]),
            )
            .reply_path("contact"),
            Endpoint::create("create-contact", "contact"),
            Endpoint::get("get-contact", "contactId", "contact"),
            Endpoint::update("update-contact", "contactId", "contact").with(SUCCEDED),
            Endpoint::new("upsert-contact", Action::Upsert)
                .reply_path("contact")
                .with(&[("new", ReplyField::IsNew)]),
            Endpoint::delete("delete-contact", "contactId").with(SUCCEDED),
            Endpoint::new("add-tags", Action::AddMembers("tags", "tagsAdded")).by("contactId"),
            Endpoint::new("remove-tags", Action::RemoveMembers("tags", "tagsRemoved"))
                .by("contactId"),
            Endpoint::new(
                "add-followers-contact",
                Action::AddMembers("followers", "followersAdded"),
            )
            .by("contactId"),
            Endpoint::new(
                "remove-followers-contact",
                Action::RemoveMembers("followers", "followersRemoved"),
            )
            .by("contactId"),
            Endpoint::custom("create-association", CustomAction::TagContacts),
            Endpoint::custom(
                "forms.upload-to-custom-fields",
                CustomAction::UploadToCustomFields,
            )
            .by("contactId"),
            Endpoint::new(
                "add-remove-contact-from-business",
                Action::UpdateMany(&[("businessId", "businessId")]),
            )
            .by("ids")
            .reply_path("ids")
            .with(SUCCESS),
            Endpoint::new("add-contact-to-workflow", Action::Get)
                .by("contactId")
                .without_item()
                .with(SUCCEDED),
            Endpoint::new("delete-contact-from-workflow", Action::Get)
                .by("contactId")
                .without_item()
                .with(SUCCEDED),
            Endpoint::new("add-contact-to-campaign", Action::Get)
                .by("contactId")
                .without_item()
                .with(SUCCEDED),
            Endpoint::new("remove-contact-from-campaign", Action::Get)
                .by("contactId")
                .without_item()
                .with(SUCCEDED),
            Endpoint::new("remove-contact-from-every-campaign", Action::Get)
                .by("contactId")
                .without_item()
                .with(SUCCEDED),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "tasks",
        noun: "Task",
        not_found: NotFound::WithId,
        parent: OF_CONTACT,
        scope_field: "",
        search_fields: &["title", "body"],
        defaults: &[("completed", FieldValue::False)],
        sample: &[
            ("contactId", Sample::Reference("contacts")),
            ("title", Sample::Numbered("Call back")),
            ("dueDate", Sample::HoursLater(48)),
        ],
        endpoints: &[
            Endpoint::list("get-all-tasks", "tasks", &Paging::ALL),
            Endpoint::list("locations.task-search", "tasks", &paging::SKIP).filters(&[
                Filter::equals("contactId", "contactId"),
                Filter::equals("completed", "completed"),
                Filter::equals("assignedTo", "assignedTo"),
                Filter::text("query"),
            ]),
            Endpoint::create("create-task", "task"),
            Endpoint::get("get-task", "taskId", "task"),
            Endpoint::update("update-task", "taskId", "task"),
            Endpoint::update("update-task-completed", "taskId", "task"),
            Endpoint::delete("delete-task", "taskId").with(SUCCEDED),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "notes",
        noun: "Note",
        not_found: NotFound::WithId,
        parent: OF_CONTACT,
        scope_field: "",
        search_fields: &["body"],
        defaults: &[("userId", FieldValue::User)],
        sample: &[
            ("contactId", Sample::Reference("contacts")),
            ("body", Sample::Numbered("Note")),
        ],
        endpoints: &[
            Endpoint::list("get-all-notes", "notes", &Paging::ALL),
            Endpoint::create("create-note", "note"),
            Endpoint::get("get-note", "id", "note"),
            Endpoint::update("update-note", "id", "note"),
            Endpoint::delete("delete-note", "id").with(SUCCEDED),
        ],
        ..Collection::DEFAULT
    },
];
