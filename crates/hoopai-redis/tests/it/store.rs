//! What a store promises.

use std::time::Duration;

use hoopai_auth::conformance::TokenStoreChecks;
use hoopai_auth::{EncryptionKeys, StoreErrorKind, TokenStore};
use hoopai_redis::{RedisStore, redis};
use hoopai_test_support::shared_stores::{
    dropped_leases_are_released, encrypted_records_hide_tokens, key, record,
    records_survive_crashes, silence_is_an_error,
};
use hoopai_test_support::{RedisServer, silent_server};

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
    let encrypted = |keys| plain.clone().encrypted(keys);
    let stored = async || {
        let client = redis::Client::open(server.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut get = redis::cmd("HGET");
        get.arg("hoopai:tokens:3:app:Location:loc").arg("record");
        get.query_async(&mut connection).await.unwrap()
    };
    encrypted_records_hide_tokens(&plain, encrypted, stored).await;
}

#[tokio::test]
async fn acknowledged_records_survive_a_crash_of_the_server() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let store = RedisStore::connect(&server.url()).unwrap();
    records_survive_crashes(&store, &mut server).await;
    dropped_leases_are_released(&store).await;
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

#[tokio::test]
async fn a_silent_server_is_an_error_in_time() {
    let url = format!("redis://127.0.0.1:{}", silent_server().await);
    let store = RedisStore::connect(&url).unwrap();
    silence_is_an_error(&store.timeout(Duration::from_millis(200))).await;
}
