//! A token of a location is valid only for the data of that location, whether a request names
//! another location or an item of one. The requests are hand-written.

use hoopai_mock::{CLIENT_ID, COMPANY, LOCATION, Mock, TOKEN, TokenSpec};
use hoopai_test_support::interface::declares;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::{Reply, call, client, get, token};

const OTHER: &str = "otherLocation0000001";

/// A status and a message.
type ExpectedError = (u16, &'static str);

/// The errors for another location: those of custom objects, and those of other modules.
const OTHER_LOCATION: ExpectedError = (403, "The token does not have access to this location.");
const ON_OBJECTS: ExpectedError = (401, "This location is not accessible from this token.");

async fn started() -> (Mock, Client) {
    let mock = Mock::builder()
        .token(TOKEN)
        .token_with("pit-location", TokenSpec::location(LOCATION))
        .token_with("pit-company", TokenSpec::company(COMPANY))
        .token_with("pit-elsewhere", TokenSpec::company("otherCompany00000001"))
        .token_with("pit-everything", TokenSpec::everything())
        .start()
        .await;
    (mock.expect("a server"), client())
}

async fn send(
    (mock, client): &(Mock, Client),
    token: &str,
    method: &Method,
    path: &str,
    body: &Value,
) -> Reply {
    let request = call(client, mock, method.clone(), path, token);
    Reply::of(if body.is_null() {
        request
    } else {
        request.json(body)
    })
    .await
}

/// Asserts that a reply is a success, or else this error.
#[track_caller]
fn assert_outcome(reply: &Reply, good: bool, (status, message): ExpectedError, request: &str) {
    if good {
        assert!(reply.status < 300, "{request}: {}", reply.text);
    } else {
        assert_eq!(reply.field("message"), message, "{request}");
        assert_eq!(reply.status, status, "{request}");
    }
}

/// Requests that name a location: `{L}`.
fn by_name() -> Vec<(Method, &'static str, Value, ExpectedError)> {
    let get = |path, error| (Method::GET, path, Value::Null, error);
    let post = |path, body, error| (Method::POST, path, body, error);
    vec![
        get("/locations/{L}", OTHER_LOCATION),
        get("/locations/{L}/tags", OTHER_LOCATION),
        get("/contacts/?locationId={L}", OTHER_LOCATION),
        get("/opportunities/search?location_id={L}", OTHER_LOCATION),
        get("/payments/orders?altId={L}", OTHER_LOCATION),
        get(
            "/store/shipping-carrier?altId={L}&altType=location",
            OTHER_LOCATION,
        ),
        get("/users/?locationId={L}", OTHER_LOCATION),
        get("/objects/?locationId={L}", ON_OBJECTS),
        post(
            "/contacts/",
            json!({ "locationId": "{L}", "firstName": "Ada" }),
            OTHER_LOCATION,
        ),
        post(
            "/contacts/search",
            json!({ "locationId": "{L}", "page": 1, "pageLimit": 10 }),
            OTHER_LOCATION,
        ),
        post(
            "/objects/custom_objects.sample_1/records",
            json!({ "locationId": "{L}", "properties": { "name": "One" } }),
            ON_OBJECTS,
        ),
        post(
            "/objects/custom_objects.sample_1/records/search",
            json!({ "locationId": "{L}", "page": 1, "pageLimit": 10, "query": "" }),
            ON_OBJECTS,
        ),
    ]
}

#[tokio::test]
async fn request_naming_other_location_is_rejected() {
    let server = started().await;
    for location in [LOCATION, OTHER] {
        server.0.seed().items("objects", location, 1);
    }
    for (method, path, body, error) in by_name() {
        if !declares(method.as_str(), path, &body) {
            continue;
        }
        for (token, location, good) in [
            (TOKEN, LOCATION, true),
            (TOKEN, OTHER, false),
            ("pit-location", LOCATION, true),
            ("pit-location", OTHER, false),
            ("pit-everything", LOCATION, true),
            ("pit-everything", OTHER, true),
        ] {
            let path = path.replace("{L}", location);
            let body = body.to_string().replace("{L}", location);
            let body: Value = body.parse().expect("JSON");
            let reply = send(&server, token, &method, &path, &body).await;
            assert_outcome(&reply, good, error, &format!("{token} {method} {path}"));
        }
    }
}

/// Requests that name an item: collection, method and path, body.
fn by_id() -> Vec<(&'static str, &'static str, Value)> {
    let tags = json!({ "tags": ["vip"] });
    let message = json!({ "type": "SMS", "contactId": "{id}", "message": "Hello" });
    let inbound = json!({ "type": "SMS", "conversationId": "{id}", "contactId": "c", "message": "Hello",
                          "conversationProviderId": "p" });
    let pay = json!({ "altId": LOCATION, "altType": "location", "mode": "cash", "amount": 1, "notes": "n",
                      "card": { "brand": "visa", "last4": "1234" }, "cheque": { "number": "1" } });
    let bare = |collection, request| (collection, request, Value::Null);
    vec![
        bare("contacts", "GET /contacts/{id}"),
        (
            "contacts",
            "PUT /contacts/{id}",
            json!({ "firstName": "Eve" }),
        ),
        bare("contacts", "DELETE /contacts/{id}"),
        bare("contacts", "GET /contacts/{id}/tasks"),
        ("contacts", "POST /contacts/{id}/tags", tags),
        ("contacts", "POST /contacts/{id}/workflow/w1", json!({})),
        ("contacts", "POST /conversations/messages", message),
        bare("conversations", "GET /conversations/{id}"),
        bare("conversations", "GET /conversations/{id}/messages"),
        (
            "conversations",
            "POST /conversations/messages/inbound",
            inbound,
        ),
        bare("messages", "GET /conversations/messages/{id}"),
        bare("opportunities", "GET /opportunities/{id}"),
        bare("opportunities", "DELETE /opportunities/{id}"),
        bare("calendars", "GET /calendars/{id}"),
        bare("appointments", "GET /calendars/events/appointments/{id}"),
        bare("businesses", "GET /businesses/{id}"),
        ("invoices", "POST /invoices/{id}/record-payment", pay),
    ]
}

#[tokio::test]
async fn item_of_other_location_is_rejected() {
    for (collection, request, body) in by_id() {
        let (method, path) = request.split_once(' ').expect("a method");
        if !declares(method, path, &body) {
            continue;
        }
        let method = method.parse().expect("a method");
        let error = match collection {
            // The request names its own location, which does not have the item.
            "invoices" => (404, "Invoice not found"),
            _ => OTHER_LOCATION,
        };
        let server = started().await;
        let ids = |location| {
            for name in ["contacts", "calendars", "conversations"] {
                server.0.seed().items(name, location, 1);
            }
            server.0.seed().items(collection, location, 1).remove(0)
        };
        let (own, foreign) = (ids(LOCATION), ids(OTHER));
        for (token, id, good) in [
            (TOKEN, &foreign, false),
            ("pit-location", &foreign, false),
            (TOKEN, &own, true),
        ] {
            let path = path.replace("{id}", id);
            let body: Value = body.to_string().replace("{id}", id).parse().expect("JSON");
            let reply = send(&server, token, &method, &path, &body).await;
            assert_outcome(&reply, good, error, &format!("{token} {method} {path}"));
        }
    }
}

/// Reported behaviour: records of custom objects require the location in the body, whatever the
/// token.
#[tokio::test]
async fn record_without_location_is_rejected() {
    let server = started().await;
    server.0.seed().items("objects", LOCATION, 1);
    let path = "/objects/custom_objects.sample_1/records";
    let body = json!({ "properties": { "name": "One" } });
    for token in [TOKEN, "pit-location"] {
        let reply = send(&server, token, &Method::POST, path, &body).await;
        assert_eq!(reply.status, ON_OBJECTS.0, "{}", reply.text);
        assert_eq!(reply.field("message"), ON_OBJECTS.1);
    }
}

#[tokio::test]
async fn agency_token_is_valid_for_own_locations_only() {
    let server = started().await;
    let path = format!("/locations/{LOCATION}");
    let reply = send(&server, "pit-company", &Method::GET, &path, &Value::Null).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let reply = send(&server, "pit-elsewhere", &Method::GET, &path, &Value::Null).await;
    reply.refused(OTHER_LOCATION.0, OTHER_LOCATION.1);
}

#[tokio::test]
async fn agency_operations_require_the_token_of_the_agency() {
    let server = started().await;
    let body = json!({ "name": "New", "companyId": COMPANY });
    for token in [TOKEN, "pit-location"] {
        let reply = send(&server, token, &Method::POST, "/locations/", &body).await;
        reply.refused(
            401,
            "This authClass type is not allowed to access this scope.",
        );
    }
    let made = send(&server, "pit-company", &Method::POST, "/locations/", &body).await;
    assert!(made.status < 300, "{}", made.text);
    let path = format!("/locations/{}?deleteTwilioAccount=false", made.field("id"));
    let gone = send(&server, "pit-company", &Method::DELETE, &path, &Value::Null).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    let body = json!({ "name": "New", "companyId": "otherCompany00000001" });
    let reply = send(&server, "pit-company", &Method::POST, "/locations/", &body).await;
    reply.refused(403, "The token does not have access to this company.");
    // A custom object belongs to a location too.
    let body = json!({ "locationId": OTHER, "key": "custom_objects.car", "labels": { "singular": "Car", "plural": "Cars" },
                       "primaryDisplayPropertyDetails": { "key": "custom_objects.car.name", "name": "Name", "dataType": "TEXT" } });
    let reply = send(&server, "pit-elsewhere", &Method::POST, "/objects/", &body).await;
    reply.refused(ON_OBJECTS.0, ON_OBJECTS.1);
}

/// In the body of a message, `altId` is an id of the provider, not a location.
#[tokio::test]
async fn provider_alt_id_is_not_a_location() {
    let server = started().await;
    let contact = server.0.seed().contacts(LOCATION, 1).remove(0);
    let conversation = server.0.seed().conversations(LOCATION, 1).remove(0);
    let body = json!({ "type": "Custom", "message": "Any", "contactId": contact, "conversationId": conversation,
                       "conversationProviderId": "p1", "altId": "ext-1" });
    let path = "/conversations/messages/inbound";
    if !declares("POST", path, &body) {
        return;
    }
    for token in [TOKEN, "pit-location"] {
        let reply = send(&server, token, &Method::POST, path, &body).await;
        assert!(reply.status < 300, "{}", reply.text);
    }
}

/// The users of a location are the users whose `locationIds` contain it.
#[tokio::test]
async fn location_token_lists_own_users_only() {
    let server = started().await;
    let own = server.0.seed().users(LOCATION, 1).remove(0);
    let foreign = server.0.seed().users(OTHER, 1).remove(0);
    let get = async |token: &str, path: String| {
        send(&server, token, &Method::GET, &path, &Value::Null).await
    };
    let reply = get("pit-location", format!("/users/{own}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let reply = get("pit-location", format!("/users/{foreign}")).await;
    reply.refused(OTHER_LOCATION.0, OTHER_LOCATION.1);
    let reply = get("pit-company", format!("/users/{foreign}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let search = format!("/users/search?companyId={COMPANY}&limit=100");
    for (token, sees) in [("pit-location", false), ("pit-company", true)] {
        let reply = get(token, search.clone()).await;
        assert!(reply.text.contains(&own), "{token}: {}", reply.text);
        assert_eq!(
            reply.text.contains(&foreign),
            sees,
            "{token}: {}",
            reply.text
        );
    }
    let body = json!({ "companyId": COMPANY, "firstName": "Eve", "lastName": "M", "email": "eve@example.com", "password": "aB3!aB3!",
                       "type": "account", "role": "user", "locationIds": [OTHER] });
    let reply = send(&server, "pit-location", &Method::POST, "/users/", &body).await;
    reply.refused(OTHER_LOCATION.0, OTHER_LOCATION.1);
}

#[tokio::test]
async fn token_of_uninstalled_app_is_rejected() {
    let (mock, client) = started().await;
    let path = format!("/locations/{LOCATION}/tags");
    let install = async || {
        let code = mock.authorize(CLIENT_ID, hoopai_mock::AccountId::Location(LOCATION.into()));
        let form = [("grant_type", "authorization_code"), ("code", &code)];
        token(&client, &mock, &form).await
    };
    let get_tags = async |access: &str| get(&client, &mock, &path, access).await;
    let pair = install().await;
    let (access, refresh) = (pair.field("access_token"), pair.field("refresh_token"));
    let before = get_tags(&access).await;
    assert_eq!(before.status, 200, "{}", before.text);
    assert!(mock.uninstall(CLIENT_ID, LOCATION));
    let after = get_tags(&access).await;
    after.refused(401, "Invalid JWT");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let reply = token(&client, &mock, &form).await;
    assert_eq!(
        (reply.status, reply.field("error").as_str()),
        (400, "invalid_grant")
    );
    // Tokens of another app, and private tokens, stay valid.
    let own = get_tags(TOKEN).await;
    assert_eq!(own.status, 200, "{}", own.text);
    // A new installation issues new tokens.
    let access = install().await.field("access_token");
    let anew = get_tags(&access).await;
    assert_eq!(anew.status, 200, "{}", anew.text);
}
