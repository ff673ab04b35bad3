//! Copies of all records to another store.

use super::harness::{MINUTE, key, location};
use crate::{
    AccountId, FileStore, MemoryStore, Record, StoreErrorKind, Swap, TokenKey, TokenSet,
    TokenStore, copy_records,
};

fn record(account: &str, revision: u64) -> Record {
    let expires = std::time::SystemTime::UNIX_EPOCH + MINUTE;
    let refresh = format!("refresh-{account}").into();
    let access = format!("access-{account}");
    Record::new(TokenSet::new(access, Some(refresh), expires), revision)
}

#[tokio::test]
async fn all_records_of_the_app_are_copied_once() {
    let folder = tempfile::tempdir().unwrap();
    let files = FileStore::open(folder.path().join("tokens")).unwrap();
    let keys: Vec<TokenKey> = (0..20)
        .map(|number| match number % 2 {
            0 => AccountId::location(number.to_string()),
            _ => AccountId::company(number.to_string()),
        })
        .map(|account| TokenKey::new("app", account))
        .collect();
    let mut other_app = keys[0].clone();
    other_app.app = "other".into();
    for (revision, key) in (1..).zip(keys.iter().chain([&other_app])) {
        let stored = Some(record(key.account.id(), revision));
        assert_eq!(files.swap(key, None, stored).await.unwrap(), Swap::Done);
    }
    // One that the new store has, in a newer revision, and one that it has as it is.
    let store = MemoryStore::new();
    let newer = Some(record(keys[3].account.id(), 99));
    store.swap(&keys[3], None, newer).await.unwrap();
    let same = Some(record(keys[4].account.id(), 5));
    store.swap(&keys[4], None, same).await.unwrap();

    let result = copy_records("app", &files, &store).await.unwrap();
    assert_eq!((result.copied, result.present), (18, 1));
    assert_eq!(result.different, [keys[3].clone()]);
    for (revision, key) in (1..).zip(&keys) {
        let copied = store.load(key).await.unwrap().unwrap();
        let old = files.load(key).await.unwrap().unwrap();
        assert_eq!(old.revision, revision);
        if key == &keys[3] {
            assert_eq!(copied.revision, 99);
        } else {
            assert_eq!(copied.to_json(key), old.to_json(key));
        }
    }
    assert!(store.load(&other_app).await.unwrap().is_none());

    let again = copy_records("app", &files, &store).await.unwrap();
    assert_eq!((again.copied, again.present), (0, 19));
    assert_eq!(again.different, [keys[3].clone()]);
}

#[tokio::test]
async fn a_store_in_use_is_not_copied() {
    let store = MemoryStore::new();
    let key = key(location());
    store.swap(&key, None, Some(record("a", 1))).await.unwrap();
    let lease = store.lease(&key, MINUTE).await.unwrap().unwrap();
    let target = MemoryStore::new();
    let error = copy_records(&key.app, &store, &target).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Locked);
    assert!(error.to_string().contains("stop all processes"), "{error}");
    lease.release().await;
    let result = copy_records(&key.app, &store, &target).await.unwrap();
    assert_eq!(result.copied, 1);
    // The lease of the copy is released.
    assert!(store.lease(&key, MINUTE).await.unwrap().is_some());
}
