//! Exports from the beginning to the end, and the errors of wrong use.

use std::fs;
use std::sync::{Arc, Mutex};

use hoopai_bulk::{BulkErrorKind, Export, ExportList, PlatformList, export_status, pause, verify};
use hoopai_test_support::{Reply, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lists::{THINGS, client, files, flat, page, serve, things, undisturbed};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn every_record_is_written_once_and_as_it_was_received() {
    let folder = folder();
    let (list, notes) = undisturbed(folder.path()).await;
    let list = String::from_utf8(list).unwrap();
    assert_eq!(list.lines().count(), THINGS);
    // The digits of the number, and the order of the fields.
    let second = list.lines().nth(1).unwrap();
    assert_eq!(
        second,
        r#"{"id":"t1","name":"Thing 1",  "amount": 1234567890.0000000010}"#
    );
    let ids: Vec<String> = list
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string())
        .collect();
    let expected: Vec<String> = (0..THINGS).map(|number| format!("\"t{number}\"")).collect();
    assert_eq!(ids, expected);
    let notes = String::from_utf8(notes).unwrap();
    assert!(notes.lines().count() > THINGS / 2);
    let note: Value = serde_json::from_str(notes.lines().next().unwrap()).unwrap();
    assert_eq!(
        note,
        json!({"_parent": "t0", "id": "t0-n0", "body": "note"})
    );
}

#[tokio::test]
async fn a_finished_export_sends_nothing_when_it_is_run_again() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(flat(&client));
    let first = export.run().await.unwrap();
    let sent = server.count();
    let second = export.run().await.unwrap();
    assert_eq!(second, first);
    assert_eq!(server.count(), sent);
    assert_eq!(second.lists[0].rows, THINGS as u64);
}

#[tokio::test]
async fn progress_is_reported_for_each_page() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    Export::new(folder.path())
        .list(flat(&client))
        .on_progress(move |progress| sink.lock().unwrap().push(progress.rows))
        .run()
        .await
        .unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&(THINGS as u64)));
    assert!(seen.len() >= THINGS / 20);
}

#[tokio::test]
async fn export_is_a_span_with_its_list() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(flat(&client));
    hoopai_test_support::log::capture();
    export.run().await.unwrap();
    let lines = hoopai_test_support::log::take();
    let of_list = lines
        .iter()
        .filter(|line| line.contains("export{list=\"things\"}"));
    let checkpoints = of_list.filter(|line| line.contains("export checkpoint"));
    assert_eq!(checkpoints.count(), THINGS.div_ceil(20) + 1, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Thing 1")));
}

#[tokio::test]
async fn a_paused_export_stops_and_continues() {
    let reference = folder();
    let expected = undisturbed(reference.path()).await;
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let path = folder.path().to_owned();
    let export = Export::new(folder.path())
        .list(things(&client))
        .on_progress(move |progress| {
            if progress.rows == 100 {
                pause(&path).unwrap();
            }
        });
    let paused = export.run().await.unwrap();
    assert!(!paused.complete);
    assert_eq!(paused.lists[0].rows, 100);
    let status = export_status(folder.path()).unwrap();
    assert!(status.paused && !status.complete);
    assert_eq!(status.lists, paused.lists);
    assert!(export.run().await.unwrap().complete);
    assert_eq!(files(folder.path()), expected);
    let status = export_status(folder.path()).unwrap();
    assert!(!status.paused && status.complete);
}

#[tokio::test]
async fn another_plan_is_rejected() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    Export::new(folder.path())
        .list(flat(&client))
        .settings(json!({"location": "a"}))
        .run()
        .await
        .unwrap();
    let other = Export::new(folder.path())
        .list(flat(&client))
        .settings(json!({"location": "b"}));
    let error = other.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::OtherPlan);
    let text = error.to_string();
    assert!(text.contains("with other settings: `location` ("), "{text}");
    assert!(text.contains("start a new job in another folder"), "{text}");
}

#[tokio::test]
async fn a_second_run_at_the_same_time_is_rejected() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let export = Arc::new(Export::new(folder.path()).list(things(&client)));
    let first = tokio::spawn({
        let export = Arc::clone(&export);
        async move { export.run().await }
    });
    server.received(1).await;
    let error = export.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Busy);
    let process = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&process), "{error}");
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn other_files_are_not_overwritten() {
    let (folder, server) = (folder(), serve());
    fs::write(folder.path().join("things.ndjson"), "mine").unwrap();
    let client = client(&server.url);
    let error = Export::new(folder.path())
        .list(flat(&client))
        .run()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::NoJob);
    let kept = fs::read_to_string(folder.path().join("things.ndjson")).unwrap();
    assert_eq!(kept, "mine");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn names_of_lists_are_names_of_files() {
    let server = serve();
    let client = client(&server.url);
    let named = |name: &str| {
        let client = client.clone();
        ExportList::new(name, move || {
            client
                .request(hoopai_runtime::Method::GET, "/things")
                .stream::<Value>(hoopai_runtime::operation::Paging::DEFAULT)
        })
    };
    for name in ["", "../x", "a/b", "a.b", "ä"] {
        let export = Export::new("unused").list(named(name));
        let error = export.run().await.unwrap_err();
        assert_eq!(error.kind(), BulkErrorKind::Invalid, "{name}");
    }
    let export = Export::new("unused").list(named("a")).list(named("A"));
    let error = export.run().await.unwrap_err();
    assert!(error.to_string().contains("two lists"), "{error}");
    assert!(!std::path::Path::new("unused").exists());
}

#[tokio::test]
async fn changed_files_are_noticed() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(flat(&client));
    export.run().await.unwrap();

    let output = folder.path().join("things.ndjson");
    let content = fs::read(&output).unwrap();
    let mut changed = content.clone();
    changed[5] ^= 1;
    fs::write(&output, &changed).unwrap();
    let error = export.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Damaged);
    assert_eq!(error.path(), Some(output.as_path()));
    fs::write(&output, &content).unwrap();

    let path = folder.path().join("journal");
    let journal = fs::read_to_string(&path).unwrap();
    let second = journal.lines().nth(1).unwrap();
    fs::write(&path, journal.replacen(&format!("{second}\n"), "", 1)).unwrap();
    let error = export.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Damaged);
    assert!(
        error.to_string().contains("line 2 of the journal"),
        "{error}"
    );

    fs::write(&path, journal).unwrap();
    export.run().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error_with_its_path() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Export::new(file.join("job")).run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Io);
    assert!(error.to_string().contains("job"), "{error}");
}

#[tokio::test]
async fn an_output_that_cannot_be_written_is_an_error_with_its_path() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(things(&client));
    export.run().await.unwrap();
    let notes = folder.path().join("notes.ndjson");
    let content = fs::read(&notes).unwrap();
    fs::remove_file(&notes).unwrap();
    fs::create_dir(&notes).unwrap();
    let error = export.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Io);
    assert_eq!(error.path(), Some(notes.as_path()));
    fs::remove_dir(&notes).unwrap();
    fs::write(&notes, content).unwrap();
    assert!(export.run().await.unwrap().complete);
}

#[test]
fn pausing_a_folder_without_a_job_is_an_error() {
    let error = pause(folder().path()).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::NoJob);
}

/// Serves the things. Notes of each whose number is a multiple of `every` are refused.
fn serve_refusals(every: usize, status: u16) -> Server {
    Server::start(move |request| {
        let id = request.path().strip_prefix("/things/t");
        let id = id.and_then(|rest| rest.strip_suffix("/notes"));
        match id.map(|id| id.parse::<usize>().unwrap()) {
            Some(id) if id % every == 0 => Reply::json(status, r#"{"message":"no"}"#),
            _ => page(request),
        }
    })
}

#[tokio::test]
async fn refused_children_are_recorded_and_the_export_continues() {
    for status in [400, 403, 404, 422] {
        let folder = folder();
        let server = serve_refusals(7, status);
        let export = Export::new(folder.path()).list(things(&client(&server.url)));
        let report = export.run().await.unwrap();
        assert!(report.complete);
        let unread = &report.lists[2];
        let expected = THINGS.div_ceil(7) as u64;
        assert_eq!(
            (unread.name.as_str(), unread.rows),
            ("things-unread", expected)
        );
        let lines = fs::read_to_string(&unread.path).unwrap();
        let second: Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
        assert_eq!(second["_parent"], "t7");
        assert_eq!(
            (&second["list"], &second["status"]),
            (&json!("notes"), &json!(status))
        );
        // The other records have their notes.
        let notes = fs::read_to_string(&report.lists[1].path).unwrap();
        assert!(notes.contains("\"t8-n0\"") && !notes.contains("\"t7-n0\""));
        assert_eq!(report.lists[0].rows, THINGS as u64);
        assert!(verify(folder.path()).unwrap().is_intact());
    }
}

#[tokio::test]
async fn an_export_whose_children_are_all_refused_ends() {
    let folder = folder();
    let server = serve_refusals(1, 403);
    let export = Export::new(folder.path()).list(things(&client(&server.url)));
    let error = export.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Call);
    assert!(error.to_string().contains("`notes`"), "{error}");
    let notes = server.take();
    let notes = notes
        .iter()
        .filter(|request| request.path().ends_with("/notes"));
    assert_eq!(notes.count(), 10);

    // All records can be deleted while they are exported.
    let folder = self::folder();
    let server = serve_refusals(1, 404);
    let export = Export::new(folder.path()).list(things(&client(&server.url)));
    let report = export.run().await.unwrap();
    assert_eq!(
        (report.complete, report.lists[2].rows),
        (true, THINGS as u64)
    );
}

#[tokio::test]
async fn other_lists_and_parameters_are_named_as_they_were_passed() {
    let (folder, server) = (folder(), serve());
    let client = client(&server.url);
    let links = |status: &str| {
        let list = PlatformList::find("links.search_links").unwrap();
        list.set("locationId", "loc-1")
            .unwrap()
            .set("query", status)
            .unwrap()
    };
    let export = |lists: Vec<PlatformList>| {
        let export = Export::new(folder.path());
        lists.into_iter().fold(export, |export, list| {
            export.list(list.export(&client).unwrap())
        })
    };
    let _ = export(vec![links("a")]).run().await;
    let text = |error: hoopai_bulk::BulkError| error.to_string();
    let error = text(export(vec![links("b")]).run().await.unwrap_err());
    assert!(
        error.contains("`query` of the list `links.search_links`"),
        "{error}"
    );
    let contacts = PlatformList::find("contacts.search_contacts").unwrap();
    let contacts = contacts.set("locationId", "loc-1").unwrap().with_children();
    let error = text(export(vec![contacts]).run().await.unwrap_err());
    assert!(
        error.contains(
            "the lists `links.search_links`, and not with `contacts.search_contacts` (with "
        ),
        "{error}"
    );
}
