//! Seeds of all collections: referenced items exist, and generated values match the interface.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Seeder;
use super::declared::Declared;
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
async fn ids_in_seeds_reference_items() {
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
        let store = mock.server.state.lock();
        let mut ids: BTreeSet<String> = [LOCATION, COMPANY, USER].map(str::to_owned).into();
        for collection in tables::all() {
            for item in store.iter(collection, collection.scope_of(LOCATION)) {
                ids.insert(item.id().to_owned());
                // Members of lists within an item: stages and steps.
                let fields = item.fields();
                let lists = fields.values().filter_map(Value::as_array).flatten();
                ids.extend(lists.filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())));
            }
        }
        let mut seen = 0;
        for collection in tables::all() {
            let name = collection.name;
            for item in store.iter(collection, collection.scope_of(LOCATION)) {
                let fields = item.fields();
                for (field, value) in &fields {
                    let names_item = field.ends_with("Id") && !ELSEWHERE.contains(&(name, field));
                    if let Some(id) = value.as_str().filter(|_| names_item) {
                        seen += 1;
                        assert!(
                            ids.contains(id),
                            "{name}.{field} is {id}, and no item has that id"
                        );
                    }
                }
                for (field, _) in references(collection, &fields) {
                    let id = fields.get(field).and_then(Value::as_str);
                    let id = id.unwrap_or_else(|| panic!("{name} has no {field}"));
                    assert!(
                        ids.contains(id),
                        "{name}.{field} is {id}, and no item has that id"
                    );
                }
            }
        }
        assert!(seen > 300, "{seen}");
    }
}

#[tokio::test]
async fn generated_fields_match_the_interface() {
    let mock = Mock::builder().start().await.expect("a server");
    let mut wrong = Vec::new();
    for collection in tables::all() {
        mock.seed().items(collection.name, LOCATION, 3);
        let store = mock.server.state.lock();
        let sampled = |name: &str| collection.sample.iter().any(|(field, _)| *field == name);
        for item in store.iter(collection, collection.scope_of(LOCATION)) {
            let mut fields = item.fields();
            fields.retain(|name, _| sampled(name));
            for error in Declared::of(collection).errors(collection, &fields) {
                wrong.push(format!("{}: {error}", collection.name));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
