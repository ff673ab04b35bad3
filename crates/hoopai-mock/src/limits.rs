//! Limits: so many requests in any 10 seconds, so many a day, for each app and resource.
//!
//! The window slides: a request is let through if fewer than the limit were let through in the 10 s before it, so no 10 s, wherever
//! they begin, ever hold more. The day is 24 h long and begins with the first request after the last one ended. A
//! request that is refused counts towards neither.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use crate::refusal::Refusal;
use crate::tokens::{AccountId, Grant};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

/// So many tallies are kept before those are thrown out that say nothing any more.
const SWEEP_AT: usize = 1_024;

/// How much a server lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitSettings {
    /// Requests in any window.
    pub burst: u32,
    /// The window's length.
    pub window: Duration,
    /// Requests in a day of 24 hours from the first.
    pub daily: u32,
    /// Requests of the token endpoint in any minute, for each app.
    pub token_endpoint: u32,
    /// Whether a refusal says in `Retry-After` when the next request would be let through, in whole seconds. The platform was never
    /// seen to.
    pub retry_after: bool,
    /// Whether replies carry `X-RateLimit-Reset`, which HoopAI's guide names and the platform was never seen to send: when the
    /// oldest request leaves the window, or the spent day ends, in Unix seconds, rounded up.
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

/// What was let through so far.
#[derive(Default)]
pub(crate) struct Limits {
    /// The server's start, since 1970.
    started: Duration,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    settings: RateLimitSettings,
    /// The latest time seen: requests that read the clock at once may come here in any order.
    latest: Duration,
    resources: Tallies<(String, AccountId)>,
    token_endpoint: Tallies<String>,
}

/// What one app used of one resource.
#[derive(Default)]
struct Tally {
    /// When the requests of the last window were let through, the oldest first.
    window: VecDeque<Duration>,
    /// When the day began, and how many it holds.
    day: Option<(Duration, u32)>,
}

struct Tallies<K> {
    tallies: HashMap<K, Tally>,
    sweep_at: usize,
}

impl<K> Default for Tallies<K> {
    fn default() -> Self {
        Self {
            tallies: HashMap::new(),
            sweep_at: SWEEP_AT,
        }
    }
}

impl<K: Eq + Hash> Tallies<K> {
    /// The tally of a key, after those were thrown out whose window and day are over.
    fn of(&mut self, key: K, window: Duration, now: Duration) -> &mut Tally {
        if self.tallies.len() >= self.sweep_at {
            self.tallies.retain(|_, tally| {
                tally.forget(window, now);
                !tally.window.is_empty() || tally.day.is_some()
            });
            self.sweep_at = SWEEP_AT.max(self.tallies.len() * 2);
        }
        let tally = self.tallies.entry(key).or_default();
        tally.forget(window, now);
        tally
    }
}

impl Tally {
    fn forget(&mut self, window: Duration, now: Duration) {
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

    /// How long until the window has room for another request; zero if it has now.
    fn wait(&self, limit: u32, window: Duration, now: Duration) -> Duration {
        let limit = as_usize(limit);
        if self.window.len() < limit {
            return Duration::ZERO;
        }
        // Limits can be lowered at any time: more may be in the window than there is room for.
        let last_to_go = self.window.len().checked_sub(limit.max(1));
        last_to_go
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

impl Limits {
    /// `started` is the server's start, since 1970.
    pub(crate) fn new(settings: RateLimitSettings, started: Duration) -> Self {
        let limits = Self {
            started,
            ..Self::default()
        };
        limits.set(settings);
        limits
    }

    /// Changes the limits; what was let through stays counted.
    pub(crate) fn set(&self, settings: RateLimitSettings) {
        self.inner().settings = settings;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request through and says what is left, or refuses it with 429. Both come with the limit headers.
    pub(crate) fn take(
        &self,
        grant: &Grant,
        now: Duration,
    ) -> Result<HeaderMap, Box<(Refusal, HeaderMap)>> {
        let mut inner = self.inner();
        let (settings, now) = inner.at(now);
        let key = (grant.app.clone(), grant.resource.clone());
        let tally = inner.resources.of(key, settings.window, now);
        let mut wait = tally.wait(settings.burst, settings.window, now);
        if tally.used_today() >= settings.daily {
            wait = wait.max(tally.day_left(now));
        }
        if wait.is_zero() {
            tally.window.push_back(now);
            let (start, used) = tally.day.unwrap_or((now, 0));
            tally.day = Some((start, used.saturating_add(1)));
        }
        let mut headers = headers(&settings, tally, now);
        if settings.reset {
            let oldest = tally.window.front().copied().unwrap_or(now);
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

    /// Lets a request of the token endpoint through, or refuses it with 429.
    pub(crate) fn take_token(
        &self,
        client_id: &str,
        now: Duration,
    ) -> Result<(), Box<(Refusal, HeaderMap)>> {
        let mut inner = self.inner();
        let (settings, now) = inner.at(now);
        let tally = inner.token_endpoint.of(client_id.to_owned(), MINUTE, now);
        let wait = tally.wait(settings.token_endpoint, MINUTE, now);
        if wait.is_zero() {
            tally.window.push_back(now);
            Ok(())
        } else {
            Err(too_many(&settings, wait, HeaderMap::new()))
        }
    }
}

impl Inner {
    /// The settings, and the time, which never runs back.
    fn at(&mut self, now: Duration) -> (RateLimitSettings, Duration) {
        self.latest = self.latest.max(now);
        (self.settings.clone(), self.latest)
    }
}

fn headers(settings: &RateLimitSettings, tally: &Tally, now: Duration) -> HeaderMap {
    let in_window = u32::try_from(tally.window.len()).unwrap_or(u32::MAX);
    let mut headers = HeaderMap::new();
    let mut add = |name, value| insert(&mut headers, name, value);
    add("x-ratelimit-limit-daily", settings.daily.into());
    add(
        "x-ratelimit-daily-remaining",
        settings.daily.saturating_sub(tally.used_today()).into(),
    );
    add(
        "x-ratelimit-interval-milliseconds",
        settings.window.as_millis(),
    );
    add("x-ratelimit-max", settings.burst.into());
    add(
        "x-ratelimit-remaining",
        settings.burst.saturating_sub(in_window).into(),
    );
    add("x-ratelimit-daily-reset", tally.day_left(now).as_millis());
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
) -> Box<(Refusal, HeaderMap)> {
    if settings.retry_after {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
            headers.insert(http::header::RETRY_AFTER, value);
        }
    }
    let refusal = Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        body: json!({ "statusCode": 429, "message": "Too Many Requests" }),
    };
    Box::new((refusal, headers))
}

fn as_usize(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_that_say_nothing_any_more_are_thrown_out() {
        let limits = Limits::default();
        let mut most = 0;
        for minute in 0..20_000 {
            let grant = Grant::own(AccountId::Location(minute.to_string()), None, "app");
            assert!(limits.take(&grant, MINUTE * minute).is_ok());
            most = most.max(limits.inner().resources.tallies.len());
        }
        // A day has 1,440 minutes, and the map may double before it is swept.
        assert!(most <= 2 * 1_441, "{most}");
    }
}
