//! Parses the rate limit headers of replies. Missing, malformed or implausible values are ignored.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue};

use crate::send::retry_after::{server_time, server_wait};

/// The plausible values. Others are ignored, since they would disable the limiter or block all
/// calls.
const MAX: RangeInclusive<u64> = 1..=100_000;
const INTERVAL_MS: RangeInclusive<u64> = 100..=120_000;
const DAILY: RangeInclusive<u64> = 1_000..=1_000_000_000_000;

/// A day is 24 hours long; one more hour is allowed for clocks that differ.
const LONGEST_DAY_MS: u64 = 25 * 3_600_000;

/// The longest pause that a reply can cause. A server that requires more repeats its refusal.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The limits that a reply declares.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RateLimitHeaders {
    pub(super) max: Option<usize>,
    pub(super) remaining: Option<usize>,
    pub(super) interval: Option<Duration>,
    pub(super) daily_limit: Option<u64>,
    pub(super) daily_remaining: Option<u64>,
    pub(super) daily_reset: Option<Duration>,
    /// The wait that a refusal asks for.
    pub(super) retry_after: Option<Duration>,
}

/// The prefix of all rate limit headers.
const PREFIX: &str = "x-ratelimit-";

impl RateLimitHeaders {
    /// Parses the headers of a reply. `refused_at` is the time of day at which a refusal arrived.
    pub(super) fn parse(headers: &HeaderMap, refused_at: Option<SystemTime>) -> Self {
        let mut limits = RateLimitHeaders::default();
        let mut reset = None;
        // One pass over all headers is cheaper than seven look-ups by name.
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

/// The documentation describes a reset time, but no recorded reply has it. A time that is not in
/// the near future is ignored.
fn until_reset(unix_seconds: u64, now: SystemTime) -> Option<Duration> {
    let moment = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(unix_seconds))?;
    let wait = moment.duration_since(now).ok()?;
    if wait.is_zero() || wait > LONGEST_PAUSE {
        return None;
    }
    Some(wait)
}
