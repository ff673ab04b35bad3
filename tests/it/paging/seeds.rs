//! Items of lists, put into the mock.

use hoopai::serde_json::Value;
use hoopai_mock::{CLIENT_ID, LOCATION, Mock};

use super::rows::Seeded;

/// Items of a collection that belong to nothing.
pub(super) fn plain(mock: &Mock, collection: &str, count: usize) -> Seeded {
    Seeded {
        of: String::new(),
        ids: mock.seed().items(collection, LOCATION, count),
    }
}

/// Items of a collection that belong to something of another, and one that belongs to something else.
pub(super) fn of(mock: &Mock, collection: &str, parents: &str, count: usize) -> Seeded {
    let seed = mock.seed();
    let [of, other] = &seed.items(parents, LOCATION, 2)[..] else {
        panic!("no {parents}");
    };
    seed.items_of(collection, LOCATION, other, 1);
    Seeded {
        of: of.clone(),
        ids: seed.items_of(collection, LOCATION, of, count),
    }
}

/// Items of a collection with some fields in common, and one without them.
pub(super) fn with(mock: &Mock, collection: &str, fields: &Value, count: usize) -> Seeded {
    let seed = mock.seed();
    seed.items(collection, LOCATION, 1);
    let one = |_| seed.item(collection, LOCATION, fields);
    Seeded {
        of: String::new(),
        ids: (0..count).map(one).collect(),
    }
}

/// Items of a collection that name one of another in a field, and one that names another of it.
pub(super) fn naming(
    mock: &Mock,
    collection: &str,
    (field, others): (&str, &str),
    count: usize,
) -> Seeded {
    let seed = mock.seed();
    let [of, other] = &seed.items(others, LOCATION, 2)[..] else {
        panic!("no {others}");
    };
    let name = |other: &String| Value::from_iter([(field, other.as_str())]);
    seed.item(collection, LOCATION, &name(other));
    let fields = name(of);
    let one = |_| seed.item(collection, LOCATION, &fields);
    Seeded {
        of: of.clone(),
        ids: (0..count).map(one).collect(),
    }
}

/// Locations in which the mock's app is installed.
pub(super) fn installed(mock: &Mock, count: usize) -> Seeded {
    let ids: Vec<String> = (0..count).map(|n| format!("location-{n:04}")).collect();
    for id in &ids {
        mock.install(CLIENT_ID, id.clone());
    }
    Seeded {
        of: String::new(),
        ids,
    }
}
