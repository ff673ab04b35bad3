//! Calendars, appointments, and what else is in a calendar.

use super::super::collection::{
    Act, Collection, Filter, Join, Parent, Row, SUCCEEDED, SUCCESS, Sample, Say, Shows, Special,
    Value,
};
use super::super::{derive, paging::Paging};
use super::crm::OF_CONTACT;
use super::pages;

const OF_CALENDAR: Option<Parent> = Some(Parent {
    collection: "calendars",
    field: "calendarId",
    parameter: "calendarId",
});

const CALENDAR: Join = Join {
    field: "calendarIds",
    member: "calendarId",
    of: "calendars",
    add: true,
};

const WHEN: &[Filter] = &[
    Filter::is("calendarId", "calendarId"),
    Filter::is("userId", "assignedUserId"),
    Filter::is("groupId", "groupId"),
    Filter::from("startTime", "startTime"),
    Filter::to("endTime", "startTime"),
];

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "calendars",
        noun: "Calendar",
        defaults: &[
            ("isActive", Value::True),
            ("calendarType", Value::Text("round_robin")),
            ("slotDuration", Value::Number(30)),
            ("slotDurationUnit", Value::Text("mins")),
        ],
        sample: &[
            ("name", Sample::Numbered("Calendar")),
            ("slug", Sample::Key("calendar")),
        ],
        rows: &[
            Row::list("calendars.get-calendars", "calendars", &Paging::ALL)
                .filters(&[Filter::is("groupId", "groupId")]),
            Row::create("calendars.create-calendar", "calendar"),
            Row::get("calendars.get-calendar", "calendarId", "calendar"),
            Row::update("calendars.update-calendar", "calendarId", "calendar"),
            Row::delete("calendars.delete-calendar", "calendarId").says(SUCCESS),
            Row::special("calendars.get-slots", Special::FreeSlots).by("calendarId"),
        ],
        ..Collection::PLAIN
    },
    // The file says that the four times of an event are objects; they are texts.
    Collection {
        name: "appointments",
        noun: "Appointment",
        parent: OF_CONTACT,
        text: &["title"],
        secret: &[
            "ignoreDateRange",
            "ignoreFreeSlotValidation",
            "overrideLocationConfig",
            "toNotify",
        ],
        defaults: &[
            ("appointmentStatus", Value::Text("confirmed")),
            ("title", Value::Text("Appointment")),
            ("isRecurring", Value::False),
            ("users", Value::List),
        ],
        written: derive::event_written,
        sample: &[
            ("calendarId", Sample::Of("calendars")),
            ("contactId", Sample::Of("contacts")),
            ("title", Sample::Numbered("Appointment")),
            ("startTime", Sample::HoursLater(24)),
        ],
        rows: &[
            Row::list("calendars.get-calendar-events", "events", &Paging::ALL).filters(WHEN),
            Row::list(
                "contacts.get-appointments-for-contact",
                "events",
                &Paging::ALL,
            ),
            Row::create("calendars.create-appointment", ""),
            Row::get("calendars.get-appointment", "eventId", "appointment"),
            Row::update("calendars.edit-appointment", "eventId", ""),
            Row::delete("calendars.delete-event", "eventId")
                .says(SUCCEEDED)
                .or_in("block-slots"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "block-slots",
        noun: "Event",
        text: &["title"],
        defaults: &[("title", Value::Text("Blocked"))],
        written: derive::event_written,
        sample: &[
            ("calendarId", Sample::Of("calendars")),
            ("title", Sample::Numbered("Blocked")),
            ("startTime", Sample::HoursLater(24)),
        ],
        rows: &[
            Row::list("calendars.get-blocked-slots", "events", &Paging::ALL).filters(WHEN),
            Row::create("calendars.create-block-slot", ""),
            Row::update("calendars.edit-block-slot", "eventId", ""),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "calendar-groups",
        noun: "Group",
        defaults: &[("isActive", Value::True)],
        sample: &[
            ("name", Sample::Numbered("Group")),
            ("slug", Sample::Key("group")),
            ("description", Sample::Fixed(Value::Text("Made up"))),
        ],
        rows: &[
            Row::list("calendars.get-groups", "groups", &Paging::ALL),
            Row::list("calendars.validate-groups-slug", "", &Paging::ALL)
                .silent()
                .filters(&[Filter::one_of("slug", &["slug"])])
                .says(&[("available", Say::None)]),
            Row::create("calendars.create-calendar-group", "group"),
            Row::update("calendars.edit-group", "groupId", "group"),
            Row::update("calendars.disable-group", "groupId", "")
                .silent()
                .says(SUCCESS),
            Row::delete("calendars.delete-group", "groupId").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "calendar-resources",
        noun: "AccountId",
        ids: super::super::collection::Ids::Hex,
        id: "_id",
        defaults: &[("isActive", Value::True)],
        sample: &[
            ("name", Sample::Numbered("Room")),
            ("resourceType", Sample::Fixed(Value::Text("rooms"))),
            ("calendarIds", Sample::Fixed(Value::List)),
        ],
        rows: &[
            Row::list(
                "calendars.fetch-calendar-resources",
                "",
                &pages::SILENT_SKIP,
            )
            .filters(&[Filter::is("resourceType", "resourceType")]),
            Row::create("calendars.create-calendar-resource", "").takes(&["resourceType"]),
            Row::get("calendars.get-calendar-resource", "id", ""),
            Row::update("calendars.update-calendar-resource", "id", ""),
            Row::delete("calendars.delete-calendar-resource", "id").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "schedules",
        noun: "Schedule",
        defaults: &[
            ("deleted", Value::False),
            ("calendarIds", Value::List),
            ("rules", Value::List),
        ],
        sample: &[
            ("name", Sample::Numbered("Schedule")),
            ("timezone", Sample::Fixed(Value::Text("America/New_York"))),
            ("userId", Sample::Fixed(Value::User)),
        ],
        rows: &[
            Row::list("calendars.getAllSchedules", "schedules", &pages::SCHEDULES).filters(&[
                Filter::is("userId", "userId"),
                Filter::is("calendarId", "calendarIds"),
            ]),
            Row::create("calendars.createSchedule", "schedule"),
            Row::get("calendars.getScheduleById", "id", "schedule"),
            Row::update("calendars.updateSchedule", "id", "schedule"),
            Row::delete("calendars.deleteSchedule", "id").says(SUCCESS),
            Row::new("calendars.add-calendar-to-schedule", Act::Join(CALENDAR))
                .by("id")
                .silent()
                .says(SUCCESS),
            Row::new(
                "calendars.remove-calendar-from-schedule",
                Act::Join(Join {
                    add: false,
                    ..CALENDAR
                }),
            )
            .by("id")
            .silent()
            .says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "appointment-notes",
        noun: "Note",
        place: "",
        parent: Some(Parent {
            collection: "appointments",
            field: "appointmentId",
            parameter: "appointmentId",
        }),
        defaults: &[("userId", Value::User)],
        shows: Some(Shows {
            collection: "appointments",
            by: "appointmentId",
            under: "",
            fields: &[("contactId", "contactId")],
        }),
        sample: &[
            ("appointmentId", Sample::Of("appointments")),
            ("body", Sample::Numbered("Note")),
        ],
        rows: &[
            Row::list("calendars.get-appointment-notes", "notes", &pages::MORE),
            Row::create("calendars.create-appointment-note", "note"),
            Row::update("calendars.update-appointment-note", "noteId", "note"),
            Row::delete("calendars.delete-appointment-note", "noteId").says(SUCCESS),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "calendar-notifications",
        noun: "Notification",
        id: "_id",
        ids: super::super::collection::Ids::Hex,
        place: "",
        parent: OF_CALENDAR,
        defaults: &[("isActive", Value::True), ("deleted", Value::False)],
        sample: &[
            ("calendarId", Sample::Of("calendars")),
            ("channel", Sample::Fixed(Value::Text("email"))),
            ("subject", Sample::Numbered("Reminder")),
        ],
        rows: &[
            Row::list("calendars.get-event-notification", "", &pages::BUSINESSES).filters(&[
                Filter::is("isActive", "isActive"),
                Filter::is("deleted", "deleted"),
            ]),
            Row::new("calendars.create-event-notification", Act::CreateAll),
            Row::get("calendars.find-event-notification", "notificationId", ""),
            Row::update("calendars.update-event-notification", "notificationId", "").silent(),
            Row::delete("calendars.delete-event-notification", "notificationId"),
        ],
        ..Collection::PLAIN
    },
];
