//! The right to refresh the tokens of a key.

use std::sync::Arc;

use hoopai_auth::{LeaseGuard, TokenKey};
use hoopai_runtime::time::BoxFuture;
use tokio::runtime::Handle;

use crate::shared::Shared;

/// A lease that this process holds.
pub(crate) struct Guard {
    shared: Arc<Shared>,
    /// `None` after the release.
    lease: Option<(TokenKey, String)>,
}

impl Guard {
    pub(crate) fn new(shared: Arc<Shared>, key: TokenKey, holder: String) -> Self {
        Self {
            shared,
            lease: Some((key, holder)),
        }
    }

    fn start_release(&mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        let (key, holder) = self.lease.take()?;
        let shared = Arc::clone(&self.shared);
        Some(async move {
            // If this fails, the lease ends by itself.
            let _ = shared.release(&key, &holder).await;
        })
    }
}

impl LeaseGuard for Guard {
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
