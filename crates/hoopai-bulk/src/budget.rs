//! The part of the rate limit that a job may use.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use futures_util::lock::Mutex;
use hoopai_runtime::error::{ApiErrorKind, ErrorKind};
use hoopai_runtime::rate_limit::RateLimitSnapshot;
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
    /// Calls that wait for their turn wait for this lock.
    pace: Mutex<Pace>,
}

/// The distances between the calls of a job.
#[derive(Default)]
struct Pace {
    /// The earliest time of the next call.
    next: Option<Instant>,
    /// The calls of the job that may be in the window.
    own: VecDeque<Instant>,
    /// How many calls of a window are for the job.
    allowed: Option<f64>,
}

impl Pace {
    /// Updates the number of calls that others leave, and returns the distance of calls. Each call of
    /// others delays the next one of the job, so that the window fills evenly.
    fn gap(&mut self, limit: &RateLimitSnapshot, share: f64, now: Instant) -> Duration {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= limit.interval;
        while self.own.front().is_some_and(is_old) {
            self.own.pop_front();
        }
        let max = limit.max as f64;
        let others = limit.in_window.saturating_sub(self.own.len()) as f64;
        let allowed = (max * share).min(max - others).max(1.0);
        let gap = limit.interval.div_f64(allowed);
        let before = self.allowed.replace(allowed).unwrap_or(allowed);
        let shift = gap.mul_f64((before - allowed).abs());
        self.next = self.next.map(|next| match before >= allowed {
            true => next + shift,
            false => next.checked_sub(shift).unwrap_or(next).max(now),
        });
        gap
    }

    /// Records a call at this time. A late call does not delay the calls after it.
    fn take(&mut self, gap: Duration, now: Instant) {
        let due = self
            .next
            .filter(|due| now.saturating_duration_since(*due) < gap);
        self.next = Some(due.unwrap_or(now) + gap);
        self.own.push_back(now);
    }
}

impl Budget {
    /// The whole limit of the account that a client acts on.
    pub fn of(client: &Handle) -> Self {
        Budget {
            client: client.clone(),
            share: 1.0,
            until: None,
            pace: Mutex::default(),
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

    /// Stops the job at this time of the client's clock, as [`pause`](crate::pause) does. It continues
    /// when it is run again.
    pub fn until(mut self, time: SystemTime) -> Self {
        self.until = Some(time);
        self
    }

    /// Whether the time of [`until`](Budget::until) is over.
    pub(crate) fn is_over(&self) -> bool {
        self.until
            .is_some_and(|until| self.client.clock().system_time() >= until)
    }

    /// The time of the client's clock, or of the system without a budget.
    pub(crate) fn now(budget: Option<&Budget>) -> Instant {
        budget.map_or_else(Instant::now, |budget| budget.client.clock().now())
    }

    /// Waits for the turn of the next call. `false`: the job was stopped before.
    pub(crate) async fn turn(&self, is_stopped: impl Fn() -> bool) -> bool {
        let clock = self.client.clock();
        let mut pace = self.pace.lock().await;
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
            let now = clock.now();
            let gap = pace.gap(&limit, self.share, now);
            // Another process of the job that ended just now can have filled the window evenly.
            let first = now + limit.interval.div_f64(limit.max.max(1) as f64);
            let next = *pace.next.get_or_insert(first);
            let wait = next.saturating_duration_since(now);
            if !wait.is_zero() {
                // In parts, since the call comes sooner if others call less.
                clock.sleep(wait.min(limit.interval / 10)).await;
            } else if limit.queued > 0 || limit.in_window >= limit.max {
                // Waiting calls of others are first.
                clock.sleep(limit.interval / 400).await;
            } else {
                pace.take(gap, now);
                return true;
            }
        }
    }

    /// How long the job waits for the next day, if its part of this day is used up.
    ///
    /// The limiter sends a call every few minutes to a day that is used up, since a reply can be
    /// wrong. A job lasts for days, so almost all of these calls would be refused.
    fn wait_for_day(&self, limit: &RateLimitSnapshot) -> Option<Duration> {
        let (left, max) = (limit.daily_left?, limit.daily_max?);
        let of_others = max.saturating_sub(self.calls_per_day(max));
        let is_used = left <= of_others;
        // Replies state the time to the reset in whole milliseconds, cut off.
        let wait = limit.daily_resets_in? + Duration::from_millis(1);
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

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("share", &self.share)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
