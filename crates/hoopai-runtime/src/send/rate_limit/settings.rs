//! How much is let through.

use std::time::Duration;

/// What a window can be: shorter ones say nothing, and longer ones than a day are the daily budget's business.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(86_400);

/// How many requests may go out, and how long a call may wait for its turn.
///
/// The default is what the platform documents for an app and a location or company: 100 requests in any 10 seconds and
/// 200,000 a day. Plans differ, so what replies say about the limits takes the place of these values;
/// [`fixed`](Self::fixed) prevents it.
///
/// ```
/// use std::time::Duration;
/// use hoopai_runtime::rate_limit::RateLimitSettings;
///
/// // Two processes share the limits of one app, and this one contents itself with half.
/// let half = RateLimitSettings::default().max(50).daily(Some(100_000)).fixed(true);
/// // A web server would rather answer "try later" than keep its user waiting.
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
        }
    }
}

impl RateLimitSettings {
    /// The limits of the endpoint that gives tokens: 5 requests in any minute, and no daily budget. A call may wait for a
    /// whole window and a slow reply, 70 seconds.
    pub fn token_endpoint() -> Self {
        RateLimitSettings {
            max: 5,
            interval: Duration::from_secs(60),
            daily: None,
            max_wait: Duration::from_secs(70),
            ..Self::default()
        }
    }

    /// No limiting on this side: every call goes out at once, and refusals hold nothing back.
    pub fn unlimited() -> Self {
        RateLimitSettings {
            limited: false,
            daily: None,
            ..Self::default()
        }
    }

    /// How many requests may go out in any interval. 100 unless set; zero counts as one.
    pub fn max(mut self, max: u32) -> Self {
        self.max = max.max(1);
        self
    }

    /// The interval, from a millisecond to a day. 10 seconds unless set.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(SHORTEST, LONGEST);
        self
    }

    /// How many requests may go out in 24 hours from the first. 200,000 unless set. With `None` no day is counted, whatever
    /// replies say of it.
    pub fn daily(mut self, daily: Option<u64>) -> Self {
        self.daily = daily;
        self
    }

    /// How often a day whose budget is spent according to replies is probed. 5 minutes unless set; at least a second.
    ///
    /// One call is sent although no budget is left. If it succeeds, calls are sent again. Other calls fail at once, and
    /// [`retry_after`](crate::Error::retry_after) is the time until the next probe. A budget that is spent by the settings alone is not
    /// probed.
    pub fn daily_probe(mut self, interval: Duration) -> Self {
        self.daily_probe = interval.max(Duration::from_secs(1));
        self
    }

    /// How long a call may wait for its turn. 60 seconds unless set, which is six windows and so some 600 calls deep.
    ///
    /// A call that would have to wait longer fails at once, in place of joining the queue.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Keeps these limits whatever replies say. Then they are this process's share: what other processes use counts against the
    /// share only where it goes beyond the room that the share leaves them.
    pub fn fixed(mut self, fixed: bool) -> Self {
        self.fixed = fixed;
        self
    }
}
