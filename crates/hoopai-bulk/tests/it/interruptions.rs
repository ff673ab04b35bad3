//! Exports that end early, at random moments and in all ways, have the files of an undisturbed
//! export in the end.

use std::fs::{self, OpenOptions};
use std::path::Path;

use fastrand::Rng;
use hoopai_bulk::{BulkErrorKind, Export, export_status};
use hoopai_test_support::seeds;
use serde_json::Value;

use crate::killed_processes::{KilledProcesses, run_on_small_disk};
use crate::lists::{
    client, files, serve, serve_on_thread, serve_with_failures, things, undisturbed,
};

/// Set in the processes to kill: the folder of the job, and the server.
const FOLDER: &str = "HOOPAI_BULK_FOLDER";
const URL: &str = "HOOPAI_BULK_URL";

/// The files of the export, in the order of its checkpoints.
const OUTPUTS: [&str; 2] = ["things.ndjson", "notes.ndjson"];

/// The sizes of the files that were written to the disk for sure: those of the last checkpoint
/// before the recorded length of the journal.
fn sizes_on_disk(folder: &Path) -> [usize; OUTPUTS.len()] {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let length = read("journal.length").trim().parse().unwrap_or(0);
    let journal = read("journal");
    let Some((_, entry)) = journal
        .get(..length)
        .and_then(|journal| journal.lines().last()?.split_once(' '))
    else {
        return [0; OUTPUTS.len()];
    };
    let checkpoint: Value = serde_json::from_str(entry).unwrap();
    std::array::from_fn(|number| {
        let bytes = checkpoint["files"][number]["bytes"].as_u64().unwrap();
        usize::try_from(bytes).unwrap()
    })
}

/// What a crash can leave behind: an incomplete last line, and output without a checkpoint. A loss
/// of power also takes away what was not written to the disk for sure.
fn damage(folder: &Path, random: &mut Rng) {
    let on_disk = sizes_on_disk(folder);
    let journal = folder.join("journal");
    if let Ok(content) = fs::read(&journal)
        && !content.is_empty()
    {
        let keep = match random.u8(..3) {
            0 => content.len() - random.usize(..content.len().min(300)),
            _ => content.len(),
        };
        fs::write(&journal, &content[..keep]).unwrap();
    }
    let number = random.usize(..OUTPUTS.len());
    let output = folder.join(OUTPUTS[number]);
    if let Ok(mut content) = fs::read(&output) {
        match random.u8(..3) {
            0 => content.extend_from_slice(b"{\"half\":"),
            1 => {
                let from = on_disk[number].min(content.len());
                content.truncate(random.usize(from..=content.len()));
            }
            _ => {}
        }
        fs::write(output, content).unwrap();
    }
}

#[tokio::test]
async fn an_export_that_is_dropped_and_damaged_continues() {
    let reference = tempfile::tempdir().unwrap();
    let expected = undisturbed(reference.path()).await;
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let server = serve();
        let client = client(&server.url);
        let export = Export::new(folder.path()).list(things(&client));
        loop {
            let more = server.count() + random.usize(1..200);
            tokio::select! {
                report = export.run() => {
                    assert!(report.unwrap().complete);
                    break;
                }
                () = server.received(more) => {}
            }
            damage(folder.path(), &mut random);
        }
        assert!(files(folder.path()) == expected, "HOOPAI_SEED={seed}");
    }
}

#[tokio::test]
async fn an_export_whose_calls_fail_continues() {
    let reference = tempfile::tempdir().unwrap();
    let expected = undisturbed(reference.path()).await;
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let failures: Vec<usize> = (0..10).map(|_| random.usize(..500)).collect();
        let server = serve_with_failures(failures);
        let client = client(&server.url);
        let export = Export::new(folder.path()).list(things(&client));
        let mut errors = 0;
        while let Err(error) = export.run().await {
            assert_eq!(error.kind(), BulkErrorKind::Call);
            assert!(error.call_error().is_some());
            errors += 1;
            assert!(errors <= 10, "HOOPAI_SEED={seed}");
        }
        assert!(files(folder.path()) == expected, "HOOPAI_SEED={seed}");
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
    let report = runtime.block_on(async {
        let client = client(&url);
        Export::new(folder).list(things(&client)).run().await
    });
    assert!(report.unwrap().complete);
}

#[tokio::test]
async fn an_export_whose_process_is_killed_continues() {
    let reference = tempfile::tempdir().unwrap();
    let expected = undisturbed(reference.path()).await;
    let mut processes = KilledProcesses::new("interruptions::child_process");
    let server = serve_on_thread();
    let mut finished = 0;
    while processes.are_left() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            (FOLDER, folder.path().to_str().unwrap()),
            (URL, &server.url),
        ];
        processes.run_to_the_end(&variables);
        finished += 1;
        assert!(files(folder.path()) == expected);
    }
    let killed = processes.killed();
    println!("{killed} processes killed in {finished} exports, none lost or repeated a record");
}

#[cfg(unix)]
#[tokio::test]
async fn an_export_on_a_full_disk_keeps_what_it_has_and_continues() {
    let reference = tempfile::tempdir().unwrap();
    let expected = undisturbed(reference.path()).await;
    let folder = tempfile::tempdir().unwrap();
    let server = serve_on_thread();
    let (mut failed, mut before) = (0, 0);
    for blocks in [4, 12, 24, 40, 1_000_000] {
        let variables = [
            (FOLDER, folder.path().to_str().unwrap()),
            (URL, &server.url),
        ];
        let output = run_on_small_disk("interruptions::child_process", blocks, &variables);
        if !output.status.success() {
            failed += 1;
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.contains("cannot be written"), "{text}");
            assert!(text.contains(&*folder.path().to_string_lossy()), "{text}");
            assert!(text.contains("run the job again"), "{text}");
        }
        let rows = export_status(folder.path()).unwrap().lists[0].rows;
        assert!(rows >= before, "{rows} rows after {before}");
        before = rows;
    }
    assert!(failed >= 2, "{failed} runs failed");
    assert!(files(folder.path()) == expected);
}

#[tokio::test]
async fn a_file_cut_below_all_known_checkpoints_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve();
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(things(&client));
    export.run().await.unwrap();
    let output = folder.path().join("notes.ndjson");
    let file = OpenOptions::new().write(true).open(&output).unwrap();
    file.set_len(0).unwrap();
    let error = export.run().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Damaged);
    assert_eq!(error.path(), Some(output.as_path()));
}
