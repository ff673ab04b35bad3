//! Stores new tokens before they are used.
//!
//! If the store fails, the tokens are used from memory, and storing them is tried again until it
//! succeeds. Meanwhile the lease is kept, so that no other process spends the old refresh token.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hoopai_runtime::time::BoxFuture;
use tokio::sync::watch;

use super::context::STORE_RETRY_PAUSES;
use super::error::RefreshResult;
use super::lease::ActiveLease;
use super::schedule::with_jitter;
use super::state::AccountState;
use super::unsaved::{NewTokens, OverwriteRule, Unsaved};
use crate::record::Record;
use crate::store::Swap;
use crate::store_error::StoreError;

/// The longest pause between later attempts. It is short, as other processes may send the old
/// refresh token once the store has ended the lease.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// How often a write is repeated after a conflict.
pub(super) const MAX_CONFLICTS: usize = 8;

impl AccountState {
    /// Stores new tokens. `None`: the rule does not allow to replace the stored record.
    pub(super) async fn store_tokens(&self, new: &NewTokens) -> Result<Option<Record>, StoreError> {
        let (store, key) = (&self.context.store, &self.key);
        let mut expected = new.expected;
        for _ in 0..MAX_CONFLICTS {
            let revision = expected.map_or(self.first_revision(), |last| last + 1);
            let record = Record::new(new.tokens.clone(), revision);
            if store.swap(key, expected, Some(record.clone())).await? == Swap::Done {
                return Ok(Some(record));
            }
            let stored = store.load(key).await?;
            let may_replace = match &new.overwrite {
                OverwriteRule::Always => true,
                OverwriteRule::SameRefreshToken(spent) => stored
                    .as_ref()
                    .is_some_and(|stored| stored.refresh_fingerprint().as_ref() == Some(spent)),
                OverwriteRule::Never => false,
            };
            if !may_replace {
                return Ok(None);
            }
            expected = stored.map(|stored| stored.revision);
        }
        Err(StoreError::new(
            "the store reports a conflict for each change",
            "check that its `swap` compares revisions, and that `load` returns what `swap` stored",
        ))
    }

    /// Returns the revision of a new record. It grows with time, so that an account that was
    /// removed and installed again never has the same revision twice.
    pub(super) fn first_revision(&self) -> u64 {
        let now = self.context.clock.system_time();
        let since = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Uses tokens that could not be stored from memory, and stores them in the background.
    pub(super) async fn keep_unsaved(
        self: &Arc<Self>,
        new: NewTokens,
        lease: Option<ActiveLease>,
        error: &StoreError,
    ) -> RefreshResult {
        tracing::error!(
            "new tokens could not be stored; they are used from memory and lost if the process ends now: {error}"
        );
        let record = Record::new(new.tokens.clone(), 0);
        *self.unsaved.lock().await = Some(Unsaved {
            new,
            lease,
            stored: watch::Sender::new(()),
        });
        let state = self.clone();
        let task: BoxFuture<'static, ()> = Box::pin(async move { state.keep_storing().await });
        tokio::spawn(task);
        self.adopt(&record)
    }

    async fn keep_storing(&self) {
        let mut pause = STORE_RETRY_PAUSES[STORE_RETRY_PAUSES.len() - 1];
        loop {
            pause = (pause * 2).min(MAX_PAUSE);
            self.context.clock.sleep(with_jitter(pause)).await;
            match self.store_unsaved().await {
                Ok(()) => return,
                Err(error) => tracing::error!("new tokens still could not be stored: {error}"),
            }
        }
    }

    /// Stores the tokens that could not be stored before, if there are any.
    pub(super) async fn store_unsaved(&self) -> Result<(), StoreError> {
        let mut unsaved = self.unsaved.lock().await;
        let Some(Unsaved { new, .. }) = &*unsaved else {
            return Ok(());
        };
        if self.store_tokens(new).await?.is_some() {
            tracing::info!("new tokens that could not be stored before are stored");
        }
        if let Some(Unsaved {
            lease: Some(lease),
            stored,
            ..
        }) = unsaved.take()
        {
            lease.release().await;
            drop(stored);
        }
        Ok(())
    }
}
