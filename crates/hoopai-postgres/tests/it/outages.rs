//! A server that crashes, hangs and comes back.

use std::time::{Duration, Instant};

use hoopai_auth::{Swap, TokenStore};
use hoopai_postgres::PostgresStore;
use hoopai_test_support::PostgresServer;
use tokio::net::TcpListener;

use crate::store::{key, record};

/// The longest time for which tests wait.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn committed_records_survive_a_crash_of_the_server() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::connect(&server.url()).unwrap();
    store.migrate().await.unwrap();
    let mut revision = 0;
    for _ in 0..3 {
        let expected = (revision > 0).then_some(revision);
        let swap = store
            .swap(&key(), expected, Some(record(revision + 1)))
            .await;
        assert_eq!(swap.unwrap(), Swap::Done);
        revision += 1;
        server.kill();
        assert!(store.load(&key()).await.is_err());
        server.restart();
        // Connections to the old server are replaced.
        let stored = store.load(&key()).await.unwrap().unwrap();
        assert_eq!(stored.revision, revision);
    }
    // The lease of a process that died ends by itself; this one was given before the crash.
    let lease = store.lease(&key(), Duration::from_secs(600)).await.unwrap();
    server.restart();
    assert!(store.lease(&key(), PATIENCE).await.unwrap().is_none());
    lease.expect("a lease").release().await;
    assert!(store.lease(&key(), PATIENCE).await.unwrap().is_some());
}

/// A dropped lease is released in the background.
#[tokio::test]
async fn a_dropped_lease_is_released() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::connect(&server.url()).unwrap();
    store.migrate().await.unwrap();
    let hour = Duration::from_secs(3600);
    drop(store.lease(&key(), hour).await.unwrap().expect("a lease"));
    let started = Instant::now();
    loop {
        if store.lease(&key(), hour).await.unwrap().is_some() {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "the lease is not released");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
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
    let url = format!("postgres://u@127.0.0.1:{port}/db?sslmode=disable");
    let store = PostgresStore::connect(&url).unwrap();
    let store = store.timeout(Duration::from_millis(200));
    let load = tokio::time::timeout(PATIENCE, store.load(&key())).await;
    let error = load.expect("it ends").unwrap_err().to_string();
    assert!(
        error.contains("did not answer") || error.contains("in time"),
        "{error}"
    );
    silent.abort();
}
