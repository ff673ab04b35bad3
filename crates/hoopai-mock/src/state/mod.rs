//! The state of the platform: the items of all collections of all locations. `tables` describe the
//! collections and what each operation does to them, as data; `call` executes an operation.
//! May depend on all folders but `oauth`, `faults`, `journal` and `server`.

mod call;
mod change;
mod collection;
mod defaults;
mod derive;
mod effects;
mod query;
mod seed;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod write;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::account::AccountId;
use crate::api_error::ApiError;
use crate::check::{NumberKind, ParsedRequest};
use crate::clock::Clock;
use crate::exchange::Reply;
use crate::interface::Operation;
use crate::time;
use crate::tokens::{Claims, Installation};

use call::Call;
pub(crate) use change::{Change, ChangeKind};
pub use seed::Seeder;
use store::Store;

/// Keys of an operation's body that the platform accepts although the interface does not declare
/// them.
pub(crate) fn undeclared(operation: &Operation) -> &'static [&'static str] {
    tables::endpoint(&operation.key()).map_or(&[], |(_, endpoint)| endpoint.undeclared)
}

/// The parameters and body fields that page an operation's list.
pub(crate) fn numbers(operation: &Operation) -> Vec<(&'static str, NumberKind)> {
    tables::endpoint(&operation.key())
        .map_or_else(Vec::new, |(_, endpoint)| endpoint.paging.numbers())
}

/// Whether the mock stores a collection of this name.
#[cfg(test)]
pub(crate) fn is_collection(name: &str) -> bool {
    tables::find(name).is_some()
}

/// All collections of all locations.
pub(crate) struct State {
    store: Mutex<Store>,
}

impl State {
    /// Creates the state of a server that starts now, with the default location and user.
    pub(crate) fn new(seed: u64, now: Duration) -> Self {
        let store = Mutex::new(Self::initial(seed, now));
        Self { store }
    }

    /// Returns to the state of a server that starts now.
    pub(crate) fn reset(&self, seed: u64, now: Duration) {
        *self.lock() = Self::initial(seed, now);
    }

    fn initial(seed: u64, now: Duration) -> Store {
        let mut store = Store::new(seed);
        defaults::create(&mut store, time::millis(now));
        store
    }

    /// Returns the number of items of each collection and scope, sorted by both.
    pub(crate) fn counts(&self) -> Vec<(&'static str, String, usize)> {
        self.lock().counts()
    }

    /// Returns the newest items of a collection and scope, at most this many.
    ///
    /// # Errors
    /// Fails with a message if the collection is unknown.
    pub(crate) fn newest(
        &self,
        collection: &str,
        scope: &str,
        count: usize,
    ) -> Result<Vec<Value>, String> {
        let collection = seed::named(collection)?;
        let store = self.lock();
        let items = store.items(collection, scope);
        let newest = items.into_iter().flat_map(|items| items.values().rev());
        Ok(newest
            .take(count)
            .map(|item| {
                let mut fields = item.fields();
                (collection.on_read)(&mut fields);
                Value::Object(fields)
            })
            .collect())
    }

    /// Returns all items, to be restored by another server.
    pub(crate) fn snapshot(&self) -> Value {
        self.lock().snapshot()
    }

    /// Replaces all items by those of a snapshot.
    ///
    /// # Errors
    /// Fails with a message if the snapshot is damaged, or of another version.
    pub(crate) fn restore(&self, snapshot: &Value) -> Result<(), String> {
        let mut store = self.lock();
        *store = Store::restored(store.seed(), snapshot)?;
        Ok(())
    }

    /// Executes an operation of a collection; `None` for all other operations. `changed` receives
    /// the changes of items.
    pub(crate) fn answer(
        &self,
        now: Duration,
        operation: &Operation,
        request: &ParsedRequest,
        claims: &Claims,
        changed: Option<&dyn Fn(Vec<Change>)>,
    ) -> Option<Result<Reply, ApiError>> {
        let (collection, endpoint) = tables::endpoint(&operation.key())?;
        let now = time::millis(now);
        let mut store = self.lock();
        if let ("locations", AccountId::Location(own)) = (collection.name, &claims.account) {
            defaults::ensure_location(&mut store, own, now);
        }
        if changed.is_some() {
            store.record_changes();
        }
        let call = Call {
            operation,
            request,
            claims,
            endpoint,
            collection,
            now,
            store: &mut store,
        };
        let reply = call::execute(call);
        let changes = store.take_changes();
        drop(store);
        if let Some(changed) = changed {
            changed(changes);
        }
        Some(reply)
    }

    /// The change that created an item.
    #[cfg(test)]
    pub(crate) fn created(&self, collection: &str, scope: &str, id: &str) -> Change {
        let item = self.lock().find_in(tables::named(collection), scope, id);
        item.expect("an item").created()
    }

    /// The locations in which an app is installed with an account: the location itself, or those of
    /// the company.
    pub(crate) fn locations(&self, account: &AccountId) -> Vec<Installation> {
        let company = match account {
            AccountId::Location(id) => return vec![Installation::from(id.as_str())],
            AccountId::Company(id) => id,
        };
        let store = self.lock();
        let locations = store.iter(tables::named("locations"), company);
        let installation = locations.map(|location| {
            let fields = location.fields();
            let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            let mut installation = Installation::from(location.id());
            installation.company.clone_from(company);
            installation.name = text("name").unwrap_or(installation.name);
            installation.address = text("address").unwrap_or(installation.address);
            installation
        });
        installation.collect()
    }

    /// Returns a seeder of this state.
    pub(crate) fn seeder<'a>(&'a self, clock: &'a Clock) -> Seeder<'a> {
        Seeder::new(&self.store, clock)
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
