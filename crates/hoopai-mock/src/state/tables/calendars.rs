//! Module `calendars`: calendars, events, groups, resources, schedules, notes and notifications.

use super::contacts::OF_CONTACT;
use super::prelude::*;

const OF_CALENDAR: Option<Parent> = Some(Parent::new("calendars", "calendarId"));

const CALENDAR_MEMBERSHIP: Membership = Membership {
    field: "calendarIds",
    parameter: "calendarId",
    collection: "calendars",
    add: true,
};

const EVENT_FILTERS: &[Filter] = &[
    Filter::equals("calendarId", "calendarId"),
    Filter::equals("userId", "assignedUserId"),
    Filter::equals("groupId", "groupId"),
    Filter::since("startTime", "startTime"),
    Filter::until("endTime", "startTime"),
];

const SCHEDULES_PAGING: Paging = paging::SKIP.max_limit(500);

const MORE_PAGING: Paging = Paging::offset(&[("hasMore", PageField::HasMore)]).max_limit(20);

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "calendars",
        noun: "Calendar",
        defaults: &[
            ("isActive", FieldValue::True),
            ("calendarType", FieldValue::Text("round_robin")),
            ("slotDuration", FieldValue::Number(30)),
            ("slotDurationUnit", FieldValue::Text("mins")),
        ],
        sample: &[
            ("name", Sample::Numbered("Calendar")),
            ("slug", Sample::Key("calendar")),
        ],
        endpoints: &[
            Endpoint::list("get-calendars", "calendars", &Paging::ALL)
                .filters(&[Filter::equals("groupId", "groupId")]),
            Endpoint::create("create-calendar", "calendar"),
            Endpoint::get("get-calendar", "calendarId", "calendar"),
            Endpoint::update("update-calendar", "calendarId", "calendar"),
            Endpoint::delete("delete-calendar", "calendarId").with(SUCCESS),
            Endpoint::custom("get-slots", CustomAction::FreeSlots).by("calendarId"),
        ],
        ..Collection::DEFAULT
    },
    // The interface file declares the four times of an event as objects; they are texts.
    Collection {
        name: "appointments",
        noun: "Appointment",
        parent: OF_CONTACT,
        search_fields: &["title"],
        discarded: &[
            "ignoreDateRange",
            "ignoreFreeSlotValidation",
            "overrideLocationConfig",
            "toNotify",
        ],
        defaults: &[
            ("appointmentStatus", FieldValue::Text("confirmed")),
            ("title", FieldValue::Text("Appointment")),
            ("isRecurring", FieldValue::False),
            ("users", FieldValue::List),
        ],
        on_write: derive::event_on_write,
        sample: &[
            ("calendarId", Sample::Reference("calendars")),
            ("contactId", Sample::Reference("contacts")),
            ("title", Sample::Numbered("Appointment")),
            ("startTime", Sample::HoursLater(24)),
        ],
        endpoints: &[
            Endpoint::list("get-calendar-events", "events", &Paging::ALL).filters(EVENT_FILTERS),
            Endpoint::list(
                "contacts.get-appointments-for-contact",
                "events",
                &Paging::ALL,
            ),
            Endpoint::create("create-appointment", ""),
            Endpoint::get("get-appointment", "eventId", "appointment"),
            Endpoint::update("edit-appointment", "eventId", ""),
            Endpoint::delete("delete-event", "eventId")
                .with(SUCCEEDED)
                .fallback("block-slots"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "block-slots",
        noun: "Event",
        search_fields: &["title"],
        defaults: &[("title", FieldValue::Text("Blocked"))],
        on_write: derive::event_on_write,
        sample: &[
            ("calendarId", Sample::Reference("calendars")),
            ("title", Sample::Numbered("Blocked")),
            ("startTime", Sample::HoursLater(24)),
        ],
        endpoints: &[
            Endpoint::list("get-blocked-slots", "events", &Paging::ALL).filters(EVENT_FILTERS),
            Endpoint::create("create-block-slot", ""),
            Endpoint::update("edit-block-slot", "eventId", ""),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "calendar-groups",
        noun: "Group",
        defaults: &[("isActive", FieldValue::True)],
        sample: &[
            ("name", Sample::Numbered("Group")),
            ("slug", Sample::Key("group")),
            ("description", Sample::Text("Made up")),
        ],
        endpoints: &[
            Endpoint::list("get-groups", "groups", &Paging::ALL),
            Endpoint::list("validate-groups-slug", "", &Paging::ALL)
                .without_item()
                .filters(&[Filter::any_equals("slug", &["slug"])])
                .with(&[("available", ReplyField::HasNoItems)]),
            Endpoint::create("create-calendar-group", "group"),
            Endpoint::update("edit-group", "groupId", "group"),
            Endpoint::update("disable-group", "groupId", "")
                .without_item()
                .with(SUCCESS),
            Endpoint::delete("delete-group", "groupId").with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "calendar-resources",
        noun: "Resource",
        ids: IdFormat::Hex,
        id: "_id",
        defaults: &[("isActive", FieldValue::True)],
        sample: &[
            ("name", Sample::Numbered("Room")),
            ("resourceType", Sample::Text("rooms")),
            ("calendarIds", Sample::Fixed(FieldValue::List)),
        ],
        endpoints: &[
            Endpoint::list("fetch-calendar-resources", "", &paging::SKIP)
                .filters(&[Filter::equals("resourceType", "resourceType")]),
            Endpoint::create("create-calendar-resource", "").stored_parameters(&["resourceType"]),
            Endpoint::get("get-calendar-resource", "id", ""),
            Endpoint::update("update-calendar-resource", "id", ""),
            Endpoint::delete("delete-calendar-resource", "id").with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "schedules",
        noun: "Schedule",
        defaults: &[
            ("deleted", FieldValue::False),
            ("calendarIds", FieldValue::List),
            ("rules", FieldValue::List),
        ],
        sample: &[
            ("name", Sample::Numbered("Schedule")),
            ("timezone", Sample::Text("America/New_York")),
            ("userId", Sample::Fixed(FieldValue::User)),
        ],
        endpoints: &[
            Endpoint::list("getAllSchedules", "schedules", &SCHEDULES_PAGING).filters(&[
                Filter::equals("userId", "userId"),
                Filter::equals("calendarId", "calendarIds"),
            ]),
            Endpoint::create("createSchedule", "schedule"),
            Endpoint::get("getScheduleById", "id", "schedule"),
            Endpoint::update("updateSchedule", "id", "schedule"),
            Endpoint::delete("deleteSchedule", "id").with(SUCCESS),
            Endpoint::new(
                "add-calendar-to-schedule",
                Action::SetMembership(CALENDAR_MEMBERSHIP),
            )
            .by("id")
            .without_item()
            .with(SUCCESS),
            Endpoint::new(
                "remove-calendar-from-schedule",
                Action::SetMembership(Membership {
                    add: false,
                    ..CALENDAR_MEMBERSHIP
                }),
            )
            .by("id")
            .without_item()
            .with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "appointment-notes",
        noun: "Note",
        scope_field: "",
        parent: Some(Parent::new("appointments", "appointmentId")),
        defaults: &[("userId", FieldValue::User)],
        embeds: Some(Embed {
            collection: "appointments",
            id_field: "appointmentId",
            field: "",
            fields: &[("contactId", "contactId")],
        }),
        sample: &[
            ("appointmentId", Sample::Reference("appointments")),
            ("body", Sample::Numbered("Note")),
        ],
        endpoints: &[
            Endpoint::list("get-appointment-notes", "notes", &MORE_PAGING),
            Endpoint::create("create-appointment-note", "note"),
            Endpoint::update("update-appointment-note", "noteId", "note"),
            Endpoint::delete("delete-appointment-note", "noteId").with(SUCCESS),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "calendar-notifications",
        noun: "Notification",
        id: "_id",
        ids: IdFormat::Hex,
        scope_field: "",
        parent: OF_CALENDAR,
        defaults: &[
            ("isActive", FieldValue::True),
            ("deleted", FieldValue::False),
        ],
        sample: &[
            ("calendarId", Sample::Reference("calendars")),
            ("channel", Sample::Text("email")),
            ("subject", Sample::Numbered("Reminder")),
        ],
        endpoints: &[
            Endpoint::list("get-event-notification", "", &paging::SKIP_100).filters(&[
                Filter::equals("isActive", "isActive"),
                Filter::equals("deleted", "deleted"),
            ]),
            Endpoint::new("create-event-notification", Action::CreateMany),
            Endpoint::get("find-event-notification", "notificationId", ""),
            Endpoint::update("update-event-notification", "notificationId", "").without_item(),
            Endpoint::delete("delete-event-notification", "notificationId"),
        ],
        ..Collection::DEFAULT
    },
];
