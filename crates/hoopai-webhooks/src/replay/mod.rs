//! Rejection of repeated deliveries.
//!
//! Depends on `ids` only.

mod key;
mod memory;
mod reservation;
mod times;

use std::fmt;
use std::sync::Arc;

use hoopai_runtime::time::BoxFuture;

pub use key::DeliveryKey;
pub use memory::MemoryReplayGuard;
pub use reservation::{Reservation, Reserved};
pub use times::ReplayTimes;

/// Remembers which deliveries were handled, so that each is handled once.
///
/// The platform delivers at least once: it repeats deliveries that it received no 2xx reply for,
/// and those that a user resends. A delivery is *reserved* before it is handled. After that it is
/// *committed* if it was handled, or *released* if not, so that a repetition is handled.
///
/// [`MemoryReplayGuard`] keeps the keys in memory. If several processes receive deliveries, or if
/// repetitions after a restart must be rejected, use a guard in a database: `PostgresReplayGuard` of
/// the crate `hoopai-postgres`, `RedisReplayGuard` of `hoopai-redis`, or an implementation of this
/// trait. `reserve` must be atomic, such as an `INSERT … ON CONFLICT DO NOTHING`. The feature
/// `conformance` checks an implementation in a test.
///
/// The methods are called through [`Reservation`], which releases itself when it is dropped.
pub trait ReplayGuard: Send + Sync + 'static {
    /// Reserves a delivery.
    ///
    /// A reservation must expire by itself, in case its process ends. Choose a time that is longer
    /// than a handler can take, with all its retries.
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>>;

    /// Records that the delivery was handled, whether its reservation still exists or not.
    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>>;

    /// Ends a reservation, so that a repetition can be handled. It must not end a reservation with
    /// another id, and must not change a committed delivery.
    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>>;
}

/// A shared guard.
impl<T: ReplayGuard + ?Sized> ReplayGuard for Arc<T> {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        (**self).reserve(key)
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        (**self).commit(key, id)
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        (**self).release(key, id)
    }
}

/// The outcome of [`ReplayGuard::reserve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// The delivery is reserved for the caller.
    New(ReservationId),
    /// Another reservation exists: the delivery is being handled.
    Pending,
    /// The delivery was handled.
    Duplicate,
}

/// Identifies a reservation among all of the same delivery, so that an expired one does not end a
/// later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReservationId(u64);

impl ReservationId {
    /// Creates an id. Ids of the same delivery must differ.
    pub fn new(id: u64) -> Self {
        ReservationId(id)
    }

    /// Creates a random id, for guards that several processes share.
    pub fn random() -> Self {
        ReservationId(fastrand::u64(..))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// The error of a replay guard. Deliveries are not handled without one that works.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The guard has no room for another delivery.
    Full,
    /// The store of the guard failed.
    Store(Box<dyn std::error::Error + Send + Sync>),
}

impl ReplayError {
    /// An error of a store of your own. It is logged, so it may not contain personal data.
    pub fn store(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        ReplayError::Store(error.into())
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Full => f.write_str(
                "the replay guard is full: raise its `capacity`, shorten its `window`, or call `evict_when_full`",
            ),
            ReplayError::Store(error) => write!(f, "the store of the replay guard failed: {error}"),
        }
    }
}

impl std::error::Error for ReplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReplayError::Full => None,
            // Its own text is a part of this one.
            ReplayError::Store(error) => error.source(),
        }
    }
}
