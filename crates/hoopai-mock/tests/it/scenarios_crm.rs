//! Scenarios of messages, calendars, files, objects and assistants.

use hoopai_mock::{COMPANY, LOCATION, Mock, TOKEN, TokenSpec};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::scenario::{Step, delete, get, patch, post, put, run, with_alt_id};
use crate::support::{Reply, call};

#[tokio::test]
async fn scheduled_message_is_cancelled() {
    let send = |kind: &str, more: Value| {
        let mut body = json!({ "type": kind, "contactId": "{contacts}", "message": "Hello", "status": "pending", "subType": "Email" });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        post("/conversations/messages", body)
    };
    let later = || json!({ "scheduledTimestamp": 1_800_000_000_000_u64 });
    run(
        &["contacts"],
        vec![
            send("SMS", later())
                .saves("m", "/messageId")
                .saves("c", "/conversationId")
                .expects("/status", "pending"),
            get("/conversations/messages/{m}").expects("/message/status", "scheduled"),
            send("Email", later()).saves("e", "/emailMessageId"),
            send("SMS", json!({})).saves("sent", "/messageId"),
            get("/conversations/messages/{sent}/locations/{L}/recording"),
            get("/conversations/locations/{L}/messages/{sent}/transcription"),
            delete("/conversations/messages/{m}/schedule").expects("/status", 200),
            get("/conversations/messages/{m}").rejected(400, "CONVERSATIONS_MSG_NOT_FOUND"),
            delete("/conversations/messages/{m}/schedule").rejected(400, "CONVERSATIONS_MSG_NOT_FOUND"),
            delete("/conversations/messages/email/{e}/schedule").expects("/status", 200),
            delete("/conversations/messages/{sent}/schedule").rejected(400, "CONVERSATIONS_MSG_NOT_FOUND"),
            get("/conversations/messages/{sent}").expects("/message/status", "delivered"),
            post(
                "/conversations/messages/review-reply",
                json!({ "locationId": "{L}", "conversationId": "{c}", "message": "Thank you" }),
            )
            .saves("r", "/messageId"),
            get("/conversations/{c}/messages")
                .expects("/messages/messages/0/id", "{r}")
                .expects("/messages/messages/0/messageType", "TYPE_REVIEW")
                .expects("/messages/messages/1/id", "{sent}")
                .expects("/messages/messages/2", Value::Null),
            get("/conversations/messages/none/locations/{L}/recording")
                .rejected(400, "CONVERSATIONS_MSG_NOT_FOUND"),
            post(
                "/conversations/providers/live-chat/typing",
                json!({ "locationId": "{L}", "conversationId": "none", "visitorId": "v", "isTyping": "true" }),
            )
            .rejected(404, "Conversation not found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn calendars_have_schedules_notes_and_slugs() {
    let slug = |slug: &str, available: bool| {
        let body = json!({ "locationId": "{L}", "slug": slug });
        post("/calendars/groups/validate-slug", body).expects("/available", available)
    };
    let schedule = json!({ "locationId": "{L}", "name": "Week", "timezone": "Europe/Berlin", "userId": "u", "rules": [] });
    let block = |title: &str| {
        json!({ "locationId": "{L}", "calendarId": "{calendars}", "title": title,
                "startTime": "2026-03-14T09:00:00.000Z", "endTime": "2026-03-14T10:00:00.000Z" })
    };
    let blocked = "/calendars/blocked-slots?locationId={L}&calendarId={calendars}&startTime=1773400000000&endTime=1773600000000";
    let of_calendar = "/calendars/schedules/search?locationId={L}&userId=u&calendarId={calendars}";
    run(
        &["calendars", "contacts", "appointments"],
        vec![
            slug("visits", true),
            post(
                "/calendars/groups",
                json!({ "locationId": "{L}", "name": "Visits", "description": "d", "slug": "visits" }),
            ),
            slug("visits", false),
            slug("visit", true),
            post("/calendars/schedules", schedule).saves("s", "/schedule/id"),
            put("/calendars/schedules/{s}/associations/{calendars}", Value::Null)
                .expects("/success", true),
            get(of_calendar).expects("/schedules/0/id", "{s}"),
            post("/calendars/events/block-slots", block("Lunch")).saves("b", "/id"),
            put("/calendars/events/block-slots/{b}", block("Long lunch")),
            get(blocked).expects("/events/0/title", "Long lunch"),
            get("/calendars/{calendars}/free-slots?startDate=1773478800000&endDate=1773482400000")
                .expects("/2026-03-14/slots", json!(["2026-03-14T10:00:00.000Z"])),
            Step::new(Method::DELETE, "/calendars/events/{b}", json!({})).expects("/succeeded", true),
            get(blocked).expects("/events", json!([])),
            put("/calendars/schedules/{s}/associations/none", Value::Null)
                .rejected(404, "Calendar not found"),
            delete("/calendars/schedules/{s}/associations/{calendars}").expects("/success", true),
            get(of_calendar).expects("/schedules/0", Value::Null),
            post("/calendars/appointments/{appointments}/notes", json!({ "body": "Bring keys" }))
                .saves("n", "/note/id")
                .expects("/note/contactId", "{contacts}"),
            put("/calendars/appointments/{appointments}/notes/{n}", json!({ "body": "Keys" })),
            get("/calendars/appointments/{appointments}/notes?limit=10&offset=0")
                .expects("/notes/0/body", "Keys")
                .expects("/hasMore", false),
            delete("/calendars/appointments/{appointments}/notes/{n}"),
            get("/calendars/appointments/{appointments}/notes?limit=10&offset=0")
                .expects("/notes", json!([])),
        ],
    )
    .await;
}

/// The fields of a calendar, the query, the first slot, the last slot, and the number of slots.
type Slots = (Value, &'static str, &'static str, &'static str, usize);

#[tokio::test]
async fn free_slots_are_in_open_hours_and_in_the_requested_time_zone() {
    let hours = |days: Value, open: u8, close: u8| {
        let hours =
            json!({ "openHour": open, "openMinute": 30, "closeHour": close, "closeMinute": 0 });
        json!({ "openHours": [{ "daysOfTheWeek": days, "hours": [hours] }] })
    };
    // From Friday 2026-03-06 to Monday 2026-03-09, UTC; daylight saving time begins in New York on
    // the 8th.
    let week = "startDate=1772755200000&endDate=1773100799000";
    let (new_york, berlin) = ("&timezone=America%2FNew_York", "&timezone=Europe%2FBerlin");
    let mut longer = hours(json!([1]), 8, 12);
    longer["slotDuration"] = 1.into();
    longer["slotDurationUnit"] = "hours".into();
    let mut closer = longer.clone();
    closer["slotInterval"] = 15.into();
    closer["slotIntervalUnit"] = "mins".into();
    let cases: Vec<Slots> = vec![
        (
            json!({}),
            "",
            "2026-03-06T09:00:00.000Z",
            "2026-03-09T16:30:00.000Z",
            64,
        ),
        (
            json!({}),
            new_york,
            "2026-03-06T04:00:00-05:00",
            "2026-03-09T12:30:00-04:00",
            64,
        ),
        // Open hours are in the time zone of the location, New York.
        (
            hours(json!([5, 1]), 8, 10),
            "",
            "2026-03-06T08:30:00-05:00",
            "2026-03-09T09:30:00-04:00",
            6,
        ),
        (
            hours(json!([5, 1]), 8, 10),
            berlin,
            "2026-03-06T14:30:00+01:00",
            "2026-03-09T14:30:00+01:00",
            6,
        ),
        (
            hours(json!([0]), 22, 23),
            "&timezone=Asia%2FTokyo",
            "2026-03-09T11:30:00+09:00",
            "2026-03-09T11:30:00+09:00",
            1,
        ),
        (
            longer,
            "",
            "2026-03-09T08:30:00-04:00",
            "2026-03-09T10:30:00-04:00",
            3,
        ),
        (
            closer,
            "",
            "2026-03-09T08:30:00-04:00",
            "2026-03-09T11:00:00-04:00",
            11,
        ),
    ];
    let api = Api::start().await;
    for (calendar, query, first, last, count) in cases {
        let id = api.seed().item("calendars", LOCATION, &calendar);
        let path = format!("/calendars/{id}/free-slots?{week}{query}");
        let days = api.get(&path).await;
        let days = days.as_object().expect("days");
        let mut slots = Vec::new();
        for (day, of_day) in days.iter().filter(|(day, _)| *day != "traceId") {
            for slot in of_day["slots"].as_array().expect("slots") {
                let slot = slot.as_str().expect("a slot").to_owned();
                assert!(slot.starts_with(day.as_str()), "{slot} on {day}");
                slots.push(slot);
            }
        }
        let found = (slots.first(), slots.last(), slots.len());
        let expected = (Some(&first.to_owned()), Some(&last.to_owned()), count);
        assert_eq!(found, expected, "{calendar} {query}");
    }
    let id = api.seed().calendars(LOCATION, 1).remove(0);
    let path = format!("/calendars/{id}/free-slots?{week}&timezone=Mars%2FNorth");
    let reply = api.send(Method::GET, &path, &Value::Null).await;
    reply.refused(400, "Invalid timezone Mars/North");
}

#[tokio::test]
async fn files_are_renamed_and_deleted_in_bulk() {
    let files = "/medias/files?altId={L}&altType=location&type=file&sortBy=name&sortOrder=asc";
    let other = with_alt_id(
        json!({ "filesToBeUpdated": [{ "id": "none", "name": "x" }, { "id": "{medias}", "name": "Sky" }] }),
    );
    run(
        &["medias"],
        vec![
            put("/medias/update-files", other),
            get(files).expects("/files/0/name", "Sky"),
            post("/medias/{medias}", with_alt_id(json!({ "name": "Sea" }))),
            get(files).expects("/files/0/name", "Sea"),
            put(
                "/medias/delete-files",
                with_alt_id(
                    json!({ "filesToBeDeleted": [{ "_id": "{medias}" }], "status": "deleted" }),
                ),
            ),
            get(files).expects("/files", json!([])),
        ],
    )
    .await;
}

#[tokio::test]
async fn files_are_uploaded_to_custom_fields() {
    let api = Api::start().await;
    let contact = api.seed().contacts(LOCATION, 1).remove(0);
    let form = [
        ("field1_one", "a.txt", "hello"),
        ("field1_two", "b.txt", "you"),
    ]
    .map(|(field, name, text)| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{text}\r\n")
    })
    .concat();
    let send = async |contact: &str| {
        let path = format!("/forms/upload-custom-files?contactId={contact}&locationId={LOCATION}");
        let request = call(&api.client, &api.mock, Method::POST, &path, TOKEN);
        let request = request.header("Content-Type", "multipart/form-data; boundary=x");
        Reply::of(request.body(format!("{form}--x--\r\n"))).await
    };
    let sent = send(&contact).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(sent.json()["id"], contact);
    assert_eq!(sent.json()["customFields"][0]["id"], "field1");
    // The interface declares values as texts, so replies have no files, but the search finds them.
    for (text, count) in [("a.txt", 1), ("\"uuid\":\"two\"", 1), ("c.txt", 0)] {
        let filter =
            json!({ "field": "customFields.field1", "operator": "contains", "value": text });
        let body =
            json!({ "locationId": LOCATION, "page": 1, "pageLimit": 1, "filters": [filter] });
        let found = api.post("/contacts/search", body).await;
        assert_eq!(found["total"], count, "{text}");
    }
    send("none")
        .await
        .refused(400, "Contact not found for id:none");
}

#[tokio::test]
async fn records_and_opportunities_are_found_by_their_fields() {
    let record = |name: &str, age: u8| {
        let body = json!({ "locationId": "{L}", "properties": { "name": name, "age": age } });
        post("/objects/{objects}/records", body)
    };
    let search = |field: &str, operator: &str, value: Value| {
        let filter = json!({ "field": field, "operator": operator, "value": value });
        let body = json!({ "locationId": "{L}", "page": 1, "pageLimit": 10, "query": "", "searchAfter": [],
                           "filters": [{ "group": "AND", "filters": [filter] }] });
        post("/objects/{objects}/records/search", body)
    };
    let deals = |operator: &str, count: u64| {
        let details = json!({ "notes": false, "tasks": false, "calendarEvents": false, "unReadConversations": false });
        let body = json!({ "locationId": "{L}", "page": 1, "limit": 10, "query": "", "searchAfter": [], "additionalDetails": details,
                           "filters": [{ "field": "status", "operator": operator, "value": "open" }] });
        post("/opportunities/search", body).expects("/total", count)
    };
    let among = |field: &str, operator: &str, value: Value, count: u64| {
        search(field, operator, value).expects("/total", count)
    };
    run(
        &["objects", "contacts", "opportunities"],
        vec![
            record("Rex", 3),
            record("Max", 9),
            among("properties.name", "eq", json!("Rex"), 1)
                .expects("/records/0/properties/name", "Rex"),
            among("properties.name", "not_eq", json!("Rex"), 1),
            among("properties.name", "contains", json!("x"), 2),
            among("properties.name", "not_contains", json!("re"), 1),
            among("properties.age", "range", json!({ "gte": 4 }), 1),
            among("properties.age", "exists", Value::Null, 2),
            search("properties.colour", "not_exists", Value::Null)
                .rejected(400, "Invalid field properties.colour"),
            search("properties.name", "like", json!("Rex")).rejected(400, "Invalid operator like"),
            deals("eq", 1),
            deals("not_eq", 0),
        ],
    )
    .await;
}

/// As on the platform, the prefixes of keys are added if they are missing.
#[tokio::test]
async fn keys_of_custom_objects_have_their_prefix() {
    let object = |key: &str, property: &str| {
        json!({ "locationId": "{L}", "key": key, "labels": { "singular": "One", "plural": "All" },
                "primaryDisplayPropertyDetails": { "key": property, "name": "Name", "dataType": "TEXT" } })
    };
    let car = "custom_objects.car";
    run(
        &[],
        vec![
            post("/objects/", object("boat", "name"))
                .expects("/object/key", "custom_objects.boat")
                .expects("/object/primaryDisplayProperty", "custom_objects.boat.name")
                .by_agency(),
            post("/objects/", object(car, "custom_objects.car.plate"))
                .expects("/object/key", car)
                .expects("/object/primaryDisplayProperty", "custom_objects.car.plate")
                .by_agency(),
            get("/objects/custom_objects.boat?locationId={L}")
                .expects("/object/key", "custom_objects.boat"),
            get("/objects/boat?locationId={L}").rejected(404, "Object not found"),
            post(
                "/objects/custom_objects.boat/records",
                json!({ "locationId": "{L}", "properties": { "name": "Aurora" } }),
            )
            .expects("/record/objectKey", "custom_objects.boat"),
        ],
    )
    .await;
}

#[tokio::test]
async fn objects_have_fields_and_associations() {
    let field = json!({ "locationId": "{L}", "name": "Colour", "dataType": "TEXT", "fieldKey": "custom_objects.pets.colour",
                        "objectKey": "custom_objects.pets", "parentId": "{f}", "showInForms": true });
    let labels = json!({ "firstObjectLabel": "Pet", "secondObjectLabel": "Keeper" });
    let association = json!({ "locationId": "{L}", "key": "pet_owner", "firstObjectKey": "custom_objects.pets", "secondObjectKey": "contact",
                              "firstObjectLabel": "pet", "secondObjectLabel": "owner" });
    let relation = json!({ "locationId": "{L}", "associationId": "{a}", "firstRecordId": "rex", "secondRecordId": "{contacts}" });
    let fields = "/custom-fields/object-key/custom_objects.pets?locationId={L}";
    run(
        &["contacts"],
        vec![
            post(
                "/custom-fields/folder",
                json!({ "locationId": "{L}", "objectKey": "custom_objects.pets", "name": "Looks" }),
            )
            .saves("f", "/id"),
            post("/custom-fields/", field).saves("c", "/field/id"),
            get(fields)
                .expects("/fields/0/id", "{c}")
                .expects("/folders/0/id", "{f}"),
            get("/custom-fields/object-key/custom_objects.cars?locationId={L}")
                .expects("/fields", json!([]))
                .expects("/folders", json!([])),
            put(
                "/custom-fields/{c}",
                json!({ "locationId": "{L}", "name": "Fur", "showInForms": false }),
            ),
            get("/custom-fields/{c}").expects("/field/name", "Fur"),
            delete("/custom-fields/{c}").expects("/key", "custom_objects.pets.colour"),
            delete("/custom-fields/{c}").rejected(404, "Custom field not found"),
            delete("/custom-fields/folder/{f}?locationId={L}").expects("/succeded", true),
            get(fields).expects("/folders", json!([])),
            post("/associations/", association).saves("a", "/id"),
            get("/associations/key/pet_owner?locationId={L}").expects("/id", "{a}"),
            put("/associations/{a}", labels).expects("/secondObjectLabel", "Keeper"),
            get("/associations/{a}").expects("/firstObjectLabel", "Pet"),
            post("/associations/relations", relation.clone())
                .saves("r", "/id")
                .expects("/firstObjectKey", "custom_objects.pets")
                .expects("/secondObjectKey", "contact"),
            post("/associations/relations", relation).rejected(
                400,
                "Could not create relation: duplicate relation of object Ids for given association {a}",
            ),
            get("/associations/relations/rex?locationId={L}&limit=10&skip=0")
                .expects("/relations/0/id", "{r}"),
            get("/associations/relations/{contacts}?locationId={L}&limit=10&skip=0")
                .expects("/relations/0/id", "{r}"),
            delete("/associations/relations/{r}?locationId={L}")
                .expects("/id", "{r}")
                .expects("/deleted", true),
            delete("/associations/relations/{r}?locationId={L}").rejected(404, "Relation not found"),
            delete("/associations/{a}").expects("/deleted", true),
            get("/associations/key/pet_owner?locationId={L}").rejected(404, "Association not found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn assistants_menus_boards_templates_charges_and_numbers_are_changed() {
    let assistant = json!({ "name": "Otto", "goal": "g", "instructions": "i", "personality": "p" });
    let details = json!({ "triggerCondition": "query", "workflowIds": ["w"] });
    let action =
        |name: &str| json!({ "name": name, "type": "triggerWorkflow", "details": details });
    let menu = json!({ "title": "Help", "url": "https://example.com/", "icon": { "name": "star", "fontFamily": "fas" },
                       "showOnCompany": true, "showOnLocation": true, "showToAllLocations": false, "openMode": "iframe",
                       "locations": ["{L}"], "userRole": "all" });
    let template = json!({ "locationId": "{L}", "templateId": "{t}", "updatedBy": "u", "editorType": "html", "html": "<p>",
                           "dnd": { "elements": [], "attrs": {}, "templateSettings": {} }, "previewText": "Soon" });
    let charge = json!({ "appId": "a", "meterId": "m", "eventId": "e", "locationId": "{L}", "companyId": COMPANY,
                         "description": "SMS", "price": 0.5, "units": 4 });
    run(
        &[],
        vec![
            post("/conversation-ai/agents", assistant).saves("a", "/id"),
            put("/conversation-ai/agents/{a}", json!({ "name": "Ottilie", "autoPilotMaxMessages": 3 })),
            get("/conversation-ai/agents/search").expects("/agents/0/name", "Ottilie").expects("/totalCount", 1),
            post("/conversation-ai/agents/{a}/actions", action("Start")).saves("x", "/data/id"),
            put("/conversation-ai/agents/{a}/actions/{x}", action("Begin")),
            get("/conversation-ai/agents/{a}/actions/list").expects("/data/0/name", "Begin"),
            delete("/conversation-ai/agents/{a}").expects("/id", "{a}"),
            get("/conversation-ai/agents/{a}/actions/{x}").rejected(400, "No Agent found for the id: {a}"),
            post("/custom-menus/", menu).saves("m", "/customMenu/id").by_agency(),
            put("/custom-menus/{m}", json!({ "title": "Manual" })).expects("/success", true).by_agency(),
            get("/custom-menus/?query=manual").expects("/customMenus/0/id", "{m}").expects("/totalLinks", 1).by_agency(),
            delete("/custom-menus/{m}").expects("/deletedMenuId", "{m}").by_agency(),
            get("/custom-menus/{m}").rejected(404, "Custom menu not found").by_agency(),
            post("/brand-boards/", json!({ "locationId": "{L}", "name": "Blue" })).saves("b", "/_id"),
            patch("/brand-boards/{L}/{b}", json!({ "name": "Green" })).expects("/name", "Green"),
            get("/brand-boards/{L}").expects("/totalCount", 1),
            delete("/brand-boards/{L}/{b}").expects("/deleted", true),
            get("/brand-boards/{L}/{b}").rejected(404, "Brand board not found"),
            post(
                "/emails/builder",
                json!({ "locationId": "{L}", "type": "html", "importProvider": "kajabi", "name": "News" }),
            )
            .saves("t", "/redirect"),
            post("/emails/builder/data", template),
            get("/emails/builder?locationId={L}")
                .expects("/builders/0/id", "{t}")
                .expects("/builders/0/name", "News"),
            delete("/emails/builder/{L}/{t}"),
            delete("/emails/builder/{L}/{t}").rejected(404, "Template not found"),
            post("/marketplace/billing/charges", charge).saves("c", "/chargeId"),
            get("/marketplace/billing/charges/{c}").expects("/amountCharged", 2),
            get("/marketplace/billing/charges").expects("/count", 1).expects("/charges/0/chargeId", "{c}"),
            delete("/marketplace/billing/charges/{c}").expects("/success", true),
            get("/marketplace/billing/charges").expects("/count", 0),
            post(
                "/phone-system/numbers/location/{L}/purchase",
                json!({ "phoneNumber": "+15550100009", "countryCode": "US" }),
            ),
            get("/phone-system/numbers/location/{L}?searchFilter=0100009")
                .expects("/numbers/0/phoneNumber", "+15550100009"),
        ],
    )
    .await;
}

#[tokio::test]
async fn listed_items_are_read_and_deleted() {
    let in_days = "from=2020-01-01&to=2090-01-01&limit=5";
    let pushes = format!("/snapshots/snapshot-status/none?companyId={COMPANY}&{in_days}");
    run(
        &[
            "affiliates",
            "knowledge-bases",
            "trained-urls",
            "social-categories",
            "social-csvs",
            "social-csv-posts",
            "snapshot-pushes",
            "email-campaigns",
        ],
        vec![
            get("/affiliate-manager/{L}/affiliates?query=ada")
                .expects("/affiliates/0/_id", "{affiliates}")
                .expects("/meta/count", 1),
            get("/affiliate-manager/{L}/affiliates?active=false").expects("/meta/count", 0),
            get("/affiliate-manager/{L}/affiliates/{affiliates}").expects("/firstName", "Ada"),
            get("/affiliate-manager/{L}/affiliates/none").rejected(404, "Affiliate not found"),
            get("/emails/schedule?locationId={L}&status=active")
                .expects("/schedules/0/id", "{email-campaigns}"),
            get("/emails/schedule?locationId={L}&status=draft").expects("/schedules/0", Value::Null),
            get(Box::leak(pushes.into_boxed_str())).expects("/data/0", Value::Null).by_agency(),
            get("/social-media-posting/{L}/categories/{social-categories}")
                .expects("/results/category/name", "Category 1"),
            get("/social-media-posting/{L}/csv/{social-csvs}")
                .expects("/results/posts/0/summary", "Post 1")
                .expects("/results/count", 1),
            delete("/social-media-posting/{L}/csv/{social-csvs}/post/{social-csv-posts}")
                .expects("/results/postId", "{social-csv-posts}"),
            get("/social-media-posting/{L}/csv/{social-csvs}").expects("/results/count", 0),
            delete("/social-media-posting/{L}/csv/{social-csvs}"),
            get("/social-media-posting/{L}/csv").expects("/results/count", 0),
            get("/social-media-posting/{L}/csv/{social-csvs}").rejected(404, "CSV not found"),
            get("/knowledge-bases/crawler?locationId={L}&knowledgeBaseId={knowledge-bases}")
                .expects("/urls/0/id", "{trained-urls}"),
            Step::new(
                Method::DELETE,
                "/knowledge-bases/crawler",
                json!({ "locationId": "{L}", "knowledgeBaseId": "{knowledge-bases}", "urlIds": ["{trained-urls}"] }),
            )
            .expects("/success", true),
            get("/knowledge-bases/crawler?locationId={L}&knowledgeBaseId={knowledge-bases}")
                .expects("/count", 0),
        ],
    )
    .await;
}

#[tokio::test]
async fn records_require_an_existing_object() {
    let record = |path: &'static str| {
        post(
            path,
            json!({ "locationId": "{L}", "properties": { "name": "Rex" } }),
        )
    };
    let search = |path: &'static str| {
        post(
            path,
            json!({ "locationId": "{L}", "page": 1, "pageLimit": 9, "query": "", "searchAfter": [] }),
        )
    };
    let mut steps = Vec::new();
    for (records, all) in [
        (
            "/objects/contact/records",
            "/objects/contact/records/search",
        ),
        (
            "/objects/opportunity/records",
            "/objects/opportunity/records/search",
        ),
        (
            "/objects/business/records",
            "/objects/business/records/search",
        ),
        (
            "/objects/{objects}/records",
            "/objects/{objects}/records/search",
        ),
    ] {
        steps.push(record(records));
        steps.push(search(all).expects("/total", 1));
    }
    steps.extend([
        get("/objects/contact?locationId={L}").expects("/object/standard", true),
        record("/objects/custom_objects.none/records").rejected(404, "Object not found"),
        search("/objects/custom_objects.none/records/search").rejected(404, "Object not found"),
        get("/objects/custom_objects.none/records/none").rejected(404, "Object not found"),
        get("/objects/custom_objects.none?locationId={L}").rejected(404, "Object not found"),
    ]);
    run(&["objects"], steps).await;
}

/// Requests name the keys of objects, so two locations can have the same key.
#[tokio::test]
async fn locations_have_separate_objects() {
    let everything = TokenSpec::everything();
    let api = Api::start_with(Mock::builder().token_with(TOKEN, everything)).await;
    let names = [(LOCATION, "First"), ("otherLocation0000001", "Second")];
    for (location, name) in names {
        let labels = json!({ "singular": name, "plural": name });
        let object = json!({ "key": "custom_objects.pets", "labels": labels });
        api.seed().item("objects", location, &object);
    }
    for (location, name) in names {
        let path = format!("/objects/custom_objects.pets?locationId={location}");
        let read = api.get(&path).await;
        assert_eq!(read["object"]["labels"]["singular"], name, "{read}");
    }
}
