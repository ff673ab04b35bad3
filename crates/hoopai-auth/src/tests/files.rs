//! Files, and processes that end while they write them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hoopai_runtime::error::AuthErrorKind;

use super::platform::{MARKER, Platform};
use super::rig::{DAY, Rig, key, location};
use crate::store::lock::FileLocks;
use crate::{FileStore, Record, StoreErrorKind, Swap, TokenStore};

const END_AT: &str = "HOOPAI_TEST_END_AT";
const DIRECTORY: &str = "HOOPAI_TEST_DIRECTORY";

/// Ends the process at a step of writing, if it was started for that.
pub(crate) fn end_at(step: &str) {
    if std::env::var(END_AT).is_ok_and(|end| end == step) {
        std::process::exit(77);
    }
}

fn record(revision: u64) -> Record {
    let now = std::time::SystemTime::now();
    Record::new(
        Platform::default().installed(location(), DAY, DAY, now),
        revision,
    )
}

/// What the processes do that the tests below start: take the right to refresh, and store the next revision.
#[test]
fn child() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = FileStore::open(directory).unwrap();
        let key = key(location());
        let _lease = store.lease(&key, DAY).await.unwrap().unwrap();
        if std::env::var(END_AT).is_ok_and(|end| end == "leased") {
            std::process::exit(77);
        }
        let last = store
            .load(&key)
            .await
            .unwrap()
            .map(|record| record.revision);
        let next = record(last.unwrap_or_default() + 1);
        store.swap(&key, last, Some(next)).await.unwrap();
        std::process::exit(77);
    });
}

/// Another process that ends at a step.
fn process_ends_at(directory: &Path, step: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::files::child", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(END_AT, step)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(77), "at {step}");
}

#[tokio::test]
async fn a_process_that_ends_leaves_the_old_or_the_new() {
    let key = key(location());
    for (step, expected) in [
        ("leased", 1),
        ("begin", 1),
        ("half", 1),
        ("written", 1),
        ("renamed", 2),
        ("end", 2),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        store.swap(&key, None, Some(record(1))).await.unwrap();
        process_ends_at(directory.path(), step);
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.revision, expected, "at {step}");
        // Neither its lock nor its right holds anybody up, though it ended without giving them back.
        let lease = store.lease(&key, DAY).await.unwrap();
        assert!(lease.is_some(), "at {step}");
        let swapped = store.swap(&key, Some(expected), Some(record(9))).await;
        assert_eq!(swapped.unwrap(), Swap::Done, "at {step}");
        assert_eq!(store.load(&key).await.unwrap().unwrap().revision, 9);
        lease.unwrap().release().await;
        let mut left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path().extension().unwrap().to_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["guard", "json", "lease"], "at {step}");
    }
}

#[tokio::test]
async fn what_is_damaged_is_reported_and_left_alone() {
    let rig = Rig::in_files();
    let store = FileStore::open(rig.directory.as_ref().unwrap().path().join("tokens")).unwrap();
    let path = store.path_of(&key(location()));
    for damage in [
        "",
        "{",
        "{}",
        "[1]",
        "{\"format\":1,\"client_id\":\"MaRkEr-x\"}",
        "\u{0}\u{0}",
    ] {
        fs::write(&path, damage).unwrap();
        let error = store.load(&key(location())).await.unwrap_err();
        assert_eq!(error.fault(), StoreErrorKind::Corrupt, "{damage}");
        assert_eq!(
            error.path(),
            Some(fs::canonicalize(&path).unwrap().as_path())
        );
        let says = error.to_string();
        assert!(
            says.contains("damaged") && says.contains("backup"),
            "{says}"
        );
        assert!(
            says.contains(&*path.to_string_lossy()) && !says.contains(MARKER),
            "{says}"
        );
        for expected in [None, Some(1)] {
            let swapped = store
                .swap(&key(location()), expected, Some(record(2)))
                .await;
            assert_eq!(swapped.unwrap_err().fault(), StoreErrorKind::Corrupt);
        }
        let error = rig.account().authorization().await.unwrap_err();
        assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::Store));
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
    assert_eq!(rig.platform.refreshes(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a/b");
    let store = FileStore::open(&directory).unwrap();
    let key = key(location());
    let _lease = store.lease(&key, DAY).await.unwrap().unwrap();
    for (expected, next) in [(None, 1), (Some(1), 2)] {
        store
            .swap(&key, expected, Some(record(next)))
            .await
            .unwrap();
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = fs::read_dir(&directory).unwrap().collect();
    assert_eq!(files.len(), 4);
    for file in files {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn names_tell_nothing_and_lead_nowhere() {
    let rig = Rig::in_files();
    rig.install(location(), DAY).await;
    let directory = rig.directory.as_ref().unwrap().path();
    for file in fs::read_dir(directory.join("tokens")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains(MARKER), "{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
        assert!(name.chars().all(plain), "{name}");
    }
}

#[tokio::test]
async fn trouble_with_the_disk_names_the_place() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = FileStore::open(&file).unwrap_err();
    assert_eq!(error.fault(), StoreErrorKind::Io);
    assert!(error.to_string().contains("file"), "{error}");
    let store = FileStore::open(parent.path().join("tokens")).unwrap();
    fs::remove_dir(parent.path().join("tokens")).unwrap();
    let error = store
        .swap(&key(location()), None, Some(record(1)))
        .await
        .unwrap_err();
    assert_eq!(error.fault(), StoreErrorKind::Io);
    assert!(
        error
            .path()
            .unwrap()
            .starts_with(fs::canonicalize(parent.path()).unwrap())
    );
    assert!(error.to_string().contains("check the disk"), "{error}");
}

/// Locks of a file system on which they have no effect, or of one that has none.
struct NoLocks(bool);

impl FileLocks for NoLocks {
    fn try_lock(&self, _file: &fs::File) -> std::io::Result<bool> {
        if self.0 {
            return Ok(true);
        }
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn a_file_system_without_working_locks_is_rejected() {
    for (locks, what) in [(true, "no effect"), (false, "cannot be locked")] {
        let directory = tempfile::tempdir().unwrap();
        let error = FileStore::with_locks(directory.path(), Arc::new(NoLocks(locks))).unwrap_err();
        assert_eq!(error.fault(), StoreErrorKind::Unsafe);
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("local disk"), "{text}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
