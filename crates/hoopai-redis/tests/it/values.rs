//! Values that are changed by compare-and-swap.

use std::time::Duration;

use hoopai_redis::RedisValues;
use hoopai_test_support::RedisServer;

const KEEP: Duration = Duration::from_secs(60);

/// Adds one to a number in text form, and returns the time of the server as well.
fn increment(old: &[u8], now: Duration) -> (Vec<u8>, (u64, Duration)) {
    let old = std::str::from_utf8(old).unwrap().parse().unwrap_or(0_u64);
    ((old + 1).to_string().into_bytes(), (old + 1, now))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_concurrent_change_is_lost() {
    let Some(server) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let values = RedisValues::connect(&server.url())
            .unwrap()
            .timeout(Duration::from_secs(60));
        tasks.spawn(async move {
            let mut last = Duration::ZERO;
            for _ in 0..20 {
                let (_, now) = values.change("n", KEEP, increment).await.unwrap();
                assert!(now >= last);
                last = now;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let values = RedisValues::connect(&server.url()).unwrap();
    assert_eq!(values.change("n", KEEP, increment).await.unwrap().0, 161);
    assert_eq!(values.change("m", KEEP, increment).await.unwrap().0, 1);
    let other = values.clone().prefix("other");
    assert_eq!(other.change("n", KEEP, increment).await.unwrap().0, 1);
    let debug = format!("{values:?}");
    assert!(!debug.contains("127.0.0.1"), "{debug}");
}

#[tokio::test]
async fn missing_server_is_an_error_without_the_password() {
    let values = RedisValues::connect("redis://:s3cret@127.0.0.1:1").unwrap();
    let error = values.change("n", KEEP, increment).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Redis") && !text.contains("s3cret"), "{text}");
    assert!(RedisValues::connect("http://s3cret").is_err());
}
