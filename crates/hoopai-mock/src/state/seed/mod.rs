//! Seeds: generated items for tests. `declared` checks their fields against the interface, and
//! `references` their ids against other collections; `batch` creates them.
//! May depend on everything in `state` but `call`.

mod batch;
mod declared;
mod effects;
mod references;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::collection::{Collection, Fields};
use super::store::Store;
use super::{defaults, tables};
use crate::account::COMPANY;
use crate::clock::Clock;
use crate::closest;
use crate::time;
use batch::{Batch, seeded_time};
use declared::Declared;

/// Adds generated items to collections; the last item is the newest. Equal calls on servers with
/// equal seeds create equal items, except for the times of creation.
///
/// Seeds are consistent. A field that references an item of another collection references one of
/// the same location. If the location has none, one is seeded first. Opportunities are in a stage
/// of their pipeline, messages in a conversation of their contact; transactions pay orders of their
/// contact, and paid invoices have transactions.
///
/// # Panics
/// The methods panic, and suggest the closest names, if the collection or a field is unknown. They
/// also panic
///
/// - if the type of a value differs from that in all requests and replies of the platform,
/// - if a reference names an item that the location does not have,
/// - if another location has an item of the same id.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// use hoopai_mock::serde_json::json;
/// use hoopai_mock::{LOCATION, Mock};
///
/// let mock = Mock::builder().start().await?;
/// let contacts = mock.seed().contacts(LOCATION, 250);
/// let deal = json!({ "name": "Roof", "contactId": contacts[0], "monetaryValue": 1200 });
/// let deal = mock.seed().item("opportunities", LOCATION, &deal);
/// # Ok(())
/// # }
/// ```
pub struct Seeder<'a> {
    store: &'a Mutex<Store>,
    clock: &'a Clock,
}

/// Defines methods that add items to the collection of their name.
macro_rules! collections {
    ($($method:ident: $name:literal),* $(,)?) => {
        impl Seeder<'_> {
            $(
                #[doc = concat!("Adds `count` generated ", $name, " to a location. Returns their ids in the order of creation.")]
                #[track_caller]
                pub fn $method(&self, location: &str, count: usize) -> Vec<String> {
                    self.items($name, location, count)
                }
            )*
        }
    };
}

collections! {
    appointments: "appointments",
    calendars: "calendars",
    contacts: "contacts",
    conversations: "conversations",
    custom_fields: "custom-fields",
    custom_values: "custom-values",
    forms: "forms",
    invoices: "invoices",
    medias: "medias",
    objects: "objects",
    opportunities: "opportunities",
    orders: "orders",
    pipelines: "pipelines",
    products: "products",
    submissions: "submissions",
    tags: "tags",
    transactions: "transactions",
    users: "users",
}

impl<'a> Seeder<'a> {
    pub(super) fn new(store: &'a Mutex<Store>, clock: &'a Clock) -> Self {
        Self { store, clock }
    }

    /// The names of all collections.
    pub fn collections() -> Vec<&'static str> {
        tables::all().map(|collection| collection.name).collect()
    }

    /// Adds `count` generated items to a collection of a location. Returns their ids in the order of
    /// creation. Items with a parent (messages, tasks) belong to the parents of the location in turn.
    ///
    /// # Panics
    /// See [`Seeder`].
    #[track_caller]
    pub fn items(&self, collection: &str, location: &str, count: usize) -> Vec<String> {
        or_panic(self.try_items(collection, location, count, &Map::new()))
    }

    /// Adds `count` generated items to a parent: messages to a conversation, tasks to a contact.
    ///
    /// # Panics
    /// See [`Seeder`]. Also if items of the collection have no parent.
    #[track_caller]
    pub fn items_of(
        &self,
        collection: &str,
        location: &str,
        parent: &str,
        count: usize,
    ) -> Vec<String> {
        or_panic(self.try_items_of(collection, location, parent, count))
    }

    /// Adds an item with these fields, and generated ones for the rest. Returns its id. An item of
    /// the same id is replaced.
    ///
    /// Fields are named as in requests or in replies. The times of creation and change
    /// (`dateAdded`, `createdAt`) are kept, and determine the item's place in lists.
    ///
    /// # Panics
    /// See [`Seeder`]. Also if the fields are not an object.
    #[track_caller]
    pub fn item(&self, collection: &str, location: &str, fields: &Value) -> String {
        let Some(fields) = fields.as_object() else {
            panic!("the fields of a seed of `{collection}` must be an object");
        };
        or_panic(self.try_items(collection, location, 1, fields)).remove(0)
    }

    /// Like [`items_of`](Self::items_of), but returns an error message.
    pub(crate) fn try_items_of(
        &self,
        collection: &str,
        location: &str,
        parent: &str,
        count: usize,
    ) -> Result<Vec<String>, String> {
        let Some(own) = named(collection)?.parent else {
            return Err(format!("items of `{collection}` have no parent; name none"));
        };
        let fields = [(own.field.to_owned(), parent.into())];
        self.try_items(collection, location, count, &fields.into_iter().collect())
    }

    /// Adds items with these fields. Returns an error message instead of panicking.
    pub(crate) fn try_items(
        &self,
        collection: &str,
        location: &str,
        count: usize,
        fields: &Fields,
    ) -> Result<Vec<String>, String> {
        let collection = named(collection)?;
        let now = time::millis(self.clock.unix());
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        // Items of a company can be seeded without a location.
        if !location.is_empty() && location != COMPANY {
            defaults::ensure_location(&mut store, location, now);
        }
        let errors = errors(&store, collection, location, fields);
        if !errors.is_empty() {
            let (name, errors) = (collection.name, errors.join("; "));
            return Err(format!("a seed of `{name}` is wrong: {errors}"));
        }
        let batch = Batch {
            collection,
            location,
            count,
            now,
        };
        Ok(batch.create(&mut store, fields))
    }
}

/// Finds a collection by its name.
pub(super) fn named(name: &str) -> Result<&'static Collection, String> {
    tables::find(name).ok_or_else(|| {
        let names = Seeder::collections();
        let closest = closest::suggestion(name, names.iter().map(|name| (*name, *name)));
        format!(
            "no collection is called `{name}`{closest}; `Seeder::collections` lists them all, and \
             so does `GET /__hoopai/collections`"
        )
    })
}

#[track_caller]
fn or_panic(seeded: Result<Vec<String>, String>) -> Vec<String> {
    match seeded {
        Ok(ids) => ids,
        Err(message) => panic!("{message}"),
    }
}

/// The errors of the fields of a seed, a sentence each.
fn errors(
    store: &Store,
    collection: &'static Collection,
    location: &str,
    fields: &Fields,
) -> Vec<String> {
    if fields.is_empty() {
        return Vec::new();
    }
    let mut errors = Declared::of(collection).errors(collection, fields);
    let wrong_times = collection.timestamps().filter(|name| {
        let value = fields.get(*name).filter(|value| !value.is_null());
        value.is_some_and(|value| seeded_time(value).is_none())
    });
    errors.extend(wrong_times.map(|name| format!("`{name}` is no time")));
    errors.extend(references::errors(store, collection, location, fields));
    errors
}
