//! Jobs one of whose files was deleted, truncated, emptied, or cannot be read: the next run is an
//! error that names the file, or continues correctly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use hoopai_bulk::{
    BulkError, Export, Found, Import, RecordRemover, Row, RowWriter, Undo, Written, pause,
};
use hoopai_runtime::Error;

use crate::import::input;
use crate::lists::{client, files, serve, things, undisturbed};

const ROWS: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Deleted,
    Truncated,
    Empty,
    Directory,
    /// Not even the administrator can read it.
    #[cfg(unix)]
    Unreadable,
}

const DAMAGES: &[Damage] = &[
    Damage::Deleted,
    Damage::Truncated,
    Damage::Empty,
    Damage::Directory,
    #[cfg(unix)]
    Damage::Unreadable,
];

impl Damage {
    fn apply(self, path: &Path) {
        let content = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        match self {
            Damage::Deleted => {}
            Damage::Truncated => fs::write(path, &content[..content.len() / 2]).unwrap(),
            Damage::Empty => fs::write(path, "").unwrap(),
            Damage::Directory => fs::create_dir(path).unwrap(),
            #[cfg(unix)]
            Damage::Unreadable => std::os::unix::fs::symlink(path, path).unwrap(),
        }
    }
}

/// The names of files to damage: each file of a job alone, those of its journal, and all but its
/// plan.
fn targets(job: &Path) -> Vec<Vec<String>> {
    let entries = fs::read_dir(job).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let names: BTreeSet<String> = entries.map(|entry| name(entry.unwrap())).collect();
    let mut targets: Vec<Vec<String>> = names.iter().map(|name| vec![name.clone()]).collect();
    let journal = names.iter().filter(|name| name.starts_with("journal"));
    targets.push(journal.cloned().collect());
    targets.push(
        names
            .iter()
            .filter(|name| *name != "job.json")
            .cloned()
            .collect(),
    );
    targets
}

/// The error names a path in the folder, and what to do.
fn assert_clear(error: &BulkError, folder: &Path, case: &str) {
    let text = error.to_string();
    assert!(
        error.path().is_some_and(|path| path.starts_with(folder)),
        "{case}: {text}"
    );
    assert!(text.contains("; "), "{case}: {text}");
}

/// Creates a record for each row, and finds none.
#[derive(Default)]
struct Records {
    created: Mutex<BTreeMap<String, u32>>,
    removed: Mutex<u32>,
}

impl RowWriter for Records {
    async fn write(&self, row: &Row) -> Result<Written, Error> {
        let email = row["email"].as_str().unwrap().to_owned();
        *self
            .created
            .lock()
            .unwrap()
            .entry(email.clone())
            .or_default() += 1;
        Ok(Written::created(email))
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        let email = row["email"].as_str().unwrap().to_owned();
        Ok(match self.created.lock().unwrap().contains_key(&email) {
            true => Found::Record(email),
            false => Found::Nothing,
        })
    }
}

impl RecordRemover for Records {
    async fn remove(&self, _: &str) -> Result<(), Error> {
        *self.removed.lock().unwrap() += 1;
        Ok(())
    }
}

/// When a file is damaged.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Paused,
    Complete,
    /// The records of the import were removed.
    Undone,
}

/// Runs an import up to a stage.
async fn import_until(stage: Stage, job: &Path, input: &Path) -> Records {
    let records = Records::default();
    let stop = job.to_owned();
    let import = Import::new(job, input)
        .concurrency(3)
        .on_progress(move |made| {
            if stage == Stage::Paused && made.done == 4 {
                pause(&stop).unwrap();
            }
        });
    let report = import.run(&records).await.unwrap();
    assert_eq!(report.complete, stage != Stage::Paused);
    if stage == Stage::Undone {
        Undo::new(job).run(&records).await.unwrap();
    }
    records
}

#[tokio::test]
async fn an_import_with_a_damaged_file_sends_no_row_twice() {
    let folder = tempfile::tempdir().unwrap();
    let input = input(folder.path(), ROWS);
    let (mut errors, mut continued) = (0, 0);
    for stage in [Stage::Paused, Stage::Complete, Stage::Undone] {
        let sample = folder.path().join(format!("{stage:?}"));
        import_until(stage, &sample, &input).await;
        for names in targets(&sample) {
            for damage in DAMAGES {
                let folder = tempfile::tempdir().unwrap();
                let job = folder.path().join("job");
                let records = import_until(stage, &job, &input).await;
                names.iter().for_each(|name| damage.apply(&job.join(name)));
                let case = format!("{stage:?}, {damage:?}, {names:?}");
                match Import::new(&job, &input).run(&records).await {
                    Ok(report) => {
                        continued += 1;
                        assert_eq!(
                            (report.complete, report.done),
                            (true, ROWS as u64),
                            "{case}"
                        );
                    }
                    Err(error) => {
                        errors += 1;
                        assert_clear(&error, &job, &case);
                    }
                }
                let created = records.created.lock().unwrap();
                assert!(created.values().all(|count| *count == 1), "{case}");
            }
        }
    }
    println!("{errors} errors, {continued} continued");
}

/// Exports the things up to a stage.
async fn export_until(stage: Stage, folder: &Path, url: &str) {
    let stop = folder.to_owned();
    let export = Export::new(folder)
        .list(things(&client(url)))
        .on_progress(move |made| {
            if stage == Stage::Paused && made.rows == 150 {
                pause(&stop).unwrap();
            }
        });
    let report = export.run().await.unwrap();
    assert_eq!(report.complete, stage != Stage::Paused);
}

#[tokio::test]
async fn an_export_with_a_damaged_file_does_not_start_again() {
    let reference = tempfile::tempdir().unwrap();
    let expected = undisturbed(reference.path()).await;
    let server = serve();
    let (mut errors, mut continued) = (0, 0);
    for stage in [Stage::Paused, Stage::Complete] {
        let sample = tempfile::tempdir().unwrap();
        export_until(stage, sample.path(), &server.url).await;
        for names in targets(sample.path()) {
            for damage in DAMAGES {
                let folder = tempfile::tempdir().unwrap();
                export_until(stage, folder.path(), &server.url).await;
                names
                    .iter()
                    .for_each(|name| damage.apply(&folder.path().join(name)));
                let case = format!("{stage:?}, {damage:?}, {names:?}");
                server.take();
                let export = Export::new(folder.path()).list(things(&client(&server.url)));
                match export.run().await {
                    Ok(report) => {
                        continued += 1;
                        assert!(
                            report.complete && files(folder.path()) == expected,
                            "{case}"
                        );
                        let requests = server.take();
                        let starts = requests
                            .iter()
                            .filter(|request| request.path() == "/things");
                        let starts = starts.filter(|request| request.number("offset") == Some(0));
                        assert_eq!(starts.count(), 0, "{case}");
                    }
                    Err(error) => {
                        errors += 1;
                        assert_clear(&error, folder.path(), &case);
                    }
                }
            }
        }
    }
    println!("{errors} errors, {continued} continued");
}

#[cfg(feature = "sync")]
#[tokio::test]
async fn a_copy_with_a_damaged_file_does_not_start_again() {
    use hoopai_bulk::{SyncJob, SyncList, write_synced};
    use hoopai_runtime::Method;

    use crate::lists::{RULE, THINGS};

    let server = serve();
    let copy = |folder: &Path, stage: Stage| {
        let (client, stop) = (client(&server.url), folder.to_owned());
        let things = SyncList::new("things", move || {
            let list = client.request(Method::GET, "/things");
            list.stream::<serde_json::Value>(RULE)
        });
        SyncJob::new(folder).list(things).on_progress(move |made| {
            if stage == Stage::Paused && made.read == 100 {
                pause(&stop).unwrap();
            }
        })
    };
    let (mut errors, mut continued) = (0, 0);
    for stage in [Stage::Paused, Stage::Complete] {
        let sample = tempfile::tempdir().unwrap();
        copy(sample.path(), stage).run().await.unwrap();
        for names in targets(sample.path()) {
            for damage in DAMAGES {
                let folder = tempfile::tempdir().unwrap();
                copy(folder.path(), stage).run().await.unwrap();
                names
                    .iter()
                    .for_each(|name| damage.apply(&folder.path().join(name)));
                let case = format!("{stage:?}, {damage:?}, {names:?}");
                match copy(folder.path(), Stage::Complete).run().await {
                    Ok(report) => {
                        continued += 1;
                        let list = &report.lists[0];
                        assert!(report.complete && list.rows == THINGS as u64, "{case}");
                        // The records of the run before are still there.
                        let added = match stage {
                            Stage::Paused => THINGS as u64,
                            _ => 0,
                        };
                        assert_eq!(list.added, added, "{case}");
                        let records = folder.path().join("records.ndjson");
                        let written = write_synced(folder.path(), "things", records).unwrap();
                        assert_eq!(written, THINGS as u64, "{case}");
                    }
                    Err(error) => {
                        errors += 1;
                        assert_clear(&error, folder.path(), &case);
                    }
                }
            }
        }
    }
    println!("{errors} errors, {continued} continued");
}
