//! A long export on virtual time: its rate, its memory, and the cost of its checkpoints.

use std::path::Path;
use std::time::{Duration, Instant};

use hoopai_bulk::{Budget, Export, PlatformList, to_csv};
use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_test_support::{Reply, Request, Server, VirtualTime};

/// The largest page of the contact search.
const PAGE: usize = 100;

/// The number of contacts, unless `HOOPAI_BULK_CONTACTS` sets it.
const CONTACTS: usize = 100_000;

/// A contact of the size of those of the platform.
fn contact(number: usize) -> String {
    format!(
        r#"{{"id":"c{number:09}","firstName":"First {number}","lastName":"Last {number}","email":"person.{number}@example.com","phone":"+1555{number:07}","dateAdded":"2026-01-01T00:00:00.000Z","tags":["a","b"],"customFields":[{{"id":"f1","value":"{number}"}}],"searchAfter":[{number},"c{number:09}"]}}"#
    )
}

/// A page of the contact search, after the contact of `searchAfter`.
fn page(request: &Request, contacts: usize) -> Reply {
    let search = request.json();
    let size = search["pageLimit"].as_u64().unwrap() as usize;
    let after = search["searchAfter"][0].as_u64();
    let first = after.map_or(0, |after| after as usize + 1);
    let page: Vec<String> = (first..contacts.min(first + size)).map(contact).collect();
    let body = format!(r#"{{"contacts":[{}],"total":{contacts}}}"#, page.join(","));
    Reply::json(200, body)
}

/// The memory of this process in MB, if the system reports it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024)
}

/// Converts the records to CSV and Parquet, and returns the number of their rows.
fn converted(records: &Path) -> u64 {
    let rows = to_csv(records, records.with_extension("csv")).unwrap();
    #[cfg(feature = "parquet")]
    {
        let list = PlatformList::find("contacts.search_contacts").unwrap();
        let columns = &list.columns()[0].1;
        let parquet = records.with_extension("parquet");
        let parquet = hoopai_bulk::to_parquet(records, parquet, columns).unwrap();
        assert_eq!(parquet, rows);
    }
    rows
}

#[tokio::test]
async fn long_export_has_the_ideal_rate_and_constant_memory() {
    let contacts = std::env::var("HOOPAI_BULK_CONTACTS")
        .map_or(CONTACTS, |contacts| contacts.parse().unwrap());
    let (folder, time) = (tempfile::tempdir().unwrap(), VirtualTime::default());
    let server = Server::on_thread(move |request| page(request, contacts));
    let client = Handle::builder()
        .private_token("pit-1")
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .base_url(&server.url)
        .clock(time.clock.clone())
        .observer(time.clone())
        .build()
        .unwrap();
    let list = PlatformList::find("contacts.search_contacts").unwrap();
    let export = Export::new(folder.path())
        .list(list.export(&client).unwrap())
        .budget(Budget::of(&client));
    let before = resident();
    let advance = |by: Duration| time.clock.advance(by);
    let work = time.run(export.run(), || server.count(), advance);
    let report = work.await.unwrap();
    let records = &report.lists[0].path;
    assert_eq!(converted(records), contacts as u64);
    let after = resident();
    assert_eq!(report.lists[0].rows, contacts as u64);

    // 100 requests in each window of 10 s, the first ones at once.
    let pages = contacts.div_ceil(PAGE);
    let ideal = 10.0 * ((pages - 1) / 100) as f64;
    let taken = time.clock.elapsed().as_secs_f64();
    println!(
        "{contacts} contacts, {} requests, {taken:.1} s at best {ideal} s, {before:?} MB before, {after:?} MB after",
        server.count(),
    );
    assert!(server.count() <= pages + 1);
    // The empty page at the end may need a further window.
    assert!(taken <= ideal * 1.01 + 10.0, "{taken} s, at best {ideal} s");
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after <= before + 32, "{before} MB before, {after} MB after");
    }
}

/// What checkpoints cost: the size of the journal, and the printed time of an export without limit.
#[tokio::test]
async fn journal_is_a_small_part_of_the_output() {
    let (folder, server) = (
        tempfile::tempdir().unwrap(),
        Server::on_thread(|request| page(request, 20_000)),
    );
    let client = Handle::builder()
        .private_token("pit-1")
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    let list = || PlatformList::find("contacts.search_contacts").unwrap();
    let begin = Instant::now();
    let export = Export::new(folder.path()).list(list().export(&client).unwrap());
    export.run().await.unwrap();
    let with = begin.elapsed();
    let journal = std::fs::metadata(folder.path().join("journal"))
        .unwrap()
        .len();
    let file = std::fs::metadata(folder.path().join("contacts-search_contacts.ndjson")).unwrap();
    println!(
        "200 pages: {with:?}, journal of {journal} bytes, file of {} bytes",
        file.len()
    );
    // The journal is a small part of the output.
    assert!(journal * 50 < file.len(), "{journal} of {}", file.len());
}
