//! Imports into a server that makes a new record for each request, so that a row that is sent twice
//! is noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use hoopai_bulk::{
    BulkErrorKind, Found, Import, Row, RowError, RowWriter, Written, import_status, pause,
};
use hoopai_runtime::{Error, Handle, Method};
use hoopai_test_support::{Reply, Request, Server, seeds};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::killed_processes::KilledProcesses;
use crate::lists::client;

const FOLDER: &str = "HOOPAI_BULK_IMPORT_FOLDER";
const URL: &str = "HOOPAI_BULK_IMPORT_URL";

/// The records of the server: how often each email address was created, and how often it was looked
/// up.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) created: BTreeMap<String, u32>,
    searches: u32,
}

pub(crate) type Shared = Arc<Mutex<Records>>;

fn reply(records: &Shared, request: &Request) -> Reply {
    let mut records = records.lock().unwrap();
    if request.path() == "/find" {
        records.searches += 1;
        let email = request.query("email").unwrap();
        let found = records.created.contains_key(&email);
        let id = found.then(|| format!("id-{email}"));
        return Reply::json(200, json!({ "id": id }).to_string());
    }
    let email = request.json()["email"].as_str().unwrap().to_owned();
    if email.contains("bad") {
        return Reply::json(422, r#"{"message":["email must be an email"]}"#);
    }
    *records.created.entry(email.clone()).or_default() += 1;
    Reply::json(201, json!({ "id": format!("id-{email}") }).to_string())
}

pub(crate) fn serve() -> (Server, Shared) {
    let records = Shared::default();
    let shared = Arc::clone(&records);
    (
        Server::start(move |request| reply(&shared, request)),
        records,
    )
}

pub(crate) struct People(pub(crate) Handle);

fn email(row: &Row) -> String {
    row.get("email")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

impl RowWriter for People {
    fn check(&self, row: &Row) -> Result<(), RowError> {
        if email(row).contains('@') {
            Ok(())
        } else {
            Err(RowError::new("it is no email address").field("email"))
        }
    }

    fn key(&self, row: &Row) -> Option<String> {
        Some(email(row).to_lowercase())
    }

    async fn write(&self, row: &Row) -> Result<Written, Error> {
        let request = self.0.request(Method::POST, "/people").json(row);
        let reply = request.send().await?;
        Ok(Written::created(reply["id"].as_str().unwrap_or_default()))
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        let request = self
            .0
            .request(Method::GET, "/find")
            .query("email", email(row));
        let reply = request.send().await?;
        Ok(match reply["id"].as_str() {
            Some(id) => Found::Record(id.to_owned()),
            None => Found::Nothing,
        })
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn input(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("input.csv");
    let rows: Vec<String> = (0..rows)
        .map(|n| format!("p{n}@example.com,\"Person, {n}\""))
        .collect();
    fs::write(&path, format!("email,name\n{}\n", rows.join("\n"))).unwrap();
    path
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn each_row_becomes_a_record_or_is_rejected_with_its_reason() {
    let (folder, (server, records)) = (folder(), serve());
    let path = folder.path().join("input.csv");
    fs::write(
        &path,
        "\u{feff}email,name\na@x.com,A\nnone,B\nA@x.com,C\nbad@x.com,D\ne@x.com\nf@x.com,F\n",
    )
    .unwrap();
    let job = folder.path().join("job");
    let writer = People(client(&server.url));
    let report = Import::new(&job, &path).run(&writer).await.unwrap();
    assert!(report.complete);
    assert_eq!((report.rows, report.done, report.rejected), (6, 2, 4));
    assert_eq!(import_status(&job).unwrap(), report);
    assert_eq!(
        lines(&job.join("records.ndjson")),
        [
            json!({"row": 1, "id": "id-a@x.com", "created": true}),
            json!({"row": 6, "id": "id-f@x.com", "created": true})
        ]
    );
    let rejected = lines(&job.join("rejected.ndjson"));
    assert_eq!(
        rejected[0],
        json!({"row": 2, "field": "email", "message": "it is no email address"})
    );
    assert_eq!(rejected[1]["message"], "it has a key of row 1");
    assert_eq!(rejected[2]["row"], 5);
    assert_eq!(rejected[3]["row"], 4);
    let message = rejected[3]["message"].as_str().unwrap();
    assert!(message.contains("422"), "{message}");
    let created = &records.lock().unwrap().created;
    assert_eq!(created.len(), 2);
}

/// The numbers of rows and of rejected rows, and the reasons, of an input with this content.
fn checked(name: &str, content: &[u8]) -> Result<(u64, Vec<(u64, String)>), String> {
    let folder = folder();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let import = Import::new(folder.path().join("job"), &path);
    let writer = People(client("http://127.0.0.1:1"));
    let check = import.check(&writer).map_err(|error| error.to_string())?;
    let first = check.first_rejections.into_iter();
    let reasons = first.map(|(row, error)| (row, error.message().to_owned()));
    Ok((check.rows, reasons.collect()))
}

#[tokio::test]
async fn inputs_of_common_programs_are_read() {
    for (name, content) in [
        (
            "a.csv",
            "email,name\r\na@x.com,\"A, \"\"B\"\"\r\nC\"\r\nb@x.com,B\r\n",
        ),
        ("a.csv", "\u{feff}name;email\nA,B;a@x.com\nB;b@x.com"),
        ("a.csv", "\"name, first\"\temail\nA\ta@x.com\nB\tb@x.com\n"),
        ("a.tsv", "email\tname\na@x.com\tA\nb@x.com\tB\n"),
        ("a.CSV", "name|email\nA|a@x.com\nB|b@x.com\n"),
        ("a.csv", "email\na@x.com\nb@x.com\n"),
        (
            "a.ndjson",
            "\u{feff}{\"email\":\"a@x.com\"}\r\n\r\n{\"email\":\"b@x.com\"}\r\n",
        ),
    ] {
        let checked = checked(name, content.as_bytes());
        assert_eq!(checked, Ok((2, Vec::new())), "{content}");
    }
}

#[tokio::test]
async fn inputs_that_cannot_be_read_are_named() {
    let utf16: Vec<u8> = "email\na@x.com\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [&[0xff, 0xfe], &utf16[..]].concat();
    for (content, part) in [
        (&utf16[..], "UTF-16"),
        (&marked, "UTF-16"),
        (b"", "empty and has no header"),
        (b"email,email\n", "two columns"),
        (b"email,n\xe4me\n", "not UTF-8"),
    ] {
        let error = checked("a.csv", content).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    for (name, content, row, part) in [
        (
            "a.csv",
            &b"email,name\na@x.com\nb@x.com,B\n"[..],
            1,
            "1 columns",
        ),
        (
            "a.csv",
            b"email,name\na@x.com,A,x\nb@x.com,B\n",
            1,
            "3 columns",
        ),
        (
            "a.csv",
            b"email,name\na@x.com,\xe4\nb@x.com,B\n",
            1,
            "UTF-8",
        ),
        (
            "a.csv",
            b"email,name\na@x.com,A\nb@x.com,\"B\nc@x.com,C\n",
            2,
            "quote",
        ),
        (
            "a.ndjson",
            b"{\"email\":\"a@x.com\"}\n[1]\n",
            2,
            "JSON object",
        ),
        ("a.ndjson", b"{\"email\":\"a@x.com\"}\n\xff\n", 2, "UTF-8"),
    ] {
        let (rows, reasons) = checked(name, content).unwrap();
        assert_eq!((rows, reasons.len()), (2, 1), "{reasons:?}");
        assert!(
            reasons[0].0 == row && reasons[0].1.contains(part),
            "{reasons:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_if_too_many_rows_are_invalid() {
    let (folder, (server, _)) = (folder(), serve());
    let path = folder.path().join("input.ndjson");
    fs::write(&path, "{\"email\":\"x\"}\n[]\n{\"email\":\"a@x\"}\n").unwrap();
    let import = Import::new(folder.path().join("job"), &path).max_rejected(1);
    let error = import.run(&People(client(&server.url))).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Rejected);
    assert_eq!(server.count(), 0);
    assert_eq!(lines(error.path().unwrap()).len(), 2);
}

#[tokio::test]
async fn rejected_rows_are_tried_again_on_demand() {
    let (folder, (server, _)) = (folder(), serve());
    let path = folder.path().join("input.csv");
    fs::write(&path, "email\na@x.com\nbad@x.com\n").unwrap();
    let job = folder.path().join("job");
    let import = Import::new(&job, &path);
    let writer = People(client(&server.url));
    import.run(&writer).await.unwrap();
    assert_eq!(server.count(), 2);
    import.run(&writer).await.unwrap();
    assert_eq!(server.count(), 2);
    // The rejected row was sent, so it is looked up before it is sent again.
    let report = import.retry_rejected(&writer).await.unwrap();
    assert_eq!(server.count(), 4);
    assert_eq!((report.done, report.rejected), (1, 1));
    assert_eq!(lines(&job.join("rejected.ndjson")).len(), 1);
}

#[tokio::test]
async fn a_changed_input_is_rejected() {
    let (folder, (server, _)) = (folder(), serve());
    let path = input(folder.path(), 3);
    let import = Import::new(folder.path().join("job"), &path);
    let writer = People(client(&server.url));
    import.run(&writer).await.unwrap();
    fs::write(&path, "email\nother@x.com\n").unwrap();
    let error = import.run(&writer).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::OtherPlan);
    assert!(
        error.to_string().contains("the content of the input file"),
        "{error}"
    );
}

#[tokio::test]
async fn a_paused_import_continues() {
    let (folder, (server, records)) = (folder(), serve());
    let path = input(folder.path(), 50);
    let job = folder.path().join("job");
    let import = Import::new(&job, &path);
    let writer = People(client(&server.url));
    tokio::select! {
        _ = import.run(&writer) => panic!("the import ended before the pause"),
        () = server.received(20) => {}
    }
    pause(&job).unwrap();
    let report = import.run(&writer).await.unwrap();
    assert!(report.complete);
    assert!(
        records
            .lock()
            .unwrap()
            .created
            .values()
            .all(|count| *count == 1)
    );
}

#[tokio::test]
async fn a_journal_that_was_cut_is_an_error_until_rows_are_searched() {
    let (folder, (server, records)) = (folder(), serve());
    let path = input(folder.path(), 40);
    let job = folder.path().join("job");
    let writer = People(client(&server.url));
    Import::new(&job, &path).run(&writer).await.unwrap();
    let journal = job.join("journal");
    let content = fs::read_to_string(&journal).unwrap();
    let kept: Vec<&str> = content.split_inclusive('\n').take(15).collect();
    fs::write(&journal, kept.concat()).unwrap();
    let error = Import::new(&job, &path).run(&writer).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Damaged);
    assert!(error.to_string().contains("look_up_all"), "{error}");
    let import = Import::new(&job, &path).look_up_all(true);
    let report = import.run(&writer).await.unwrap();
    assert_eq!(report.done, 40);
    assert!(
        records
            .lock()
            .unwrap()
            .created
            .values()
            .all(|count| *count == 1)
    );
}

#[tokio::test]
async fn a_dropped_import_makes_each_record_once() {
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let (folder, (server, records)) = (folder(), serve());
        let path = input(folder.path(), 200);
        let concurrency = random.usize(1..12);
        let import = Import::new(folder.path().join("job"), &path).concurrency(concurrency);
        let writer = People(client(&server.url));
        let mut drops = 0;
        let report = loop {
            let more = server.count() + random.usize(1..60);
            tokio::select! {
                report = import.run(&writer) => break report.unwrap(),
                () = server.received(more) => drops += 1,
            }
        };
        assert_eq!((report.complete, report.done), (true, 200));
        let records = records.lock().unwrap();
        assert_eq!(records.created.len(), 200);
        assert!(
            records.created.values().all(|count| *count == 1),
            "HOOPAI_SEED={seed}"
        );
        assert!(records.searches <= drops * concurrency as u32);
    }
}

/// The work of the processes to kill.
#[test]
fn child_process() {
    let (Ok(folder), Ok(url)) = (std::env::var(FOLDER), std::env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = PathBuf::from(folder);
    let report = runtime.block_on(async {
        let import = Import::new(folder.join("job"), folder.join("input.csv"));
        import.run(&People(client(&url))).await
    });
    assert!(report.unwrap().complete);
}

#[tokio::test]
async fn an_import_whose_process_is_killed_makes_each_record_once() {
    let mut processes = KilledProcesses::new("import::child_process");
    let (mut rows, mut searches) = (0, 0);
    while processes.are_left() {
        let folder = folder();
        input(folder.path(), 300);
        let records = Shared::default();
        let shared = Arc::clone(&records);
        let server = Server::on_thread(move |request| reply(&shared, request));
        let variables = [
            (FOLDER, folder.path().to_str().unwrap()),
            (URL, &server.url),
        ];
        processes.run_to_the_end(&variables);
        let records = records.lock().unwrap();
        assert_eq!(records.created.len(), 300);
        // A kill can end the connection before the server reads the request, never after the
        // record was made without a look-up.
        assert!(records.created.values().all(|count| *count == 1));
        rows += records.created.len();
        searches += records.searches;
    }
    let killed = processes.killed();
    assert!(
        searches <= killed * 10,
        "{searches} look-ups after {killed} kills"
    );
    println!("{killed} processes killed, {rows} rows once each, {searches} look-ups");
}

#[tokio::test]
async fn second_run_and_changed_mapping_are_rejected() {
    let (folder, (server, records)) = (folder(), serve());
    let path = input(folder.path(), 50);
    let job = folder.path().join("job");
    let import = Import::new(&job, &path).settings(json!({ "mapping": { "email": "email" } }));
    let writer = People(client(&server.url));
    let second = async {
        server.received(5).await;
        import.run(&writer).await.unwrap_err()
    };
    let (first, second) = tokio::join!(import.run(&writer), second);
    assert_eq!(second.kind(), BulkErrorKind::Busy);
    let text = second.to_string();
    assert!(
        text.contains(&format!("process {}", std::process::id())),
        "{text}"
    );
    assert_eq!(first.unwrap().done, 50);
    let other = Import::new(&job, &path).settings(json!({ "mapping": { "email": "name" } }));
    let error = other.run(&writer).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::OtherPlan);
    assert!(error.to_string().contains("settings"), "{error}");
    assert_eq!(records.lock().unwrap().created.len(), 50);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_loses_no_row() {
    let (folder, (server, records)) = (folder(), serve());
    let path = folder.path().join("input.csv");
    fs::write(&path, "email\na@x.com\nnone\nb@x.com\n").unwrap();
    let job = folder.path().join("job");
    fs::create_dir(&job).unwrap();
    let import = Import::new(&job, &path);
    let writer = People(client(&server.url));
    // The job accepts no folder with other files, so it begins before the disk is full.
    import.run(&writer).await.unwrap();
    let full = job.join("rejected.ndjson.new");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let error = import.retry_rejected(&writer).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Io);
    assert!(error.to_string().contains("free some space"), "{error}");
    fs::remove_file(&full).unwrap();
    let report = import.run(&writer).await.unwrap();
    assert_eq!(
        (report.complete, report.done, report.rejected),
        (true, 2, 1)
    );
    assert_eq!(lines(&job.join("rejected.ndjson")).len(), 1);
    assert!(
        records
            .lock()
            .unwrap()
            .created
            .values()
            .all(|count| *count == 1)
    );
}
