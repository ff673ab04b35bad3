//! The settings of a rate limiter.

use std::time::Duration;

/// The range of the interval. Longer periods are covered by the daily budget.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(86_400);

/// The number of requests that may be sent, and the time that a call may wait.
///
/// The default is the platform's documented limit for an app in a location or company: 100 requests
/// in any 10 seconds and 200,000 a day. Plans differ, so limits that replies declare replace these
/// values, unless [`fixed`](Self::fixed) is set.
///
/// ```
/// use std::time::Duration;
/// use hoopai_runtime::rate_limit::RateLimitSettings;
///
/// // Two processes share the limits of one app, and this one uses half of them.
/// let half = RateLimitSettings::default().max(50).daily(Some(100_000)).fixed(true);
/// // A web server returns "try later" rather than keep its user waiting.
/// let hasty = RateLimitSettings::default().max_wait(Duration::from_secs(2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitSettings {
    pub(super) limited: bool,
    pub(super) max: u32,
    pub(super) interval: Duration,
    pub(super) daily: Option<u64>,
    pub(super) daily_probe: Duration,
    pub(crate) max_wait: Duration,
    pub(super) fixed: bool,
    pub(super) exchange_timeout: Duration,
    pub(super) without_share: u32,
}

impl Default for RateLimitSettings {
    fn default() -> Self {
        RateLimitSettings {
            limited: true,
            max: 100,
            interval: Duration::from_secs(10),
            daily: Some(200_000),
            daily_probe: Duration::from_secs(300),
            max_wait: Duration::from_secs(60),
            fixed: false,
            exchange_timeout: Duration::from_secs(1),
            without_share: 1,
        }
    }
}

impl RateLimitSettings {
    /// The limits of the token endpoint: 5 requests in any minute, and no daily budget. A call may
    /// wait 70 seconds, which is a whole window and a slow reply.
    pub fn token_endpoint() -> Self {
        RateLimitSettings {
            max: 5,
            interval: Duration::from_secs(60),
            daily: None,
            max_wait: Duration::from_secs(70),
            ..Self::default()
        }
    }

    /// The limit in words.
    pub(crate) fn shown(&self) -> String {
        let interval = crate::time::format_wait(self.interval);
        format!("{} requests in {interval}", self.max)
    }

    /// No client-side limit: every call is sent at once, also after refusals.
    pub fn unlimited() -> Self {
        RateLimitSettings {
            limited: false,
            daily: None,
            ..Self::default()
        }
    }

    /// Sets the number of requests that may be sent in any interval. Default: 100. Zero counts as
    /// one.
    pub fn max(mut self, max: u32) -> Self {
        self.max = max.max(1);
        self
    }

    /// Sets the interval, from a millisecond to a day. Default: 10 seconds.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(SHORTEST, LONGEST);
        self
    }

    /// Sets the number of requests that may be sent in the 24 hours from the first one. Default:
    /// 200,000. `None` disables the daily budget, also if replies declare one.
    pub fn daily(mut self, daily: Option<u64>) -> Self {
        self.daily = daily;
        self
    }

    /// Sets how often a day that is used up according to replies is probed. Default: 5 minutes;
    /// minimum: one second.
    ///
    /// A probe is one call that is sent although no budget is left. If it succeeds, calls are sent
    /// again. Other calls fail at once, and [`retry_after`](crate::Error::retry_after) is the time
    /// until the next probe. A budget that is used up by the settings alone is not probed.
    pub fn daily_probe(mut self, interval: Duration) -> Self {
        self.daily_probe = interval.max(Duration::from_secs(1));
        self
    }

    /// Sets how long a call may wait. Default: 60 seconds, which is six windows or about 600 calls.
    ///
    /// A call that would have to wait longer fails at once and does not join the queue.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Keeps these limits whatever replies declare. They are then this process's share: use by
    /// other processes counts against it only beyond the rest of the declared limit.
    pub fn fixed(mut self, fixed: bool) -> Self {
        self.fixed = fixed;
        self
    }

    /// Sets how many requests a process may send in any interval if it has no share and its
    /// [`LimiterBackend`](super::LimiterBackend) cannot be reached, or has lost all shares. Default: 1.
    ///
    /// Processes with shares leave an eighth of them for this. If only this process cannot reach the
    /// backend, the limit can be exceeded by as many requests, which the platform refuses and which
    /// are retried. With 0, such calls wait for the backend.
    pub fn without_share(mut self, requests: u32) -> Self {
        self.without_share = requests;
        self
    }

    /// Sets how long an exchange with a [`LimiterBackend`](super::LimiterBackend) may take. Default:
    /// one second. After that time the process keeps to the share that it has, as if the backend
    /// could not be reached.
    pub fn exchange_timeout(mut self, timeout: Duration) -> Self {
        self.exchange_timeout = timeout;
        self
    }
}
