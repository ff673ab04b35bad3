//! Items of lists, and how they are inserted into the mock server.

use hoopai::serde_json::Value;
use hoopai_mock::{CLIENT_ID, LOCATION, Mock};

/// The items of a list. All variants but the first and the last also add one item outside of the
/// list.
pub(super) enum Seed {
    /// All items of a collection.
    Items(&'static str),
    /// Items of a collection (first) whose parent is in another collection (second).
    Children(&'static str, &'static str),
    /// Items of a collection that have these field values.
    WithFields(&'static str, Value),
    /// Items of a collection (first) with a field (second) that refers to an item of another
    /// collection (third).
    Referring(&'static str, &'static str, &'static str),
    /// Locations in which the mock's app is installed.
    Installations,
}

/// The inserted items.
pub(super) struct Seeded {
    /// The id of the parent, or of the item that is referred to.
    pub(super) parent: String,
    /// The oldest first.
    pub(super) ids: Vec<String>,
}

impl Seed {
    pub(super) fn insert(&self, mock: &Mock, count: usize) -> Seeded {
        let seed = mock.seed();
        let two_of = |collection| {
            let parents: Result<[String; 2], _> = seed.items(collection, LOCATION, 2).try_into();
            parents.unwrap_or_else(|_| panic!("no {collection}"))
        };
        let repeat = |collection, fields: Value| -> Vec<String> {
            let item = |_| seed.item(collection, LOCATION, &fields);
            (0..count).map(item).collect()
        };
        let (parent, ids) = match self {
            Seed::Items(collection) => (String::new(), seed.items(collection, LOCATION, count)),
            Seed::Children(collection, parents) => {
                let [parent, other] = two_of(parents);
                seed.items_of(collection, LOCATION, &other, 1);
                let ids = seed.items_of(collection, LOCATION, &parent, count);
                (parent, ids)
            }
            Seed::WithFields(collection, fields) => {
                seed.items(collection, LOCATION, 1);
                (String::new(), repeat(collection, fields.clone()))
            }
            Seed::Referring(collection, field, targets) => {
                let [target, other] = two_of(targets);
                let reference = |id: &str| Value::from_iter([(*field, id)]);
                seed.item(collection, LOCATION, &reference(&other));
                let ids = repeat(collection, reference(&target));
                (target, ids)
            }
            Seed::Installations => {
                let ids: Vec<String> = (0..count).map(|n| format!("location-{n:04}")).collect();
                for id in &ids {
                    mock.install(CLIENT_ID, id.clone());
                }
                (String::new(), ids)
            }
        };
        Seeded { parent, ids }
    }
}
