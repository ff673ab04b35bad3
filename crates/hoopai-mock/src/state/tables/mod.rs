//! The tables: which collections there are, and which operation does what to them.

mod calendars;
mod content;
mod conversations;
mod crm;
mod desk;
mod lists;
mod locations;
mod money;
mod pages;
mod relations;
mod searches;
mod store;
mod tools;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::collection::{Collection, Row};
use super::store::Fields;
use crate::account::COMPANY;

static TABLES: &[&[Collection]] = &[
    crm::TABLE,
    conversations::TABLE,
    calendars::TABLE,
    locations::TABLE,
    money::TABLE,
    content::TABLE,
    tools::TABLE,
    store::TABLE,
    relations::TABLE,
    desk::TABLE,
    lists::TABLE,
];

static COLLECTIONS: LazyLock<Vec<&'static Collection>> =
    LazyLock::new(|| TABLES.iter().copied().flatten().collect());

static ROWS: LazyLock<HashMap<&'static str, (usize, &'static Row)>> = LazyLock::new(|| {
    let rows =
        all().flat_map(|(number, collection)| collection.rows.iter().map(move |row| (number, row)));
    rows.map(|(number, row)| (row.operation, (number, row)))
        .collect()
});

/// All collections, with their numbers.
pub(super) fn all() -> impl Iterator<Item = (usize, &'static Collection)> {
    COLLECTIONS.iter().copied().enumerate()
}

/// What an operation does, and to which collection.
pub(super) fn row(operation: &str) -> Option<(usize, &'static Row)> {
    ROWS.get(operation).copied()
}

pub(super) fn collection(number: usize) -> &'static Collection {
    COLLECTIONS
        .get(number)
        .copied()
        .unwrap_or(&Collection::PLAIN)
}

pub(super) fn find(name: &str) -> Option<(usize, &'static Collection)> {
    all().find(|(_, collection)| collection.name == name)
}

/// A collection that a table names. That there is one for each such name is tested.
pub(super) fn named(name: &str) -> (usize, &'static Collection) {
    find(name).unwrap_or((usize::MAX, &Collection::PLAIN))
}

/// The collections whose items belong to one of this collection.
pub(super) fn children(name: &str) -> impl Iterator<Item = (usize, &'static Collection)> {
    all().filter(move |(_, collection)| {
        collection
            .parent
            .is_some_and(|parent| parent.collection == name)
    })
}

/// The fields of what exists everywhere without having been made.
pub(super) fn standard(collection: &Collection, id: &str) -> Option<Fields> {
    let own = collection.standard.iter().find(|(own, ..)| *own == id);
    let (id, singular, plural) = own?;
    let fields = json!({
        "id": id, (collection.id): id, "standard": true,
        "labels": { "singular": singular, "plural": plural },
    });
    fields.as_object().cloned()
}

/// What is known of a location or a user that nobody made.
pub(super) fn known(collection: &Collection, id: &str) -> Fields {
    let fields: Value = match collection.name {
        "users" => json!({
            "firstName": "Mock", "lastName": "User", "email": "user@example.com",
            "type": "account", "role": "admin", "locationIds": [crate::account::LOCATION],
        }),
        _ => json!({
            "name": format!("Location {id}"), "companyId": COMPANY,
            "email": "location@example.com", "country": "US", "timezone": "America/New_York",
        }),
    };
    fields.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::collection::Act;
    use super::{all, find};
    use crate::interface::Interface;

    #[test]
    fn the_tables_name_what_there_is() {
        let known: HashSet<String> = Interface::shared()
            .operations
            .iter()
            .map(|one| one.key())
            .collect();
        let (mut names, mut operations) = (HashSet::new(), HashSet::new());
        for (_, collection) in all() {
            assert!(
                names.insert(collection.name),
                "{} stands twice",
                collection.name
            );
            let samples = collection
                .sample
                .iter()
                .flat_map(|(_, sample)| sample.names());
            let shown = collection.shows.map(|shows| shows.collection);
            let parent = collection.parent.map(|parent| parent.collection);
            for name in samples.chain(shown).chain(parent) {
                assert!(
                    find(name).is_some(),
                    "{}: no collection {name}",
                    collection.name
                );
            }
            for row in collection.rows {
                assert!(
                    known.contains(row.operation),
                    "no operation {}",
                    row.operation
                );
                assert!(
                    operations.insert(row.operation),
                    "{} stands twice",
                    row.operation
                );
                assert!(
                    row.or_in.is_empty() || find(row.or_in).is_some(),
                    "{}",
                    row.operation
                );
            }
        }
        assert!(operations.len() >= 200, "{} operations", operations.len());
    }

    #[test]
    fn rows_name_parameters_that_their_operations_have() {
        for operation in &Interface::shared().operations {
            let Some((number, row)) = super::row(&operation.key()) else {
                continue;
            };
            let collection = super::collection(number);
            let parameters = operation
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str());
            let body = operation
                .body
                .as_ref()
                .and_then(|body| crate::interface::schema_view::keys(operation, &body.schema));
            let open = operation.body.is_some() && body.is_none();
            let names: HashSet<&str> = parameters.chain(body.into_iter().flatten()).collect();
            let has = |name: &str| {
                name.is_empty() || open || names.contains(name) || row.undeclared.contains(&name)
            };
            assert!(has(row.by), "{}: no {}", row.operation, row.by);
            for filter in row.filters {
                assert!(
                    has(filter.parameter),
                    "{}: no {}",
                    row.operation,
                    filter.parameter
                );
            }
            if matches!(row.act, Act::Get | Act::Update | Act::Delete) && !collection.single {
                assert!(!row.by.is_empty(), "{} names no item", row.operation);
            }
        }
    }
}
