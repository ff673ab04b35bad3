//! What a store promises.

use std::time::{Duration, Instant, SystemTime};

use hoopai_auth::conformance::TokenStoreChecks;
use hoopai_auth::{
    AccountId, EncryptionKeys, Record, StoreErrorKind, Swap, TokenKey, TokenSet, TokenStore,
};
use hoopai_redis::RedisStore;
use hoopai_test_support::RedisServer;
use tokio::net::TcpListener;

/// The longest time for which tests wait.
const PATIENCE: Duration = Duration::from_secs(20);

fn record(revision: u64) -> Record {
    let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    let access = format!("access-{revision}");
    let refresh = Some(format!("refresh-{revision}").into());
    Record::new(TokenSet::new(access, refresh, expires), revision)
}

fn key() -> TokenKey {
    TokenKey::new("app", AccountId::location("loc"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let open = || RedisStore::connect(&server.url()).unwrap();
    TokenStoreChecks::new(open(), open()).run().await.unwrap();
    let keys = EncryptionKeys::new([7; 32]);
    let open = || open().encrypted(keys.clone()).prefix("own");
    TokenStoreChecks::new(open(), open()).run().await.unwrap();
    open().check_durability().await.unwrap();
}

#[tokio::test]
async fn encrypted_entries_hold_no_token() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let plain = RedisStore::connect(&server.url()).unwrap();
    plain.swap(&key(), None, Some(record(1))).await.unwrap();
    let keys = EncryptionKeys::new([7; 32]);
    let strict = plain.clone().encrypted(keys.clone());
    let error = strict.load(&key()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    let store = plain.encrypted(keys.accept_plaintext());
    let swap = store.swap(&key(), Some(1), Some(record(2))).await.unwrap();
    assert_eq!(swap, Swap::Done);
    let client = hoopai_redis::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let name = "hoopai:tokens:3:app:Location:loc";
    let stored: Vec<u8> = hoopai_redis::redis::cmd("HGET")
        .arg(name)
        .arg("record")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert!(!stored.is_empty());
    for hidden in ["access-2", "refresh-2", "client_id"] {
        let hidden = hidden.as_bytes();
        assert!(!stored.windows(hidden.len()).any(|part| part == hidden));
    }
    assert_eq!(strict.load(&key()).await.unwrap().unwrap().revision, 2);
}

#[tokio::test]
async fn acknowledged_records_survive_a_crash_of_the_server() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let store = RedisStore::connect(&server.url()).unwrap();
    for revision in 1..=3 {
        let expected = (revision > 1).then_some(revision - 1);
        let swap = store.swap(&key(), expected, Some(record(revision))).await;
        assert_eq!(swap.unwrap(), Swap::Done);
        server.kill();
        assert!(store.load(&key()).await.is_err());
        server.restart();
        let started = Instant::now();
        let stored = loop {
            match store.load(&key()).await {
                Ok(stored) => break stored.expect("a record"),
                Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
            }
        };
        assert_eq!(stored.revision, revision);
    }
}

#[tokio::test]
async fn errors_say_what_to_do_and_show_no_secret() {
    let Some(server) =
        RedisServer::start_with("--requirepass s3cret --maxmemory-policy allkeys-lru")
    else {
        return;
    };
    let error = async |store: &RedisStore| store.load(&key()).await.unwrap_err().to_string();
    let wrong = server.url().replace("127", "user:s3cret-wrong@127");
    let text = error(&RedisStore::connect(&wrong).unwrap()).await;
    assert!(text.contains("rejected the user or the password"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");

    let url = server.url().replace("127", ":s3cret@127");
    let store = RedisStore::connect(&url).unwrap();
    assert!(store.load(&key()).await.unwrap().is_none());
    let unsafe_settings = store.check_durability().await.unwrap_err();
    assert_eq!(unsafe_settings.kind(), StoreErrorKind::Unsafe);
    let text = unsafe_settings.to_string();
    for part in [
        "appendonly is no",
        "appendfsync is everysec",
        "allkeys-lru",
        "noeviction",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let replicated = store
        .clone()
        .wait_for_replicas(1)
        .timeout(Duration::from_millis(300));
    let text = replicated
        .swap(&key(), None, Some(record(1)))
        .await
        .unwrap_err();
    assert!(
        text.to_string().contains("0 replicas instead of 1"),
        "{text}"
    );

    let closed = RedisStore::connect("redis://:s3cret@127.0.0.1:1").unwrap();
    let text = error(&closed).await;
    assert!(text.contains("connection to Redis failed"), "{text}");
    for wrong in ["http://s3cret", "s3cret", "redis://[s3cret"] {
        let error = RedisStore::connect(wrong).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("URL of Redis") && !text.contains("s3cret"),
            "{text}"
        );
    }
    assert!(!format!("{closed:?}").contains("s3cret"));
}

/// A server that accepts connections and never answers.
#[tokio::test]
async fn a_silent_server_is_an_error_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    let store = RedisStore::connect(&format!("redis://127.0.0.1:{port}")).unwrap();
    let store = store.timeout(Duration::from_millis(200));
    let load = tokio::time::timeout(PATIENCE, store.load(&key())).await;
    let error = load.expect("it ends").unwrap_err().to_string();
    assert!(error.contains("did not answer"), "{error}");
    silent.abort();
}
