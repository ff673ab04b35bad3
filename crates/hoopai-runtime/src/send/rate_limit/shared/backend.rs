//! The interface of limiter backends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::time::BoxFuture;

/// Divides the rate limit of each account among the processes that use it.
///
/// A process with a share of `n` keeps to `n` requests in any interval by itself: its limiter has
/// the queue, the waits, the pauses after refusals, and corrections by replies. It calls
/// [`exchange`](Self::exchange) from time to time, which reports what it needs and holds, and
/// returns its share. So a backend is one operation, which is called once for many requests.
///
/// The rules of a backend:
///
/// 1. The sum of all shares and of all slots in [`excess`](ShareReport::excess) never exceeds the
///    limit, unless processes report more than they were granted.
/// 2. A share is raised only by a reply and lowered only by its process, in its next report. So
///    losing a reply or a report is safe.
/// 3. A report whose [`number`](ShareReport::number) is not higher than that of an earlier report
///    changes nothing.
/// 4. A process that is silent keeps its share for [`FORGOTTEN_AFTER`] intervals, since it may
///    use it although it cannot reach the backend. Time in which no process reports does not count.
/// 5. A backend that may have lost shares gives none away that a process may still use: shares that
///    processes report are theirs, and the rest is reserved for [`FORGOTTEN_AFTER`] intervals.
/// 6. Shares are fair: a process has less than an equal part only if it needs less.
///
/// `Ledger` (feature `limiter-backends`) implements these rules. A backend keeps one ledger for each
/// key where all processes reach it, and changes it in one step, by a lock, a transaction or a
/// compare-and-swap. The feature `conformance` checks a backend with one call.
pub trait LimiterBackend: Send + Sync + 'static {
    /// Records the report of a process, and returns its share.
    ///
    /// The caller stops waiting after a short time (see
    /// [`RateLimitSettings::exchange_timeout`](super::super::RateLimitSettings::exchange_timeout)).
    ///
    /// # Errors
    /// The backend cannot be reached. The process then keeps to its share and tries again.
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>>;
}

impl<B: LimiterBackend + ?Sized> LimiterBackend for Arc<B> {
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        (**self).exchange(key, report)
    }
}

/// The number of intervals after which a backend gives the share of a silent process to others.
pub const FORGOTTEN_AFTER: u32 = 12;

/// What a limit applies to. `Debug` hides it, since it contains the id of an account.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LimitKey {
    /// The app: the client id of an OAuth app, or an empty string.
    pub app: String,
    /// The account, such as `location:Lq3Tz8Wn5Rk1Yb6Hd0Vx`, or an endpoint with a limit of its own.
    pub resource: String,
}

impl LimitKey {
    /// Creates a key.
    pub fn new(app: impl Into<String>, resource: impl Into<String>) -> Self {
        LimitKey {
            app: app.into(),
            resource: resource.into(),
        }
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LimitKey([hidden])")
    }
}

/// The report of a process about one limit. All durations are relative to the moment of the report,
/// so the clocks of processes do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareReport {
    /// A random number that identifies the limiter of the process.
    pub client: u64,
    /// The number of this report, which ascends.
    pub number: u64,
    /// The share that the process keeps to from now on: at most the one that it was granted.
    pub share: u32,
    /// The slots that it occupies beyond its share, in order of their end.
    pub excess: Vec<Excess>,
    /// The share that it could use now, with the slots that it occupies. Zero if it does not call.
    pub demand: u32,
    /// The share that it needs for the next interval, at most `demand`. If all processes together
    /// need more than the limit, this decides.
    pub need: u32,
    /// The number of requests that the platform allows in any interval, as far as the process
    /// knows.
    pub max: u32,
    /// The interval.
    pub interval: Duration,
    /// Whether a reply has declared `max` and `interval`.
    pub declared: bool,
    /// The highest number of requests that the platform counted in its window, according to replies
    /// since the last report.
    pub counted: Option<u32>,
    /// Whether the platform has refused a request since the last report.
    pub refused: bool,
    /// The daily budget, if it is limited.
    pub daily: Option<DailyReport>,
}

impl ShareReport {
    /// Creates the report of a process that has no share and needs none.
    pub fn new(client: u64, max: u32, interval: Duration) -> Self {
        ShareReport {
            client,
            number: 1,
            share: 0,
            excess: Vec::new(),
            demand: 0,
            need: 0,
            max,
            interval,
            declared: false,
            counted: None,
            refused: false,
            daily: None,
        }
    }
}

/// Slots that a process occupies beyond its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excess {
    /// When they are free. `None`: after a later report, since their requests have no reply yet.
    pub free_in: Option<Duration>,
    /// The number of slots.
    pub slots: u32,
}

impl Excess {
    /// Creates an entry.
    pub fn new(free_in: Option<Duration>, slots: u32) -> Self {
        Excess { free_in, slots }
    }
}

/// The part of a report about the daily budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DailyReport {
    /// The number of requests that are allowed in a day.
    pub budget: u64,
    /// The number of requests that this process was ever granted permits for.
    pub admitted: u64,
    /// The part of the budget that it holds for its next requests.
    pub reserved: u64,
    /// The remaining budget, if a reply has reported it since the last report.
    pub left: Option<u64>,
    /// The time until the budget resets.
    pub resets_in: Duration,
}

impl DailyReport {
    /// Creates the report of a process that has sent nothing.
    pub fn new(budget: u64, resets_in: Duration) -> Self {
        DailyReport {
            budget,
            admitted: 0,
            reserved: 0,
            left: None,
            resets_in,
        }
    }
}

/// The reply to a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareReply {
    /// The share of the process, at least the reported one.
    pub share: u32,
    /// The share to which the process lowers its own with its next report, because others need the
    /// rest. Equal to `share` if there is no need.
    pub target: u32,
    /// The share that the process would have if it needed as much as possible, for forecasts.
    pub prospect: u32,
    /// The number of processes that need a share, or hold one.
    pub members: u32,
    /// The time until the next report, if the process still calls then.
    pub renew_after: Duration,
    /// The number of requests that are allowed in any interval, for all processes.
    pub max: u32,
    /// The interval.
    pub interval: Duration,
    /// Whether the backend may have lost shares, and grants nothing because no process has reported
    /// one. A process without a share then sends as many requests as without the backend.
    pub is_recovering: bool,
    /// The daily budget, if the report has one.
    pub daily: Option<DailyReply>,
}

/// The part of a reply about the daily budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DailyReply {
    /// The remaining budget of all processes.
    pub left: u64,
    /// The part of it that this process may use before its next report.
    pub reserved: u64,
    /// The time until the budget resets.
    pub resets_in: Duration,
}

impl ShareReply {
    /// Creates a reply that grants this share.
    pub fn new(share: u32, max: u32, interval: Duration) -> Self {
        ShareReply {
            share,
            target: share,
            prospect: max,
            members: 1,
            renew_after: interval / 2,
            max,
            interval,
            is_recovering: false,
            daily: None,
        }
    }

    /// Adds the daily budget.
    #[must_use]
    pub fn with_daily(mut self, left: u64, reserved: u64, resets_in: Duration) -> Self {
        self.daily = Some(DailyReply {
            left,
            reserved,
            resets_in,
        });
        self
    }
}

/// An error of a limiter backend.
#[derive(Debug)]
pub struct LimiterError {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl LimiterError {
    /// Creates an error. The text says what was wrong and what to do, without secrets.
    pub fn new(message: impl Into<String>) -> Self {
        LimiterError {
            message: message.into(),
            source: None,
        }
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for LimiterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LimiterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
