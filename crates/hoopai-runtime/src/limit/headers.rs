//! What replies say of the limits. None of it is depended on: what is absent, garbled or absurd says nothing.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// What a plan could possibly allow. Beyond it a value is taken for an error, since following it would end the limiting
/// or all calls.
const MAX: std::ops::RangeInclusive<u64> = 1..=100_000;
const INTERVAL_MS: std::ops::RangeInclusive<u64> = 100..=120_000;
const DAILY: std::ops::RangeInclusive<u64> = 1_000..=1_000_000_000_000;

/// A day is 24 hours long; an hour more is allowed for clocks that differ.
const LONGEST_DAY_MS: u64 = 25 * 3_600_000;

/// Longer than this nobody is held back on a server's word alone. If it meant it, it will say so again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The limits as a reply tells of them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) max: Option<usize>,
    pub(super) remaining: Option<usize>,
    pub(super) interval: Option<Duration>,
    pub(super) daily_limit: Option<u64>,
    pub(super) daily_remaining: Option<u64>,
    pub(super) daily_reset: Option<Duration>,
    /// How long to stay away after a refusal.
    pub(super) retry_after: Option<Duration>,
}

impl Told {
    /// Reads the headers of a reply that came at this time of the day.
    pub(super) fn read(headers: &HeaderMap, system_time: SystemTime) -> Self {
        let daily_limit = number(headers, "x-ratelimit-limit-daily").filter(|n| DAILY.contains(n));
        let clock = ServerClock(
            text(headers, "date")
                .and_then(|date| httpdate::parse_http_date(date).ok())
                .unwrap_or(system_time),
        );
        Told {
            max: number(headers, "x-ratelimit-max")
                .filter(|n| MAX.contains(n))
                .and_then(|n| usize::try_from(n).ok()),
            remaining: number(headers, "x-ratelimit-remaining")
                .and_then(|n| usize::try_from(n).ok()),
            interval: number(headers, "x-ratelimit-interval-milliseconds")
                .filter(|n| INTERVAL_MS.contains(n))
                .map(Duration::from_millis),
            daily_limit,
            daily_remaining: number(headers, "x-ratelimit-daily-remaining")
                .filter(|n| *n <= daily_limit.unwrap_or(*DAILY.end())),
            daily_reset: number(headers, "x-ratelimit-daily-reset")
                .filter(|n| *n <= LONGEST_DAY_MS)
                .map(Duration::from_millis),
            retry_after: retry_after(headers, &clock),
        }
    }
}

/// The time of the day by the server's own clock, as far as it tells it, so that ours may be wrong.
struct ServerClock(SystemTime);

impl ServerClock {
    fn until(&self, moment: SystemTime) -> Duration {
        moment.duration_since(self.0).unwrap_or_default()
    }
}

/// How long to stay away: the finest statement first.
fn retry_after(headers: &HeaderMap, clock: &ServerClock) -> Option<Duration> {
    let said = text(headers, "retry-after");
    let hint = text(headers, "retry-after-ms")
        .and_then(|ms| seconds(ms, 1_000.0))
        .or_else(|| seconds(said?, 1.0))
        .or_else(|| Some(clock.until(httpdate::parse_http_date(said?).ok()?)));
    if hint.is_some() {
        return hint.map(|hint| hint.min(LONGEST_PAUSE));
    }
    // The documentation names it and no reply was seen to have it: a time that is not just ahead may be anything.
    let reset = Duration::from_secs(number(headers, "x-ratelimit-reset")?);
    let wait = clock.until(SystemTime::UNIX_EPOCH.checked_add(reset)?);
    (!wait.is_zero() && wait <= LONGEST_PAUSE).then_some(wait)
}

/// A count of seconds, or of a part of them, which may have a fraction.
fn seconds(text: &str, parts: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    Duration::try_from_secs_f64((number / parts).min(LONGEST_PAUSE.as_secs_f64())).ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}
