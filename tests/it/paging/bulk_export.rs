//! Exports and copies of all lists by name have the items of the typed streams.
//!
//! The parameters of a list are those that the typed call of the row sends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use hoopai::Client;
use hoopai_bulk::{Export, PlatformList, SyncJob, platform_lists, write_synced};
use hoopai_catalogue::{Operation, PageStrategy, Place};
use hoopai_mock::{Entry, LOCATION};
use serde_json::Value;

use super::harness::Harness;
use super::id_lists::{ReadOptions, read_all};
use super::list_table::Row;
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
    let paging = operation.paging.as_ref().unwrap();
    if let Some(size) = paging.size {
        all.remove(size.parameter.name);
    }
    if let PageStrategy::Offset(parameter) | PageStrategy::Page { parameter, .. } = &paging.strategy
    {
        all.remove(parameter.name);
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

/// A list of the mock server that has more than one page.
struct List {
    harness: Harness,
    client: Client,
    list: PlatformList,
    /// The ids of the stream of the typed call.
    typed: Vec<String>,
}

async fn list_of(row: &Row) -> List {
    let name = row.name();
    // The client requests the largest pages, unless the typed call sets a size.
    let largest = row.operation.paging.and_then(|paging| paging.size);
    let largest = largest.map_or(0, |size| size.max as usize);
    let count = (2 * row.page_size + 3).max(largest + 3);
    let (harness, seeded) = seeded(row, count).await;
    let client = client(&harness);
    let options = ReadOptions {
        full_pages: true,
        ..ReadOptions::default()
    };
    let typed = read_all(row.items(&client, &seeded.parent, options), &name).await;
    assert_eq!(typed, row.expected(&seeded), "{name}");
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
    harness.mock.journal().clear();
    List {
        harness,
        client,
        list,
        typed,
    }
}

/// The ids of the records of a file.
fn ids(path: &std::path::Path, row: &Row) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let item: Value = serde_json::from_str(line).unwrap();
            item[row.id].as_str().unwrap().to_owned()
        })
        .collect()
}

/// Lists without pages end with their first reply.
fn assert_pages(row: &Row, list: &List) {
    let requests = list.harness.mock.journal().count();
    let least = if row
        .operation
        .paging
        .is_some_and(|paging| paging.size.is_some())
    {
        2
    } else {
        1
    };
    assert!(requests >= least, "{}: {requests} requests", row.name());
}

#[tokio::test]
async fn export_of_each_list_has_the_items_of_its_stream() {
    for_each_row(async |row| {
        let list = list_of(row).await;
        let folder = tempfile::tempdir().unwrap();
        let opened = list.list.clone().export(list.client.handle()).unwrap();
        let export = Export::new(folder.path().join("job")).list(opened);
        let report = export.run().await.unwrap();
        assert!(report.complete, "{}", row.name());
        assert_eq!(
            ids(&report.lists[0].path, row),
            list.typed,
            "{}",
            row.name()
        );
        assert_pages(row, &list);
    })
    .await;
    let mut rows: Vec<String> = list_table::all()
        .iter()
        .map(|row| format!("{}.{}", row.operation.module, row.operation.name))
        .collect();
    rows.sort_unstable();
    assert_eq!(platform_lists(), rows);
}

#[tokio::test]
async fn copy_of_each_list_has_the_items_of_its_stream() {
    let copied = AtomicUsize::new(0);
    for_each_row(async |row| {
        let name = row.name();
        let list = list_of(row).await;
        let folder = tempfile::tempdir().unwrap();
        let opened = list.list.clone().sync(list.client.handle()).unwrap();
        let job = SyncJob::new(folder.path().join("job")).list(opened);
        let report = job.run().await.unwrap();
        assert!(report.complete, "{name}");
        assert_pages(row, &list);
        let records = folder.path().join("records.ndjson");
        write_synced(folder.path().join("job"), &report.lists[0].name, &records).unwrap();
        // A copy is in the order of its key, which can be another id of the record.
        let (mut found, mut typed) = (ids(&records, row), list.typed.clone());
        found.sort_unstable();
        typed.sort_unstable();
        assert_eq!(found, typed, "{name}");

        let report = job.run().await.unwrap();
        let again = &report.lists[0];
        let changes = (again.added, again.updated, again.deleted);
        assert_eq!((report.complete, changes), (true, (0, 0, 0)), "{name}");
        assert_eq!(again.rows, typed.len() as u64, "{name}");
        copied.fetch_add(1, Ordering::SeqCst);
    })
    .await;
    assert_eq!(copied.into_inner(), platform_lists().len());
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
