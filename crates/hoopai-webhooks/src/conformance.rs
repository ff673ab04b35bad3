//! Checks of replay guards, for tests of your own implementation.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use hoopai_runtime::time::ManualClock;
//! use hoopai_webhooks::MemoryReplayGuard;
//! use hoopai_webhooks::conformance::ReplayGuardChecks;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), hoopai_webhooks::conformance::Violation> {
//! let clock = ManualClock::new();
//! let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
//! let guard = MemoryReplayGuard::new()
//!     .reservation_time(minute)
//!     .window(hour)
//!     .clock(Arc::new(clock.clone()));
//! ReplayGuardChecks::new(guard.clone(), guard, minute, hour)
//!     .wait_by(move |time| {
//!         clock.advance(time);
//!         async {}
//!     })
//!     .run()
//!     .await
//! # }
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;

use crate::replay::{DeliveryKey, ReplayError, ReplayGuard, ReservationId, ReserveOutcome};

const RESERVERS: usize = 16;
const DELIVERIES: usize = 8;

type Wait = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;
type Guard = Arc<dyn ReplayGuard>;

/// The checks of a replay guard.
pub struct ReplayGuardChecks {
    first: Guard,
    second: Guard,
    reservation_time: Duration,
    window: Duration,
    wait: Wait,
}

/// A rule that a replay guard breaks.
#[derive(Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What the guard did.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the replay guard breaks a rule: {}; {}",
            self.rule, self.found
        )
    }
}

impl std::error::Error for Violation {}

impl ReplayGuardChecks {
    /// Checks a guard through two handles of the same data, as two processes open it.
    ///
    /// The handles must have the given settings: reservations end after `reservation_time`, and
    /// handled deliveries are forgotten after `window`, which must be at least twice as long. The
    /// checks wait for both. A single check must take less than `reservation_time`.
    ///
    /// The deliveries have random keys of their own. When the checks have passed, all of them are
    /// released or have expired.
    pub fn new(
        first: impl ReplayGuard,
        second: impl ReplayGuard,
        reservation_time: Duration,
        window: Duration,
    ) -> Self {
        Self {
            first: Arc::new(first),
            second: Arc::new(second),
            reservation_time,
            window,
            wait: Arc::new(|time| Box::pin(tokio::time::sleep(time))),
        }
    }

    /// Sets how to wait until reservations and handled deliveries expire; by default, in real time.
    #[must_use]
    pub fn wait_by<F>(mut self, wait: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.wait = Arc::new(move |time| Box::pin(wait(time)));
        self
    }

    /// Runs all checks. Must be called in a Tokio runtime.
    ///
    /// # Errors
    /// Returns the first rule that the guard breaks.
    pub async fn run(&self) -> Result<(), Violation> {
        let run = fastrand::u64(..);
        let key =
            |name: &str| DeliveryKey::of_webhook("conformance", &format!("{run:016x}-{name}"));
        self.reservations(&key("reserved"), &key("another")).await?;
        self.releases(&key("released")).await?;
        let concurrent: Vec<DeliveryKey> = (0..DELIVERIES)
            .map(|number| key(&format!("concurrent-{number}")))
            .collect();
        for key in &concurrent {
            self.concurrency(*key).await?;
        }
        self.expiry(&key("expired")).await?;
        self.takeover(&concurrent).await?;
        let handled = [key("handled"), key("late"), key("retried")];
        self.commits(&handled[0]).await?;
        self.late_commits(&handled[1], &handled[2]).await?;
        self.window(&handled).await
    }

    async fn reservations(&self, key: &DeliveryKey, other: &DeliveryKey) -> Result<(), Violation> {
        let check = Check("a reserved delivery is pending for all handles");
        let id = check.reserve(&self.first, key).await?;
        check.is(&self.first, key, ReserveOutcome::Pending).await?;
        check.is(&self.second, key, ReserveOutcome::Pending).await?;
        let check = Check("each delivery has an entry of its own");
        let other_id = check.reserve(&self.second, other).await?;
        check.release(&self.second, other, other_id).await?;
        check.is(&self.second, key, ReserveOutcome::Pending).await?;
        check.release(&self.first, key, id).await
    }

    async fn releases(&self, key: &DeliveryKey) -> Result<(), Violation> {
        let check = Check("a released delivery can be reserved again, with another id");
        let first = check.reserve(&self.first, key).await?;
        check.release(&self.first, key, first).await?;
        let second = check.reserve(&self.second, key).await?;
        if first == second {
            return Err(check.found("both reservations have the same id"));
        }
        let check = Check("a release ends only the reservation with its id");
        check.release(&self.first, key, first).await?;
        check.is(&self.first, key, ReserveOutcome::Pending).await?;
        check.release(&self.second, key, second).await
    }

    async fn concurrency(&self, key: DeliveryKey) -> Result<(), Violation> {
        let check = Check("of concurrent callers, exactly one reserves a delivery");
        let reserver = |index: usize| {
            let guard = match index % 2 {
                0 => Arc::clone(&self.first),
                _ => Arc::clone(&self.second),
            };
            tokio::spawn(async move { guard.reserve(&key).await })
        };
        let reservers: Vec<_> = (0..RESERVERS).map(reserver).collect();
        let mut ids = Vec::new();
        for reserver in reservers {
            let outcome = reserver.await;
            let outcome = outcome.map_err(|error| check.found(error.to_string()))?;
            match outcome.map_err(|error| check.error(&error))? {
                ReserveOutcome::New(id) => ids.push(id),
                ReserveOutcome::Pending => {}
                ReserveOutcome::Duplicate => {
                    return Err(check.found("a delivery that was not committed is a duplicate"));
                }
            }
        }
        match ids[..] {
            [id] => check.release(&self.first, &key, id).await,
            _ => Err(check.found(format!("{} of {RESERVERS} reserved it", ids.len()))),
        }
    }

    async fn expiry(&self, key: &DeliveryKey) -> Result<(), Violation> {
        let check = Check("a reservation ends by itself after its time");
        let expired = check.reserve(&self.first, key).await?;
        self.pass(self.reservation_time).await;
        let current = check.reserve(&self.second, key).await?;
        let check = Check("a late release does not end the reservation of the next holder");
        check.release(&self.first, key, expired).await?;
        check.is(&self.first, key, ReserveOutcome::Pending).await?;
        check.release(&self.second, key, current).await
    }

    /// Checks concurrency when there are expired reservations.
    async fn takeover(&self, keys: &[DeliveryKey]) -> Result<(), Violation> {
        let check = Check("a released delivery can be reserved again, with another id");
        for key in keys {
            check.reserve(&self.first, key).await?;
        }
        self.pass(self.reservation_time).await;
        for key in keys {
            self.concurrency(*key).await?;
        }
        Ok(())
    }

    async fn commits(&self, key: &DeliveryKey) -> Result<(), Violation> {
        let check = Check("a committed delivery is a duplicate for all handles");
        let id = check.reserve(&self.first, key).await?;
        // The second one is a repetition after an error.
        for _ in 0..2 {
            check.commit(&self.first, key, id).await?;
            check
                .is(&self.first, key, ReserveOutcome::Duplicate)
                .await?;
            check
                .is(&self.second, key, ReserveOutcome::Duplicate)
                .await?;
        }
        let check = Check("a release does not change a committed delivery");
        check.release(&self.second, key, id).await?;
        check.is(&self.second, key, ReserveOutcome::Duplicate).await
    }

    async fn late_commits(
        &self,
        key: &DeliveryKey,
        committed_twice: &DeliveryKey,
    ) -> Result<(), Violation> {
        let check = Check("a commit counts although its reservation has expired");
        let keys = [key, committed_twice];
        let mut late = Vec::new();
        for key in keys {
            late.push(check.reserve(&self.first, key).await?);
        }
        self.pass(self.reservation_time).await;
        let mut current = Vec::new();
        for key in keys {
            current.push(check.reserve(&self.second, key).await?);
        }
        for (key, id) in keys.into_iter().zip(late) {
            check.commit(&self.first, key, id).await?;
            check
                .is(&self.second, key, ReserveOutcome::Duplicate)
                .await?;
        }
        let check = Check("the next holder neither undoes a late commit nor fails after it");
        check.release(&self.second, keys[0], current[0]).await?;
        check.commit(&self.second, keys[1], current[1]).await?;
        for key in keys {
            check
                .is(&self.first, key, ReserveOutcome::Duplicate)
                .await?;
        }
        Ok(())
    }

    /// Checks how long deliveries that were committed before are remembered.
    async fn window(&self, handled: &[DeliveryKey]) -> Result<(), Violation> {
        let check = Check("a committed delivery is remembered for longer than its reservation");
        self.pass(self.reservation_time).await;
        // The first one was committed before the wait of another check.
        for key in &handled[1..] {
            check
                .is(&self.second, key, ReserveOutcome::Duplicate)
                .await?;
        }
        let check = Check("a committed delivery is forgotten after the window");
        self.pass(self.window).await;
        for key in handled {
            let id = check.reserve(&self.first, key).await?;
            check.release(&self.first, key, id).await?;
        }
        Ok(())
    }

    /// Waits until entries with this lifetime have expired.
    async fn pass(&self, time: Duration) {
        (self.wait)(time + time / 4).await;
    }
}

impl fmt::Debug for ReplayGuardChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayGuardChecks")
            .field("reservation_time", &self.reservation_time)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// The rule that is checked.
struct Check(&'static str);

impl Check {
    async fn reserve(&self, guard: &Guard, key: &DeliveryKey) -> Result<ReservationId, Violation> {
        let outcome = guard.reserve(key).await;
        match outcome.map_err(|error| self.error(&error))? {
            ReserveOutcome::New(id) => Ok(id),
            outcome => Err(self.found(format!("reserve returned {outcome:?} and not New"))),
        }
    }

    async fn is(
        &self,
        guard: &Guard,
        key: &DeliveryKey,
        expected: ReserveOutcome,
    ) -> Result<(), Violation> {
        let outcome = guard.reserve(key).await;
        let outcome = outcome.map_err(|error| self.error(&error))?;
        if outcome == expected {
            return Ok(());
        }
        Err(self.found(format!("reserve returned {outcome:?} and not {expected:?}")))
    }

    async fn commit(
        &self,
        guard: &Guard,
        key: &DeliveryKey,
        id: ReservationId,
    ) -> Result<(), Violation> {
        let result = guard.commit(key, id).await;
        result.map_err(|error| self.error(&error))
    }

    async fn release(
        &self,
        guard: &Guard,
        key: &DeliveryKey,
        id: ReservationId,
    ) -> Result<(), Violation> {
        let result = guard.release(key, id).await;
        result.map_err(|error| self.error(&error))
    }

    fn error(&self, error: &ReplayError) -> Violation {
        self.found(format!("there was an error: {error}"))
    }

    fn found(&self, found: impl Into<String>) -> Violation {
        Violation {
            rule: self.0,
            found: found.into(),
        }
    }
}
