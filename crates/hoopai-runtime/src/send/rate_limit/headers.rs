//! What replies say of the limits. None of it is depended on: what is absent, garbled or absurd says nothing.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue};

use crate::send::retry_after::{server_time, server_wait};

/// What a plan could possibly allow. Beyond it a value is taken for an error, since following it would end the limiting
/// or all calls.
const MAX: RangeInclusive<u64> = 1..=100_000;
const INTERVAL_MS: RangeInclusive<u64> = 100..=120_000;
const DAILY: RangeInclusive<u64> = 1_000..=1_000_000_000_000;

/// A day is 24 hours long; an hour more is allowed for clocks that differ.
const LONGEST_DAY_MS: u64 = 25 * 3_600_000;

/// Longer than this nobody is held back on a server's word alone. If it meant it, it will say so again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The limits as a reply tells of them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RateLimitHeaders {
    pub(super) max: Option<usize>,
    pub(super) remaining: Option<usize>,
    pub(super) interval: Option<Duration>,
    pub(super) daily_limit: Option<u64>,
    pub(super) daily_remaining: Option<u64>,
    pub(super) daily_reset: Option<Duration>,
    /// How long to stay away after a refusal.
    pub(super) retry_after: Option<Duration>,
}

/// What all headers of the limits begin with.
const PREFIX: &str = "x-ratelimit-";

impl RateLimitHeaders {
    /// Reads the headers of a reply. `refused_at`: of a refusal, at this time of the day.
    pub(super) fn parse(headers: &HeaderMap, refused_at: Option<SystemTime>) -> Self {
        let mut limits = RateLimitHeaders::default();
        let mut reset = None;
        // One look at each header costs less than asking for seven by name.
        for (name, value) in headers {
            let Some(rest) = name.as_str().strip_prefix(PREFIX) else {
                continue;
            };
            let number = number(value);
            match rest {
                "max" => limits.max = count(within(&MAX, number)),
                "remaining" => limits.remaining = count(number),
                "interval-milliseconds" => limits.interval = millis(&INTERVAL_MS, number),
                "limit-daily" => limits.daily_limit = within(&DAILY, number),
                "daily-remaining" => limits.daily_remaining = number,
                "daily-reset" => limits.daily_reset = millis(&(0..=LONGEST_DAY_MS), number),
                "reset" => reset = number,
                _ => {}
            }
        }
        let most = limits.daily_limit.unwrap_or(*DAILY.end());
        limits.daily_remaining = within(&(0..=most), limits.daily_remaining);
        if let Some(now) = refused_at {
            limits.retry_after = match (server_wait(headers, now), reset) {
                (Some(wait), _) => Some(wait.min(LONGEST_PAUSE)),
                (None, Some(reset)) => until_reset(reset, server_time(headers, now)),
                (None, None) => None,
            };
        }
        limits
    }
}

fn number(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.trim().parse().ok()
}

fn within(range: &RangeInclusive<u64>, number: Option<u64>) -> Option<u64> {
    match number {
        Some(number) if range.contains(&number) => Some(number),
        _ => None,
    }
}

fn millis(range: &RangeInclusive<u64>, number: Option<u64>) -> Option<Duration> {
    Some(Duration::from_millis(within(range, number)?))
}

fn count(number: Option<u64>) -> Option<usize> {
    usize::try_from(number?).ok()
}

/// The documentation names the time of a reset and no reply was seen to have it: one that is not just ahead may be anything.
fn until_reset(unix_seconds: u64, now: SystemTime) -> Option<Duration> {
    let moment = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(unix_seconds))?;
    let wait = moment.duration_since(now).ok()?;
    if wait.is_zero() || wait > LONGEST_PAUSE {
        return None;
    }
    Some(wait)
}
