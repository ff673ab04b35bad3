//! Seeds of all collections: references are to items that exist, and made-up values fit the interface.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Seeder;
use super::fields::Declared;
use super::references::references;
use crate::Mock;
use crate::account::{COMPANY, LOCATION, USER};
use crate::state::tables;

const OTHER: &str = "otherLocation0000001";

/// Fields that reference objects of which the mock has no collection.
const ELSEWHERE: &[(&str, &str)] = &[
    ("charges", "appId"),
    ("charges", "eventId"),
    ("charges", "meterId"),
    ("saas-locations", "customerId"),
    ("saas-locations", "subscriptionId"),
    ("snapshot-pushes", "snapshotId"),
];

#[tokio::test]
async fn every_id_in_a_seed_is_that_of_an_item() {
    for reversed in [false, true] {
        let mock = Mock::builder().start().await.expect("a server");
        let mut names = Seeder::collections();
        if reversed {
            names.reverse();
        }
        for name in names {
            mock.seed().items(name, OTHER, 1);
            mock.seed().items(name, LOCATION, 3);
        }
        let guard = mock.server.state.lock();
        let store = &*guard;
        let mut ids: BTreeSet<String> = [LOCATION, COMPANY, USER].map(str::to_owned).into();
        for (number, collection) in tables::all() {
            let shelf = store.shelf(number, super::scope(collection, LOCATION));
            for (_, item) in shelf.into_iter().flatten() {
                ids.insert(item.id().to_owned());
                // Members of lists within an item: stages and steps.
                let fields = item.fields();
                let lists = fields.values().filter_map(Value::as_array).flatten();
                ids.extend(lists.filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())));
            }
        }
        let mut seen = 0;
        for (number, collection) in tables::all() {
            let name = collection.name;
            let shelf = store.shelf(number, super::scope(collection, LOCATION));
            for (_, item) in shelf.into_iter().flatten() {
                let fields = item.fields();
                for (field, value) in &fields {
                    let names_item = field.ends_with("Id") && !ELSEWHERE.contains(&(name, field));
                    if let Some(id) = value.as_str().filter(|_| names_item) {
                        seen += 1;
                        assert!(ids.contains(id), "{name}.{field} is {id}, and nothing is");
                    }
                }
                for (field, _) in references(collection, &fields) {
                    let id = fields.get(field).and_then(Value::as_str);
                    let id = id.unwrap_or_else(|| panic!("{name} has no {field}"));
                    assert!(ids.contains(id), "{name}.{field} is {id}, and nothing is");
                }
            }
        }
        assert!(seen > 300, "{seen}");
    }
}

#[tokio::test]
async fn what_is_made_up_fits_the_interface() {
    let mock = Mock::builder().start().await.expect("a server");
    let mut wrong = Vec::new();
    for (number, collection) in tables::all() {
        mock.seed().items(collection.name, LOCATION, 3);
        let guard = mock.server.state.lock();
        let store = &*guard;
        let shelf = store.shelf(number, super::scope(collection, LOCATION));
        let sampled = |name: &str| collection.sample.iter().any(|(field, _)| *field == name);
        for (_, item) in shelf.into_iter().flatten() {
            let mut fields = item.fields();
            fields.retain(|name, _| sampled(name));
            for fault in Declared::of(number, collection).faults(collection, &fields) {
                wrong.push(format!("{}: {fault}", collection.name));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
