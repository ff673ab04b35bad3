//! Rate limits: a number of requests in any 10 seconds and in a day, for each app and account.
//!
//! The window slides: a request is accepted if fewer requests than the limit were accepted in the
//! 10 s before it. So no interval of 10 s holds more than the limit. A day lasts 24 h, and begins
//! with the first request after the end of the last day. Rejected requests count towards neither.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use crate::account::AccountId;
use crate::api_error::ApiError;

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

/// The number of entries at which the entries without current requests are removed.
const SWEEP_AT: usize = 1_024;

/// The rate limits of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitSettings {
    /// The number of requests in any window.
    pub burst: u32,
    /// The window's length.
    pub window: Duration,
    /// The number of requests in a day of 24 hours.
    pub daily: u32,
    /// The number of requests to the token endpoint in any minute, for each app.
    pub token_endpoint: u32,
    /// Whether a 429 carries `Retry-After`: the whole seconds until the next request is accepted.
    /// The platform has not been observed to send it.
    pub retry_after: bool,
    /// Whether replies carry `X-RateLimit-Reset`: when the oldest request leaves the window, or the
    /// exhausted day ends, in Unix seconds, rounded up. HoopAI's guide names the header; the
    /// platform has not been observed to send it.
    pub reset: bool,
}

impl Default for RateLimitSettings {
    fn default() -> Self {
        Self {
            burst: 100,
            window: Duration::from_secs(10),
            daily: 200_000,
            token_endpoint: 5,
            retry_after: false,
            reset: false,
        }
    }
}

/// Counts requests, and accepts or rejects them.
#[derive(Default)]
pub(crate) struct RateLimiter {
    /// The server's start, as time since 1970.
    started: Duration,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    settings: RateLimitSettings,
    /// The latest time so far. Concurrent requests can arrive here in any order.
    latest: Duration,
    accounts: UsageMap<(String, AccountId)>,
    token_endpoint: UsageMap<String>,
}

/// The accepted requests of one app and account.
#[derive(Default)]
struct Usage {
    /// The times of the requests in the last window, oldest first.
    window: VecDeque<Duration>,
    /// The start of the day, and the number of its requests.
    day: Option<(Duration, u32)>,
}

struct UsageMap<K> {
    entries: HashMap<K, Usage>,
    sweep_at: usize,
}

impl<K> Default for UsageMap<K> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            sweep_at: SWEEP_AT,
        }
    }
}

impl<K: Eq + Hash> UsageMap<K> {
    /// Returns the usage of a key. Entries without current requests are removed.
    fn get(&mut self, key: K, window: Duration, now: Duration) -> &mut Usage {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, usage| {
                usage.remove_expired(window, now);
                !usage.window.is_empty() || usage.day.is_some()
            });
            self.sweep_at = SWEEP_AT.max(self.entries.len() * 2);
        }
        let usage = self.entries.entry(key).or_default();
        usage.remove_expired(window, now);
        usage
    }
}

impl Usage {
    fn remove_expired(&mut self, window: Duration, now: Duration) {
        while let Some(oldest) = self.window.front() {
            if now.saturating_sub(*oldest) < window {
                break;
            }
            self.window.pop_front();
        }
        if self.window.is_empty() {
            self.window = VecDeque::new();
        }
        self.day = self
            .day
            .filter(|(start, _)| now.saturating_sub(*start) < DAY);
    }

    /// Returns the time until the window accepts another request; zero if it accepts one now.
    fn wait(&self, limit: u32, window: Duration, now: Duration) -> Duration {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if self.window.len() < limit {
            return Duration::ZERO;
        }
        // A limit can be lowered at any time, so the window can hold more than the limit.
        let last_to_leave = self.window.len().checked_sub(limit.max(1));
        last_to_leave
            .and_then(|index| self.window.get(index))
            .map_or(window, |at| at.saturating_add(window).saturating_sub(now))
    }

    fn used_today(&self) -> u32 {
        self.day.map_or(0, |(_, used)| used)
    }

    fn day_left(&self, now: Duration) -> Duration {
        self.day
            .map_or(DAY, |(start, _)| (start + DAY).saturating_sub(now))
    }
}

impl RateLimiter {
    /// Creates a limiter; `started` is the server's start, as time since 1970.
    pub(crate) fn new(settings: RateLimitSettings, started: Duration) -> Self {
        let limiter = Self {
            started,
            ..Self::default()
        };
        limiter.set(settings);
        limiter
    }

    /// Changes the limits. Accepted requests stay counted.
    pub(crate) fn set(&self, settings: RateLimitSettings) {
        self.inner().settings = settings;
    }

    /// Returns the limits.
    pub(crate) fn settings(&self) -> RateLimitSettings {
        self.inner().settings.clone()
    }

    /// Changes the limits, and forgets accepted requests.
    pub(crate) fn reset(&self, settings: RateLimitSettings) {
        *self.inner() = Inner {
            settings,
            ..Inner::default()
        };
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a request, or rejects it with 429. Returns the rate limit headers in both cases.
    pub(crate) fn take(
        &self,
        app: &str,
        account: &AccountId,
        now: Duration,
    ) -> Result<HeaderMap, Box<(ApiError, HeaderMap)>> {
        let mut inner = self.inner();
        let (settings, now) = inner.settings_at(now);
        let key = (app.to_owned(), account.clone());
        let usage = inner.accounts.get(key, settings.window, now);
        let mut wait = usage.wait(settings.burst, settings.window, now);
        if usage.used_today() >= settings.daily {
            wait = wait.max(usage.day_left(now));
        }
        if wait.is_zero() {
            usage.window.push_back(now);
            let (start, used) = usage.day.unwrap_or((now, 0));
            usage.day = Some((start, used.saturating_add(1)));
        }
        let mut headers = headers(&settings, usage, now);
        if settings.reset {
            let oldest = usage.window.front().copied().unwrap_or(now);
            let reset = (oldest + settings.window).max(now + wait);
            let unix = (self.started + reset).as_millis().div_ceil(1_000);
            insert(&mut headers, "x-ratelimit-reset", unix);
        }
        if wait.is_zero() {
            Ok(headers)
        } else {
            Err(too_many(&settings, wait, headers))
        }
    }

    /// Accepts a request to the token endpoint, or rejects it with 429.
    pub(crate) fn take_token(
        &self,
        client_id: &str,
        now: Duration,
    ) -> Result<(), Box<(ApiError, HeaderMap)>> {
        let mut inner = self.inner();
        let (settings, now) = inner.settings_at(now);
        let usage = inner.token_endpoint.get(client_id.to_owned(), MINUTE, now);
        let wait = usage.wait(settings.token_endpoint, MINUTE, now);
        if wait.is_zero() {
            usage.window.push_back(now);
            Ok(())
        } else {
            Err(too_many(&settings, wait, HeaderMap::new()))
        }
    }
}

impl Inner {
    /// Returns the settings, and the time, which is monotonic.
    fn settings_at(&mut self, now: Duration) -> (RateLimitSettings, Duration) {
        self.latest = self.latest.max(now);
        (self.settings.clone(), self.latest)
    }
}

fn headers(settings: &RateLimitSettings, usage: &Usage, now: Duration) -> HeaderMap {
    let in_window = u32::try_from(usage.window.len()).unwrap_or(u32::MAX);
    let mut headers = HeaderMap::new();
    let mut add = |name, value| insert(&mut headers, name, value);
    add("x-ratelimit-limit-daily", settings.daily.into());
    let daily_remaining = settings.daily.saturating_sub(usage.used_today());
    add("x-ratelimit-daily-remaining", daily_remaining.into());
    let window = settings.window.as_millis();
    add("x-ratelimit-interval-milliseconds", window);
    add("x-ratelimit-max", settings.burst.into());
    let remaining = settings.burst.saturating_sub(in_window);
    add("x-ratelimit-remaining", remaining.into());
    add("x-ratelimit-daily-reset", usage.day_left(now).as_millis());
    headers
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: u128) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(name, value);
    }
}

fn too_many(
    settings: &RateLimitSettings,
    wait: Duration,
    mut headers: HeaderMap,
) -> Box<(ApiError, HeaderMap)> {
    if settings.retry_after {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        insert(&mut headers, "retry-after", seconds);
    }
    let error = ApiError {
        status: StatusCode::TOO_MANY_REQUESTS,
        body: json!({ "statusCode": 429, "message": "Too Many Requests" }),
    };
    Box::new((error, headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn map_removes_entries_without_current_requests() {
        let limiter = RateLimiter::default();
        let mut most = 0;
        for minute in 0..20_000 {
            let account = AccountId::Location(minute.to_string());
            assert!(limiter.take("app", &account, MINUTE * minute).is_ok());
            most = most.max(limiter.inner().accounts.entries.len());
        }
        // A day has 1,440 minutes, and the map can double before entries are removed.
        assert!(most <= 2 * 1_441, "{most}");
    }
}
