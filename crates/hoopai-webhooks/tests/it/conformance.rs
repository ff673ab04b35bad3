//! The checks of replay guards: the guard in memory passes them, and broken ones fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::time::{BoxFuture, ManualClock};
use hoopai_webhooks::conformance::{ReplayGuardChecks, Violation};
use hoopai_webhooks::{
    DeliveryKey, MemoryReplayGuard, ReplayError, ReplayGuard, ReservationId, ReserveOutcome,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn checks(guard: impl ReplayGuard + Clone, clock: &ManualClock) -> ReplayGuardChecks {
    let clock = clock.clone();
    ReplayGuardChecks::new(guard.clone(), guard, MINUTE, HOUR).wait_by(move |time| {
        clock.advance(time);
        async {}
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guard_in_memory_conforms() {
    let clock = ManualClock::new();
    let guard = MemoryReplayGuard::new()
        .reservation_time(MINUTE)
        .window(HOUR)
        .clock(Arc::new(clock.clone()));
    checks(guard.clone(), &clock).run().await.unwrap();
    // The checks leave nothing behind.
    assert!(guard.is_empty());
}

/// A rule that a guard breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Break {
    ReservesTwice,
    SharesAnEntry,
    KeepsReleased,
    RepeatsIds,
    ReleasesAnyId,
    ReservesInTwoSteps,
    KeepsReservations,
    ForgetsCommits,
    ReleasesCommits,
    IgnoresLateCommits,
    RejectsCommitsAfterLateOnes,
    CommitsUntilTheReservationEnds,
    KeepsCommits,
}

#[derive(Clone, Copy)]
struct Entry {
    id: u64,
    end: Duration,
    is_handled: bool,
}

/// A guard that breaks a rule.
#[derive(Clone)]
struct Broken {
    entries: Arc<Mutex<HashMap<DeliveryKey, Entry>>>,
    clock: ManualClock,
    how: Break,
}

impl Broken {
    fn key(&self, key: &DeliveryKey) -> DeliveryKey {
        match self.how {
            Break::SharesAnEntry => DeliveryKey::of_webhook("", ""),
            _ => *key,
        }
    }

    fn find(&self, key: &DeliveryKey) -> Option<Entry> {
        let entries = self.entries.lock().unwrap();
        let entry = entries.get(key).copied()?;
        let never_ends = match entry.is_handled {
            true => self.how == Break::KeepsCommits,
            false => self.how == Break::KeepsReservations,
        };
        (never_ends || entry.end > self.clock.elapsed()).then_some(entry)
    }

    fn set(&self, key: DeliveryKey, entry: Entry) {
        self.entries.lock().unwrap().insert(key, entry);
    }

    async fn reserve_broken(&self, key: DeliveryKey) -> ReserveOutcome {
        let found = self.find(&key);
        if self.how == Break::ReservesInTwoSteps {
            tokio::task::yield_now().await;
        }
        match found {
            Some(entry) if entry.is_handled => ReserveOutcome::Duplicate,
            Some(_) if self.how != Break::ReservesTwice => ReserveOutcome::Pending,
            _ => {
                let id = match self.how {
                    Break::RepeatsIds => 1,
                    _ => fastrand::u64(..),
                };
                let entry = Entry {
                    id,
                    end: self.clock.elapsed() + MINUTE,
                    is_handled: false,
                };
                self.set(key, entry);
                ReserveOutcome::New(ReservationId::new(id))
            }
        }
    }

    fn commit_broken(&self, key: DeliveryKey, id: u64) -> Result<(), ReplayError> {
        let found = self.find(&key);
        let is_other = found.is_some_and(|entry| entry.id != id);
        match (self.how, found) {
            (Break::ForgetsCommits, _) => return Ok(()),
            (Break::IgnoresLateCommits, _) if is_other => return Ok(()),
            (Break::RejectsCommitsAfterLateOnes, Some(entry)) if is_other && entry.is_handled => {
                return Err(ReplayError::store("there is no such reservation"));
            }
            _ => {}
        }
        let end = match (self.how, found) {
            (Break::CommitsUntilTheReservationEnds, Some(entry)) => entry.end,
            _ => self.clock.elapsed() + HOUR,
        };
        let entry = Entry {
            id,
            end,
            is_handled: true,
        };
        self.set(key, entry);
        Ok(())
    }

    fn release_broken(&self, key: &DeliveryKey, id: u64) {
        let Some(entry) = self.find(key) else {
            return;
        };
        let is_released = match self.how {
            Break::KeepsReleased => false,
            Break::ReleasesAnyId => !entry.is_handled,
            Break::ReleasesCommits => entry.id == id,
            _ => entry.id == id && !entry.is_handled,
        };
        if is_released {
            self.entries.lock().unwrap().remove(key);
        }
    }
}

impl ReplayGuard for Broken {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        Box::pin(async { Ok(self.reserve_broken(self.key(key)).await) })
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async move { self.commit_broken(self.key(key), id.get()) })
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async move {
            self.release_broken(&self.key(key), id.get());
            Ok(())
        })
    }
}

#[tokio::test]
async fn broken_guards_are_found() {
    for (how, rule) in [
        (Break::ReservesTwice, "pending for all handles"),
        (Break::SharesAnEntry, "an entry of its own"),
        (Break::KeepsReleased, "can be reserved again"),
        (Break::RepeatsIds, "with another id"),
        (Break::ReleasesAnyId, "only the reservation with its id"),
        (Break::ReservesInTwoSteps, "exactly one reserves"),
        (Break::KeepsReservations, "ends by itself"),
        (Break::ForgetsCommits, "duplicate for all handles"),
        (Break::ReleasesCommits, "does not change a committed"),
        (Break::IgnoresLateCommits, "a commit counts although"),
        (
            Break::RejectsCommitsAfterLateOnes,
            "the next holder neither",
        ),
        (
            Break::CommitsUntilTheReservationEnds,
            "for longer than its reservation",
        ),
        (Break::KeepsCommits, "forgotten after the window"),
    ] {
        let clock = ManualClock::new();
        let broken = Broken {
            entries: Arc::default(),
            clock: clock.clone(),
            how,
        };
        let result = checks(broken, &clock).run().await;
        let Violation { rule: found, .. } = result.expect_err(&format!("{how:?}"));
        assert!(found.contains(rule), "{how:?}: {found}");
    }
}
