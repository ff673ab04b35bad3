//! The accounts that a manager has in memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::account::Slot;
use crate::{AccountId, TokenKey};

/// Below so many, none is evicted.
pub(super) const KEPT: usize = 4096;

/// Slots by their accounts. Once their number has doubled, those are evicted that were not used since the last time; their tokens are
/// in the store.
pub(super) struct Slots {
    by_account: HashMap<AccountId, Arc<Slot>>,
    evict_at: usize,
}

impl Default for Slots {
    fn default() -> Self {
        Slots {
            by_account: HashMap::new(),
            evict_at: KEPT,
        }
    }
}

impl Slots {
    /// The slot of an account, a new one if there is none.
    pub(super) fn get(&mut self, app: &str, resource: AccountId) -> Arc<Slot> {
        if let Some(slot) = self.by_account.get(&resource) {
            slot.mark_used();
            return slot.clone();
        }
        if self.by_account.len() >= self.evict_at {
            self.by_account.retain(|_, slot| !slot.may_be_evicted());
            self.evict_at = KEPT.max(2 * self.by_account.len());
        }
        let slot = Arc::new(Slot::new(TokenKey::new(app, resource.clone())));
        self.by_account.insert(resource, slot.clone());
        slot
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.by_account.values().cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.by_account.len()
    }
}
