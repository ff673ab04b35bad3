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
use std::time::Duration;

use serde_json::Value;

use crate::account::{AccountId, COMPANY, LOCATION};
use crate::api_error::ApiError;
use crate::check::NumberKind;
use crate::check::ParsedRequest;
use crate::exchange::Reply;
use crate::interface::Operation;
use crate::tokens::{Claims, Installation};

use collection::Scope;
pub use seed::Seeder;
use store::Store;

/// Keys of an operation's body that the platform takes although the interface does not declare them.
pub(crate) fn undeclared(operation: &Operation) -> &'static [&'static str] {
    tables::row(&operation.key()).map_or(&[], |(_, row)| row.undeclared)
}

/// The parameters and body fields that page an operation's list.
pub(crate) fn numbers(operation: &Operation) -> Vec<(&'static str, NumberKind)> {
    tables::row(&operation.key()).map_or_else(Vec::new, |(_, row)| row.paging.numbers())
}

/// Whether an operation requires the token of an agency, and its items belong to no location.
pub(crate) fn is_agency_only(operation: &Operation) -> bool {
    let row = tables::row(&operation.key());
    operation.is_for_agencies()
        && row.is_none_or(|(number, _)| tables::collection(number).scope != Scope::Location)
}

/// Whether a text is a date, a time, or milliseconds since 1970.
pub(crate) fn is_timestamp(text: &str) -> bool {
    time::parse(text).is_some()
}

/// All collections of all locations.
pub(crate) struct State {
    store: Mutex<Store>,
}

impl State {
    /// Creates empty collections; `seed` determines ids and made-up values.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            store: Mutex::new(Store::new(seed)),
        }
    }

    /// The reply, where the operation is about something that is remembered.
    pub(crate) fn answer(
        &self,
        now: Duration,
        operation: &Operation,
        accepted: &ParsedRequest,
        claims: &Claims,
    ) -> Option<Result<Reply, ApiError>> {
        let (number, row) = tables::row(&operation.key())?;
        let mut call = engine::Call {
            operation,
            accepted,
            claims,
            agency_only: is_agency_only(operation),
            row,
            number,
            collection: tables::collection(number),
            now: time::millis(now),
            store: &mut self.lock(),
        };
        Some(call.answer())
    }

    /// Returns the locations in which an app is installed for an account: the location itself, or the
    /// locations of the company.
    pub(crate) fn locations(&self, now: Duration, account: &AccountId) -> Vec<Installation> {
        let company = match account {
            AccountId::Location(id) => return vec![Installation::from(id.as_str())],
            AccountId::Company(id) => id,
        };
        let mut store = self.lock();
        if company == COMPANY {
            seed::introduce(&mut store, LOCATION, time::millis(now));
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

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
