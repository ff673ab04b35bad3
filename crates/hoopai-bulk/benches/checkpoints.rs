//! Cost of the checkpoints of a job, as a share of the time that its calls take at the limit of the
//! platform, 100 in 10 s.
//!
//! A pair is a job in a folder on the disk and the same job in a folder in memory, where writing to
//! the disk costs nothing. The jobs of a pair follow each other, and each is first in half of the
//! pairs, so that other load affects both. A row shows medians, and the quartiles of the
//! differences of all pairs. The import has no calls: its time on the disk is all that an import
//! costs besides them. The calls of exports and of the copy are answered on loopback, which counts
//! as a cost on both disks. An export has a checkpoint after each page, or after each record with
//! children; a copy has a transaction after each page.
//!
//! `cargo bench -p hoopai-bulk` prints these results.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use hoopai_bulk::{Export, ExportList, Found, Import, Row, RowWriter, SyncJob, SyncList, Written};
use hoopai_runtime::operation::{PageParam, PageSize, PageStrategy, Paging};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::{Error, Handle, Method};
use hoopai_test_support::{Reply, Request, Server};
use tokio::runtime::Runtime;

const PAIRS: usize = 40;
const CALLS: usize = 500;
/// Calls per second at the limit of the platform.
const RATE: f64 = 10.0;
const PER_PAGE: usize = 100;
const CONTACTS: usize = CALLS * PER_PAGE;

const LIST: Paging = Paging {
    items: "contacts",
    total: Some("total"),
    size: Some(PageSize {
        to: PageParam::Query("limit"),
        max: PER_PAGE as u32,
        declared: true,
    }),
    strategy: PageStrategy::Offset(PageParam::Query("offset")),
    ..Paging::DEFAULT
};

/// The notes of a contact, in one reply.
const NOTES: Paging = Paging {
    items: "notes",
    strategy: PageStrategy::Cursor(&[]),
    ..Paging::DEFAULT
};

fn main() {
    let runtime = Runtime::new().unwrap();
    println!(
        "{:<24}{:>12}{:>12}{:>12}{:>20}  goal",
        "share of the run", "on disk", "in memory", "difference", "quartiles"
    );
    let input = input();
    measure_pairs("import, row by row", |folder| {
        import(&runtime, folder, &input)
    });
    let server = Server::on_thread(reply);
    let client = Handle::builder()
        .private_token("pit-1")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    // The record of the server would take more memory with each run.
    measure_pairs("export, page by page", |folder| {
        server.take();
        let contacts = contacts(&client, CONTACTS);
        export(&runtime, folder, contacts, CONTACTS)
    });
    measure_pairs("export, with children", |folder| {
        server.take();
        // A call for the notes of each, and those of the pages.
        let contacts = with_notes(contacts(&client, CALLS), &client);
        export(&runtime, folder, contacts, CALLS)
    });
    measure_pairs("copy, page by page", |folder| {
        server.take();
        copy(&runtime, folder, &client)
    });
}

fn reply(request: &Request) -> Reply {
    if request.path() == "/notes" {
        return Reply::json(
            200,
            r#"{"notes":[{"id":"Nt5Qw8Er2Ty6","body":"Called back."}]}"#,
        );
    }
    let total = request.number("total").unwrap_or(0);
    let offset = request.number("offset").unwrap_or(0);
    let contacts: Vec<String> = (offset..total.min(offset + PER_PAGE))
        .map(contact)
        .collect();
    let contacts = contacts.join(",");
    Reply::json(
        200,
        format!(r#"{{"contacts":[{contacts}],"total":{total}}}"#),
    )
}

/// Measures pairs of jobs, and prints their shares of the time that the calls take at the limit.
fn measure_pairs(name: &str, job: impl Fn(&Path) -> Duration) {
    let (mut on_disk, mut in_memory, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    let share = |time: Duration| time.as_secs_f64() / (CALLS as f64 / RATE) * 100.0;
    for pair in 0..=PAIRS {
        let (disk, memory) = if pair % 2 == 0 {
            let disk = disk(&job);
            (disk, self::memory(&job))
        } else {
            let memory = memory(&job);
            (disk(&job), memory)
        };
        // The first pair opens the connections.
        if pair > 0 {
            on_disk.push(share(disk));
            in_memory.push(share(memory));
            differences.push(share(disk) - share(memory));
        }
    }
    let median = |shares: &mut Vec<f64>| format!("{:.3} %", quantile(shares, 0.5));
    println!(
        "{name:<24}{:>12}{:>12}{:>12}{:>20}  at most 1 %",
        median(&mut on_disk),
        median(&mut in_memory),
        median(&mut differences),
        format!(
            "{:.3} to {:.3} %",
            quantile(&mut differences, 0.25),
            quantile(&mut differences, 0.75)
        ),
    );
}

fn disk(job: impl Fn(&Path) -> Duration) -> Duration {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    job(folder.path())
}

fn memory(job: impl Fn(&Path) -> Duration) -> Duration {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    job(folder.path())
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Creates a record for each row, without a call.
struct Records;

impl RowWriter for Records {
    async fn write(&self, _: &Row) -> Result<Written, Error> {
        Ok(Written::created("Cm7Pj2Xs9Gf4Ua1Ne6Kt"))
    }

    async fn find(&self, _: &Row) -> Result<Found, Error> {
        Ok(Found::Nothing)
    }
}

fn input() -> String {
    let row = |number| format!("person-{number}@example.com,Person {number},+1555010{number:04}\n");
    "email,name,phone\n".to_owned() + &(0..CALLS).map(row).collect::<String>()
}

fn import(runtime: &Runtime, folder: &Path, input: &str) -> Duration {
    let path = folder.join("input.csv");
    fs::write(&path, input).unwrap();
    let started = Instant::now();
    let import = Import::new(folder.join("job"), &path);
    let report = runtime.block_on(import.run(&Records)).unwrap();
    let time = started.elapsed();
    assert_eq!(report.done, CALLS as u64);
    time
}

fn contact(number: usize) -> String {
    format!(
        r#"{{"id":"Cm7Pj2Xs9Gf4Ua{number:06}","locationId":"Lq3Tz8Wn5Rk1Yb6Hd0Vx","firstName":"Person","lastName":"{number}","email":"person-{number}@example.com","phone":"+15550100199","tags":["newsletter"],"dateAdded":"2026-01-02T03:04:05.678Z","dateUpdated":"2026-02-03T04:05:06.789Z"}}"#
    )
}

/// The first `total` contacts.
fn contacts(client: &Handle, total: usize) -> ExportList {
    let client = client.clone();
    ExportList::new("contacts", move || {
        let list = client
            .request(Method::GET, "/contacts")
            .query("total", total);
        list.stream::<serde_json::Value>(LIST)
    })
}

fn with_notes(contacts: ExportList, client: &Handle) -> ExportList {
    let client = client.clone();
    contacts.children("notes", "id", move |_| {
        let notes = client.request(Method::GET, "/notes");
        notes.stream::<serde_json::Value>(NOTES)
    })
}

fn export(runtime: &Runtime, folder: &Path, list: ExportList, rows: usize) -> Duration {
    let export = Export::new(folder.join("job")).list(list);
    let started = Instant::now();
    let report = runtime.block_on(export.run()).unwrap();
    let time = started.elapsed();
    assert_eq!(report.lists[0].rows, rows as u64);
    time
}

fn copy(runtime: &Runtime, folder: &Path, client: &Handle) -> Duration {
    let client = client.clone();
    let contacts = SyncList::new("contacts", move || {
        let list = client
            .request(Method::GET, "/contacts")
            .query("total", CONTACTS);
        list.stream::<serde_json::Value>(LIST)
    });
    let copy = SyncJob::new(folder.join("job")).list(contacts);
    let started = Instant::now();
    let report = runtime.block_on(copy.run()).unwrap();
    let time = started.elapsed();
    assert_eq!(report.lists[0].rows, CONTACTS as u64);
    time
}
