//! Free slots of calendars.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::context::{Answer, Call};
use crate::api_error::ApiError;
use crate::state::collection::Fields;
use crate::state::store::Item;
use crate::state::{defaults, tables};
use crate::time;

const DAY: u64 = 86_400_000;
const DEFAULT_SLOT: u64 = 1_800_000;
/// The longest range of a request, as on the platform.
const MAX_DAYS: u64 = 31;

/// Hours in which a calendar is open.
struct OpenHours {
    from: Time,
    to: Time,
    /// Days of the week; Sunday is 0.
    days: Vec<i64>,
}

impl Call<'_> {
    /// Lists the slots in the open hours of the calendar, in the time zone of the location; from 9
    /// to 17 UTC if the calendar has no open hours. The slots are shown in the time zone of the
    /// request.
    pub(super) fn free_slots(&self) -> Answer {
        let calendar = self.find_item()?;
        let time_parameter = |name: &str| {
            let number = self.request.any(name).and_then(Value::as_f64);
            number.map_or(0, |number| number.max(0.0) as u64)
        };
        let (start, end) = (time_parameter("startDate"), time_parameter("endDate"));
        if end < start {
            return Err(ApiError::bad_request(
                "startDate should be less than endDate",
            ));
        }
        if end - start > MAX_DAYS * DAY {
            return Err(ApiError::bad_request(
                "Date range should not be more than 31 days",
            ));
        }
        let requested = self.text("timezone").filter(|name| !name.is_empty());
        let requested = requested.map(|name| {
            TimeZone::get(name)
                .map_err(|_| ApiError::bad_request(format!("Invalid timezone {name}")))
        });
        let (hours, own) = match open_hours(&calendar.fields) {
            Some(hours) => (hours, self.time_zone(&calendar.scope)),
            None => (vec![default_hours()], TimeZone::UTC),
        };
        let shown = requested.transpose()?.unwrap_or_else(|| own.clone());
        let slot = duration(&calendar.fields, "slotDuration").unwrap_or(DEFAULT_SLOT);
        let interval = duration(&calendar.fields, "slotInterval").unwrap_or(slot);
        let busy = self.busy(&calendar);
        let mut days: Map<String, Value> = Map::new();
        // The day before and the day after have slots of the range in other time zones.
        let mut date = date_of(&own, start.saturating_sub(DAY));
        let last = date_of(&own, end.saturating_add(DAY));
        while let Some(today) = date.filter(|today| last.is_some_and(|last| *today <= last)) {
            let weekday = i64::from(today.weekday().to_sunday_zero_offset());
            for open in hours.iter().filter(|open| open.days.contains(&weekday)) {
                let (Some(from), Some(to)) = (
                    millis_of(&own, today, open.from),
                    millis_of(&own, today, open.to),
                ) else {
                    continue;
                };
                let mut time = from;
                while time + slot <= to {
                    let is_free = |(from, to): &(u64, u64)| time + slot <= *from || time >= *to;
                    if (start..=end).contains(&time) && busy.iter().all(is_free) {
                        insert_slot(&mut days, &shown, time);
                    }
                    time += interval;
                }
            }
            date = today.checked_add(1.day()).ok();
        }
        self.reply_with_fields(days)
    }

    /// The time zone of a location.
    fn time_zone(&self, location: &str) -> TimeZone {
        let item = self.store.find(tables::named("locations"), location);
        let fields = item.map_or_else(|| defaults::location_fields(location), |item| item.fields);
        let name = fields.get("timezone").and_then(Value::as_str);
        name.and_then(|name| TimeZone::get(name).ok())
            .unwrap_or(TimeZone::UTC)
    }

    /// The ranges of time in which a calendar has events.
    fn busy(&self, calendar: &Item) -> Vec<(u64, u64)> {
        let events = ["appointments", "block-slots"]
            .into_iter()
            .flat_map(|name| self.store.iter(tables::named(name), &calendar.scope));
        events
            .filter(|event| event.may_contain(&calendar.id))
            .filter_map(|event| busy_range(&event.fields(), &calendar.id))
            .collect()
    }
}

/// Inserts a slot under its day.
fn insert_slot(days: &mut Map<String, Value>, zone: &TimeZone, start: u64) {
    let (day, text) = if *zone == TimeZone::UTC {
        (time::day(start), time::iso(start))
    } else {
        let Some(start) = timestamp(start) else {
            return;
        };
        let start = start.to_zoned_datetime(zone.clone());
        (
            start.date().to_string(),
            start.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        )
    };
    let day = days.entry(day).or_insert_with(|| json!({ "slots": [] }));
    if let Some(slots) = day["slots"].as_array_mut() {
        slots.push(text.into());
    }
}

/// Every day from 9 to 17.
fn default_hours() -> OpenHours {
    OpenHours {
        from: Time::constant(9, 0, 0, 0),
        to: Time::constant(17, 0, 0, 0),
        days: (0..7).collect(),
    }
}

/// The `openHours` of a calendar, if it has any.
fn open_hours(calendar: &Fields) -> Option<Vec<OpenHours>> {
    let list = calendar.get("openHours")?.as_array()?;
    let mut open = Vec::new();
    for one in list {
        let days = one.get("daysOfTheWeek").and_then(Value::as_array);
        let days: Vec<i64> = days
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect();
        let hours = one.get("hours").and_then(Value::as_array);
        for hours in hours.into_iter().flatten() {
            let part = |name: &str| hours.get(name).and_then(Value::as_i64).unwrap_or(0);
            let time = |hour: &str, minute: &str| {
                let (hour, minute) = (i8::try_from(part(hour)), i8::try_from(part(minute)));
                Time::new(hour.ok()?, minute.ok()?, 0, 0).ok()
            };
            let from = time("openHour", "openMinute");
            let to = time("closeHour", "closeMinute");
            if let (Some(from), Some(to)) = (from, to) {
                let days = days.clone();
                open.push(OpenHours { from, to, days });
            }
        }
    }
    (!list.is_empty()).then_some(open)
}

/// A duration in milliseconds: a number in one field, and its unit in another.
fn duration(calendar: &Fields, name: &str) -> Option<u64> {
    let number = calendar.get(name).and_then(Value::as_u64)?;
    let unit = calendar.get(&format!("{name}Unit")).and_then(Value::as_str);
    let unit = if unit == Some("hours") {
        3_600_000
    } else {
        60_000
    };
    Some(number.clamp(1, 480) * unit)
}

fn timestamp(millis: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}

fn date_of(zone: &TimeZone, millis: u64) -> Option<Date> {
    Some(zone.to_datetime(timestamp(millis)?).date())
}

fn millis_of(zone: &TimeZone, date: Date, time: Time) -> Option<u64> {
    let timestamp = zone.to_timestamp(date.to_datetime(time)).ok()?;
    u64::try_from(timestamp.as_millisecond()).ok()
}

/// The range of time of an event of a calendar.
fn busy_range(fields: &Fields, calendar: &str) -> Option<(u64, u64)> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if text("calendarId") != Some(calendar) || text("appointmentStatus") == Some("cancelled") {
        return None;
    }
    let start = text("startTime").and_then(time::parse)?;
    let end = text("endTime").and_then(time::parse);
    Some((start, end.unwrap_or(start + DEFAULT_SLOT)))
}
