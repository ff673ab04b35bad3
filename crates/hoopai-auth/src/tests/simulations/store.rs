//! The store of the simulations: it fails, hangs and executes operations late.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hoopai_runtime::time::{BoxFuture, Clock};

use super::{LEASE_LIFETIME, STORE_TIMEOUT, Shared};
use crate::util::sync::lock;
use crate::{Lease, LeaseGuard, Record, StoreError, Swap, TokenKey, TokenStore};

pub(super) struct LeaseEntry {
    pub(super) holder: u64,
    pub(super) process: usize,
    pub(super) end: Duration,
    /// Whether its holder renews it.
    pub(super) is_renewed: bool,
}

/// A swap that takes effect after its caller has got an error.
pub(super) struct LateSwap {
    pub(super) at: Duration,
    pub(super) key: TokenKey,
    pub(super) expected: Option<u64>,
    pub(super) new: Option<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outage {
    None,
    /// Operations fail at once.
    Down,
    /// Operations fail after their timeout.
    Hangs,
}

/// What happens to an operation of the store.
pub(super) enum Fate {
    Works,
    Fails,
    /// It takes effect, and an error is returned.
    FailsAfterwards,
    /// It takes effect after this time, and an error is returned before.
    Late(Duration),
}
impl Shared {
    /// Waits as long as an operation of the store takes, and decides what happens to it.
    async fn fate(&self) -> Fate {
        let (wait, fate) = {
            let mut state = lock(&self.state);
            let state = &mut *state;
            let outage = match state.outage {
                Outage::None
                    if self.faults.store && !state.is_calm && state.random.u8(..12) == 0 =>
                {
                    [Outage::Down, Outage::Hangs][state.random.usize(..2)]
                }
                outage => outage,
            };
            let latency = Duration::from_micros(state.random.u64(..20_000));
            let slow = Duration::from_millis(state.random.u64(..3_000));
            match outage {
                Outage::None if !state.is_calm && state.random.u8(..20) == 0 => (slow, Fate::Works),
                Outage::None => (latency, Fate::Works),
                Outage::Down => (Duration::ZERO, Fate::Fails),
                Outage::Hangs => {
                    let later = Duration::from_millis(state.random.u64(..30_000));
                    let fate = match state.random.u8(..3) {
                        0 => Fate::Fails,
                        1 => Fate::FailsAfterwards,
                        _ => Fate::Late(later),
                    };
                    (STORE_TIMEOUT, fate)
                }
            }
        };
        if !matches!(fate, Fate::Works) {
            lock(&self.state).counts.store_failures += 1;
        }
        self.clock.sleep(wait).await;
        fate
    }

    /// Executes the late swaps that are due.
    async fn execute_late_swaps(&self) {
        let now = self.elapsed();
        let mut due = Vec::new();
        lock(&self.state).late.retain_mut(|late| {
            let is_due = late.at <= now;
            if is_due {
                due.push((late.key.clone(), late.expected, late.new.take()));
            }
            !is_due
        });
        for (key, expected, new) in due {
            let swap = self.records.swap(&key, expected, new).await.unwrap();
            lock(&self.state).counts.late_swaps += u64::from(swap == Swap::Done);
        }
    }

    /// Renews the leases of running processes, as their tasks do.
    pub(super) fn renew_leases(&self, is_running: impl Fn(usize) -> bool) {
        let end = self.elapsed() + LEASE_LIFETIME;
        let mut state = lock(&self.state);
        if state.outage == Outage::None {
            let leases = state.leases.values_mut();
            for lease in leases.filter(|lease| lease.is_renewed && is_running(lease.process)) {
                lease.end = end;
            }
        }
    }
}

pub(super) fn down() -> StoreError {
    StoreError::new("the store is down", "wait")
}

/// The store as one process sees it.
pub(super) struct ProcessStore {
    pub(super) shared: Arc<Shared>,
    pub(super) process: usize,
    /// Whether the process has crashed: nothing is released then.
    pub(super) has_crashed: Arc<AtomicBool>,
}

impl TokenStore for ProcessStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            match self.shared.fate().await {
                Fate::Works => {
                    self.shared.execute_late_swaps().await;
                    self.shared.records.load(key).await
                }
                _ => Err(down()),
            }
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let shared = &self.shared;
            let fate = shared.fate().await;
            shared.execute_late_swaps().await;
            match fate {
                Fate::Works => shared.records.swap(key, expected, new).await,
                Fate::Fails => Err(down()),
                Fate::FailsAfterwards => {
                    shared.records.swap(key, expected, new).await?;
                    Err(down())
                }
                Fate::Late(after) => {
                    let late = LateSwap {
                        at: shared.elapsed() + after,
                        key: key.clone(),
                        expected,
                        new,
                    };
                    lock(&shared.state).late.push(late);
                    Err(down())
                }
            }
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        _: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(async move {
            let fate = self.shared.fate().await;
            let now = self.shared.elapsed();
            let mut state = lock(&self.shared.state);
            if matches!(fate, Fate::Fails | Fate::Late(_)) {
                return Err(down());
            }
            if state.leases.get(key).is_some_and(|lease| now < lease.end) {
                return Ok(None);
            }
            state.next_holder += 1;
            let holder = state.next_holder;
            let entry = LeaseEntry {
                holder,
                process: self.process,
                end: now + LEASE_LIFETIME,
                is_renewed: matches!(fate, Fate::Works),
            };
            state.leases.insert(key.clone(), entry);
            if matches!(fate, Fate::FailsAfterwards) {
                return Err(down());
            }
            Ok(Some(Lease::new(Guard {
                shared: Arc::clone(&self.shared),
                has_crashed: Arc::clone(&self.has_crashed),
                key: key.clone(),
                holder,
            })))
        })
    }
}

pub(super) struct Guard {
    pub(super) shared: Arc<Shared>,
    pub(super) has_crashed: Arc<AtomicBool>,
    pub(super) key: TokenKey,
    pub(super) holder: u64,
}

impl LeaseGuard for Guard {
    fn is_held(&self) -> bool {
        let state = lock(&self.shared.state);
        let lease = state.leases.get(&self.key);
        lease.is_some_and(|lease| lease.holder == self.holder && self.shared.elapsed() < lease.end)
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { drop(self) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        let is_down = state.outage != Outage::None || self.has_crashed.load(Ordering::Relaxed);
        let Some(lease) = state.leases.get_mut(&self.key) else {
            return;
        };
        if lease.holder == self.holder {
            lease.is_renewed = false;
            if !is_down {
                state.leases.remove(&self.key);
            }
        }
    }
}
