//! Leases that are renewed while their holder lives, in Tokio's paused time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;
use tokio::time::{Instant, sleep};

use super::harness::{MINUTE, key, location};
use crate::util::sync::lock;
use crate::{Lease, LeaseCommands, StoreError, TokenKey, renewed_lease};

const LIFETIME: Duration = Duration::from_secs(15);

/// A server of one lease.
#[derive(Default)]
struct LeaseServer {
    lease: Mutex<Option<(String, Instant)>>,
    is_down: Mutex<bool>,
}

impl LeaseServer {
    fn answer(&self) -> Result<(), StoreError> {
        match *lock(&self.is_down) {
            true => Err(StoreError::new("down", "wait")),
            false => Ok(()),
        }
    }

    fn is_free(&self) -> bool {
        let lease = lock(&self.lease);
        lease.as_ref().is_none_or(|(_, end)| *end <= Instant::now())
    }
}

impl LeaseCommands for LeaseServer {
    fn take<'a>(
        &'a self,
        _: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            self.answer()?;
            let is_free = self.is_free();
            if is_free {
                *lock(&self.lease) = Some((holder.to_owned(), Instant::now() + time));
            }
            Ok(is_free)
        })
    }

    fn renew<'a>(
        &'a self,
        _: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            self.answer()?;
            match &mut *lock(&self.lease) {
                Some((own, end)) if own == holder => {
                    *end = Instant::now() + time;
                    Ok(true)
                }
                _ => Ok(false),
            }
        })
    }

    fn release<'a>(
        &'a self,
        _: &'a TokenKey,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.answer()?;
            let mut lease = lock(&self.lease);
            if lease.as_ref().is_some_and(|(own, _)| own == holder) {
                *lease = None;
            }
            Ok(())
        })
    }
}

async fn take(server: &Arc<LeaseServer>, ttl: Duration) -> Option<Lease> {
    let commands = Arc::clone(server) as Arc<dyn LeaseCommands>;
    let lease = renewed_lease(commands, &key(location()), ttl, LIFETIME).await;
    lease.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_until_its_end() {
    let server = Arc::new(LeaseServer::default());
    let lease = take(&server, MINUTE).await.unwrap();
    for _ in 0..58 {
        sleep(Duration::from_secs(1)).await;
        assert!(take(&server, MINUTE).await.is_none());
        assert!(lease.is_held());
    }
    sleep(Duration::from_secs(2)).await;
    assert!(server.is_free(), "no renewal goes beyond the end");
    assert!(!lease.is_held());
    drop(lease);
}

#[tokio::test(start_paused = true)]
async fn release_and_drop_end_the_lease_and_its_renewal() {
    let server = Arc::new(LeaseServer::default());
    take(&server, MINUTE).await.unwrap().release().await;
    assert!(server.is_free());
    drop(take(&server, MINUTE).await.unwrap());
    sleep(Duration::from_millis(1)).await;
    assert!(server.is_free());
    sleep(MINUTE).await;
    assert!(server.is_free());
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_cannot_renew_loses_the_lease() {
    let server = Arc::new(LeaseServer::default());
    let lost = take(&server, MINUTE).await.unwrap();
    // A short outage is bridged by the next renewal.
    *lock(&server.is_down) = true;
    sleep(Duration::from_secs(8)).await;
    *lock(&server.is_down) = false;
    sleep(Duration::from_secs(12)).await;
    assert!(!server.is_free() && lost.is_held());
    *lock(&server.is_down) = true;
    // The holder never counts on the lease for longer than the server keeps it.
    while lost.is_held() {
        assert!(!server.is_free());
        sleep(Duration::from_millis(100)).await;
    }
    sleep(LIFETIME).await;
    *lock(&server.is_down) = false;
    let next = take(&server, MINUTE).await.unwrap();
    sleep(Duration::from_secs(6)).await;
    assert!(next.is_held() && !lost.is_held());
    sleep(Duration::from_secs(10)).await;
    lost.release().await;
    assert!(!server.is_free(), "the lease of the next holder stays");
    next.release().await;
    assert!(server.is_free());
}
