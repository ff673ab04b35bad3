//! Stores on a server, with one that is in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;
use tokio::time::Instant;

use super::harness::{key, location};
use crate::conformance::TokenStoreChecks;
use crate::util::sync::lock;
use crate::{
    EncryptionKeys, LeaseCommands, Record, SharedStore, StoreError, StoreServer, Swap, TokenKey,
    TokenSet, TokenStore,
};

#[derive(Default)]
struct Data {
    records: HashMap<TokenKey, (u64, Vec<u8>)>,
    leases: HashMap<TokenKey, (String, Instant)>,
}

#[derive(Clone, Default)]
struct MemoryServer {
    data: Arc<Mutex<Data>>,
    timeout: Duration,
    is_silent: bool,
}

impl MemoryServer {
    fn answer<'a, T: Send + 'a>(
        &'a self,
        work: impl FnOnce(&mut Data) -> T + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async {
            if self.is_silent {
                std::future::pending::<()>().await;
            }
            Ok(work(&mut lock(&self.data)))
        })
    }
}

impl StoreServer for MemoryServer {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.answer(|data| data.records.get(key).map(|(_, record)| record.clone()))
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<(u64, Vec<u8>)>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        self.answer(move |data| {
            let stored = data.records.get(key).map(|(revision, _)| *revision);
            if stored != expected {
                return Swap::Conflict;
            }
            match new {
                Some(new) => data.records.insert(key.clone(), new),
                None => data.records.remove(key),
            };
            Swap::Done
        })
    }

    fn keys<'a>(&'a self, app: &'a str) -> BoxFuture<'a, Result<Vec<TokenKey>, StoreError>> {
        self.answer(move |data| {
            let keys = data.records.keys().filter(|key| key.app == app);
            keys.cloned().collect()
        })
    }

    fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    fn overdue(&self, timeout: Duration) -> StoreError {
        StoreError::new(format!("no answer within {timeout:?}"), "wait")
    }
}

impl LeaseCommands for MemoryServer {
    fn take<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.answer(move |data| {
            let now = Instant::now();
            let is_taken = data.leases.get(key).is_some_and(|(_, end)| *end > now);
            if !is_taken {
                let lease = (holder.to_owned(), now + time);
                data.leases.insert(key.clone(), lease);
            }
            !is_taken
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.answer(move |data| match data.leases.get_mut(key) {
            Some((current, end)) if current == holder => {
                *end = Instant::now() + time;
                true
            }
            _ => false,
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer(move |data| {
            if data
                .leases
                .get(key)
                .is_some_and(|(current, _)| current == holder)
            {
                data.leases.remove(key);
            }
        })
    }
}

fn record() -> Record {
    let expires = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    Record::new(
        TokenSet::new("access-1", Some("refresh-1".into()), expires),
        1,
    )
}

#[tokio::test(start_paused = true)]
async fn store_of_a_server_conforms() {
    let store = SharedStore::new(MemoryServer::default());
    for store in [store.clone(), store.encrypted(EncryptionKeys::new([7; 32]))] {
        let checks = TokenStoreChecks::new(store.clone(), store);
        checks.run().await.unwrap();
    }
}

#[tokio::test]
async fn keys_encrypt_what_the_server_receives() {
    let server = MemoryServer::default();
    let plain = SharedStore::new(server.clone());
    let store = plain.clone().encrypted(EncryptionKeys::new([7; 32]));
    assert!(plain.encryption_keys().is_none() && store.encryption_keys().is_some());
    let key = key(location());
    store.swap(&key, None, Some(record())).await.unwrap();
    let stored = lock(&server.data).records[&key].1.clone();
    assert!(!stored.windows(7).any(|part| part == b"access-"));
    plain.load(&key).await.unwrap_err();
    let loaded = store.load(&key).await.unwrap().unwrap();
    assert_eq!(loaded.to_json(&key), record().to_json(&key));
}

#[tokio::test(start_paused = true)]
async fn every_operation_of_a_silent_server_ends() {
    let store = SharedStore::new(MemoryServer::default());
    let silent = store.clone().change(|server| server.is_silent = true);
    let key = key(location());
    // The change is not one of the clone.
    assert!(store.load(&key).await.unwrap().is_none());
    for (store, limit) in [
        (silent.clone(), Duration::from_secs(10)),
        (
            silent.timeout(Duration::from_secs(3)),
            Duration::from_secs(3),
        ),
    ] {
        assert_eq!(store.server().timeout, limit);
        let started = Instant::now();
        for error in [
            store.load(&key).await.unwrap_err(),
            store.swap(&key, None, Some(record())).await.unwrap_err(),
            TokenStore::keys(&store, "app").await.unwrap_err(),
            store.lease(&key, limit).await.unwrap_err(),
        ] {
            assert!(error.to_string().contains(&format!("{limit:?}")), "{error}");
        }
        assert_eq!(started.elapsed(), limit * 4);
    }
}
