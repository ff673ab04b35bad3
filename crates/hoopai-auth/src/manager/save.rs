//! Tokens that came are stored before they are used. Should the store not take them, they are not lost for that: they stay in
//! memory and in use, which is reported, and storing them is tried again until it works, with the right to refresh in hand so that no
//! other process spends the old token meanwhile.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;
use tokio::sync::watch;

use super::Fault;
use super::account::{Account, Landing};
use super::pace;
use super::refresh::{Held, Next};
use super::steps::Step;
use crate::{Fingerprint, Record, StoreError, Swap, TokenSet};

/// The pauses between the first tries, while callers wait.
pub(super) const TRIES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];

/// The longest pause between later tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often to take a record's new revision over before giving up for the moment.
const ROUNDS: usize = 8;

/// What new tokens may replace, where something else is stored than was thought.
#[derive(Clone)]
pub(super) enum Over {
    /// Anything: they come of a new authorisation.
    Anything,
    /// What still holds the refresh token that they were got with, whatever was made of it: nobody can do anything with it.
    Spent(Fingerprint),
    /// Nothing.
    Nothing,
}

/// What became of new tokens.
pub(super) enum Saved {
    /// They are stored, and in use.
    Stored,
    /// They are in use, and not stored yet.
    InMemory(Arc<StoreError>),
    /// Something newer is stored, or nothing is wanted any more: they were dropped.
    Superseded,
}

impl Saved {
    pub(super) fn next(self) -> Next {
        match self {
            Saved::Stored | Saved::InMemory(_) => Next::Landed,
            Saved::Superseded => Next::LookAgain,
        }
    }
}

/// Tokens that are not stored yet.
pub(crate) struct Unsaved {
    tokens: TokenSet,
    expected: Option<u64>,
    over: Over,
    /// It ends by its time at the latest; what is stored then is replaced all the same.
    held: Option<Held>,
    /// As a flight tells that it has landed.
    stored: watch::Sender<Option<Landing>>,
}

impl Unsaved {
    /// Tells once they are.
    pub(super) fn when_stored(&self) -> watch::Receiver<Option<Landing>> {
        self.stored.subscribe()
    }
}

impl Account {
    /// Stores new tokens and takes them into use. `held` is taken only if they could not be stored.
    pub(super) async fn save(
        &self,
        held: &mut Option<Held>,
        tokens: TokenSet,
        expected: Option<u64>,
        over: Over,
    ) -> Result<Saved, Fault> {
        let mut tries = TRIES.iter();
        let error = loop {
            match self.store(&tokens, expected, &over).await {
                Ok(Some(record)) => {
                    self.manager.reached(Step::Stored).await;
                    self.adopt(&record)?;
                    return Ok(Saved::Stored);
                }
                Ok(None) => return Ok(Saved::Superseded),
                Err(error) => match tries.next() {
                    Some(pause) => {
                        tracing::warn!("new tokens could not be stored, trying again: {error}");
                        self.manager.clock().sleep(pace::scattered(*pause)).await;
                    }
                    None => break Arc::new(error),
                },
            }
        };
        tracing::error!(
            "new tokens could not be stored; they are used from memory and lost if the process ends now: {error}"
        );
        self.adopt(&Record::new(tokens.clone(), 0))?;
        *self.slot.unsaved.lock().await = Some(Unsaved {
            tokens,
            expected,
            over,
            held: held.take(),
            stored: watch::Sender::new(None),
        });
        let account = self.clone();
        let work: BoxFuture<'static, ()> = Box::pin(async move { account.keep_storing().await });
        tokio::spawn(work);
        Ok(Saved::InMemory(error))
    }

    async fn keep_storing(&self) {
        let mut pause = TRIES[TRIES.len() - 1];
        loop {
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.manager.clock().sleep(pace::scattered(pause)).await;
            match self.store_unsaved().await {
                Ok(()) => return,
                Err(error) => tracing::error!("new tokens still could not be stored: {error}"),
            }
        }
    }

    /// Stores what could not be stored before, if there is something.
    pub(super) async fn store_unsaved(&self) -> Result<(), Arc<StoreError>> {
        let mut place = self.slot.unsaved.lock().await;
        let Some(unsaved) = &*place else {
            return Ok(());
        };
        let stored = self
            .store(&unsaved.tokens, unsaved.expected, &unsaved.over)
            .await;
        if stored.map_err(Arc::new)?.is_some() {
            tracing::info!("new tokens are stored at last");
        }
        if let Some(unsaved) = place.take() {
            if let Some(held) = unsaved.held {
                held.release().await;
            }
            unsaved.stored.send_replace(Some(Ok(())));
        }
        Ok(())
    }

    /// Stores tokens, over what they may replace. `None`: they may not.
    async fn store(
        &self,
        tokens: &TokenSet,
        mut expected: Option<u64>,
        over: &Over,
    ) -> Result<Option<Record>, StoreError> {
        let (store, key) = (&self.manager.0.store, &self.slot.key);
        for _ in 0..ROUNDS {
            // An account that was forgotten and installed again must not meet a revision that it had before.
            let first = crate::record::millis(self.manager.clock().system_time());
            let record = Record::new(tokens.clone(), expected.map_or(first, |last| last + 1));
            if store.swap(key, expected, Some(record.clone())).await? == Swap::Done {
                return Ok(Some(record));
            }
            let stored = store.load(key).await?;
            expected = match (over, stored) {
                (Over::Anything, stored) => stored.map(|stored| stored.revision),
                (Over::Spent(spent), Some(stored))
                    if stored.refresh_fingerprint().as_ref() == Some(spent) =>
                {
                    Some(stored.revision)
                }
                _ => return Ok(None),
            };
        }
        Err(StoreError::new(
            "the store refuses every change as one that comes too late",
            "check that its `swap` compares revisions, and that `load` sees what `swap` stored",
        ))
    }
}
