//! What the accounts of an app share.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::auth::TokenEndpoint;
use hoopai_runtime::observe::Observer;
#[cfg(test)]
use hoopai_runtime::time::BoxFuture;
use hoopai_runtime::time::Clock;

use super::metrics::Counters;
use super::schedule::with_jitter;
use crate::app::OAuthApp;
use crate::store::TokenStore;
use crate::store_error::StoreError;

/// The pauses between attempts to store something while callers wait.
pub(super) const STORE_RETRY_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];

/// What the accounts of an app share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) app: OAuthApp,
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) endpoint: Arc<dyn TokenEndpoint>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) counters: Arc<Counters>,
    #[cfg(test)]
    pub(crate) checkpoints: Option<Arc<dyn CheckpointHook>>,
}

/// A point in a refresh at which tests stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checkpoint {
    /// Nothing is done yet.
    Started,
    /// This process holds the lease.
    LeaseAcquired,
    /// The stored record was read while holding the lease.
    Decided,
    /// The pending refresh is stored.
    PendingStored,
    /// The reply arrived.
    Replied,
    /// The new tokens are stored.
    TokensStored,
    /// The lease is released.
    LeaseReleased,
}

/// Runs at each checkpoint. The refresh waits for it.
#[cfg(test)]
pub(crate) trait CheckpointHook: Send + Sync + 'static {
    fn reached(&self, checkpoint: Checkpoint) -> BoxFuture<'_, ()>;
}

impl Context {
    pub(super) async fn checkpoint(&self, _checkpoint: Checkpoint) {
        #[cfg(test)]
        if let Some(hook) = &self.checkpoints {
            hook.reached(_checkpoint).await;
        }
    }

    /// Calls the store again after errors, a few times.
    pub(super) async fn retry_store<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T, StoreError> {
        for pause in STORE_RETRY_PAUSES {
            match call().await {
                Ok(value) => return Ok(value),
                Err(error) => tracing::warn!("the token store failed and is tried again: {error}"),
            }
            self.clock.sleep(with_jitter(pause)).await;
        }
        call().await
    }
}
