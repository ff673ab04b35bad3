//! A replay guard in memory.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hoopai_runtime::time::{BoxFuture, Clock, SystemClock};

use super::{DeliveryKey, ReplayError, ReplayGuard, ReplayTimes, ReservationId, ReserveOutcome};

const DEFAULT_CAPACITY: usize = 1_000_000;

/// Remembers deliveries in memory, until the process ends. Clones share their memory.
///
/// | setting | default |
/// |---|---|
/// | [`window`](MemoryReplayGuard::window): how long a handled delivery is remembered | 72 hours |
/// | [`reservation_time`](MemoryReplayGuard::reservation_time): when a reservation expires | 15 minutes |
/// | [`capacity`](MemoryReplayGuard::capacity): the number of deliveries | 1,000,000, about 250 MB when full |
///
/// If the guard is full, new deliveries are rejected with [`ReplayError::Full`], which servers
/// answer with 503, so that the platform repeats them later. Handled deliveries are never forgotten
/// early, as a repetition would be handled again, unless
/// [`evict_when_full`](MemoryReplayGuard::evict_when_full) is called. The capacity is exceeded only
/// by deliveries whose handlers end after their reservations have expired.
#[derive(Clone)]
pub struct MemoryReplayGuard(Arc<Shared>);

#[derive(Clone)]
struct Settings {
    times: ReplayTimes,
    capacity: usize,
    evicts: bool,
    clock: Arc<dyn Clock>,
}

struct Shared {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<DeliveryKey, Entry>,
    /// The reserved deliveries by their end. The number is that of the entry.
    reserved: BTreeMap<(Instant, u64), DeliveryKey>,
    /// The handled deliveries by their end.
    handled: BTreeMap<(Instant, u64), DeliveryKey>,
    last_number: u64,
    evicted: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    /// A serial number, which is also the id of the reservation.
    number: u64,
    until: Instant,
    is_handled: bool,
}

impl MemoryReplayGuard {
    /// Creates an empty guard with the default settings.
    pub fn new() -> Self {
        Self::of(Settings {
            times: ReplayTimes::default(),
            capacity: DEFAULT_CAPACITY,
            evicts: false,
            clock: Arc::new(SystemClock),
        })
    }

    fn of(settings: Settings) -> Self {
        MemoryReplayGuard(Arc::new(Shared {
            settings,
            state: Mutex::default(),
        }))
    }

    /// Returns an empty guard with a changed setting.
    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        Self::of(settings)
    }

    /// Returns an empty guard that remembers handled deliveries for this time.
    #[must_use]
    pub fn window(self, window: Duration) -> Self {
        self.with(|settings| settings.times = settings.times.with_window(window))
    }

    /// Returns an empty guard whose reservations expire after this time.
    #[must_use]
    pub fn reservation_time(self, time: Duration) -> Self {
        self.with(|settings| settings.times = settings.times.with_reservation_time(time))
    }

    /// Returns an empty guard for this number of deliveries.
    #[must_use]
    pub fn capacity(self, capacity: usize) -> Self {
        self.with(|settings| settings.capacity = capacity)
    }

    /// Returns an empty guard that forgets the oldest handled delivery if it is full. A repetition
    /// of that delivery is then handled again. The first eviction and each thousandth are logged,
    /// and [`evicted`](MemoryReplayGuard::evicted) counts them.
    #[must_use]
    pub fn evict_when_full(self) -> Self {
        self.with(|settings| settings.evicts = true)
    }

    /// Returns an empty guard with another clock.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// The number of deliveries that are reserved or remembered.
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether no delivery is reserved or remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of handled deliveries that were forgotten early.
    pub fn evicted(&self) -> u64 {
        self.lock().evicted
    }

    /// Locks the state, even after a panic: it is consistent at every moment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve_now(&self, key: &DeliveryKey) -> Result<ReserveOutcome, ReplayError> {
        let settings = &self.0.settings;
        let now = settings.clock.now();
        let mut state = self.lock();
        state.remove_expired(now);
        if let Some(entry) = state.entries.get(key) {
            return Ok(match entry.is_handled {
                true => ReserveOutcome::Duplicate,
                false => ReserveOutcome::Pending,
            });
        }
        if state.entries.len() >= settings.capacity && !(settings.evicts && state.evict_oldest()) {
            return Err(ReplayError::Full);
        }
        let number = state.insert(key, now + settings.times.reservation_time(), false);
        Ok(ReserveOutcome::New(ReservationId::new(number)))
    }

    fn commit_now(&self, key: &DeliveryKey) {
        let settings = &self.0.settings;
        let now = settings.clock.now();
        let mut state = self.lock();
        state.remove_expired(now);
        state.remove(key);
        state.insert(key, now + settings.times.window(), true);
    }

    fn release_now(&self, key: &DeliveryKey, id: ReservationId) {
        let mut state = self.lock();
        let entry = state.entries.get(key);
        if entry.is_some_and(|entry| !entry.is_handled && entry.number == id.get()) {
            state.remove(key);
        }
    }
}

impl State {
    fn insert(&mut self, key: &DeliveryKey, until: Instant, is_handled: bool) -> u64 {
        self.last_number += 1;
        let number = self.last_number;
        let entry = Entry {
            number,
            until,
            is_handled,
        };
        self.entries.insert(*key, entry);
        self.ends(is_handled).insert((until, number), *key);
        number
    }

    fn remove(&mut self, key: &DeliveryKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.ends(entry.is_handled)
                .remove(&(entry.until, entry.number));
        }
    }

    fn ends(&mut self, is_handled: bool) -> &mut BTreeMap<(Instant, u64), DeliveryKey> {
        match is_handled {
            true => &mut self.handled,
            false => &mut self.reserved,
        }
    }

    fn remove_expired(&mut self, now: Instant) {
        for is_handled in [true, false] {
            while let Some(first) = self.ends(is_handled).first_entry()
                && first.key().0 <= now
            {
                let key = first.remove();
                self.entries.remove(&key);
            }
        }
    }

    /// Forgets the oldest handled delivery. `false`: there is none.
    fn evict_oldest(&mut self) -> bool {
        let Some((_, key)) = self.handled.pop_first() else {
            return false;
        };
        self.entries.remove(&key);
        if self.evicted.is_multiple_of(1000) {
            tracing::warn!(
                evicted = self.evicted + 1,
                "the replay guard is full and forgets handled deliveries before its window ends: a repetition of one is handled again; raise its `capacity` or shorten its `window`"
            );
        }
        self.evicted += 1;
        true
    }
}

impl Default for MemoryReplayGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplayGuard for MemoryReplayGuard {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        Box::pin(async { self.reserve_now(key) })
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        _id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async {
            self.commit_now(key);
            Ok(())
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async move {
            self.release_now(key, id);
            Ok(())
        })
    }
}

/// Shows the number of deliveries and the settings.
impl fmt::Debug for MemoryReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.0.settings;
        f.debug_struct("MemoryReplayGuard")
            .field("len", &self.len())
            .field("window", &settings.times.window())
            .field("reservation_time", &settings.times.reservation_time())
            .field("capacity", &settings.capacity)
            .field("evict_when_full", &settings.evicts)
            .finish_non_exhaustive()
    }
}
