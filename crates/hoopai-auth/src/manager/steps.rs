//! The steps of a refresh, for tests that end it at each of them.

use super::TokenManager;
#[cfg(test)]
use hoopai_runtime::time::BoxFuture;

/// What has just been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet.
    Started,
    /// The right to refresh was taken.
    Leased,
    /// What is stored was looked at again.
    Looked,
    /// The refresh was noted in the store.
    Noted,
    /// The reply came.
    Replied,
    /// The new tokens were stored.
    Stored,
    /// The right was given back.
    Released,
}

/// Is told of each step, and holds it up for as long as it likes.
#[cfg(test)]
pub(crate) trait Steps: Send + Sync + 'static {
    fn reached(&self, step: Step) -> BoxFuture<'_, ()>;
}

impl TokenManager {
    #[cfg(not(test))]
    pub(super) async fn reached(&self, _step: Step) {}

    #[cfg(test)]
    pub(super) async fn reached(&self, step: Step) {
        if let Some(steps) = &self.0.steps {
            steps.reached(step).await;
        }
    }
}
