//! Folders of jobs: their versions, and their locks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use hoopai_bulk::{
    BulkError, BulkErrorKind, Export, Found, Import, Row, RowWriter, Undo, Written, export_status,
    import_status, pause, verify,
};
use hoopai_runtime::Error;
use serde_json::{Value, json};

use crate::import::input;
use crate::lists::{client, flat, serve};

/// Creates a record for each row.
struct Records;

impl RowWriter for Records {
    async fn write(&self, row: &Row) -> Result<Written, Error> {
        Ok(Written::created(row["email"].as_str().unwrap_or_default()))
    }

    async fn find(&self, _: &Row) -> Result<Found, Error> {
        Ok(Found::Unknown)
    }
}

fn edit_plan(job: &Path, edit: impl FnOnce(&mut Value)) {
    let path = job.join("job.json");
    let mut plan = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(&mut plan);
    fs::write(path, plan.to_string()).unwrap();
}

fn contents(job: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(job)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// A complete import of three rows.
async fn import(folder: &Path) -> (PathBuf, Import) {
    let job = folder.join("job");
    let import = Import::new(&job, input(folder, 3)).concurrency(1);
    import.run(&Records).await.unwrap();
    (job, import)
}

fn assert_version(error: &BulkError, job: &Path, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), BulkErrorKind::OtherPlan, "{text}");
    assert_eq!(error.path(), Some(job.join("job.json").as_path()));
    for part in parts {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_job_of_another_version_names_the_versions_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (job, import) = import(folder.path()).await;
    let here = format!("this is hoopai-bulk {}, with", env!("CARGO_PKG_VERSION"));
    // Other versions can have other fields.
    for (plan, made_by) in [
        (
            json!({ "version": 1, "kind": "import", "settings": {} }),
            "by an early hoopai-bulk, with files of version 1",
        ),
        (
            json!({ "version": 9, "library": "4.5.6", "plan": [] }),
            "by hoopai-bulk 4.5.6, with files of version 9",
        ),
    ] {
        edit_plan(&job, |stored| *stored = plan);
        let before = contents(&job);
        let parts = [made_by, &here, "run it with the version", "look_up_all"];
        assert_version(&import.run(&Records).await.unwrap_err(), &job, &parts);
        assert_version(&import_status(&job).unwrap_err(), &job, &parts);
        assert_version(&export_status(&job).unwrap_err(), &job, &parts);
        assert_version(&Undo::new(&job).plan().unwrap_err(), &job, &parts);
        assert_version(&verify(&job).unwrap_err(), &job, &parts);
        assert_version(&pause(&job).unwrap_err(), &job, &parts);
        assert!(contents(&job) == before);
    }
}

#[tokio::test]
async fn settings_of_another_version_name_the_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (job, import) = import(folder.path()).await;
    edit_plan(&job, |plan| plan["library"] = "0.0.9".into());
    import.run(&Records).await.unwrap();
    let error = import.settings(json!({ "new": 1 })).run(&Records).await;
    let here = format!("this is {}", env!("CARGO_PKG_VERSION"));
    let parts = ["`settings`", "by hoopai-bulk 0.0.9", &here];
    assert_version(&error.unwrap_err(), &job, &parts);
}

#[tokio::test]
async fn a_plan_without_a_version_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (job, import) = import(folder.path()).await;
    for version in [Value::Null, (-1).into(), "2".into()] {
        edit_plan(&job, |plan| plan["version"] = version);
        let error = import.run(&Records).await.unwrap_err();
        assert_eq!(error.kind(), BulkErrorKind::Damaged, "{error}");
    }
}

/// The files of version 2. If this test fails since they have changed, raise the version: the jobs
/// of builds before the change are then rejected, and not continued in another way.
#[tokio::test]
async fn files_of_a_job_have_the_recorded_form() {
    let folder = tempfile::tempdir().unwrap();
    let (job, _) = import(folder.path()).await;
    let plan: Value = serde_json::from_slice(&fs::read(job.join("job.json")).unwrap()).unwrap();
    let expected = json!({
        "version": 2,
        "library": env!("CARGO_PKG_VERSION"),
        "kind": "import",
        "settings": { "input": plan["settings"]["input"], "settings": null },
    });
    assert_eq!(plan, expected);
    let journal = fs::read_to_string(job.join("journal")).unwrap();
    let expected = [
        r#"92b7ac25 {"Checked":{"rows":3}}"#,
        r#"ebf0c785 {"Sending":{"rows":[1]}}"#,
        r#"ec655359 {"Done":{"row":1,"id":"p0@example.com","found":false,"created":true}}"#,
        r#"67e05cc8 {"Sending":{"rows":[2]}}"#,
        r#"245d8249 {"Done":{"row":2,"id":"p1@example.com","found":false,"created":true}}"#,
        r#"4fe324fe {"Sending":{"rows":[3]}}"#,
        r#"6377886b {"Done":{"row":3,"id":"p2@example.com","found":false,"created":true}}"#,
    ];
    assert_eq!(journal.lines().collect::<Vec<_>>(), expected);

    let export = folder.path().join("export");
    let server = serve();
    let list = flat(&client(&server.url));
    Export::new(&export).list(list).run().await.unwrap();
    let plan: Value = serde_json::from_slice(&fs::read(export.join("job.json")).unwrap()).unwrap();
    let settings = json!({ "lists": [["things"]], "listSettings": [null], "settings": null });
    assert_eq!(
        (&plan["kind"], &plan["settings"]),
        (&json!("export"), &settings)
    );
    let journal = fs::read_to_string(export.join("journal")).unwrap();
    let last = concat!(
        r#"d24d3be9 {"list":0,"position":{"operation":"GET /things","start":"offset","#,
        r#""number":420,"marks":[],"delivered":17,"items":437},"ended":true,"#,
        r#""files":[{"rows":437,"bytes":26518,"checksum":3682392473}]}"#,
    );
    assert_eq!(journal.lines().next_back(), Some(last));
}

/// Removes the lock of the job that sends its rows, and starts the job a second time.
struct SecondProcess {
    import: Import,
    job: PathBuf,
    errors: Mutex<Vec<BulkError>>,
}

impl RowWriter for SecondProcess {
    async fn write(&self, row: &Row) -> Result<Written, Error> {
        let _ = fs::remove_file(self.job.join("lock"));
        let error = Box::pin(self.import.run(&Records)).await.unwrap_err();
        self.errors.lock().unwrap().push(error);
        Records.write(row).await
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        Records.find(row).await
    }
}

#[tokio::test]
async fn a_job_whose_lock_was_removed_is_not_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (job, input) = (folder.path().join("job"), input(folder.path(), 3));
    let writer = SecondProcess {
        import: Import::new(&job, &input),
        job: job.clone(),
        errors: Mutex::default(),
    };
    let report = Import::new(&job, &input).run(&writer).await.unwrap();
    assert!(report.complete && report.done == 3);
    let errors = writer.errors.into_inner().unwrap();
    assert_eq!(errors.len(), 3);
    for error in errors {
        assert_eq!(error.path(), Some(job.join("lock").as_path()));
        assert!(error.to_string().contains("make an empty file"), "{error}");
    }
    // What the error says helps.
    fs::write(job.join("lock"), "").unwrap();
    assert!(writer.import.run(&Records).await.unwrap().complete);
}
