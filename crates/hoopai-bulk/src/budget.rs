//! The part of the rate limit that a job may use.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use futures_util::lock::Mutex;
use hoopai_runtime::error::{ApiErrorKind, ErrorKind};
use hoopai_runtime::rate_limit::RateLimitSnapshot;
use hoopai_runtime::time::Clock;
use hoopai_runtime::{Error, Handle};

/// The wait after a refusal that states no time: the platform's window.
const WINDOW: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(86_400);

/// The longest part of a wait. After each part the job checks whether it is paused.
const PART: Duration = Duration::from_secs(30);

/// The part of the rate limit that a job may use, on the clock of its client.
///
/// A job with a budget waits when the daily budget of the account is used up, and continues after
/// the reset. Without one it ends with the error of the call, and continues when it is run again.
///
/// The calls of a job are spread evenly over the window, and wait while other calls of the client
/// wait. With a [`share`](Budget::share) the job also leaves a part of each window and of each day
/// to others. Jobs side by side have a budget each.
///
/// ```no_run
/// # async fn run(
/// #     client: hoopai_runtime::Handle,
/// #     list: hoopai_bulk::ExportList,
/// # ) -> Result<(), hoopai_bulk::BulkError> {
/// use hoopai_bulk::{Budget, Export};
///
/// let budget = Budget::of(&client).share(0.5);
/// Export::new("backup").list(list).budget(budget).run().await?;
/// # Ok(())
/// # }
/// ```
pub struct Budget {
    client: Handle,
    share: f64,
    until: Option<SystemTime>,
    /// The earliest time of the next call. Calls that wait for their turn wait for this lock.
    next: Mutex<Option<Instant>>,
}

impl Budget {
    /// The whole limit of the account that a client acts on.
    pub fn of(client: &Handle) -> Self {
        Budget {
            client: client.clone(),
            share: 1.0,
            until: None,
            next: Mutex::new(None),
        }
    }

    /// Sets the part of each window and day that the job may use, from above 0 to 1: 0.5 is half of
    /// the limit. Values outside of it count as the nearest of 0.01 and 1.
    ///
    /// The job waits for the next day while no more than the part of the others is left of this
    /// one, according to the replies of the platform. So the use by others counts as well.
    pub fn share(mut self, share: f64) -> Self {
        self.share = if share.is_nan() {
            1.0
        } else {
            share.clamp(0.01, 1.0)
        };
        self
    }

    /// Stops an import at this time of the client's clock, as [`pause`](crate::pause) does. It
    /// continues when it is run again.
    pub fn until(mut self, time: SystemTime) -> Self {
        self.until = Some(time);
        self
    }

    /// Whether the time of [`until`](Budget::until) is over.
    pub(crate) fn is_over(&self) -> bool {
        self.until
            .is_some_and(|until| self.client.clock().system_time() >= until)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.client.clock()
    }

    /// Waits for the turn of the next call. `false`: the job was stopped before.
    pub(crate) async fn turn(&self, is_stopped: impl Fn() -> bool) -> bool {
        let clock = self.client.clock();
        let mut next = self.next.lock().await;
        let mut is_logged = false;
        loop {
            if is_stopped() || self.is_over() {
                return false;
            }
            let limit = self.client.rate_limit_snapshot();
            if let Some(wait) = self.wait_for_day(&limit) {
                if !is_logged {
                    tracing::info!(seconds = wait.as_secs(), "the job waits for the next day");
                    is_logged = true;
                }
                clock.sleep(wait.min(PART)).await;
                continue;
            }
            if limit.max == usize::MAX {
                return true;
            }
            let gap = limit.interval.div_f64(limit.max.max(1) as f64 * self.share);
            let now = clock.now();
            let wait = next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
            if !wait.is_zero() {
                clock.sleep(wait.min(PART)).await;
            } else if limit.queued > 0 || limit.in_window >= limit.max {
                // Calls of others are first. The limit itself has the queue of the others only.
                clock.sleep(gap / 4).await;
            } else {
                // A late call does not shift the calls after it.
                let due = next.filter(|due| now.saturating_duration_since(*due) < gap);
                *next = Some(due.unwrap_or(now) + gap);
                return true;
            }
        }
    }

    /// How long the job waits for the next day, if its part of this day is used up.
    fn wait_for_day(&self, limit: &RateLimitSnapshot) -> Option<Duration> {
        let (left, max) = (limit.daily_left?, limit.daily_max?);
        let of_others = max.saturating_sub(self.calls_per_day(max));
        let is_used = of_others > 0 && left <= of_others;
        let wait = limit.daily_resets_in?.max(Duration::from_millis(1));
        is_used.then_some(wait)
    }

    /// The calls of the job in a day with so many calls.
    fn calls_per_day(&self, max: u64) -> u64 {
        ((max as f64 * self.share) as u64).max(1)
    }

    /// The time for so many calls at the rate of the limit, across days. `None`: there is no limit.
    pub(crate) fn time_for(&self, calls: u64) -> Option<Duration> {
        let limit = self.client.rate_limit_snapshot();
        if limit.max == usize::MAX {
            return None;
        }
        let rate = limit.max.max(1) as f64 * self.share / limit.interval.as_secs_f64();
        let at_rate = |calls: u64| Duration::from_secs_f64(calls as f64 / rate.max(f64::EPSILON));
        let (Some(left), Some(max), Some(resets_in)) =
            (limit.daily_left, limit.daily_max, limit.daily_resets_in)
        else {
            return Some(at_rate(calls));
        };
        let per_day = self.calls_per_day(max);
        let today = left.saturating_sub(max.saturating_sub(per_day));
        if calls <= today {
            return Some(at_rate(calls));
        }
        let rest = calls - today - 1;
        let days = u32::try_from(rest / per_day).unwrap_or(u32::MAX);
        let days = DAY.saturating_mul(days);
        Some(
            resets_in
                .saturating_add(days)
                .saturating_add(at_rate(rest % per_day + 1)),
        )
    }

    /// How long to wait before a call that failed is repeated. `None`: it failed for another reason
    /// than the limit.
    pub(crate) fn refused_for(&self, error: &Error) -> Option<Duration> {
        let by_limit = error.kind() == ErrorKind::RateLimit
            || error.api_error_kind() == Some(ApiErrorKind::RateLimited);
        let wait = error.retry_after().unwrap_or(WINDOW);
        by_limit.then(|| wait.max(Duration::from_millis(1)))
    }

    /// Waits in parts, until the wait ends or the job is stopped.
    pub(crate) async fn wait(&self, wait: Duration, is_stopped: impl Fn() -> bool) {
        let clock = self.client.clock();
        let end = clock.now() + wait;
        tracing::info!(seconds = wait.as_secs(), "the job waits for the rate limit");
        while !is_stopped() {
            let left = end.saturating_duration_since(clock.now());
            if left.is_zero() {
                return;
            }
            clock.sleep(left.min(PART)).await;
        }
    }
}

/// Waits for the turn of the next call.
pub(crate) async fn turn(budget: Option<&Budget>) {
    if let Some(budget) = budget {
        budget.turn(|| false).await;
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("share", &self.share)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
