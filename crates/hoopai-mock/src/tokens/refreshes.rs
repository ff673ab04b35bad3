//! Counts of token refreshes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::account::AccountId;

/// The refresh requests (`grant_type=refresh_token`) of the token endpoint, failed ones included. A
/// refresh is in flight from its arrival until its reply is sent, delay included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshes {
    /// All refreshes.
    pub total: u64,
    /// Refreshes that returned new tokens.
    pub succeeded: u64,
    /// Refreshes in flight.
    pub in_flight: u64,
    /// The largest number of refreshes in flight at the same time.
    pub most_at_once: u64,
    /// The largest number of refreshes in flight at the same time for one app and account. It is 1
    /// for a correct client.
    pub most_at_once_for_one: u64,
}

/// Counts refreshes.
#[derive(Default)]
pub(crate) struct RefreshCounter {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    counts: Refreshes,
    by_account: HashMap<(String, AccountId), u64>,
}

/// A refresh in flight, until this is dropped.
pub(crate) struct InFlightRefresh<'a> {
    counter: &'a RefreshCounter,
    account: Option<(String, AccountId)>,
}

impl RefreshCounter {
    pub(crate) fn counts(&self) -> Refreshes {
        self.inner().counts
    }

    /// Begins to count anew. Refreshes in progress end uncounted.
    pub(crate) fn reset(&self) {
        self.inner().counts = Refreshes::default();
    }

    /// Counts a refresh. App and account are `None` for an unknown refresh token.
    pub(crate) fn begin(&self, account: Option<(String, AccountId)>) -> InFlightRefresh<'_> {
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
        InFlightRefresh {
            counter: self,
            account,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlightRefresh<'_> {
    pub(crate) fn succeeded(&self) {
        self.counter.inner().counts.succeeded += 1;
    }
}

impl Drop for InFlightRefresh<'_> {
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
