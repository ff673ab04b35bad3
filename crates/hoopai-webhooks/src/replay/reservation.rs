//! A reservation that ends when it is dropped.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{DeliveryKey, ReplayError, ReplayGuard, ReservationId, ReserveOutcome};

/// A reserved delivery.
///
/// Call [`commit`](Reservation::commit) once the delivery is handled. A reservation that is dropped
/// before is released, also when a handler panics or its task is cancelled.
#[must_use = "a reservation that is dropped is released"]
pub struct Reservation {
    guard: Arc<dyn ReplayGuard>,
    key: DeliveryKey,
    id: ReservationId,
    is_open: bool,
}

/// The outcome of [`Reservation::reserve`].
#[derive(Debug)]
pub enum Reserved {
    /// The delivery is reserved.
    New(Reservation),
    /// The delivery is being handled.
    Pending,
    /// The delivery was handled.
    Duplicate,
}

impl Reservation {
    /// Reserves a delivery.
    ///
    /// # Errors
    /// The guard fails.
    pub async fn reserve(
        guard: Arc<dyn ReplayGuard>,
        key: DeliveryKey,
    ) -> Result<Reserved, ReplayError> {
        Ok(match guard.reserve(&key).await? {
            ReserveOutcome::New(id) => Reserved::New(Reservation {
                guard,
                key,
                id,
                is_open: true,
            }),
            ReserveOutcome::Pending => Reserved::Pending,
            ReserveOutcome::Duplicate => Reserved::Duplicate,
        })
    }

    /// The key of the delivery.
    pub fn key(&self) -> &DeliveryKey {
        &self.key
    }

    /// Records that the delivery was handled.
    ///
    /// From the call on, dropping the reservation does not release it, since the delivery was
    /// handled. After an error call it again.
    ///
    /// # Errors
    /// The guard fails.
    pub async fn commit(&mut self) -> Result<(), ReplayError> {
        self.is_open = false;
        self.guard.commit(&self.key, self.id).await
    }

    /// Releases the reservation, so that a repetition is handled.
    ///
    /// # Errors
    /// The guard fails. The reservation expires by itself.
    pub async fn release(mut self) -> Result<(), ReplayError> {
        self.is_open = false;
        self.guard.release(&self.key, self.id).await
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let (guard, key, id) = (self.guard.clone(), self.key, self.id);
        let mut release: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            if let Err(error) = guard.release(&key, id).await {
                tracing::warn!(delivery = %key, "a reservation was not released and remains until it expires: {error}");
            }
        });
        // A guard in memory is done at once. Another one needs a task.
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Pending = release.as_mut().poll(&mut context)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(release);
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
