//! Imports whose journal lost its end, at each position.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use hoopai_bulk::{BulkErrorKind, Found, Import, Row, RowWriter, Written};
use hoopai_runtime::Error;
use serde_json::Value;

use crate::import::input;
use crate::long_import::folder_in_memory;

const ROWS: usize = 8;
const CONCURRENCY: usize = 3;

/// A platform that creates a new record for each row that it receives.
#[derive(Default)]
struct Platform {
    created: Mutex<BTreeMap<String, u32>>,
    searches: Mutex<usize>,
}

impl Platform {
    /// A platform that has the records of these rows.
    fn with(rows: impl Iterator<Item = u64>) -> Self {
        let emails = rows.map(|row| (format!("p{}@example.com", row - 1), 1));
        Platform {
            created: Mutex::new(emails.collect()),
            searches: Mutex::default(),
        }
    }

    fn assert_each_row_once(&self, cut: usize) {
        let created = self.created.lock().unwrap();
        assert_eq!(created.len(), ROWS, "cut at {cut}");
        assert!(created.values().all(|count| *count == 1), "cut at {cut}");
    }
}

fn email(row: &Row) -> String {
    row["email"].as_str().unwrap().to_owned()
}

impl RowWriter for Platform {
    async fn write(&self, row: &Row) -> Result<Written, Error> {
        let mut created = self.created.lock().unwrap();
        *created.entry(email(row)).or_default() += 1;
        Ok(Written::created(email(row)))
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        *self.searches.lock().unwrap() += 1;
        let is_known = self.created.lock().unwrap().contains_key(&email(row));
        Ok(match is_known {
            true => Found::Record(email(row)),
            false => Found::Nothing,
        })
    }
}

/// The rows that the whole lines of a journal announce.
fn announced(journal: &[u8]) -> Vec<u64> {
    let lines = journal.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| line.strip_suffix(b"\n"));
    let entries = lines.map(|line| serde_json::from_slice::<Value>(&line[9..]).unwrap());
    entries
        .filter_map(|entry| entry["Sending"]["rows"].as_array().cloned())
        .flatten()
        .map(|row| row.as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn an_import_whose_journal_is_cut_at_any_byte_creates_each_record_once() {
    let folder = folder_in_memory();
    let path = input(folder.path(), ROWS);
    let job = folder.path().join("job");
    let (journal, length) = (job.join("journal"), job.join("journal.length"));
    let import = || Import::new(&job, &path).concurrency(CONCURRENCY);
    import().run(&Platform::default()).await.unwrap();
    let whole = fs::read(&journal).unwrap();
    for cut in 0..whole.len() {
        // A process that was killed there had sent no row that the journal does not announce.
        let platform = Platform::with(announced(&whole[..cut]).into_iter());
        fs::write(&journal, &whole[..cut]).unwrap();
        fs::write(&length, format!("{:020}", 0)).unwrap();
        let report = import().run(&platform).await.unwrap();
        assert_eq!((report.complete, report.done), (true, ROWS as u64));
        platform.assert_each_row_once(cut);
        let searches = *platform.searches.lock().unwrap();
        assert!(searches <= CONCURRENCY, "{searches} look-ups, cut at {cut}");

        // What was on the disk and is missing can have been sent.
        let platform = Platform::with(1..=ROWS as u64);
        fs::write(&journal, &whole[..cut]).unwrap();
        fs::write(&length, format!("{:020}", whole.len())).unwrap();
        let error = import().run(&platform).await.unwrap_err();
        assert_eq!(error.kind(), BulkErrorKind::Damaged, "cut at {cut}");
        assert!(error.to_string().contains("look_up_all"), "{error}");
        let report = import().look_up_all(true).run(&platform).await.unwrap();
        assert_eq!((report.complete, report.done), (true, ROWS as u64));
        platform.assert_each_row_once(cut);
    }
}
