//! The accounts that a manager has in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use hoopai_runtime::auth::AccountId;

use super::context::Context;
use super::state::AccountState;
use crate::record::TokenKey;
use crate::util::sync::lock;

/// The number of accounts up to which none is evicted.
const EVICTION_MINIMUM: usize = 4096;

/// The accounts of an app.
///
/// Each time their number has doubled, accounts that were not used since the last time are
/// evicted. Their tokens are in the store.
pub(crate) struct Accounts {
    pub(crate) context: Arc<Context>,
    states: Mutex<States>,
}

struct States {
    by_id: HashMap<AccountId, Arc<AccountState>>,
    evict_at: usize,
}

impl Accounts {
    pub(super) fn new(context: Context) -> Self {
        Accounts {
            context: Arc::new(context),
            states: Mutex::new(States {
                by_id: HashMap::new(),
                evict_at: EVICTION_MINIMUM,
            }),
        }
    }

    /// Returns the state of an account, which is created if it is missing.
    pub(super) fn get(&self, account: AccountId) -> Arc<AccountState> {
        let mut states = lock(&self.states);
        if let Some(state) = states.by_id.get(&account) {
            state.mark_used();
            return state.clone();
        }
        if states.by_id.len() >= states.evict_at {
            states.by_id.retain(|_, state| !state.may_be_evicted());
            states.evict_at = EVICTION_MINIMUM.max(2 * states.by_id.len());
        }
        let key = TokenKey::new(self.context.app.client_id(), account.clone());
        let state = Arc::new(AccountState::new(self.context.clone(), key));
        states.by_id.insert(account, state.clone());
        state
    }

    /// Returns the state of an account in memory.
    pub(super) fn find(&self, account: &AccountId) -> Option<Arc<AccountState>> {
        lock(&self.states).by_id.get(account).cloned()
    }

    /// Returns when an account in memory was used for a call, by a number that grows with time.
    /// Zero: it was not.
    pub(super) fn last_use(&self, account: &AccountId) -> u64 {
        self.find(account).map_or(0, |state| state.last_use())
    }

    pub(super) fn all(&self) -> Vec<Arc<AccountState>> {
        lock(&self.states).by_id.values().cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.states).by_id.len()
    }
}
