//! Collections filled with made-up items.

mod after;
mod fields;
mod references;
mod sampler;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::collection::{Collection, Ids, Scope};
use super::store::{Fields, Store};
use super::{State, make, tables, time};
use crate::account::COMPANY;
use crate::clock::Clock;
use crate::closest;
use fields::Declared;
use sampler::{Draft, Sampler};

/// Fills collections with made-up items, the last of them the newest. The same calls on a server of the same seed make the same
/// items, but for the time of their making.
///
/// Seeds are consistent. A field that references an item of another collection references one of the same location. If the
/// location has none, one is seeded first. Opportunities are in a stage of their pipeline, messages in a conversation of their
/// contact; transactions pay orders of their contact, and paid invoices have transactions.
///
/// # Panics
/// The methods panic, and suggest the closest names, if the collection or a field is unknown. They also panic
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
    state: &'a State,
    clock: &'a Clock,
}

/// Methods that fill the collection of their name.
macro_rules! collections {
    ($($method:ident: $name:literal),* $(,)?) => {
        impl Seeder<'_> {
            $(
                #[doc = concat!("Adds `count` made-up ", $name, " to a location; returns their ids in the order of their making.")]
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
    pub(crate) fn new(state: &'a State, clock: &'a Clock) -> Self {
        Self { state, clock }
    }

    /// The names of all collections.
    pub fn collections() -> Vec<&'static str> {
        tables::all()
            .map(|(_, collection)| collection.name)
            .collect()
    }

    /// Adds `count` made-up items to a collection of a location; returns their ids in the order of their making. Items that have a
    /// parent (messages, tasks) belong to the parents that the location has, in turn.
    ///
    /// # Panics
    /// As all seeds do: see [`Seeder`].
    #[track_caller]
    pub fn items(&self, collection: &str, location: &str, count: usize) -> Vec<String> {
        let named = named(collection);
        self.fill(named, location, count, &Map::new())
    }

    /// Adds `count` made-up items to a parent: messages to a conversation, tasks to a contact.
    ///
    /// # Panics
    /// As all seeds do: see [`Seeder`]. Also if items of the collection have no parent.
    #[track_caller]
    pub fn items_of(
        &self,
        collection: &str,
        location: &str,
        parent: &str,
        count: usize,
    ) -> Vec<String> {
        let named = named(collection);
        let Some(own) = named.1.parent else {
            panic!("items of `{collection}` belong to nothing; call `items`");
        };
        let fields = [(own.field.to_owned(), parent.into())];
        self.fill(named, location, count, &fields.into_iter().collect())
    }

    /// Adds an item with these fields, and made-up ones for the rest; returns its id. An item of the same id is replaced.
    ///
    /// Fields are named as in requests or in replies. The moments of creation and change (`dateAdded`, `createdAt`) are kept, and
    /// determine the item's place in lists.
    ///
    /// # Panics
    /// As all seeds do: see [`Seeder`]. Also if the fields are no object.
    #[track_caller]
    pub fn item(&self, collection: &str, location: &str, fields: &Value) -> String {
        let named = named(collection);
        let Some(fields) = fields.as_object() else {
            panic!("the fields of a seed of `{collection}` must be an object");
        };
        self.fill(named, location, 1, fields).remove(0)
    }

    #[track_caller]
    fn fill(
        &self,
        (number, collection): (usize, &'static Collection),
        location: &str,
        count: usize,
        given: &Fields,
    ) -> Vec<String> {
        let now = time::millis(self.clock.unix());
        let fill = Fill {
            number,
            collection,
            location,
            count,
            now,
        };
        let store = &mut *self.state.lock();
        // What a company has can be seeded without a location.
        if !location.is_empty() && location != COMPANY {
            introduce(store, location, now);
        }
        let faults = fill.faults(store, given);
        if !faults.is_empty() {
            let (name, faults) = (collection.name, faults.join("; "));
            panic!("a seed of `{name}` is wrong: {faults}");
        }
        fill.run(store, given)
    }
}

/// A collection, by its name.
#[track_caller]
fn named(name: &str) -> (usize, &'static Collection) {
    match tables::find(name) {
        Some(found) => found,
        None => {
            let names = Seeder::collections();
            let closest = closest::suggestion(name, names.iter().map(|name| (*name, *name)));
            panic!(
                "no collection is called `{name}`{closest}; `Seeder::collections` lists them all"
            );
        }
    }
}

/// The key of a collection's items of a location in the store.
fn scope<'s>(collection: &Collection, location: &'s str) -> &'s str {
    match collection.scope {
        Scope::Location => location,
        Scope::Company => COMPANY,
    }
}

/// Items to be made: a number of them, of a collection, for a location.
struct Fill<'a> {
    number: usize,
    collection: &'static Collection,
    location: &'a str,
    count: usize,
    now: u64,
}

impl Fill<'_> {
    /// Returns the faults of the given fields, a sentence each.
    fn faults(&self, store: &Store, given: &Fields) -> Vec<String> {
        if given.is_empty() {
            return Vec::new();
        }
        let collection = self.collection;
        let mut faults = Declared::of(self.number, collection).faults(collection, given);
        faults.extend(self.wrong_moments(given));
        faults.extend(self.wrong_references(store, given));
        faults
    }

    /// Returns the faults of the moments of creation and change.
    fn wrong_moments(&self, given: &Fields) -> Vec<String> {
        let names = self
            .collection
            .created
            .iter()
            .chain(self.collection.changed);
        let wrong = names.filter(|name| {
            let value = given.get(**name).filter(|value| !value.is_null());
            value.is_some_and(|value| moment(value).is_none())
        });
        wrong.map(|name| format!("`{name}` is no moment")).collect()
    }

    /// Makes the items. The fields must be right.
    fn run(&self, store: &mut Store, given: &Fields) -> Vec<String> {
        let collection = self.collection;
        let scope = scope(collection, self.location);
        let before = store
            .shelf(self.number, scope)
            .map_or(0, |shelf| shelf.len());
        let given = self.with_references(store, given);
        let mut sampler = Sampler::new(self.location, self.now);
        let mut ids = Vec::with_capacity(self.count);
        for index in 0..self.count {
            // A second apart, the last of them now.
            let ago = (self.count - 1 - index) as u64 * 1000;
            let first = collection.created.iter().find_map(|name| given.get(*name));
            let at = first.and_then(moment);
            let at = at.unwrap_or(self.now.saturating_sub(ago));
            let mut fields = given.clone();
            for (field, sample) in collection.sample {
                if fields.contains_key(*field) {
                    continue;
                }
                let draft = Draft {
                    index: before + index,
                    at,
                    fields: &fields,
                };
                if let Some(value) = sampler.value(store, *sample, &draft) {
                    fields.insert((*field).to_owned(), value);
                }
            }
            for name in collection.created.iter().chain(collection.changed) {
                if let Some(moment) = fields.get(*name).and_then(moment) {
                    fields.insert((*name).to_owned(), time::iso(moment).into());
                }
            }
            if collection.name == "users" && !fields.contains_key("locationIds") {
                fields.insert("locationIds".into(), json!([self.location]));
            }
            let id = match given.get(collection.id).and_then(Value::as_str) {
                Some(id) => id.to_owned(),
                None => match (
                    collection.ids,
                    fields.get(collection.id).and_then(Value::as_str),
                ) {
                    (Ids::Given, Some(id)) => id.to_owned(),
                    (ids, _) => store.next_id(ids),
                },
            };
            store.remove(collection, self.number, scope, &id);
            let made = make::named(store, self.number, collection, scope, (at, id), fields);
            after::seeded(store, collection.name, &made, self.now);
            ids.push(made.id);
        }
        after::all_seeded(store, collection.name, &ids, self.now);
        ids
    }
}

/// Milliseconds since 1970.
fn moment(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => time::parse(text),
        value => value
            .as_u64()
            .and_then(|number| time::parse(&number.to_string())),
    }
}

/// Adds a location that does not exist yet.
pub(super) fn introduce(store: &mut Store, location: &str, now: u64) {
    let (number, collection) = tables::named("locations");
    if store.first_heard(number, location) && store.find(number, location).is_none() {
        let fields = tables::known(collection, location);
        let made = (now.saturating_sub(1000), location.to_owned());
        make::named(store, number, collection, COMPANY, made, fields);
    }
}
