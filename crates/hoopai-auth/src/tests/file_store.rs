//! The file store, and processes that end while they write.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hoopai_runtime::error::AuthErrorKind;

use super::fake_platform::{FakePlatform, MARKER};
use super::harness::{DAY, Harness, assert_contains, assert_kind, error_of, key, location};
use crate::store::FileLocks;
use crate::{FileStore, Record, StoreErrorKind, Swap, TokenStore};

const EXIT_AT: &str = "HOOPAI_TEST_EXIT_AT";
const DIRECTORY: &str = "HOOPAI_TEST_DIRECTORY";

/// Ends the process at a crash point, if it was started for that.
pub(crate) fn exit_at(crash_point: &str) {
    if std::env::var(EXIT_AT).is_ok_and(|name| name == crash_point) {
        std::process::exit(77);
    }
}

fn record(revision: u64) -> Record {
    let now = std::time::SystemTime::now();
    let tokens = FakePlatform::default().issue_tokens(location(), DAY, DAY, now);
    Record::new(tokens, revision)
}

/// The process that the tests below start: takes the lease and stores the next revision.
#[tokio::test]
async fn child_process() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let store = FileStore::open(directory).unwrap();
    let key = key(location());
    let _lease = store.lease(&key, DAY).await.unwrap().unwrap();
    exit_at("leased");
    let last = store.load(&key).await.unwrap().map(|last| last.revision);
    let next = record(last.unwrap_or_default() + 1);
    store.swap(&key, last, Some(next)).await.unwrap();
    exit_at("end");
}

/// Runs a process that ends at a crash point.
fn crash_at(directory: &Path, crash_point: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::file_store::child_process", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(EXIT_AT, crash_point)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(77), "at {crash_point}");
}

#[tokio::test]
async fn crash_leaves_the_old_or_the_new_record() {
    let key = key(location());
    for (crash_point, expected) in [
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
        crash_at(directory.path(), crash_point);
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.revision, expected, "at {crash_point}");
        // Its lock and its lease are free, though the process did not release them.
        let lease = store.lease(&key, DAY).await.unwrap();
        assert!(lease.is_some(), "at {crash_point}");
        let swapped = store.swap(&key, Some(expected), Some(record(9))).await;
        assert_eq!(swapped.unwrap(), Swap::Done, "at {crash_point}");
        assert_eq!(store.load(&key).await.unwrap().unwrap().revision, 9);
        lease.unwrap().release().await;
        let mut left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path().extension().unwrap().to_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["guard", "json", "lease"], "at {crash_point}");
    }
}

#[tokio::test]
async fn damaged_file_is_reported_and_unchanged() {
    let harness = Harness::in_files();
    let store = FileStore::open(harness.directory.as_ref().unwrap().path().join("tokens")).unwrap();
    let path = store.path_of(&key(location()));
    for damage in [
        "",
        "{",
        "{}",
        "[1]",
        "null",
        "{} {}",
        "{\"a\":}",
        "{\"format\":1,\"client_id\":\"MaRkEr-x\"}",
        "\u{0}\u{0}",
    ] {
        fs::write(&path, damage).unwrap();
        let error = store.load(&key(location())).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{damage}");
        assert_eq!(error.path().unwrap(), fs::canonicalize(&path).unwrap());
        for text in ["damaged", "backup", &*path.to_string_lossy()] {
            assert_contains(&error, text);
        }
        assert!(!error.to_string().contains(MARKER), "{error}");
        for expected in [None, Some(1)] {
            let swapped = store
                .swap(&key(location()), expected, Some(record(2)))
                .await;
            assert_eq!(swapped.unwrap_err().kind(), StoreErrorKind::Corrupt);
        }
        let error = error_of(&harness.account()).await;
        assert_kind(&error, AuthErrorKind::Store);
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
    assert_eq!(harness.platform.refreshes(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private_to_the_owner() {
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

#[cfg(unix)]
#[test]
fn directory_that_others_can_write_to_is_rejected() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    for (mode, is_safe) in [(0o700, true), (0o755, true), (0o720, false), (0o702, false)] {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        let opened = FileStore::open(directory.path());
        assert_eq!(opened.is_ok(), is_safe, "{mode:o}");
        if let Err(error) = opened {
            assert_eq!(error.kind(), StoreErrorKind::Unsafe);
            assert_contains(&error, "chmod 700");
        }
    }
}

#[tokio::test]
async fn file_names_show_no_ids() {
    let harness = Harness::in_files();
    harness.install(location(), DAY).await;
    let directory = harness.directory.as_ref().unwrap().path();
    for file in fs::read_dir(directory.join("tokens")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains(MARKER), "{name}");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
        assert!(name.chars().all(is_plain), "{name}");
    }
}

#[tokio::test]
async fn io_error_has_the_path() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = FileStore::open(&file).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    assert_contains(&error, "file");
    let store = FileStore::open(parent.path().join("tokens")).unwrap();
    fs::remove_dir(parent.path().join("tokens")).unwrap();
    let error = store
        .swap(&key(location()), None, Some(record(1)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    let parent = fs::canonicalize(parent.path()).unwrap();
    assert!(error.path().unwrap().starts_with(parent));
    assert_contains(&error, "check the disk");
}

/// Locks without effect (`true`), or a file system without locks (`false`).
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
fn file_system_without_locks_is_rejected() {
    for (locks, message) in [(true, "no effect"), (false, "cannot be locked")] {
        let directory = tempfile::tempdir().unwrap();
        let error = FileStore::with_locks(directory.path(), Arc::new(NoLocks(locks))).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsafe);
        assert_contains(&error, message);
        assert_contains(&error, "local disk");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn file_of_up_to_4_mib_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let key = key(location());
    let mut json = record(1).to_json(&key).to_vec();
    json.resize(4 * 1024 * 1024, b' ');
    fs::write(store.path_of(&key), &json).unwrap();
    assert_eq!(store.load(&key).await.unwrap().unwrap().revision, 1);
    json.push(b' ');
    fs::write(store.path_of(&key), &json).unwrap();
    let error = store.load(&key).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains("too long"), "{cause}");
}

#[tokio::test]
async fn shared_store_has_the_path_of_its_records() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(FileStore::open(directory.path()).unwrap());
    let key = key(location());
    let shared: &dyn TokenStore = &store;
    assert_eq!(shared.path(&key), Some(store.path_of(&key)));
    let memory: &dyn TokenStore = &crate::MemoryStore::new();
    assert_eq!(memory.path(&key), None);
}

#[cfg(unix)]
#[tokio::test]
async fn link_in_the_place_of_a_record_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path().join("tokens")).unwrap();
    let key = key(location());
    let elsewhere = directory.path().join("elsewhere");
    let json = record(1).to_json(&key);
    fs::write(&elsewhere, &json).unwrap();
    std::os::unix::fs::symlink(&elsewhere, store.path_of(&key)).unwrap();
    let loaded = store.load(&key).await.unwrap_err();
    let swapped = store
        .swap(&key, Some(1), Some(record(2)))
        .await
        .unwrap_err();
    for error in [loaded, swapped] {
        assert_eq!(error.kind(), StoreErrorKind::Unsafe);
        assert_contains(&error, "a symbolic link");
    }
    assert_eq!(fs::read(&elsewhere).unwrap(), *json);
}

#[cfg(unix)]
#[tokio::test]
async fn lease_whose_holder_cannot_be_checked_is_not_taken() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let key = key(location());
    let _lease = store.lease(&key, DAY).await.unwrap().unwrap();
    let locked = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|it| it == "held"))
        .unwrap();
    fs::remove_file(&locked).unwrap();
    std::os::unix::fs::symlink("elsewhere", &locked).unwrap();
    let error = store.lease(&key, DAY).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsafe);
    assert_contains(&error, "the holder of the lease cannot be checked");
    assert!(error.path().unwrap().ends_with(locked.file_name().unwrap()));
}
