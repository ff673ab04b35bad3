//! What the platform remembers: collections, per location.
//!
//! Which collections there are, what their items have, and which operation does what to them is said in [`tables`]; [`engine`]
//! does it. [`special`] holds the few behaviours that no table can say.

mod answer;
mod bulk;
mod choose;
mod chosen;
mod collection;
mod conditions;
mod derive;
mod engine;
mod fit;
mod lookup;
mod make;
mod messages;
mod paging;
mod payments;
mod seed;
mod slots;
mod special;
mod store;
mod tables;
mod tags;
#[cfg(test)]
mod tests;
mod time;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::check::Accepted;
use crate::check::counts::Number;
use crate::exchange::Outgoing;
use crate::interface::Operation;
use crate::refusal::Refusal;
use crate::tokens::{AccountId, COMPANY, Grant, Installation, LOCATION};
use crate::world::World;

use collection::Scope;
pub use seed::Seeder;
use store::Store;

/// Keys of an operation's body that the platform takes although the interface does not declare them.
pub(crate) fn undeclared(operation: &Operation) -> &'static [&'static str] {
    tables::row(&operation.key()).map_or(&[], |(_, row)| row.undeclared)
}

/// The parameters and body fields that page an operation's list.
pub(crate) fn numbers(operation: &Operation) -> Vec<(&'static str, Number)> {
    tables::row(&operation.key()).map_or_else(Vec::new, |(_, row)| row.paging.numbers())
}

/// Whether the items of an operation belong to a location, not to a company.
pub(crate) fn is_of_location(operation: &Operation) -> bool {
    tables::row(&operation.key())
        .is_some_and(|(number, _)| tables::collection(number).scope == Scope::Location)
}

/// Whether a text is a date, a moment, or milliseconds since 1970.
pub(crate) fn is_moment(text: &str) -> bool {
    time::parse(text).is_some()
}

/// All collections of all locations.
#[derive(Default)]
pub(crate) struct State {
    store: Mutex<Option<Store>>,
}

impl State {
    /// The reply, where the operation is about something that is remembered.
    pub(crate) fn answer(
        &self,
        world: &World,
        operation: &Operation,
        accepted: &Accepted,
        grant: &Grant,
    ) -> Option<Result<Outgoing, Refusal>> {
        let (number, row) = tables::row(&operation.key())?;
        let mut store = self.lock();
        let store = store.get_or_insert_with(|| Store::new(world.seed));
        let mut call = engine::Call {
            operation,
            accepted,
            grant,
            row,
            number,
            collection: tables::collection(number),
            now: time::millis(world.clock.unix()),
            store,
        };
        Some(call.answer())
    }

    /// The locations in which an app is installed with a resource: the location itself, or those that the company has.
    pub(crate) fn locations(&self, world: &World, resource: &AccountId) -> Vec<Installation> {
        let company = match resource {
            AccountId::Location(id) => return vec![Installation::from(id.as_str())],
            AccountId::Company(id) => id,
        };
        let mut store = self.lock();
        let store = store.get_or_insert_with(|| Store::new(world.seed));
        if company == COMPANY {
            seed::introduce(store, LOCATION, time::millis(world.clock.unix()));
        }
        let (number, _) = tables::named("locations");
        let shelf = store.shelf(number, company).into_iter().flatten();
        shelf
            .map(|(_, item)| {
                let fields = item.fields();
                let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
                let mut found = Installation::from(item.id());
                found.company.clone_from(company);
                found.name = text("name").unwrap_or(found.name);
                found.address = text("address").unwrap_or(found.address);
                found
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
