//! Exports of all lists by name have the items of the typed streams.
//!
//! The parameters of an export are those that the typed call of the row sends.

use std::collections::BTreeMap;

use hoopai_bulk::{Export, PlatformList, platform_lists};
use hoopai_catalogue::{Operation, Place};
use hoopai_mock::{Entry, LOCATION};
use serde_json::Value;

use super::id_lists::{ReadOptions, read_all};
use super::{client, for_each_row, list_table, seeded};

/// The parameters of a list, as texts, from a request for its first page.
fn parameters(operation: &Operation, entry: &Entry) -> BTreeMap<String, String> {
    let (found, path) = hoopai_catalogue::route(&entry.method, &entry.path).unwrap();
    assert_eq!(found.key(), operation.key());
    let path = path
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let mut all: BTreeMap<String, String> = path.collect();
    all.extend(entry.query.iter().cloned());
    // Those that the client sets.
    if let Some(location) = &operation.location {
        all.remove(location.name);
        all.remove("altType");
    }
    let size = operation.paging.as_ref().and_then(|paging| paging.size);
    if let Some(size) = size {
        all.remove(size.parameter.name);
    }
    all
}

fn body(operation: &Operation, entry: &Entry) -> Option<Value> {
    operation.body.as_ref()?;
    let mut body = entry.json()?;
    let size = operation.paging.as_ref().and_then(|paging| paging.size);
    if let (Some(fields), Some(size)) = (body.as_object_mut(), size)
        && size.parameter.place == Place::Body
    {
        fields.remove(size.parameter.name);
    }
    Some(body)
}

#[tokio::test]
async fn export_of_each_list_has_the_items_of_its_stream() {
    for_each_row(async |row| {
        let name = row.name();
        let (harness, seeded) = seeded(row, 2 * row.page_size + 3).await;
        let client = client(&harness);
        let options = ReadOptions {
            full_pages: true,
            ..ReadOptions::default()
        };
        let typed = read_all(row.items(&client, &seeded.parent, options), &name).await;
        let entry = harness.mock.journal().entries()[0].clone();

        let list_name = format!("{}.{}", row.operation.module, row.operation.name);
        let operation = hoopai_catalogue::find(&list_name).unwrap();
        let mut list = PlatformList::find(&list_name).unwrap();
        for (name, value) in parameters(operation, &entry) {
            list = list.set(&name, &value).unwrap();
        }
        if let Some(body) = body(operation, &entry) {
            list = list.body(body);
        }
        let folder = tempfile::tempdir().unwrap();
        let handle = client.handle();
        let export = Export::new(folder.path().join("job")).list(list.export(handle).unwrap());
        let report = export.run().await.unwrap();
        assert!(report.complete, "{name}");
        let text = std::fs::read_to_string(&report.lists[0].path).unwrap();
        let ids: Vec<String> = text
            .lines()
            .map(|line| {
                let item: Value = serde_json::from_str(line).unwrap();
                item[row.id].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(ids, typed, "{name}");
        assert_eq!(ids, row.expected(&seeded), "{name}");
    })
    .await;
    let mut rows: Vec<String> = list_table::all()
        .iter()
        .map(|row| format!("{}.{}", row.operation.module, row.operation.name))
        .collect();
    rows.sort_unstable();
    assert_eq!(platform_lists(), rows);
}

/// The file of a list, each record as its parent and id.
fn exported(folder: &std::path::Path, file: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines()
        .map(|line| {
            let item: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            (text("_parent"), text("id"))
        })
        .collect()
}

#[tokio::test]
async fn children_are_those_of_each_parent() {
    let harness = super::Harness::new().await;
    let seed = harness.mock.seed();
    let contacts = seed.items("contacts", LOCATION, 3);
    let conversations = seed.items("conversations", LOCATION, 2);
    let below = |collection, parents: &[String]| {
        let mut all = Vec::new();
        for (count, parent) in parents.iter().enumerate() {
            for id in seed.items_of(collection, LOCATION, parent, 2 * count) {
                all.push((parent.clone(), id));
            }
        }
        all
    };
    let expected = [
        ("contacts-search_contacts-notes", below("notes", &contacts)),
        ("contacts-search_contacts-tasks", below("tasks", &contacts)),
        (
            "conversations-search_conversations-messages",
            below("messages", &conversations),
        ),
    ];
    let client = client(&harness);
    let handle = client.handle();
    let folder = tempfile::tempdir().unwrap();
    let list = |name| PlatformList::find(name).unwrap().with_children();
    let export = Export::new(folder.path().join("job"))
        .list(list("contacts.search_contacts").export(handle).unwrap())
        .list(
            list("conversations.search_conversations")
                .export(handle)
                .unwrap(),
        );
    export.run().await.unwrap();
    for (name, mut expected) in expected {
        let mut found = exported(&folder.path().join("job"), &format!("{name}.ndjson"));
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{name}");
        assert!(!expected.is_empty());
    }
    let appointments = folder
        .path()
        .join("job/contacts-search_contacts-appointments.ndjson");
    assert!(appointments.exists());
}
