//! Free slots: when a calendar is open and has nothing.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::engine::{Answer, Call};
use super::store::{Fields, Found};
use super::{tables, time};
use crate::api_error::ApiError;

const DAY: u64 = 86_400_000;
/// So many days of free slots are answered at most, as on the platform.
const DAYS: u64 = 31;

/// When a calendar is open: from, to, and on which days of the week, of which Sunday is 0.
struct Open {
    from: Time,
    to: Time,
    days: Vec<i64>,
}

impl Call<'_> {
    /// Slots in the hours of the calendar, which are the location's; without any, from 9 to 17 UTC. They are shown in the time
    /// zone that the request asks for.
    pub(super) fn free_slots(&mut self) -> Answer {
        let calendar = self.wanted()?;
        let moment = |name: &str| {
            let number = self.accepted.any(name).and_then(Value::as_f64);
            number.map_or(0, |number| number.max(0.0) as u64)
        };
        let (start, end) = (moment("startDate"), moment("endDate"));
        if end < start {
            return Err(ApiError::bad_request(
                "startDate should be less than endDate",
            ));
        }
        if end - start > DAYS * DAY {
            return Err(ApiError::bad_request(
                "Date range should not be more than 31 days",
            ));
        }
        let asked = self.text("timezone").filter(|name| !name.is_empty());
        let asked = asked.map(|name| {
            TimeZone::get(name)
                .map_err(|_| ApiError::bad_request(format!("Invalid timezone {name}")))
        });
        let (hours, own) = match open_hours(&calendar.fields) {
            Some(hours) => (hours, self.zone_of(&calendar.scope)),
            None => (vec![always()], TimeZone::UTC),
        };
        let shown = asked.transpose()?.unwrap_or_else(|| own.clone());
        let slot = span(&calendar.fields, "slotDuration").unwrap_or(1_800_000);
        let step = span(&calendar.fields, "slotInterval").unwrap_or(slot);
        let busy = self.busy(&calendar);
        let mut days: Map<String, Value> = Map::new();
        // A day more on either side, for it is another day elsewhere.
        let mut date = date_of(&own, start.saturating_sub(DAY));
        let last = date_of(&own, end.saturating_add(DAY));
        while let Some(today) = date.filter(|today| last.is_some_and(|last| *today <= last)) {
            let weekday = i64::from(today.weekday().to_sunday_zero_offset());
            for open in hours.iter().filter(|open| open.days.contains(&weekday)) {
                let (Some(mut at), Some(close)) = (
                    moment_of(&own, today, open.from),
                    moment_of(&own, today, open.to),
                ) else {
                    continue;
                };
                while at + slot <= close {
                    let free = |(from, to): &(u64, u64)| at + slot <= *from || at >= *to;
                    if at >= start && at <= end && busy.iter().all(free) {
                        show(&mut days, &shown, at);
                    }
                    at += step;
                }
            }
            date = today.checked_add(1.day()).ok();
        }
        self.reply(Value::Null, None, false, 0, days)
    }

    /// A location's time zone.
    fn zone_of(&self, location: &str) -> TimeZone {
        let (number, collection) = tables::named("locations");
        let found = self.store.find(number, location);
        let fields =
            found.map_or_else(|| tables::known(collection, location), |found| found.fields);
        let name = fields.get("timezone").and_then(Value::as_str);
        name.and_then(|name| TimeZone::get(name).ok())
            .unwrap_or(TimeZone::UTC)
    }

    /// From when to when a calendar has something.
    fn busy(&self, calendar: &Found) -> Vec<(u64, u64)> {
        let mut busy = Vec::new();
        for name in ["appointments", "block-slots"] {
            let (number, _) = tables::named(name);
            let shelf = self.store.shelf(number, &calendar.scope);
            for (_, item) in shelf.into_iter().flatten() {
                if item.may_have(&calendar.id) {
                    busy.extend(taken(&item.fields(), &calendar.id));
                }
            }
        }
        busy
    }
}

/// Puts a slot where it is shown: under its day.
fn show(days: &mut Map<String, Value>, zone: &TimeZone, at: u64) {
    let (day, text) = if *zone == TimeZone::UTC {
        (time::day(at), time::iso(at))
    } else {
        let Some(moment) = timestamp(at) else { return };
        let moment = moment.to_zoned(zone.clone());
        (
            moment.date().to_string(),
            moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        )
    };
    let day = days.entry(day).or_insert_with(|| json!({ "slots": [] }));
    if let Some(slots) = day["slots"].as_array_mut() {
        slots.push(text.into());
    }
}

/// Every day from 9 to 17.
fn always() -> Open {
    Open {
        from: Time::constant(9, 0, 0, 0),
        to: Time::constant(17, 0, 0, 0),
        days: (0..7).collect(),
    }
}

/// The `openHours` of a calendar, if it has any.
fn open_hours(calendar: &Fields) -> Option<Vec<Open>> {
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
                open.push(Open { from, to, days });
            }
        }
    }
    (!list.is_empty()).then_some(open)
}

/// A length of time of a calendar's, in milliseconds: a number, and beside it the unit.
fn span(calendar: &Fields, name: &str) -> Option<u64> {
    let number = calendar.get(name).and_then(Value::as_u64)?;
    let unit = calendar.get(&format!("{name}Unit")).and_then(Value::as_str);
    let unit = if unit == Some("hours") {
        3_600_000
    } else {
        60_000
    };
    Some(number.clamp(1, 480) * unit)
}

fn timestamp(at: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()
}

fn date_of(zone: &TimeZone, at: u64) -> Option<Date> {
    Some(zone.to_datetime(timestamp(at)?).date())
}

fn moment_of(zone: &TimeZone, date: Date, time: Time) -> Option<u64> {
    let moment = zone.to_timestamp(date.to_datetime(time)).ok()?;
    u64::try_from(moment.as_millisecond()).ok()
}

/// From when to when a calendar is taken by something.
fn taken(fields: &Fields, calendar: &str) -> Option<(u64, u64)> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if text("calendarId") != Some(calendar) || text("appointmentStatus") == Some("cancelled") {
        return None;
    }
    let start = text("startTime").and_then(time::parse)?;
    let end = text("endTime").and_then(time::parse);
    Some((start, end.unwrap_or(start + 1_800_000)))
}
