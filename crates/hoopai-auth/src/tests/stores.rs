//! What every store promises.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::{Clock, ManualClock};

use super::platform::Platform;
use super::rig::{DAY, MINUTE, key, location};
use crate::{
    AccountId, FileStore, Fingerprint, MemoryStore, Pending, Record, StoreErrorKind, Swap,
    TokenKey, TokenStore, UnreadReply,
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
    Record::new(
        Platform::default().installed(location(), DAY, DAY, now),
        revision,
    )
}

#[tokio::test]
async fn one_of_two_writers_gets_through() {
    let (_directory, stores) = stores(&ManualClock::new());
    for store in stores {
        let key = key(location());
        let swap = async |expected, new: Option<u64>| {
            let swapped = store.swap(&key, expected, new.map(record)).await;
            swapped.unwrap()
        };
        let revision = async || {
            let stored = store.load(&key).await.unwrap();
            stored.map(|record| record.revision)
        };
        assert_eq!(revision().await, None);
        assert_eq!(swap(Some(1), Some(2)).await, Swap::Conflict);
        assert_eq!(swap(None, Some(1)).await, Swap::Done);
        assert_eq!(swap(None, Some(9)).await, Swap::Conflict);
        assert_eq!(swap(Some(1), Some(2)).await, Swap::Done);
        assert_eq!(swap(Some(1), Some(2)).await, Swap::Conflict);
        assert_eq!(swap(Some(1), None).await, Swap::Conflict);
        assert_eq!(revision().await, Some(2));
        assert_eq!(swap(Some(2), None).await, Swap::Done);
        assert_eq!(revision().await, None);
        assert_eq!(swap(None, None).await, Swap::Done);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_one_gets_through_each_time() {
    let (_directory, stores) = stores(&ManualClock::new());
    for store in stores {
        let key = key(location());
        store.swap(&key, None, Some(record(0))).await.unwrap();
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let (store, key) = (store.clone(), key.clone());
                tokio::spawn(async move {
                    let mut done = 0;
                    for _ in 0..20 {
                        let last = store.load(&key).await.unwrap().unwrap().revision;
                        let swapped = store.swap(&key, Some(last), Some(record(last + 1))).await;
                        done += u64::from(swapped.unwrap() == Swap::Done);
                    }
                    done
                })
            })
            .collect();
        let mut done = 0;
        for writer in writers {
            done += writer.await.unwrap();
        }
        assert!(done >= 20);
        assert_eq!(store.load(&key).await.unwrap().unwrap().revision, done);
    }
}

#[tokio::test]
async fn a_record_is_stored_whole() {
    let (_directory, stores) = stores(&ManualClock::new());
    for store in stores {
        let key = key(location());
        let mut record = record(7);
        record.pending = Some(Pending {
            since: record.tokens.obtained_at,
            fingerprint: Fingerprint::of(record.tokens.refresh_token().unwrap()),
            attempt: 3,
            answered: true,
        });
        let reply = b"{\"refresh\": \xfc\x01\"";
        let spent = record.tokens.refresh_token().cloned();
        for spent in [None, spent] {
            UnreadReply::new(reply, record.tokens.expires_at, spent).add_to(&mut record.unread);
        }
        record.dead = Some(record.tokens.expires_at);
        store.swap(&key, None, Some(record.clone())).await.unwrap();
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.to_json(&key), record.to_json(&key));
        assert_eq!(
            stored.pending.unwrap().fingerprint,
            record.refresh_fingerprint().unwrap()
        );
    }
}

#[tokio::test]
async fn keys_do_not_mix() {
    let (_directory, stores) = stores(&ManualClock::new());
    for store in stores {
        let keys = [
            key(AccountId::location("a")),
            key(AccountId::location("A")),
            key(AccountId::company("a")),
            key(AccountId::location("../a")),
            key(AccountId::location("")),
            TokenKey::new("other", AccountId::location("a")),
        ];
        for (n, key) in (1..).zip(&keys) {
            let swapped = store.swap(key, None, Some(record(n))).await;
            assert_eq!(swapped.unwrap(), Swap::Done);
        }
        for (n, key) in (1..).zip(&keys) {
            assert_eq!(store.load(key).await.unwrap().unwrap().revision, n);
        }
    }
}

#[tokio::test]
async fn there_is_one_lease_for_a_key() {
    let (_directory, stores) = stores(&ManualClock::new());
    for store in stores {
        let (key, other) = (key(location()), key(AccountId::location("other")));
        let lease = async |key| store.lease(key, MINUTE).await.unwrap();
        let first = lease(&key).await.unwrap();
        assert!(lease(&key).await.is_none());
        assert!(lease(&other).await.is_some());
        first.release().await;
        // Dropping gives it back too.
        drop(lease(&key).await.unwrap());
        assert!(lease(&key).await.is_some());
    }
}

#[tokio::test]
async fn a_lease_in_memory_ends_by_its_time() {
    let clock = ManualClock::new();
    let store = MemoryStore::with_clock(Arc::new(clock.clone()));
    let key = key(location());
    let lease = async || store.lease(&key, MINUTE).await.unwrap();
    let hung = lease().await.unwrap();
    clock.advance(MINUTE - Duration::from_secs(1));
    assert!(lease().await.is_none());
    clock.advance(Duration::from_secs(2));
    let taken_over = lease().await.unwrap();
    // A late release takes nothing away from the new holder.
    hung.release().await;
    assert!(lease().await.is_none());
    taken_over.release().await;
    assert!(lease().await.is_some());
}

#[tokio::test]
async fn a_lease_in_files_lasts_while_its_holder_has_the_lock() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let key = key(location());
    // Its time is over at once, by any clock.
    let held = store.lease(&key, Duration::ZERO).await.unwrap().unwrap();
    for _ in 0..3 {
        assert!(store.lease(&key, DAY).await.unwrap().is_none());
    }
    held.release().await;
    assert!(store.lease(&key, DAY).await.unwrap().is_some());
}

#[test]
fn json_of_another_key_or_a_newer_form_is_refused() {
    let own = key(location());
    let json = record(1).to_json(&own);
    let text = String::from_utf8(json.to_vec()).unwrap();
    let fault = |text: &str, key: &TokenKey| Record::from_json(text.as_bytes(), key).unwrap_err();
    assert!(Record::from_json(&json, &own).is_ok());
    for other in [
        key(AccountId::company(location().id())),
        key(AccountId::location("x")),
        TokenKey::new("x", location()),
    ] {
        assert_eq!(fault(&text, &other).fault(), StoreErrorKind::Corrupt);
    }
    let newer = text.replacen("\"format\": 1", "\"format\": 2", 1);
    assert_ne!(newer, text);
    assert!(fault(&newer, &own).to_string().contains("newer version"));
    for cut in 0..text.trim_end().len() {
        assert_eq!(fault(&text[..cut], &own).fault(), StoreErrorKind::Corrupt);
    }
}
