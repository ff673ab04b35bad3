//! How many refreshes there were, and how many at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::tokens::AccountId;

/// The refreshes (`grant_type=refresh_token`) that a token endpoint was asked for, refused ones included. One is in flight from its arrival
/// until its reply leaves, delay included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshes {
    /// All of them.
    pub total: u64,
    /// Those that were answered with new tokens.
    pub succeeded: u64,
    /// Those in flight now.
    pub in_flight: u64,
    /// The most that were in flight at once.
    pub most_at_once: u64,
    /// The most that were in flight at once for one app and resource. A client that refreshes as it should leaves 1 here.
    pub most_at_once_for_one: u64,
}

/// The counting.
#[derive(Default)]
pub(crate) struct RefreshCounter {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    counts: Refreshes,
    by_account: HashMap<(String, AccountId), u64>,
}

/// A refresh that is in flight until this is dropped.
pub(super) struct InFlight<'a> {
    counter: &'a RefreshCounter,
    account: Option<(String, AccountId)>,
}

impl RefreshCounter {
    pub(crate) fn counts(&self) -> Refreshes {
        self.inner().counts
    }

    /// Counts a refresh for an app and a resource, if its token says for which.
    pub(super) fn begin(&self, account: Option<(String, AccountId)>) -> InFlight<'_> {
        let mut inner = self.inner();
        let Inner { counts, by_account } = &mut *inner;
        counts.total += 1;
        counts.in_flight += 1;
        counts.most_at_once = counts.most_at_once.max(counts.in_flight);
        if let Some(account) = &account {
            let at_once = by_account.entry(account.clone()).or_default();
            *at_once += 1;
            counts.most_at_once_for_one = counts.most_at_once_for_one.max(*at_once);
        }
        InFlight {
            counter: self,
            account,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight<'_> {
    pub(super) fn succeeded(&self) {
        self.counter.inner().counts.succeeded += 1;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut inner = self.counter.inner();
        inner.counts.in_flight = inner.counts.in_flight.saturating_sub(1);
        let Some(account) = self.account.take() else {
            return;
        };
        if let Some(at_once) = inner.by_account.get_mut(&account) {
            *at_once -= 1;
            if *at_once == 0 {
                inner.by_account.remove(&account);
            }
        }
    }
}
