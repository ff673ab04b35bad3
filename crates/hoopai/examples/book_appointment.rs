//! Books an appointment in the first free slot of the next week:
//! `cargo run --example book_appointment`.
//!
//! In your account: `cargo run --example book_appointment -- CALENDAR_ID CONTACT_ID`. It sends no
//! notifications.

mod common;

use std::time::{Duration, SystemTime};

use common::{Account, Result, or_dash};
use hoopai::Timestamp;
use hoopai::calendars::types::{CreateAppointmentRequest, FreeSlots};
use hoopai_mock::LOCATION;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [calendar, contact] = account.arguments(["CALENDAR_ID", "CONTACT_ID"], |mock| {
        let calendar = mock.seed().calendars(LOCATION, 1).remove(0);
        let contact = mock.seed().contacts(LOCATION, 1).remove(0);
        [calendar, contact]
    })?;
    let calendars = account.client.calendars();

    let now = SystemTime::now();
    let reply = calendars
        .list_free_slots()
        .calendar_id(&calendar)
        .start_date(now)
        .end_date(now + WEEK)
        .send()
        .await?;
    // The reply has a field for each day, which `extra` holds.
    let mut slots: Vec<Timestamp> = Vec::new();
    for (_day, of_day) in reply.extra.typed::<FreeSlots>() {
        slots.extend(of_day?.slots.unwrap_or_default());
    }
    slots.sort_unstable();
    println!("{} slots are free in the next 7 days.", slots.len());

    for slot in slots.into_iter().take(3) {
        let appointment = CreateAppointmentRequest::new()
            .calendar_id(&calendar)
            .contact_id(&contact)
            .title("First talk")
            .start_time(slot.clone())
            .to_notify(false);
        match calendars
            .create_appointment()
            .body(appointment)
            .send()
            .await
        {
            Ok(booked) => {
                println!("Booked {}, from {slot}.", or_dash(&booked.id));
                return Ok(());
            }
            // The slot was booked in the meantime.
            Err(error) if error.is_validation() => println!("{slot} is taken: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    Err("no slot could be booked".into())
}
