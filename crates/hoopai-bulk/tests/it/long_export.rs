//! A long export on virtual time: its rate, its memory, and the cost of its checkpoints.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hoopai_bulk::{Budget, Export, PlatformList, to_csv};
use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_test_support::{Reply, Request, Server, VirtualTime};

/// The largest page of the contact search.
const PAGE: usize = 100;

/// The number of contacts, unless `HOOPAI_BULK_CONTACTS` sets it.
const CONTACTS: usize = 100_000;

/// Set in the process of the client: the folder of its job, and the server.
const FOLDER: &str = "HOOPAI_BULK_FOLDER";
const URL: &str = "HOOPAI_BULK_URL";

/// A contact of the size of those of the platform. Some have fields that the interface does not
/// declare, line breaks and quotes.
fn contact(number: usize) -> String {
    let more = match number % 4 {
        0 => String::new(),
        1 => format!(r#","undeclared":{{"list":[{number},null,"x"]}},"source":null"#),
        2 => format!(r#","amount":1234567890.{number:09}0,"companyName":"A \"b\", c\nd, é""#),
        _ => r#","dnd":true,"firstName":7,"dateUpdated":"soon""#.to_owned(),
    };
    let first = match number % 4 {
        3 => String::new(),
        _ => format!(r#""firstName":"First {number}","#),
    };
    format!(
        r#"{{"id":"c{number:09}",{first}"lastName":"Last {number}","email":"person.{number}@example.com","phone":"+1555{number:07}","dateAdded":"2026-01-01T00:00:00.000Z","tags":["a","b"],"customFields":[{{"id":"f1","value":"{number}"}}],"searchAfter":[{number},"c{number:09}"]{more}}}"#
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

/// The largest memory of this process so far in MB, if the system reports it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024)
}

/// The work of the process of the client: an export, and its conversions.
#[tokio::test]
async fn client_process() {
    let (Ok(folder), Ok(url)) = (std::env::var(FOLDER), std::env::var(URL)) else {
        return;
    };
    let time = VirtualTime::default();
    let client = Handle::builder()
        .private_token("pit-1")
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .base_url(url)
        .clock(time.clock.clone())
        .observer(time.clone())
        .build()
        .unwrap();
    let list = PlatformList::find("contacts.search_contacts").unwrap();
    let export = Export::new(&folder)
        .list(list.clone().export(&client).unwrap())
        .budget(Budget::of(&client));
    let advance = |by: Duration| time.clock.advance(by);
    let report = time.run(export.run(), || 0, advance).await.unwrap();
    let (records, after_export) = (&report.lists[0].path, peak());
    assert_eq!(
        to_csv(records, records.with_extension("csv")).unwrap(),
        report.lists[0].rows
    );
    #[cfg(feature = "parquet")]
    {
        let parquet = records.with_extension("parquet");
        let columns = &list.columns()[0].1;
        let rows = hoopai_bulk::to_parquet(records, parquet, columns).unwrap();
        assert_eq!(rows, report.lists[0].rows);
    }
    let figures = serde_json::json!({
        "rows": report.lists[0].rows,
        "seconds": time.clock.elapsed().as_secs_f64(),
        "peak": peak(),
        "peakOfExport": after_export,
    });
    std::fs::write(Path::new(&folder).join("figures.json"), figures.to_string()).unwrap();
}

/// The client runs in a process of its own, so that its memory is that of the export alone.
#[test]
fn long_export_has_the_ideal_rate_and_constant_memory() {
    let contacts = std::env::var("HOOPAI_BULK_CONTACTS")
        .map_or(CONTACTS, |contacts| contacts.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let server = Server::on_thread(move |request| page(request, contacts));
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "long_export::client_process"])
        .env(FOLDER, folder.path())
        .env(URL, &server.url)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let figures = std::fs::read_to_string(folder.path().join("figures.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    assert_eq!(figures["rows"], contacts);

    // 100 requests in each window of 10 s, the first ones at once.
    let pages = contacts.div_ceil(PAGE);
    let ideal = 10.0 * ((pages - 1) / 100) as f64;
    println!(
        "{figures} of {contacts} contacts, {} requests, at best {ideal} s",
        server.count(),
    );
    assert!(server.count() <= pages + 1);
    // The empty page at the end may need a further window.
    let taken = figures["seconds"].as_f64().unwrap();
    assert!(taken <= ideal * 1.01 + 10.0, "{taken} s, at best {ideal} s");
    if let Some(peak) = figures["peak"].as_u64() {
        assert!(peak <= 64, "{peak} MB");
    }
    #[cfg(feature = "parquet")]
    {
        let list = PlatformList::find("contacts.search_contacts").unwrap();
        let records = folder.path().join("contacts-search_contacts.ndjson");
        let (csv, parquet) = (
            records.with_extension("csv"),
            records.with_extension("parquet"),
        );
        let rows = crate::formats::compare(&records, &csv, &parquet, &list.columns()[0].1);
        assert_eq!(rows, contacts as u64);
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
