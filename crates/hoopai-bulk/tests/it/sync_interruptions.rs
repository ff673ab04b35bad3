//! Copies that end early, at random moments, have the records of an undisturbed copy in the end.

use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use hoopai_bulk::{BulkErrorKind, PlatformList, SyncJob, SyncList, write_synced};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::Server;
use serde_json::Value;

use crate::killed_processes::{KilledProcesses, run_on_small_disk};
use crate::lists;
use crate::sync::{BEGIN, Contacts, LIST, copied};

/// Set in the processes to kill: the folder of the job, the server, and whether all is compared.
const FOLDER: &str = "HOOPAI_BULK_FOLDER";
const URL: &str = "HOOPAI_BULK_URL";
const FULL: &str = "HOOPAI_BULK_FULL";

/// Serves contacts in the order of changes, and things without an order.
fn serve() -> (Server, Arc<Mutex<Contacts>>) {
    let mut contacts = Contacts::default();
    contacts.now = BEGIN;
    for _ in 0..3_000 {
        contacts.now += 1_000;
        contacts.create();
    }
    let contacts = Arc::new(Mutex::new(contacts));
    let shared = Arc::clone(&contacts);
    let server = Server::on_thread(move |request| match request.path() {
        "/contacts/search" => shared.lock().unwrap().search(request),
        _ => lists::page(request),
    });
    (server, contacts)
}

fn job(folder: impl AsRef<Path>, url: &str, full: bool) -> SyncJob {
    let client = Handle::builder()
        .private_token("pit-1")
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .base_url(url)
        .limits(RateLimitSettings::unlimited())
        .retry(NoRetry)
        .build()
        .unwrap();
    let contacts = PlatformList::find("contacts.search_contacts").unwrap();
    let contacts = contacts.sync(&client).unwrap();
    let things = SyncList::new("things", move || {
        let request = client.request(Method::GET, "/things");
        request.stream::<Value>(lists::RULE)
    });
    SyncJob::new(folder.as_ref().join("copy"))
        .list(contacts)
        .list(things)
        // A process that is killed after the end of a list adds a run of this list.
        .compare_every(u64::MAX)
        .full(full)
}

/// The rows of the tables of records, without the numbers of runs: a run that continues after the
/// end of a list reads the changes of this list again.
fn dump(folder: &Path) -> Vec<String> {
    let database = folder.join("copy/records.sqlite");
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut rows = Vec::new();
    for (table, columns) in [
        (LIST, "id, record, updated"),
        ("things", "id, record, updated"),
        ("_deleted", "list, id, record"),
    ] {
        let query = format!("SELECT {columns} FROM \"{table}\" ORDER BY id");
        let mut query = connection.prepare(&query).unwrap();
        let columns = query.column_count();
        let mut found = query.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<String> = (0..columns)
                .map(|column| format!("{:?}", row.get_ref(column).unwrap()))
                .collect();
            rows.push(format!("{table}: {}", cells.join(" ")));
        }
    }
    rows
}

/// The work of the processes to kill.
#[test]
fn child_process() {
    let (Ok(folder), Ok(url)) = (std::env::var(FOLDER), std::env::var(URL)) else {
        return;
    };
    let full = std::env::var(FULL).is_ok_and(|full| full == "1");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let report = runtime.block_on(async { job(folder, &url, full).run().await });
    assert!(report.unwrap().complete);
}

/// So few that each pass is killed about as often as the others.
const KILLS_OF_PASS: u32 = 3;

/// The passes of a copy.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pass {
    First,
    Changes,
    /// Finds deletions.
    Comparison,
}

/// Changes, creates and deletes contacts.
fn change(contacts: &Mutex<Contacts>, random: &mut Rng) {
    let mut contacts = contacts.lock().unwrap();
    contacts.now += 3_600_000;
    let now = contacts.now;
    for _ in 0..1_500 {
        contacts.put(&format!("c{:06}", random.u32(..3_000)), now);
    }
    contacts.create();
    for _ in 0..20 {
        contacts.delete(&format!("c{:06}", random.u32(..3_000)));
    }
}

#[tokio::test]
async fn copy_whose_process_is_killed_continues() {
    let mut processes = KilledProcesses::new("sync_interruptions::child_process");
    let seed = hoopai_test_support::seed();
    let mut killed = [0_u32; 3];
    for copies in 0.. {
        if !processes.are_left() {
            break;
        }
        let mut random = Rng::with_seed(seed ^ copies);
        let (server, contacts) = serve();
        let folder = tempfile::tempdir().unwrap();
        let reference = tempfile::tempdir().unwrap();
        for pass in [Pass::First, Pass::Changes, Pass::Comparison] {
            if pass != Pass::First {
                change(&contacts, &mut random);
            }
            let full = pass == Pass::Comparison;
            let before = server.count();
            let undisturbed = job(reference.path(), &server.url, full);
            assert!(undisturbed.run().await.unwrap().complete);
            let requests = server.count() - before;
            let variables = [
                (FOLDER, folder.path().to_str().unwrap()),
                (URL, &server.url),
                (FULL, if full { "1" } else { "0" }),
            ];
            // At any of the requests, and at any moment up to the next one.
            let wait = |random: &mut Rng, child: &mut Child| {
                let until = server.count() + random.usize(1..=requests);
                while server.count() < until && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_micros(100));
                }
                std::thread::sleep(Duration::from_micros(random.u64(0..2_000)));
            };
            killed[pass as usize] += processes.run(KILLS_OF_PASS, &variables, wait);
            let (copy, expected) = (dump(folder.path()), dump(reference.path()));
            let difference = copy.iter().zip(&expected).find(|(one, other)| one != other);
            assert!(copy == expected, "{pass:?}: {difference:?}");
        }
        let expected = contacts.lock().unwrap().expected();
        assert_eq!(copied(folder.path(), LIST), expected);
    }
    println!("killed in the passes: {killed:?}, all copies equal undisturbed ones");
    assert!(killed.iter().all(|count| *count > 0), "{killed:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn copy_on_a_full_disk_keeps_what_it_has_and_continues() {
    let (server, contacts) = serve();
    let folder = tempfile::tempdir().unwrap();
    let mut failed = 0;
    for blocks in [1, 64, 200, 600, 1_000_000] {
        let variables = [
            (FOLDER, folder.path().to_str().unwrap()),
            (URL, &server.url),
        ];
        let output = run_on_small_disk("sync_interruptions::child_process", blocks, &variables);
        if !output.status.success() {
            failed += 1;
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.contains("cannot be read or written"), "{text}");
            assert!(text.contains(&*folder.path().to_string_lossy()), "{text}");
            assert!(text.contains("run the job again"), "{text}");
        }
    }
    assert!(failed >= 2, "{failed} runs failed");
    let expected = contacts.lock().unwrap().expected();
    assert_eq!(copied(folder.path(), LIST), expected);
}

#[tokio::test]
async fn files_that_cannot_be_written_are_named() {
    let (server, _) = serve();
    let folder = tempfile::tempdir().unwrap();
    job(folder.path(), &server.url, false).run().await.unwrap();
    let blocked = folder.path().join("contacts.ndjson");
    std::fs::create_dir_all(blocked.join("x")).unwrap();
    let error = write_synced(folder.path().join("copy"), LIST, &blocked).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Io);
    assert!(error.to_string().contains("contacts.ndjson"), "{error}");

    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(other.path().join("copy")).unwrap();
    job(other.path(), &server.url, false).run().await.unwrap();
    let database = other.path().join("copy/records.sqlite");
    std::fs::remove_file(&database).unwrap();
    std::fs::create_dir(&database).unwrap();
    let error = job(other.path(), &server.url, false).run().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Io);
    assert_eq!(error.path(), Some(database.as_path()));
}
