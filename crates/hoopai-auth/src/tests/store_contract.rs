//! The JSON form of a record, and what `crate::conformance` does not check of leases.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::{Clock, ManualClock};

use super::fake_platform::FakePlatform;
use super::harness::{DAY, MINUTE, key, location};
use crate::{
    AccountId, FileStore, MemoryStore, Record, StoreErrorKind, TokenKey, TokenSet, TokenStore,
};

fn stores(clock: &ManualClock) -> (tempfile::TempDir, [Arc<dyn TokenStore>; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let files = FileStore::open(directory.path()).unwrap();
    (
        directory,
        [Arc::new(MemoryStore::with_clock(clock)), Arc::new(files)],
    )
}

fn record(revision: u64) -> Record {
    let now = std::time::SystemTime::UNIX_EPOCH + DAY * 20_000;
    let tokens = FakePlatform::default().issue_tokens(location(), DAY, DAY, now);
    Record::new(tokens, revision)
}

#[tokio::test]
async fn record_roundtrips() {
    let (_directory, stores) = stores(&ManualClock::new());
    let (key, record) = stored_record();
    for store in stores {
        store.swap(&key, None, Some(record.clone())).await.unwrap();
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.to_json(&key), record.to_json(&key));
    }
}

#[tokio::test]
async fn lease_is_exclusive_per_key() {
    let (_directory, stores) = stores(&ManualClock::new());
    for store in stores {
        let (key, other) = (key(location()), key(AccountId::location("other")));
        let lease = async |key| store.lease(key, MINUTE).await.unwrap();
        let first = lease(&key).await.unwrap();
        assert!(lease(&key).await.is_none());
        assert!(lease(&other).await.is_some());
        first.release().await;
        // Dropping releases it too.
        drop(lease(&key).await.unwrap());
        assert!(lease(&key).await.is_some());
    }
}

#[tokio::test]
async fn file_lease_lasts_while_locked() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let key = key(location());
    // It would expire at once by any clock.
    let lease = store.lease(&key, Duration::ZERO).await.unwrap().unwrap();
    for _ in 0..3 {
        assert!(store.lease(&key, DAY).await.unwrap().is_none());
    }
    lease.release().await;
    assert!(store.lease(&key, DAY).await.unwrap().is_some());
}

/// A record as an earlier version wrote it, with a field that this version does not have.
const STORED: &str = r#"{
  "format": 1,
  "client_id": "app",
  "account": {
  "kind": "Location",
  "id": "loc"
},
  "revision": 1700000000007,
  "access_token": "access-\u0001\"é",
  "refresh_token": "refresh",
  "obtained_at": 1700000000001,
  "expires_at": 1700086399001,
  "scopes": ["a.readonly","b.write"],
  "user_type": "Location",
  "company_id": "com",
  "location_id": "loc",
  "user_id": "user",
  "approved_locations": [],
  "added_later": {"a": [1]},
  "pending": {
  "since": 1700000000002,
  "fingerprint": "00112233445566778899aabbccddeeff",
  "attempt": 2,
  "answered": 1
},
  "dead_since": 1700000000003,
  "unread_replies": [{
  "received_at": 1700000000004,
  "text": "<html>",
  "refresh_token": "spent"
},{
  "received_at": 1700000000005,
  "text": ""
}]
}
"#;

fn stored_record() -> (TokenKey, Record) {
    let key = TokenKey::new("app", AccountId::location("loc"));
    let record = Record::from_json(STORED.as_bytes(), &key).unwrap();
    (key, record)
}

#[test]
fn json_of_an_earlier_version_is_read_and_written_again() {
    let (key, record) = stored_record();
    let json: serde_json::Value = serde_json::from_slice(&record.to_json(&key)).unwrap();
    let mut expected: serde_json::Value = serde_json::from_str(STORED).unwrap();
    expected.as_object_mut().unwrap().remove("added_later");
    assert_eq!(json, expected);
    // Values that are missing are not written as `null`.
    let tokens = TokenSet::new("a", None, std::time::SystemTime::UNIX_EPOCH);
    let json = Record::new(tokens, 1).to_json(&key);
    assert!(!String::from_utf8_lossy(&json).contains("null"));
    assert_eq!(json.len(), json.capacity(), "the buffer never grows");
}

#[test]
fn damaged_field_is_named() {
    let (key, _) = stored_record();
    for (from, to, name) in [
        (r#": "refresh""#, ": 5", "refresh_token"),
        ("access_token", "other", "access_token"),
        (": 1700000000007", ": -17", "revision"),
        ("attempt\": 2", "attempt\": 4294967296", "attempt"),
        ("pending\": {", "pending\": 1, \"x\": {", "pending"),
        ("account\": {", "account\": [], \"x\": {", "account"),
        ("\"<html>\"", "null", "text"),
        ("[{", "[1, {", "unread_replies"),
        ("[\"a.readonly\"", "[1", "scopes"),
    ] {
        let damaged = STORED.replacen(from, to, 1);
        assert_ne!(damaged, STORED);
        let error = Record::from_json(damaged.as_bytes(), &key).unwrap_err();
        let message =
            format!("the stored tokens are damaged: `{name}` is missing or no longer what it was");
        assert!(error.to_string().starts_with(&message), "{error}");
    }
    let error = Record::from_json(b"{\n\"format\": 1,,", &key).unwrap_err();
    let message = "the stored tokens are damaged at line 2, column 13";
    assert!(error.to_string().starts_with(message), "{error}");
    let error = Record::from_json(b"{\xff", &key).unwrap_err();
    let message = "the stored tokens are damaged at byte 1";
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn json_of_another_key_or_newer_format_is_rejected() {
    let own = key(location());
    let json = record(1).to_json(&own);
    let text = String::from_utf8(json.to_vec()).unwrap();
    let error = |text: &str, key: &TokenKey| Record::from_json(text.as_bytes(), key).unwrap_err();
    assert!(Record::from_json(&json, &own).is_ok());
    for other in [
        key(AccountId::company(location().id())),
        key(AccountId::location("x")),
        TokenKey::new("x", location()),
    ] {
        assert_eq!(error(&text, &other).kind(), StoreErrorKind::Corrupt);
    }
    let newer = text.replacen("\"format\": 1", "\"format\": 2", 1);
    assert_ne!(newer, text);
    assert!(error(&newer, &own).to_string().contains("newer version"));
    for cut in 0..text.trim_end().len() {
        assert_eq!(error(&text[..cut], &own).kind(), StoreErrorKind::Corrupt);
    }
}
