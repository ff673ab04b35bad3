//! What the commands of bulk jobs have in common.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use hoopai_bulk::Budget;
use jiff::ZonedDateTime;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::account::Client;
use crate::failure::{Failure, Result};
use crate::progress::Progress;

/// Shows the progress of a job: a line on a terminal, or events.
pub(super) struct Shown {
    pub(super) progress: Progress,
    location: Option<String>,
    /// The last event, and when it was written. `None` inside: there was none. `None`: there are no
    /// events.
    events: Option<Mutex<Option<(Instant, Value)>>>,
}

impl Shown {
    pub(super) fn new(events: bool, client: &Client) -> Shown {
        Shown {
            progress: Progress::new(),
            location: client.handle.location().map(str::to_owned),
            events: events.then(Mutex::default),
        }
    }

    /// Shows a line, or writes an event if it is the last one or a second has passed.
    pub(super) fn show(
        &self,
        is_last: bool,
        event: impl FnOnce() -> Value,
        line: impl FnOnce() -> String,
    ) {
        let Some(last) = &self.events else {
            return self.progress.show(&line());
        };
        let Ok(mut last) = last.lock() else {
            return;
        };
        let is_due = |(at, _): &(Instant, Value)| at.elapsed() >= Duration::from_secs(1);
        if !is_last && !last.as_ref().is_none_or(is_due) {
            return;
        }
        let mut event = event();
        event["location"] = self.location.clone().into();
        // The end of a list can be reported twice.
        if last.as_ref().is_none_or(|(_, last)| *last != event) {
            eprintln!("{event}");
            *last = Some((Instant::now(), event));
        }
    }
}

/// The end of a line of progress.
pub(super) fn rate_and_left(rate: Option<f64>, left: Option<Duration>) -> String {
    let mut text = String::new();
    if let Some(rate) = rate {
        text.push_str(&format!(", {rate:.1} a second"));
    }
    if let Some(left) = left {
        text.push_str(&format!(", {} left", duration(left)));
    }
    text
}

/// A duration in its two largest units.
fn duration(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// The whole limit, or a percentage of it, until a time. The job waits for the next day when the day
/// is used up.
pub(super) fn budget(client: &Client, percent: Option<u8>, until: Option<SystemTime>) -> Budget {
    let mut budget = Budget::of(&client.handle);
    if let Some(percent) = percent {
        budget = budget.share(f64::from(percent) / 100.0);
    }
    match until {
        Some(until) => budget.until(until),
        None => budget,
    }
}

/// A percentage on the command line.
pub(super) fn percent(text: &str) -> std::result::Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse();
    match number {
        Ok(percent @ 1..=100) => Ok(percent),
        _ => Err("it is not a percentage from 1% to 100%".to_owned()),
    }
}

/// The next time at which clocks show this time of day.
pub(super) fn until(text: &str) -> std::result::Result<SystemTime, String> {
    let time: Time = text
        .parse()
        .map_err(|_| "it is not a time of day, such as 18:00".to_owned())?;
    let zone = time_zone(std::env::var("TZ").ok().as_deref())?;
    let now = ZonedDateTime::now().with_time_zone(zone);
    next(time, &now).map_err(|error| error.to_string())
}

/// The time zone of this machine. One that is set and unknown would count as UTC.
fn time_zone(name: Option<&str>) -> std::result::Result<TimeZone, String> {
    match (TimeZone::try_system(), name) {
        (Ok(zone), _) => Ok(zone),
        (Err(_), Some(name)) if !name.is_empty() => Err(format!(
            "the time zone {name:?} of the variable TZ is unknown; set one such as Europe/Berlin"
        )),
        (Err(_), _) => Ok(TimeZone::UTC),
    }
}

fn next(time: Time, now: &ZonedDateTime) -> std::result::Result<SystemTime, jiff::Error> {
    let zone = now.time_zone();
    let today = now
        .date()
        .to_datetime(time)
        .to_zoned_datetime(zone.clone())?;
    let next = match today.timestamp() > now.timestamp() {
        true => today,
        false => {
            let tomorrow = now.date().tomorrow()?;
            tomorrow.to_datetime(time).to_zoned_datetime(zone.clone())?
        }
    };
    SystemTime::try_from(next.timestamp())
}

/// Reports that a job was stopped before its end, by a pause or at a time of day.
pub(super) fn report_stop(is_complete: bool) {
    if !is_complete {
        eprintln!("stopped before the end: repeat the command to continue the job");
    }
}

/// Ends on Ctrl-C.
pub(super) async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted(
            "interrupted: repeat the command to continue the job",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_day_is_the_next_one() {
        let now: ZonedDateTime = "2026-11-28T17:30:00+01:00[Europe/Berlin]".parse().unwrap();
        for (text, expected) in [
            ("18:00", "2026-11-28T18:00:00+01:00"),
            ("17:30", "2026-11-29T17:30:00+01:00"),
            ("06:15", "2026-11-29T06:15:00+01:00"),
        ] {
            let expected: jiff::Timestamp = expected.parse().unwrap();
            let found = next(text.parse().unwrap(), &now).unwrap();
            assert_eq!(found, SystemTime::try_from(expected).unwrap(), "{text}");
        }
        assert!(until("25:00").is_err());
    }

    #[test]
    fn percentages_have_a_sign_or_none() {
        assert_eq!(percent("50%"), Ok(50));
        assert_eq!(percent("7"), Ok(7));
        assert!(percent("0%").is_err() && percent("101").is_err());
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, text) in [(30, "1 min"), (3_660, "1 h 1 min"), (365_600, "4 d 5 h")] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
