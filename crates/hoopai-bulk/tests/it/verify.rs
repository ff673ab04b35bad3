//! Comparison of a job's files with its journal.

use std::fs;

use hoopai_bulk::{BulkErrorKind, Export, FileProblem, pause, verify};

use crate::lists::{THINGS, client, flat, serve, things};

#[tokio::test]
async fn files_that_were_changed_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve();
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(things(&client));
    export.run().await.unwrap();
    let report = verify(folder.path()).unwrap();
    assert!(report.complete && report.is_intact());
    assert_eq!(report.files[0].rows, THINGS as u64);

    let notes = folder.path().join("notes.ndjson");
    let content = fs::read(&notes).unwrap();
    let mut changed = content.clone();
    changed[10] ^= 1;
    let longer = [content.as_slice(), b"{}\n"].concat();
    for (bytes, problem) in [
        (Some(&changed[..]), FileProblem::Changed),
        (Some(&content[..content.len() - 1]), FileProblem::Truncated),
        (Some(&longer[..]), FileProblem::Longer),
        (None, FileProblem::Missing),
    ] {
        match bytes {
            Some(bytes) => fs::write(&notes, bytes).unwrap(),
            None => fs::remove_file(&notes).unwrap(),
        }
        let report = verify(folder.path()).unwrap();
        assert!(!report.is_intact());
        assert_eq!(report.files[0].problem, None);
        assert_eq!(report.files[1].problem, Some(problem));
        assert_eq!(report.files[1].path, notes);
    }
    fs::write(&notes, &content).unwrap();
    assert!(verify(folder.path()).unwrap().is_intact());

    let journal = folder.path().join("journal");
    let lines = fs::read_to_string(&journal).unwrap();
    let end = lines.trim_end().rfind('\n').unwrap();
    fs::write(&journal, &lines[..=end]).unwrap();
    let error = verify(folder.path()).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Damaged);
    assert!(
        error.to_string().contains("the end of the journal"),
        "{error}"
    );
}

#[tokio::test]
async fn rows_after_the_last_checkpoint_of_a_running_export_are_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve();
    let client = client(&server.url);
    let path = folder.path().to_owned();
    let export = Export::new(folder.path())
        .list(flat(&client))
        .on_progress(move |_| pause(&path).unwrap());
    export.run().await.unwrap();
    let file = folder.path().join("things.ndjson");
    let content = fs::read_to_string(&file).unwrap();
    fs::write(&file, content + "{\"half\":").unwrap();
    let report = verify(folder.path()).unwrap();
    assert!(!report.complete && report.is_intact());
}

#[test]
fn a_folder_without_files_to_compare_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = verify(folder.path()).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::NoJob);
    let plan = r#"{"version":2,"library":"0.1.0","kind":"import","settings":{}}"#;
    fs::write(folder.path().join("job.json"), plan).unwrap();
    let error = verify(folder.path()).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Invalid);
    assert!(error.to_string().contains("`import`"), "{error}");
}
