//! Events of changes, their deliveries and retries.

use std::collections::HashSet;
use std::time::Duration;

use hoopai_mock::{
    CLIENT_ID, COMPANY, Clock, DeliveryOutcome, LOCATION, Mock, SignatureMode, Webhooks,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::receiver::{PATIENCE, Receiver};

/// The form of an ISO time and of a UUID, with digits as 0.
fn shape(text: &str) -> String {
    let digit = |c: char| if c.is_ascii_hexdigit() { '0' } else { c };
    text.chars().map(digit).collect()
}

async fn subscribed(builder: hoopai_mock::MockBuilder) -> (Api, Receiver) {
    let api = Api::start_with(builder).await;
    let receiver = Receiver::start().await;
    api.mock.webhooks().subscribe(&receiver.url());
    (api, receiver)
}

async fn ended(webhooks: &Webhooks, attempts: usize) {
    assert!(
        webhooks.wait_for(attempts, PATIENCE).await,
        "{:?}",
        webhooks.attempts()
    );
}

#[tokio::test]
async fn a_created_contact_arrives_as_the_platform_sends_it() {
    let (api, receiver) = subscribed(Mock::builder()).await;
    let body = json!({ "locationId": LOCATION, "firstName": "Ada", "email": "ada@example.com" });
    let reply = api.send(Method::POST, "/contacts/", &body).await;
    assert!(receiver.wait_for(1).await);
    let received = &receiver.received()[0];
    let event = received.json();
    assert_eq!(event["type"], "ContactCreate");
    assert_eq!(event["locationId"], LOCATION);
    assert_eq!(event["id"], reply.json()["contact"]["id"]);
    assert_eq!(event["firstName"], "Ada");
    assert_eq!(event["email"], "ada@example.com");
    let app = CLIENT_ID.split('-').next();
    assert_eq!(event["appId"].as_str(), app);
    assert_eq!(event["versionId"].as_str(), app);
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(shape(&text("timestamp")), "0000-00-00T00:00:00.000Z");
    assert_eq!(
        shape(&text("webhookId")),
        "00000000-0000-0000-0000-000000000000"
    );
    // The order of captured deliveries.
    let text = String::from_utf8(received.body.to_vec()).expect("text");
    assert!(
        text.starts_with(&format!(
            r#"{{"type":"ContactCreate","locationId":"{LOCATION}","versionId":"#
        )),
        "{text}"
    );
    let end = format!(
        r#""webhookId":"{}"}}"#,
        event["webhookId"].as_str().unwrap_or_default()
    );
    assert!(text.ends_with(&end), "{text}");
    assert_eq!(received.headers["content-type"], "application/json");
    assert!(received.signature().is_some_and(|value| value.len() == 88));
}

#[tokio::test]
async fn changes_cause_the_events_of_their_fields() {
    let (api, receiver) = subscribed(Mock::builder()).await;
    let contact = api.seed().contacts(LOCATION, 1).remove(0);
    let path = format!("/contacts/{contact}");
    let mut expected: Vec<&str> = Vec::new();
    for (method, path, body, events) in [
        (
            Method::PUT,
            path.clone(),
            json!({ "firstName": "Grace" }),
            vec!["ContactUpdate"],
        ),
        (
            Method::POST,
            format!("{path}/tags"),
            json!({ "tags": ["vip"] }),
            vec!["ContactUpdate", "ContactTagUpdate"],
        ),
        (
            Method::PUT,
            path.clone(),
            json!({ "dnd": true }),
            vec!["ContactUpdate", "ContactDndUpdate"],
        ),
        (
            Method::POST,
            format!("{path}/notes"),
            json!({ "body": "A note" }),
            vec!["NoteCreate"],
        ),
        (
            Method::POST,
            "/conversations/messages".to_owned(),
            json!({ "type": "SMS", "contactId": contact, "message": "Hello" }),
            vec!["OutboundMessage"],
        ),
        // A reply that reads, and one that is rejected, change nothing.
        (Method::GET, path.clone(), Value::Null, vec![]),
        (
            Method::PUT,
            path.clone(),
            json!({ "firstName": 7, "unknown": true }),
            vec![],
        ),
        (
            Method::DELETE,
            path.clone(),
            Value::Null,
            vec!["ContactDelete"],
        ),
    ] {
        api.send(method, &path, &body).await;
        expected.extend(events);
    }
    assert!(
        receiver.wait_for(expected.len()).await,
        "{:?}",
        receiver.types()
    );
    assert_eq!(receiver.types(), expected);
    let message = receiver.received();
    let message = message.iter().map(|one| one.json());
    let message = message.filter(|one| one["type"] == "OutboundMessage");
    let message = message.last().expect("a message");
    assert_eq!(message["messageType"], "SMS");
    assert_eq!(message["messageTypeString"], "TYPE_SMS");
    assert_eq!(message["body"], "Hello");
    assert!(message["messageId"].is_string());
}

#[tokio::test]
async fn appointments_are_nested_and_statuses_have_events() {
    let (api, receiver) = subscribed(Mock::builder()).await;
    let appointment = api.seed().appointments(LOCATION, 1).remove(0);
    let path = format!("/calendars/events/appointments/{appointment}");
    api.send(Method::PUT, &path, &json!({ "title": "Moved" }))
        .await;
    assert!(receiver.wait_for(1).await);
    let event = receiver.received()[0].json();
    assert_eq!(event["type"], "AppointmentUpdate");
    assert_eq!(event["appointment"]["id"], appointment.as_str());
    assert_eq!(event["appointment"]["title"], "Moved");
    assert_eq!(event.get("title"), None);

    let deal = api.seed().item("opportunities", LOCATION, &json!({}));
    let path = format!("/opportunities/{deal}");
    api.send(
        Method::PUT,
        &path,
        &json!({ "status": "won", "monetaryValue": 5 }),
    )
    .await;
    assert!(receiver.wait_for(4).await);
    assert_eq!(
        receiver.types()[1..],
        [
            "OpportunityUpdate",
            "OpportunityMonetaryValueUpdate",
            "OpportunityStatusUpdate"
        ]
    );
}

#[tokio::test]
async fn every_answer_but_success_is_retried_twelve_times() {
    let clock = Clock::frozen();
    let (api, receiver) = subscribed(Mock::builder().clock(clock.clone())).await;
    let webhooks = api.mock.webhooks();
    let id = webhooks.trigger("ContactCreate", &json!({ "id": "c1" }));
    receiver.answer([500, 401, 302, 404, 429].into_iter().chain([503; 20]));
    ended(webhooks, 1).await;
    assert_eq!(webhooks.pending(), 1);
    for attempt in 1..=12 {
        // Half of the delay is too early.
        let delay = Duration::from_secs(10 << (attempt - 1));
        clock.advance(delay / 2);
        tokio::task::yield_now().await;
        assert_eq!(webhooks.attempts().len(), attempt);
        clock.advance(delay);
        ended(webhooks, attempt + 1).await;
    }
    assert_eq!(webhooks.pending(), 0);
    clock.advance(Duration::from_secs(1 << 20));
    let attempts = webhooks.attempts();
    assert_eq!(attempts.len(), 13);
    assert_eq!(attempts[0].outcome, DeliveryOutcome::Answered(500));
    assert!(attempts.iter().all(|one| one.webhook_id == id));
    assert!(attempts.iter().all(|one| one.body == attempts[0].body));
    let retries: Vec<u32> = attempts.iter().map(|one| one.retries).collect();
    assert_eq!(retries, (0..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_success_ends_the_retries_and_a_closed_port_is_a_failure() {
    let clock = Clock::frozen();
    let (api, receiver) = subscribed(Mock::builder().clock(clock.clone())).await;
    let webhooks = api.mock.webhooks();
    receiver.answer([500]);
    webhooks.trigger("NoteCreate", &json!({}));
    ended(webhooks, 1).await;
    clock.advance(Duration::from_secs(11));
    ended(webhooks, 2).await;
    assert_eq!(webhooks.pending(), 0);
    assert!(webhooks.attempts()[1].outcome.is_success());

    let url = receiver.url();
    drop(receiver);
    // The port is free when the server's task has ended.
    let address = url.trim_start_matches("http://").trim_end_matches("/hooks");
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    webhooks.trigger("NoteCreate", &json!({}));
    ended(webhooks, 3).await;
    let outcome = webhooks.attempts()[2].outcome.clone();
    assert!(matches!(outcome, DeliveryOutcome::Failed(_)), "{outcome:?}");
    assert_eq!(webhooks.pending(), 1);
}

#[tokio::test]
async fn deviations_on_demand() {
    let (api, receiver) = subscribed(Mock::builder().seed(7)).await;
    let webhooks = api.mock.webhooks();
    webhooks.set_duplicates(2);
    let id = webhooks.trigger("TaskCreate", &json!({ "id": "t" }));
    assert!(receiver.wait_for(3).await);
    let ids: HashSet<String> = (receiver.received().iter())
        .map(|one| one.json()["webhookId"].to_string())
        .collect();
    assert_eq!(ids, HashSet::from([format!("{id:?}")]));
    webhooks.set_duplicates(0);

    webhooks.set_reordering(true);
    for number in 0..20 {
        webhooks.trigger("TaskCreate", &json!({ "id": number }));
    }
    assert!(receiver.wait_for(23).await);
    let received = receiver.received();
    let order: Vec<u64> = received[3..]
        .iter()
        .filter_map(|one| one.json()["id"].as_u64())
        .collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    assert_ne!(sorted, order);
    webhooks.set_reordering(false);

    webhooks.set_signature(SignatureMode::Missing);
    webhooks.trigger_raw(*br#"{"type":"Invented","webhookId":"w"}"#);
    assert!(receiver.wait_for(24).await);
    assert_eq!(receiver.received()[23].signature(), None);
    assert!(webhooks.resend(&id));
    assert!(!webhooks.resend("unknown"));
    webhooks.set_signature(SignatureMode::NotAvailable);
    assert!(receiver.wait_for(25).await);
    assert_eq!(receiver.received()[24].json()["webhookId"], id.as_str());
}

#[tokio::test]
async fn installations_have_lifecycle_events() {
    let api = Api::start().await;
    let receiver = Receiver::start().await;
    // Lifecycle events ignore the selection.
    api.mock
        .webhooks()
        .subscribe_to(&receiver.url(), &["ContactCreate"]);
    api.mock.install(CLIENT_ID, "loc-a");
    api.mock.webhooks().trigger("NoteCreate", &json!({}));
    api.mock.uninstall(CLIENT_ID, "loc-a");
    api.mock.uninstall("another-app", "loc-a");
    assert!(receiver.wait_for(2).await);
    assert_eq!(receiver.types(), ["INSTALL", "UNINSTALL"]);
    let [install, uninstall] = [0, 1].map(|index| receiver.received()[index].json());
    assert_eq!(install["locationId"], "loc-a");
    assert_eq!(install["companyId"], COMPANY);
    assert_eq!(install["installType"], "Location");
    assert_eq!(uninstall["locationId"], "loc-a");
    // As in captured deliveries.
    assert_eq!(uninstall.get("companyId"), None);
}

#[tokio::test]
#[should_panic(expected = "closest: `ContactCreate`")]
async fn an_unknown_event_has_suggestions() {
    let api = Api::start().await;
    api.mock.webhooks().trigger("ContactCreated", &json!({}));
}

#[tokio::test]
#[should_panic(expected = "is no http URL of this machine")]
async fn events_are_sent_to_this_machine_only() {
    let api = Api::start().await;
    api.mock.webhooks().subscribe("http://example.com/hooks");
}
