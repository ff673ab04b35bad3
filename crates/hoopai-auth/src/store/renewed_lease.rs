//! Leases of stores that cannot detect the end of a process.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hoopai_runtime::time::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Lease, LeaseGuard};
use crate::record::TokenKey;
use crate::store_error::StoreError;
use crate::util::hex::random_hex;
use crate::util::sync::lock;

/// The commands of a server that keeps leases, by its own clock.
pub trait LeaseCommands: Send + Sync + 'static {
    /// Gives the lease of a key to a holder for this time, unless another holder has it. Returns
    /// whether it was given.
    fn take<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Extends the lease of this holder to end after this time. Returns whether the holder has it.
    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Ends the lease of this holder, and no other.
    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Takes a lease that is short and renewed while its holder lives, until `ttl` has passed. If the
/// process ends, the lease ends after `lifetime`. Must be called in a Tokio runtime.
///
/// # Errors
/// Fails if the server cannot be reached.
pub async fn renewed_lease(
    commands: Arc<dyn LeaseCommands>,
    key: &TokenKey,
    ttl: Duration,
    lifetime: Duration,
) -> Result<Option<Lease>, StoreError> {
    let holder = random_hex::<16>().map_err(|error| {
        StoreError::new(
            "the operating system has no random numbers",
            "try again; if this persists, check /dev/urandom",
        )
        .caused_by(error)
    })?;
    let end = Instant::now() + ttl;
    let certain = Certain::for_time(lifetime.min(ttl));
    if !commands.take(key, &holder, lifetime.min(ttl)).await? {
        return Ok(None);
    }
    let holding = Holding {
        commands,
        key: key.clone(),
        holder,
        certain: Arc::new(Mutex::new(certain)),
    };
    let renewal = tokio::spawn(renew(holding.clone(), end, lifetime));
    Ok(Some(Lease::new(Guard {
        holding: Some(holding),
        renewal: renewal.abort_handle(),
    })))
}

#[derive(Clone)]
struct Holding {
    commands: Arc<dyn LeaseCommands>,
    key: TokenKey,
    holder: String,
    certain: Arc<Mutex<Certain>>,
}

/// The time until which the server keeps the lease for its holder. It is counted from before the
/// request, by two clocks: one that stops while the machine sleeps, and one that can be set.
struct Certain(Instant, SystemTime);

impl Certain {
    fn for_time(time: Duration) -> Self {
        Certain(Instant::now() + time, SystemTime::now() + time)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.0 || SystemTime::now() >= self.1
    }
}

async fn renew(holding: Holding, end: Instant, lifetime: Duration) {
    let Holding {
        commands,
        key,
        holder,
        certain,
    } = holding;
    loop {
        tokio::time::sleep(lifetime / 3).await;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        // A failure is no reason to stop: the next renewal can still be in time. A lease that
        // another holder has is lost for good; its revision excludes this holder.
        let renewed = Certain::for_time(lifetime.min(left));
        match commands.renew(&key, &holder, lifetime.min(left)).await {
            Ok(true) => *lock(&certain) = renewed,
            Ok(false) => return *lock(&certain) = Certain::for_time(Duration::ZERO),
            Err(_) => {}
        }
    }
}

struct Guard {
    /// `None` after the release.
    holding: Option<Holding>,
    renewal: AbortHandle,
}

impl Guard {
    fn start_release(&mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        self.renewal.abort();
        let holding = self.holding.take()?;
        Some(async move {
            // If this fails, the lease ends by itself.
            let _ = holding
                .commands
                .release(&holding.key, &holding.holder)
                .await;
        })
    }
}

impl LeaseGuard for Guard {
    fn is_held(&self) -> bool {
        let holding = self.holding.as_ref();
        holding.is_some_and(|holding| !lock(&holding.certain).is_over())
    }

    fn release(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        let release = self.start_release();
        Box::pin(async move {
            if let Some(release) = release {
                release.await;
            }
        })
    }
}

/// Releases the lease in the background if a runtime is there.
impl Drop for Guard {
    fn drop(&mut self) {
        if let (Some(release), Ok(runtime)) = (self.start_release(), Handle::try_current()) {
            runtime.spawn(release);
        }
    }
}
