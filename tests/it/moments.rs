//! Moments and days are sent in the form that the platform documents for each field and parameter,
//! and replies may have any form.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hoopai::calendars::types::{CreateAppointmentRequest, UpdateAppointmentRequest};
use hoopai::contacts::types::{CreateContactRequest, GetContactResponse, UpdateTaskRequest};
use hoopai::conversations::types::SendMessageRequest;
use hoopai::invoices::types::CreateInvoiceRequest;
use hoopai::{Date, Timestamp, json};
use hoopai_test_support::Server;
use serde_json::json;

use crate::support::client;

/// 2026-01-31T09:30:00.123Z
fn moment() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_769_851_800_123)
}

fn day() -> Date {
    Date::new(2026, 1, 31).expect("a day")
}

#[tokio::test]
async fn parameters_have_their_documented_form() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let query = |name: &str, expected: &str| {
        let request = server.take_single();
        assert_eq!(request.query(name).as_deref(), Some(expected), "{name}");
    };
    let text: Timestamp = "2026-01-31T10:30:00.123+01:00".parse().unwrap();

    let call = client.calendars().list_free_slots().calendar_id("c1");
    call.start_date(moment()).send().await.unwrap();
    query("startDate", "1769851800123");
    let call = client.calendars().list_free_slots().calendar_id("c1");
    call.end_date(text.clone()).send().await.unwrap();
    query("endDate", "1769851800123");
    let call = client.calendars().list_events().start_time(moment());
    call.send().await.unwrap();
    query("startTime", "1769851800123");
    let call = client.conversations().search_conversations();
    call.end_date(moment()).send().await.unwrap();
    query("endDate", "1769851800123");
    let call = client.opportunities().search_opportunities();
    call.date(day()).send().await.unwrap();
    query("date", "01-31-2026");
    let call = client.payments().list_transactions().start_at(day());
    call.send().await.unwrap();
    query("startAt", "2026-01-31");
    let midnight: Date = "2026-01-31T00:00:00.000Z".parse().unwrap();
    let call = client.payments().list_transactions().end_at(midnight);
    call.send().await.unwrap();
    query("endAt", "2026-01-31");

    let call = client.contacts().get_contact().contact_id("c1");
    let call = call.extra_query("since", text.in_seconds());
    call.send().await.unwrap();
    query("since", "1769851800");
}

#[tokio::test]
async fn bodies_have_their_documented_form() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let field = |name: &str| server.take_single().json()[name].clone();

    let message = SendMessageRequest::new().type_("SMS").contact_id("c1");
    let message = message.scheduled_timestamp(moment());
    let call = client.conversations().send_message().body(message);
    call.send().await.unwrap();
    assert_eq!(field("scheduledTimestamp"), 1_769_851_800);

    let call = client.calendars().create_appointment();
    let local: Timestamp = "2026-01-31T15:00:00+05:30".parse().unwrap();
    let appointment = CreateAppointmentRequest::new()
        .calendar_id("cal")
        .contact_id("c1")
        .start_time(local);
    call.body(appointment).send().await.unwrap();
    assert_eq!(field("startTime"), "2026-01-31T15:00:00+05:30");
    let millis: Timestamp = serde_json::from_value(json!(1_769_851_800_123_i64)).unwrap();
    let call = client.calendars().update_appointment().event_id("e1");
    let appointment = UpdateAppointmentRequest::new().start_time(millis.clone());
    call.body(appointment).send().await.unwrap();
    assert_eq!(field("startTime"), "2026-01-31T09:30:00.123Z");
    let call = client.contacts().update_task().contact_id("c1");
    let task = UpdateTaskRequest::new().due_date(millis);
    call.task_id("t1").body(task).send().await.unwrap();
    assert_eq!(field("dueDate"), "2026-01-31T09:30:00.123Z");

    let call = client.contacts().create_contact();
    let contact = CreateContactRequest::new().date_of_birth(day());
    call.body(contact).send().await.unwrap();
    assert_eq!(field("dateOfBirth"), "2026-01-31");
    let call = client.invoices().create_invoice();
    let invoice = CreateInvoiceRequest::new().name("Draft").currency("USD");
    call.body(invoice.due_date(day())).send().await.unwrap();
    assert_eq!(field("dueDate"), "2026-01-31");
}

#[test]
fn birthdays_are_read_in_any_form_and_written_back() {
    for received in [
        json!("1971-01-01"),
        json!("01/01/1971"),
        json!("1971-01-01T00:00:00.000Z"),
        // As many digits as seconds have today.
        json!(31_536_000_000_i64),
    ] {
        let reply = json!({ "contact": { "dateOfBirth": received } }).to_string();
        let read = json::from_slice::<GetContactResponse>(reply.as_bytes()).unwrap();
        assert!(read.drift.is_empty(), "{:?}", read.drift);
        assert_eq!(serde_json::to_string(&read.value).unwrap(), reply);
        let contact = read.value.contact.unwrap();
        let birth = contact.date_of_birth.as_ref().expect("a day");
        assert_eq!((birth.year(), birth.month(), birth.day()), (1971, 1, 1));
    }
    for (received, drifts) in [(json!("2026-02-30"), 1), (json!("soon"), 1), (json!(""), 0)] {
        let reply = json!({ "contact": { "dateOfBirth": received } }).to_string();
        let read = json::from_slice::<GetContactResponse>(reply.as_bytes()).unwrap();
        assert_eq!(read.drift.len(), drifts, "{received}");
        assert_eq!(serde_json::to_string(&read.value).unwrap(), reply);
        let contact = read.value.contact.unwrap();
        assert!(contact.date_of_birth.is_none());
        assert_eq!(contact.extra.get("dateOfBirth"), Some(&received));
    }
}
