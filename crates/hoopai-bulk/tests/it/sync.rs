//! Copies that are kept up to date, against a search that orders contacts by their last change.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use hoopai_bulk::{
    BulkErrorKind, PlatformList, SyncJob, SyncList, SyncReport, pause, write_synced,
};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Handle, Method, Timestamp};
use hoopai_test_support::{Reply, Request, Server, seeds};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lists;

pub(crate) const LIST: &str = "contacts-search_contacts";

/// The first time of the server's clock, in milliseconds since 1970.
pub(crate) const BEGIN: i64 = 1_767_225_600_000;

/// The contacts of the server: times and names by id, and the ids by time.
#[derive(Default)]
pub(crate) struct Contacts {
    pub(crate) now: i64,
    created: usize,
    by_id: BTreeMap<String, (i64, u32)>,
    by_time: BTreeMap<(i64, String), ()>,
}

impl Contacts {
    pub(crate) fn put(&mut self, id: &str, at: i64) {
        let version = match self.by_id.get(id) {
            Some((before, version)) => {
                self.by_time.remove(&(*before, id.to_owned()));
                version + 1
            }
            None => 0,
        };
        self.by_id.insert(id.to_owned(), (at, version));
        self.by_time.insert((at, id.to_owned()), ());
    }

    pub(crate) fn create(&mut self) -> String {
        let id = format!("c{:06}", self.created);
        self.created += 1;
        self.put(&id.clone(), self.now);
        id
    }

    pub(crate) fn delete(&mut self, id: &str) {
        if let Some((at, _)) = self.by_id.remove(id) {
            self.by_time.remove(&(at, id.to_owned()));
        }
    }

    fn json(&self, id: &str) -> Value {
        let (at, version) = self.by_id[id];
        json!({
            "id": id,
            "firstName": format!("Version {version}"),
            "dateUpdated": Timestamp::from_unix_millis(at).to_string(),
            "searchAfter": [at, id],
        })
    }

    /// `POST /contacts/search`, as the platform documents it.
    pub(crate) fn search(&self, request: &Request) -> Reply {
        assert_eq!(request.path(), "/contacts/search");
        let search = request.json();
        let size = search["pageLimit"].as_u64().unwrap() as usize;
        assert_eq!(search["sort"][0]["field"], "dateUpdated");
        if search["sort"][0]["direction"] == "desc" {
            let newest = self.by_time.keys().rev().take(size);
            let page: Vec<Value> = newest.map(|(_, id)| self.json(id)).collect();
            let total = self.by_time.len();
            return Reply::json(200, json!({ "contacts": page, "total": total }).to_string());
        }
        assert_eq!(search["sort"][0]["direction"], "asc");
        let mut from = (i64::MIN, String::new());
        if let Some(filters) = search["filters"].as_array() {
            assert_eq!(filters.len(), 1);
            assert_eq!(filters[0]["field"], "dateUpdated");
            assert_eq!(filters[0]["operator"], "range");
            let since: Timestamp = filters[0]["value"]["gte"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            from.0 = since.unix_millis();
        }
        let total = match from.0 {
            i64::MIN => self.by_time.len(),
            _ => self.by_time.range(from.clone()..).count(),
        };
        if let Some(after) = search["searchAfter"].as_array() {
            let after = (after[0].as_i64().unwrap(), after[1].as_str().unwrap());
            from = from.max((after.0, format!("{}\0", after.1)));
        }
        let page: Vec<Value> = self
            .by_time
            .range(from..)
            .take(size)
            .map(|((_, id), ())| self.json(id))
            .collect();
        Reply::json(200, json!({ "contacts": page, "total": total }).to_string())
    }

    pub(crate) fn expected(&self) -> BTreeMap<String, Value> {
        let ids = self.by_id.keys();
        ids.map(|id| (id.clone(), self.json(id))).collect()
    }
}

/// Serves contacts. The function changes them before each reply.
fn serve(change: impl FnMut(&mut Contacts) + Send + 'static) -> (Server, Arc<Mutex<Contacts>>) {
    let contacts = Arc::new(Mutex::new(Contacts {
        now: BEGIN,
        ..Contacts::default()
    }));
    let (shared, change) = (Arc::clone(&contacts), Mutex::new(change));
    let server = Server::start(move |request| {
        let mut contacts = shared.lock().unwrap();
        change.lock().unwrap()(&mut contacts);
        contacts.search(request)
    });
    (server, contacts)
}

fn client(url: &str) -> Handle {
    Handle::builder()
        .private_token("pit-1")
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .base_url(url)
        .limits(RateLimitSettings::unlimited())
        .retry(NoRetry)
        .build()
        .unwrap()
}

fn job(folder: &Path, client: &Handle) -> SyncJob {
    let list = PlatformList::find("contacts.search_contacts").unwrap();
    SyncJob::new(folder.join("copy")).list(list.sync(client).unwrap())
}

/// The records of a copy by id.
pub(crate) fn copied(folder: &Path, list: &str) -> BTreeMap<String, Value> {
    let file = folder.join("records.ndjson");
    write_synced(folder.join("copy"), list, &file).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let records = text.lines().map(|line| {
        let record: Value = serde_json::from_str(line).unwrap();
        (record["id"].as_str().unwrap().to_owned(), record)
    });
    records.collect()
}

fn counts(report: &SyncReport) -> (bool, u64, u64, u64) {
    let list = &report.lists[0];
    (list.full, list.added, list.updated, list.deleted)
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn second_run_reads_changes_alone() {
    let (folder, (server, contacts)) = (folder(), serve(|_| {}));
    let client = client(&server.url);
    let total = 40_000;
    for _ in 0..total {
        let mut contacts = contacts.lock().unwrap();
        contacts.now += 60_000;
        contacts.create();
    }
    let report = job(folder.path(), &client).run().await.unwrap();
    assert_eq!(counts(&report), (true, total, 0, 0));
    let first = server.count();

    {
        let mut contacts = contacts.lock().unwrap();
        for number in 0..total / 100 {
            let at = contacts.now + 60_000 + i64::try_from(number).unwrap();
            contacts.put(&format!("c{:06}", number * 53), at);
        }
    }
    let report = job(folder.path(), &client).run().await.unwrap();
    assert_eq!(counts(&report), (false, 0, total / 100, 0));
    let second = server.count() - first;
    println!("{first} calls at first, {second} calls for 1 % changed records");
    assert!(second * 1000 <= first * 15, "{second} of {first}");
    assert_eq!(
        copied(folder.path(), LIST),
        contacts.lock().unwrap().expected()
    );
}

/// A change of the server's contacts: created, updated, deleted and created again, by servers whose
/// clocks differ by up to two minutes.
fn change(contacts: &mut Contacts, random: &mut Rng, deleted: &mut Vec<String>) {
    contacts.now += random.i64(0..3_000);
    let at = contacts.now - random.i64(0..120_000);
    let ids: Vec<String> = contacts.by_id.keys().cloned().collect();
    match random.u8(..10) {
        0 => {
            contacts.create();
        }
        1 => {
            if let Some(id) = random.choice(&ids) {
                contacts.delete(id);
                deleted.push(id.clone());
            }
        }
        2 if !deleted.is_empty() => {
            let id = deleted.swap_remove(random.usize(..deleted.len()));
            contacts.put(&id, at);
        }
        3 => {
            // Many at the same time, beyond the end of a page.
            for _ in 0..150 {
                if let Some(id) = random.choice(&ids) {
                    contacts.put(id, at);
                }
            }
        }
        _ => {
            if let Some(id) = random.choice(&ids) {
                contacts.put(id, at);
            }
        }
    }
}

#[tokio::test]
async fn changes_during_runs_and_interruptions_are_found() {
    for seed in seeds(6) {
        let mut random = Rng::with_seed(seed);
        let changes = Arc::new(Mutex::new((Rng::with_seed(seed), true, Vec::new())));
        let shared = Arc::clone(&changes);
        let (server, contacts) = serve(move |contacts| {
            let (random, active, deleted) = &mut *shared.lock().unwrap();
            for _ in 0..random.usize(..6) {
                if *active {
                    change(contacts, random, deleted);
                }
            }
        });
        for number in 0..1_500 {
            let mut contacts = contacts.lock().unwrap();
            contacts.now += i64::from(number % 7 == 0);
            contacts.create();
        }
        let (folder, client) = (folder(), client(&server.url));
        for _ in 0..30 {
            let more = server.count() + random.usize(1..40);
            let job = job(folder.path(), &client);
            tokio::select! {
                report = job.run() => { report.unwrap(); }
                () = server.received(more) => {}
            }
            // Hours until the next run, at times.
            if random.bool() {
                contacts.lock().unwrap().now += 7_200_000;
            }
        }
        changes.lock().unwrap().1 = false;
        // The pass of an interrupted run, and one after the last change.
        for _ in 0..2 {
            job(folder.path(), &client).run().await.unwrap();
        }
        let expected = contacts.lock().unwrap().expected();
        let copy = copied(folder.path(), LIST);
        for (id, record) in &expected {
            assert_eq!(copy.get(id), Some(record), "HOOPAI_SEED={seed} {id}");
        }
        let report = job(folder.path(), &client).full(true).run().await.unwrap();
        assert!(report.lists[0].full);
        assert_eq!(copied(folder.path(), LIST), expected, "HOOPAI_SEED={seed}");
        assert_eq!(report.lists[0].rows, expected.len() as u64);
    }
}

#[tokio::test]
async fn deleted_contacts_are_found_by_the_periodic_comparison() {
    let (folder, (server, contacts)) = (folder(), serve(|_| {}));
    let client = client(&server.url);
    for _ in 0..250 {
        contacts.lock().unwrap().create();
    }
    let job = || job(folder.path(), &client).compare_every(3);
    job().run().await.unwrap();
    contacts.lock().unwrap().delete("c000005");
    assert!(!job().run().await.unwrap().lists[0].full);
    assert!(!job().run().await.unwrap().lists[0].full);
    let report = job().run().await.unwrap();
    assert_eq!(counts(&report), (true, 0, 0, 1));
    assert_eq!(copied(folder.path(), LIST).len(), 249);

    // It comes back with the same id.
    {
        let mut contacts = contacts.lock().unwrap();
        let at = contacts.now + 1_000;
        contacts.put("c000005", at);
    }
    assert_eq!(counts(&job().run().await.unwrap()), (false, 1, 0, 0));
    assert_eq!(
        copied(folder.path(), LIST),
        contacts.lock().unwrap().expected()
    );
}

#[tokio::test]
async fn a_list_that_is_suddenly_empty_deletes_nothing() {
    let (folder, (server, contacts)) = (folder(), serve(|_| {}));
    let client = client(&server.url);
    for _ in 0..50 {
        contacts.lock().unwrap().create();
    }
    let job = || job(folder.path(), &client).full(true);
    job().run().await.unwrap();
    let before = std::mem::take(&mut contacts.lock().unwrap().by_time);
    let error = job().run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Rejected);
    assert!(error.to_string().contains("50 of the 50"), "{error}");
    assert_eq!(copied(folder.path(), LIST).len(), 50);

    contacts.lock().unwrap().by_time = before;
    assert_eq!(counts(&job().run().await.unwrap()), (true, 0, 0, 0));
    contacts.lock().unwrap().by_time.clear();
    let report = job().accept_deletions(true).run().await.unwrap();
    assert_eq!(counts(&report), (true, 0, 0, 50));
    assert!(copied(folder.path(), LIST).is_empty());
}

#[tokio::test]
async fn a_change_in_the_future_hides_no_later_ones() {
    let (folder, (server, contacts)) = (folder(), serve(|_| {}));
    let client = client(&server.url);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    {
        let mut contacts = contacts.lock().unwrap();
        contacts.now = now;
        for _ in 0..10 {
            contacts.create();
        }
        contacts.put("c000003", now + 86_400_000);
    }
    job(folder.path(), &client).run().await.unwrap();
    contacts.lock().unwrap().put("c000004", now + 1);
    let report = job(folder.path(), &client).run().await.unwrap();
    assert_eq!(counts(&report), (false, 0, 1, 0));
}

#[tokio::test]
async fn a_paused_copy_stops_and_continues() {
    let (folder, (server, contacts)) = (folder(), serve(|_| {}));
    let client = client(&server.url);
    for _ in 0..500 {
        contacts.lock().unwrap().create();
    }
    let path = folder.path().join("copy");
    let job = job(folder.path(), &client).on_progress(move |progress| {
        if progress.read == 200 {
            pause(&path).unwrap();
        }
    });
    let report = job.run().await.unwrap();
    assert!(!report.complete);
    assert_eq!(report.lists[0].read, 200);
    let report = job.run().await.unwrap();
    assert!(report.complete);
    assert_eq!((report.lists[0].read, report.lists[0].rows), (500, 500));
}

#[tokio::test]
async fn lists_without_an_order_are_compared_record_by_record() {
    let things = Arc::new(Mutex::new((0..90).collect::<Vec<u32>>()));
    let (shared, version) = (Arc::clone(&things), Arc::new(Mutex::new(0)));
    let shown = Arc::clone(&version);
    let server = Server::start(move |request| {
        let (things, version) = (shared.lock().unwrap(), shown.lock().unwrap());
        let offset = request.number("offset").unwrap_or(0);
        let page: Vec<Value> = things
            .iter()
            .skip(offset)
            .take(20)
            .map(|number| match number {
                7 => json!({ "id": "t7", "version": *version }),
                number => json!({ "id": format!("t{number}") }),
            })
            .collect();
        Reply::json(
            200,
            json!({ "things": page, "total": things.len() }).to_string(),
        )
    });
    let (folder, client) = (folder(), lists::client(&server.url));
    let job = || {
        let client = client.clone();
        let list = SyncList::new("things", move || {
            let request = client.request(Method::GET, "/things");
            request.stream::<Value>(lists::RULE)
        });
        SyncJob::new(folder.path().join("copy")).list(list)
    };
    assert_eq!(counts(&job().run().await.unwrap()), (true, 90, 0, 0));
    assert_eq!(counts(&job().run().await.unwrap()), (true, 0, 0, 0));
    *version.lock().unwrap() = 1;
    things.lock().unwrap().retain(|number| *number != 40);
    // A record that is missing once can have been skipped.
    assert_eq!(counts(&job().run().await.unwrap()), (true, 0, 1, 0));
    assert_eq!(counts(&job().run().await.unwrap()), (true, 0, 0, 1));
    let copy = copied(folder.path(), "things");
    assert_eq!(copy.len(), 89);
    assert_eq!(copy["t7"]["version"], 1);
}

#[tokio::test]
async fn wrong_use_of_a_copy_is_an_error() {
    let (folder, (server, _)) = (folder(), serve(|_| {}));
    let client = client(&server.url);
    job(folder.path(), &client)
        .overlap(Duration::ZERO)
        .run()
        .await
        .unwrap();
    let error = write_synced(folder.path().join("copy"), "links", "x").unwrap_err();
    assert!(error.to_string().contains(LIST), "{error}");

    let list = PlatformList::find("links.search_links").unwrap();
    let other = SyncJob::new(folder.path().join("copy")).list(list.sync(&client).unwrap());
    let error = other.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::OtherPlan);

    let reserved = client.clone();
    let list = SyncList::new("_lists", move || {
        reserved
            .request(Method::GET, "/things")
            .stream::<Value>(lists::RULE)
    });
    let error = SyncJob::new(folder.path().join("new")).list(list);
    let error = error.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Invalid);

    std::fs::write(folder.path().join("copy/records.sqlite"), [1; 8192]).unwrap();
    let error = job(folder.path(), &client).run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Damaged, "{error}");
}
