//! A server that crashes, hangs and comes back.

use std::time::Duration;

use hoopai_auth::TokenStore;
use hoopai_postgres::PostgresStore;
use hoopai_test_support::shared_stores::{
    PATIENCE, dropped_leases_are_released, key, records_survive_crashes, silence_is_an_error,
};
use hoopai_test_support::{PostgresServer, silent_server};

#[tokio::test]
async fn committed_records_and_leases_survive_a_crash_of_the_server() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::connect(&server.url()).unwrap();
    store.migrate().await.unwrap();
    records_survive_crashes(&store, &mut server).await;
    // The lease of a process that died ends by itself; this one was given before the crash.
    let lease = store.lease(&key(), Duration::from_secs(600)).await.unwrap();
    server.restart();
    assert!(store.lease(&key(), PATIENCE).await.unwrap().is_none());
    lease.expect("a lease").release().await;
    dropped_leases_are_released(&store).await;
}

#[tokio::test]
async fn a_silent_server_is_an_error_in_time() {
    let port = silent_server().await;
    let url = format!("postgres://u@127.0.0.1:{port}/db?sslmode=disable");
    let store = PostgresStore::connect(&url).unwrap();
    silence_is_an_error(&store.timeout(Duration::from_millis(200))).await;
}
