//! Collections filled with made-up items.

use serde_json::{Map, Value, json};

use super::collection::{Collection, Ids, Sample, Scope};
use super::store::{Fields, Store};
use super::{make, tables, time};
use crate::tokens::COMPANY;
use crate::world::World;

const FIRST: &[&str] = &[
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana",
];
const LAST: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "Marsh",
    "Novak",
    "Pereira",
    "Quinn",
    "Sato",
    "Weiss",
    "Ziegler",
];

/// Fills collections with made-up items, the last of them the newest. The same calls on a server of the same seed make the same
/// items, but for the time of their making.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// use hoopai_mock::{LOCATION, Mock};
///
/// let mock = Mock::builder().start().await?;
/// let contacts = mock.seed().contacts(LOCATION, 250);
/// let orders = mock.seed().items("orders", LOCATION, 10);
/// # Ok(())
/// # }
/// ```
pub struct Seeder<'a> {
    world: &'a World,
}

/// Methods that fill the collection of their name.
macro_rules! collections {
    ($($method:ident: $name:literal),* $(,)?) => {
        impl Seeder<'_> {
            $(
                #[doc = concat!("Adds `count` made-up ", $name, " to a location; returns their ids in the order of their making.")]
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
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world }
    }

    /// The names of all collections.
    pub fn collections() -> Vec<&'static str> {
        tables::all()
            .map(|(_, collection)| collection.name)
            .collect()
    }

    /// Adds `count` made-up items to a collection of a location; returns their ids in the order of their making. What belongs to
    /// something else (messages, tasks) belongs to what the location has of that, in turn. A name that is none's
    /// adds nothing.
    pub fn items(&self, collection: &str, location: &str, count: usize) -> Vec<String> {
        self.fill(collection, location, count, &Map::new())
    }

    /// Adds `count` made-up items that belong to something: messages to a conversation, tasks to a contact.
    pub fn items_of(
        &self,
        collection: &str,
        location: &str,
        parent: &str,
        count: usize,
    ) -> Vec<String> {
        let own = tables::find(collection).and_then(|(_, collection)| collection.parent);
        let fields = own.map(|own| (own.field.to_owned(), parent.into()));
        self.fill(collection, location, count, &fields.into_iter().collect())
    }

    /// Adds an item with these fields, and made-up ones for the rest; returns its id. `None` where the collection is unknown or
    /// the fields are no object.
    pub fn item(&self, collection: &str, location: &str, fields: &Value) -> Option<String> {
        self.fill(collection, location, 1, fields.as_object()?)
            .pop()
    }

    fn fill(&self, name: &str, location: &str, count: usize, given: &Fields) -> Vec<String> {
        let Some((number, collection)) = tables::find(name) else {
            return Vec::new();
        };
        let now = time::millis(self.world.clock.unix());
        let mut store = self.world.state.lock();
        let store = store.get_or_insert_with(|| Store::new(self.world.seed));
        let scope = match collection.scope {
            Scope::Location => location,
            Scope::Company => COMPANY,
        };
        if collection.scope == Scope::Location {
            introduce(store, location, now);
        }
        let before = store.shelf(number, scope).map_or(0, |shelf| shelf.len());
        let mut sampler = Sampler::new(store, collection, scope);
        let mut ids = Vec::with_capacity(count);
        for index in 0..count {
            // A second apart, the last of them now.
            let at = now.saturating_sub((count - 1 - index) as u64 * 1000);
            let mut fields = Map::new();
            for (field, sample) in collection.sample {
                if let Some(value) = sampler.value(store, *sample, before + index, at) {
                    fields.insert((*field).to_owned(), value);
                }
            }
            if collection.name == "users" {
                fields.insert("locationIds".into(), json!([location]));
            }
            fields.extend(given.clone());
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
            store.remove(collection, number, &id);
            let made = make::named(store, number, collection, scope, (at, id), fields);
            ids.push(made.id);
        }
        ids
    }
}

/// A location that has something exists.
fn introduce(store: &mut Store, location: &str, now: u64) {
    let (number, collection) = tables::named("locations");
    if store.first_heard(number, location) && store.find(number, location).is_none() {
        let fields = tables::known(collection, location);
        let made = (now.saturating_sub(1000), location.to_owned());
        make::named(store, number, collection, COMPANY, made, fields);
    }
}

/// Makes the values of samples.
struct Sampler {
    /// The ids of other collections that items refer to.
    others: Vec<(&'static str, Vec<String>)>,
}

impl Sampler {
    fn new(store: &Store, collection: &Collection, scope: &str) -> Self {
        let others = collection
            .sample
            .iter()
            .filter_map(|(_, sample)| match sample {
                Sample::Of(name) => {
                    let (number, _) = tables::find(name)?;
                    let shelf = store.shelf(number, scope).into_iter().flatten();
                    Some((*name, shelf.map(|(_, item)| item.id().to_owned()).collect()))
                }
                _ => None,
            });
        Self {
            others: others.collect(),
        }
    }

    fn value(&mut self, store: &mut Store, sample: Sample, index: usize, at: u64) -> Option<Value> {
        let pick =
            |words: &[&'static str], index: usize| words.get(index % words.len().max(1)).copied();
        let number = index + 1;
        Some(match sample {
            Sample::FirstName => pick(FIRST, index)?.into(),
            Sample::LastName => pick(LAST, index / 3)?.into(),
            Sample::Email => {
                let name = pick(FIRST, index)?.to_lowercase();
                format!("{name}.{number}@example.com").into()
            }
            Sample::Phone => format!("+1555{number:07}").into(),
            Sample::Numbered(text) => format!("{text} {number}").into(),
            Sample::Key(text) => format!("{text}_{number}").into(),
            Sample::OneOf(words) => pick(words, index)?.into(),
            Sample::Number(from, to) => {
                let span = (to - from).max(0) + 1;
                (from + (index as i64).wrapping_mul(7919).rem_euclid(span)).into()
            }
            Sample::Of(name) => {
                let ids = self.others.iter().find(|(other, _)| *other == name)?;
                ids.1.get(index % ids.1.len().max(1))?.as_str().into()
            }
            Sample::Fixed(value) => value.json(store, at),
            Sample::AnyId => store.next_id(Ids::Letters).into(),
            Sample::HoursLater(hours) => time::iso(at + hours * 3_600_000).into(),
            Sample::Stages => {
                let names = ["New", "Talking", "Closing"];
                let stage = |(position, name): (usize, &&str)| {
                    json!({ "id": store.next_id(Ids::Uuid), "name": name, "position": position,
                            "showInFunnel": true, "showInPieChart": true })
                };
                names.iter().enumerate().map(stage).collect()
            }
            Sample::Made(make) => make(number),
        })
    }
}
