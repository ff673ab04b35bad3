//! The part of the rate limit that a job may use.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hoopai_runtime::error::{ApiErrorKind, ErrorKind};
use hoopai_runtime::{Error, Handle};

/// The wait after a refusal that states no time: the platform's window.
const WINDOW: Duration = Duration::from_secs(10);

/// The part of the rate limit that a job may use, on the clock of its client.
///
/// A job with a budget waits when the daily budget of the account is used up, and continues after
/// the reset. Without one it ends with the error of the call, and continues when it is run again.
///
/// With a [`share`](Budget::share) the job also leaves a part of each window to other calls of the
/// client. Its calls are spread evenly over the window. Jobs side by side have a budget each.
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
    share: Option<f64>,
    /// The earliest time of the next call.
    next: Mutex<Option<Instant>>,
}

impl Budget {
    /// The whole limit of the account that a client acts on.
    pub fn of(client: &Handle) -> Self {
        Budget {
            client: client.clone(),
            share: None,
            next: Mutex::new(None),
        }
    }

    /// Sets the part of each window that the job may use, from above 0 to 1: 0.5 is half of the
    /// limit. Values outside of it count as the nearest of 0.01 and 1.
    pub fn share(mut self, share: f64) -> Self {
        self.share = Some(if share.is_nan() {
            1.0
        } else {
            share.clamp(0.01, 1.0)
        });
        self
    }

    /// Waits for the turn of the next call.
    pub(crate) async fn turn(&self) {
        let Some(share) = self.share else {
            return;
        };
        let limit = self.client.rate_limit_snapshot();
        if limit.max == usize::MAX {
            return;
        }
        let gap = limit.interval.div_f64((limit.max.max(1) as f64) * share);
        let clock = self.client.clock();
        let now = clock.now();
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + gap);
            at
        };
        let wait = at.saturating_duration_since(now);
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
    }

    /// How long to wait before a call that failed is repeated. `None`: it failed for another reason
    /// than the limit.
    pub(crate) fn refused_for(&self, error: &Error) -> Option<Duration> {
        let by_limit = error.kind() == ErrorKind::RateLimit
            || error.api_error_kind() == Some(ApiErrorKind::RateLimited);
        let wait = error.retry_after().unwrap_or(WINDOW);
        by_limit.then(|| wait.max(Duration::from_millis(1)))
    }

    /// Waits in parts, until the wait ends or the job is paused.
    pub(crate) async fn wait(&self, wait: Duration, is_paused: impl Fn() -> bool) {
        let clock = self.client.clock();
        let end = clock.now() + wait;
        tracing::info!(seconds = wait.as_secs(), "the job waits for the rate limit");
        while !is_paused() {
            let left = end.saturating_duration_since(clock.now());
            if left.is_zero() {
                return;
            }
            clock.sleep(left.min(Duration::from_secs(30))).await;
        }
    }
}

/// Waits for the turn of the next call.
pub(crate) async fn turn(budget: Option<&Budget>) {
    if let Some(budget) = budget {
        budget.turn().await;
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}
