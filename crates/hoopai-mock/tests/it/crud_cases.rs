//! The requests of the tests in `crud`: a case for each kind of item.

use hoopai_mock::{COMPANY, LOCATION};
use serde_json::{Value, json};

/// The requests for a kind of item. In paths, `{P}` is the id of the parent and `{}` the id of the
/// item.
pub(crate) struct CrudCase {
    pub(crate) name: &'static str,
    /// The collection of the parent, of which one item is seeded; empty if there is none.
    pub(crate) parent: &'static str,
    pub(crate) create: (&'static str, Value),
    /// The path of the item in the reply.
    pub(crate) at: &'static str,
    pub(crate) id: &'static str,
    /// The path of the request, and the path of the items in the reply.
    pub(crate) list: Option<(&'static str, &'static str)>,
    pub(crate) get: Option<(&'static str, &'static str)>,
    pub(crate) update: Option<(&'static str, Value)>,
    /// The field that the update changes, and its new value.
    pub(crate) changed: (&'static str, Value),
    pub(crate) delete: Option<(&'static str, Value)>,
    /// The status and the message after the item is deleted.
    pub(crate) not_found: (u16, &'static str),
}

/// A case for each kind of item that can be created.
pub(crate) fn cases() -> Vec<CrudCase> {
    let missing = |words: &'static str| (404, words);
    vec![
        CrudCase {
            name: "contact",
            parent: "",
            create: (
                "/contacts/",
                json!({ "locationId": LOCATION, "firstName": "Ada", "email": "ada@example.com" }),
            ),
            at: "/contact",
            id: "id",
            list: Some(("/contacts/?locationId=mockLocation00000001", "/contacts")),
            get: Some(("/contacts/{}", "/contact")),
            update: Some(("/contacts/{}", json!({ "firstName": "Bela" }))),
            changed: ("firstName", json!("Bela")),
            delete: Some(("/contacts/{}", Value::Null)),
            not_found: (400, "Contact not found for id:"),
        },
        CrudCase {
            name: "task",
            parent: "contacts",
            create: (
                "/contacts/{P}/tasks",
                json!({ "title": "Call", "dueDate": "2026-03-14T09:30:00.000Z", "completed": false }),
            ),
            at: "/task",
            id: "id",
            list: Some(("/contacts/{P}/tasks", "/tasks")),
            get: Some(("/contacts/{P}/tasks/{}", "/task")),
            update: Some((
                "/contacts/{P}/tasks/{}/completed",
                json!({ "completed": true }),
            )),
            changed: ("completed", json!(true)),
            delete: Some(("/contacts/{P}/tasks/{}", Value::Null)),
            not_found: (400, ""),
        },
        CrudCase {
            name: "note",
            parent: "contacts",
            create: ("/contacts/{P}/notes", json!({ "body": "Called" })),
            at: "/note",
            id: "id",
            list: Some(("/contacts/{P}/notes", "/notes")),
            get: Some(("/contacts/{P}/notes/{}", "/note")),
            update: Some(("/contacts/{P}/notes/{}", json!({ "body": "Called twice" }))),
            changed: ("body", json!("Called twice")),
            delete: Some(("/contacts/{P}/notes/{}", Value::Null)),
            not_found: (400, ""),
        },
        CrudCase {
            name: "opportunity",
            parent: "contacts",
            create: (
                "/opportunities/",
                json!({ "locationId": LOCATION, "contactId": "{P}", "name": "Deal", "pipelineId": "p", "status": "open" }),
            ),
            at: "/opportunity",
            id: "id",
            list: Some((
                "/opportunities/search?location_id=mockLocation00000001",
                "/opportunities",
            )),
            get: Some(("/opportunities/{}", "/opportunity")),
            update: Some(("/opportunities/{}/status", json!({ "status": "won" }))),
            changed: ("status", json!("won")),
            delete: Some(("/opportunities/{}", Value::Null)),
            not_found: missing("Opportunity not found"),
        },
        CrudCase {
            name: "conversation",
            parent: "contacts",
            create: (
                "/conversations/",
                json!({ "locationId": LOCATION, "contactId": "{P}" }),
            ),
            at: "/conversation",
            id: "id",
            list: Some((
                "/conversations/search?locationId=mockLocation00000001",
                "/conversations",
            )),
            get: Some(("/conversations/{}", "")),
            update: Some((
                "/conversations/{}",
                json!({ "locationId": LOCATION, "starred": true }),
            )),
            changed: ("starred", json!(true)),
            delete: Some(("/conversations/{}", Value::Null)),
            not_found: missing("Conversation not found"),
        },
        CrudCase {
            name: "calendar",
            parent: "",
            create: (
                "/calendars/",
                json!({ "locationId": LOCATION, "name": "Visits" }),
            ),
            at: "/calendar",
            id: "id",
            list: Some(("/calendars/?locationId=mockLocation00000001", "/calendars")),
            get: Some(("/calendars/{}", "/calendar")),
            update: Some(("/calendars/{}", json!({ "name": "First visits" }))),
            changed: ("name", json!("First visits")),
            delete: Some(("/calendars/{}", Value::Null)),
            not_found: missing("Calendar not found"),
        },
        CrudCase {
            name: "appointment",
            parent: "contacts",
            create: (
                "/calendars/events/appointments",
                json!({ "locationId": LOCATION, "contactId": "{P}", "calendarId": "c",
                        "startTime": "2026-03-14T09:30:00.000Z" }),
            ),
            at: "",
            id: "id",
            list: Some((
                "/calendars/events?locationId=mockLocation00000001&calendarId=c&startTime=1773400000000&endTime=1773600000000",
                "/events",
            )),
            get: Some(("/calendars/events/appointments/{}", "/appointment")),
            update: Some((
                "/calendars/events/appointments/{}",
                json!({ "title": "Moved" }),
            )),
            changed: ("title", json!("Moved")),
            delete: Some(("/calendars/events/{}", json!({}))),
            not_found: missing("Appointment not found"),
        },
        CrudCase {
            name: "location",
            parent: "",
            create: (
                "/locations/",
                json!({ "companyId": COMPANY, "name": "Harbour Dental" }),
            ),
            at: "",
            id: "id",
            list: Some((
                "/locations/search?companyId=mockCompany000000001",
                "/locations",
            )),
            get: Some(("/locations/{}", "/location")),
            update: Some((
                "/locations/{}",
                json!({ "companyId": COMPANY, "name": "Harbour" }),
            )),
            changed: ("name", json!("Harbour")),
            delete: Some(("/locations/{}?deleteTwilioAccount=false", Value::Null)),
            not_found: missing("Location not found"),
        },
        CrudCase {
            name: "custom field",
            parent: "",
            create: (
                "/locations/mockLocation00000001/customFields",
                json!({ "name": "Shoe size", "dataType": "TEXT" }),
            ),
            at: "/customField",
            id: "id",
            list: Some((
                "/locations/mockLocation00000001/customFields",
                "/customFields",
            )),
            get: Some((
                "/locations/mockLocation00000001/customFields/{}",
                "/customField",
            )),
            update: Some((
                "/locations/mockLocation00000001/customFields/{}",
                json!({ "name": "Hat size" }),
            )),
            changed: ("name", json!("Hat size")),
            delete: Some((
                "/locations/mockLocation00000001/customFields/{}",
                Value::Null,
            )),
            not_found: missing("Custom field not found"),
        },
        CrudCase {
            name: "custom value",
            parent: "",
            create: (
                "/locations/mockLocation00000001/customValues",
                json!({ "name": "Motto", "value": "On we go" }),
            ),
            at: "/customValue",
            id: "id",
            list: Some((
                "/locations/mockLocation00000001/customValues",
                "/customValues",
            )),
            get: Some((
                "/locations/mockLocation00000001/customValues/{}",
                "/customValue",
            )),
            update: Some((
                "/locations/mockLocation00000001/customValues/{}",
                json!({ "name": "Motto", "value": "Onwards" }),
            )),
            changed: ("value", json!("Onwards")),
            delete: Some((
                "/locations/mockLocation00000001/customValues/{}",
                Value::Null,
            )),
            not_found: missing("Custom value not found"),
        },
        CrudCase {
            name: "tag",
            parent: "",
            create: (
                "/locations/mockLocation00000001/tags",
                json!({ "name": "vip" }),
            ),
            at: "/tag",
            id: "id",
            list: Some(("/locations/mockLocation00000001/tags", "/tags")),
            get: Some(("/locations/mockLocation00000001/tags/{}", "/tag")),
            update: Some((
                "/locations/mockLocation00000001/tags/{}",
                json!({ "name": "friend" }),
            )),
            changed: ("name", json!("friend")),
            delete: Some(("/locations/mockLocation00000001/tags/{}", Value::Null)),
            not_found: missing("Tag not found"),
        },
        CrudCase {
            name: "user",
            parent: "",
            create: (
                "/users/",
                json!({ "companyId": COMPANY, "firstName": "Ada", "lastName": "Okafor", "email": "ada@example.com",
                        "password": "Secret-1234", "type": "account", "role": "admin", "locationIds": [LOCATION] }),
            ),
            at: "",
            id: "id",
            list: Some(("/users/?locationId=mockLocation00000001", "/users")),
            get: Some(("/users/{}", "")),
            update: Some(("/users/{}", json!({ "firstName": "Bela" }))),
            changed: ("firstName", json!("Bela")),
            delete: Some(("/users/{}", Value::Null)),
            not_found: (401, "The user does not exist."),
        },
        CrudCase {
            name: "product",
            parent: "",
            create: (
                "/products/",
                json!({ "locationId": LOCATION, "name": "Brush", "productType": "PHYSICAL" }),
            ),
            at: "",
            id: "_id",
            list: Some(("/products/?locationId=mockLocation00000001", "/products")),
            get: Some(("/products/{}?locationId=mockLocation00000001", "")),
            update: Some((
                "/products/{}",
                json!({ "locationId": LOCATION, "name": "Comb", "productType": "PHYSICAL" }),
            )),
            changed: ("name", json!("Comb")),
            delete: Some(("/products/{}?locationId=mockLocation00000001", Value::Null)),
            not_found: missing("Product not found"),
        },
        CrudCase {
            name: "price",
            parent: "products",
            create: (
                "/products/{P}/price",
                json!({ "locationId": LOCATION, "name": "Full", "type": "one_time", "currency": "USD", "amount": 12.5 }),
            ),
            at: "",
            id: "_id",
            list: Some((
                "/products/{P}/price?locationId=mockLocation00000001",
                "/prices",
            )),
            get: Some(("/products/{P}/price/{}?locationId=mockLocation00000001", "")),
            update: Some((
                "/products/{P}/price/{}",
                json!({ "locationId": LOCATION, "name": "Less", "type": "one_time", "currency": "USD", "amount": 9 }),
            )),
            changed: ("amount", json!(9)),
            delete: Some((
                "/products/{P}/price/{}?locationId=mockLocation00000001",
                Value::Null,
            )),
            not_found: missing("Price not found"),
        },
        CrudCase {
            name: "business",
            parent: "",
            create: (
                "/businesses/",
                json!({ "locationId": LOCATION, "name": "Corner Cycles" }),
            ),
            at: "/buiseness",
            id: "id",
            list: Some((
                "/businesses/?locationId=mockLocation00000001",
                "/businesses",
            )),
            get: Some(("/businesses/{}", "/business")),
            update: Some(("/businesses/{}", json!({ "name": "Cycles" }))),
            changed: ("name", json!("Cycles")),
            delete: Some(("/businesses/{}", Value::Null)),
            not_found: missing("Business not found"),
        },
        CrudCase {
            name: "record",
            parent: "objects",
            create: (
                "/objects/{P}/records",
                json!({ "locationId": LOCATION, "properties": { "name": "Rex" } }),
            ),
            at: "/record",
            id: "id",
            list: None,
            get: Some(("/objects/{P}/records/{}", "/record")),
            update: Some((
                "/objects/{P}/records/{}?locationId=mockLocation00000001",
                json!({ "properties": { "name": "Max" } }),
            )),
            changed: ("properties", json!({ "name": "Max" })),
            delete: Some(("/objects/{P}/records/{}", Value::Null)),
            not_found: missing("Record not found"),
        },
        CrudCase {
            name: "folder",
            parent: "",
            create: (
                "/medias/folder",
                json!({ "altId": LOCATION, "altType": "location", "name": "Photos" }),
            ),
            at: "",
            id: "_id",
            list: Some((
                "/medias/files?altId=mockLocation00000001&altType=location&type=folder&sortBy=name&sortOrder=asc",
                "/files",
            )),
            get: None,
            update: None,
            changed: ("name", json!("Photos")),
            delete: Some((
                "/medias/{}?altId=mockLocation00000001&altType=location",
                Value::Null,
            )),
            not_found: missing("File not found"),
        },
    ]
}
