//! The replay guard.

use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::{Swap, TokenStore};
use hoopai_postgres::tokio_postgres::Client;
use hoopai_postgres::{PostgresReplayGuard, PostgresStore};
use hoopai_test_support::replay_guards::{
    crashes_lose_nothing, deliveries_are_answered_503, delivery, entries_expire, reserve_new,
};
use hoopai_test_support::shared_stores::{PATIENCE, key, record};
use hoopai_test_support::{PostgresServer, silent_server};
use hoopai_webhooks::conformance::ReplayGuardChecks;
use hoopai_webhooks::{ReplayGuard, ReserveOutcome};

use crate::store::sql;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn connect(server: &PostgresServer) -> PostgresReplayGuard {
    PostgresReplayGuard::connect(&server.url()).unwrap()
}

/// Moves all entries of a schema to an earlier time, instead of waiting.
async fn let_pass(client: &Client, schema: &str, time: Duration) {
    let earlier = format!(
        "UPDATE {schema}.deliveries SET expires_at = expires_at - $1 * interval '1 second'"
    );
    client
        .execute(&earlier, &[&time.as_secs_f64()])
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let client = Arc::new(sql(&server).await);
    let check = async |schema: &'static str, guards: [PostgresReplayGuard; 2], times| {
        let [first, second] = guards;
        let (a, b) = tokio::join!(first.migrate(), second.migrate());
        a.and(b).unwrap();
        let (reservation_time, window) = times;
        let passing = Arc::clone(&client);
        let checks = ReplayGuardChecks::new(first, second, reservation_time, window);
        let checks = checks.wait_by(move |time| {
            let client = Arc::clone(&passing);
            async move { let_pass(&client, schema, time).await }
        });
        checks.run().await.unwrap();
        // What remains are reservations that have expired.
        let_pass(&client, schema, reservation_time).await;
        let left = format!("SELECT count(*) FROM {schema}.deliveries WHERE expires_at > now()");
        let row = client.query_one(&left, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 0);
    };
    let open = || connect(&server);
    check("hoopai", [open(), open()], (15 * MINUTE, 72 * HOUR)).await;
    // Other settings, and a schema whose name must be quoted.
    let open = || {
        let guard = connect(&server).schema("own \"entries\"");
        guard.reservation_time(MINUTE).window(HOUR)
    };
    let schema = "\"own \"\"entries\"\"\"";
    check(schema, [open(), open()], (MINUTE, HOUR)).await;
}

#[tokio::test]
async fn entries_expire_by_the_clock_of_the_server() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    connect(&server).migrate().await.unwrap();
    entries_expire(|time| connect(&server).reservation_time(time).window(time)).await;
}

#[tokio::test]
async fn new_reservations_remove_expired_entries() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let guard = connect(&server);
    guard.migrate().await.unwrap();
    for number in 0..20 {
        let id = reserve_new(&guard, &delivery(number)).await;
        guard.commit(&delivery(number), id).await.unwrap();
    }
    let client = sql(&server).await;
    let_pass(&client, "hoopai", 73 * HOUR).await;
    let mut counts = Vec::new();
    for number in 100..104 {
        reserve_new(&guard, &delivery(number)).await;
        let count = "SELECT count(*) FROM hoopai.deliveries";
        let row = client.query_one(count, &[]).await.unwrap();
        counts.push(row.get::<_, i64>(0));
    }
    assert_eq!(counts, [20 - 8 + 1, 20 - 16 + 2, 3, 4]);
}

/// Callers take over expired entries that others remove at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn expired_deliveries_are_reserved_once_while_others_remove_them() {
    const DELIVERIES: u32 = 24;
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let handles = [connect(&server), connect(&server)];
    handles[0].migrate().await.unwrap();
    for number in 0..DELIVERIES {
        reserve_new(&handles[0], &delivery(number)).await;
    }
    let_pass(&sql(&server).await, "hoopai", HOUR).await;
    let caller = |index: u32| {
        let guard = handles[index as usize % 2].clone();
        tokio::spawn(async move {
            let mut reserved = Vec::new();
            // Each starts at another delivery.
            for number in (0..DELIVERIES).map(|number| (number + index) % DELIVERIES) {
                let outcome = guard.reserve(&delivery(number)).await.unwrap();
                if let ReserveOutcome::New(_) = outcome {
                    reserved.push(number);
                }
            }
            reserved
        })
    };
    let callers: Vec<_> = (0..16).map(caller).collect();
    let mut reserved = Vec::new();
    for caller in callers {
        reserved.extend(caller.await.unwrap());
    }
    reserved.sort_unstable();
    assert_eq!(reserved, Vec::from_iter(0..DELIVERIES));
}

#[tokio::test]
async fn crash_of_the_server_loses_neither_reservations_nor_commits() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let guards = [connect(&server), connect(&server)];
    guards[0].migrate().await.unwrap();
    crashes_lose_nothing(guards, &mut server).await;
}

#[tokio::test]
async fn deliveries_are_answered_503_without_the_database() {
    for (port, limit, problem) in [
        (
            silent_server().await,
            Duration::from_millis(200),
            "did not answer",
        ),
        (1, PATIENCE / 2, "connection to the database"),
    ] {
        let url = format!("postgres://user:s3cret@127.0.0.1:{port}/db?sslmode=disable");
        let guard = PostgresReplayGuard::connect(&url).unwrap();
        assert!(!format!("{guard:?}").contains("s3cret"));
        deliveries_are_answered_503(guard.timeout(limit), problem, "s3cret").await;
    }
}

/// The tables as version 1 of them was created.
const VERSION_1: &str = "
    CREATE SCHEMA hoopai;
    CREATE TABLE hoopai.version (version integer NOT NULL);
    CREATE TABLE hoopai.tokens (
        app text NOT NULL,
        account_kind text NOT NULL,
        account text NOT NULL,
        revision bigint NOT NULL,
        record bytea NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (app, account_kind, account)
    );
    CREATE TABLE hoopai.leases (
        app text NOT NULL,
        account_kind text NOT NULL,
        account text NOT NULL,
        holder text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (app, account_kind, account)
    );
    INSERT INTO hoopai.version VALUES (1);
";

#[tokio::test]
async fn tables_of_version_1_are_extended() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let client = sql(&server).await;
    client.batch_execute(VERSION_1).await.unwrap();
    let store = PostgresStore::connect(&server.url()).unwrap();
    let swap = store.swap(&key(), None, Some(record(1))).await;
    assert_eq!(swap.unwrap(), Swap::Done);

    let guard = connect(&server);
    let text = guard.reserve(&delivery(1)).await.unwrap_err().to_string();
    assert!(text.contains("older version"), "{text}");
    assert!(text.contains("migrate"), "{text}");

    // Several machines at once.
    let (a, b, c) = tokio::join!(guard.migrate(), store.migrate(), guard.migrate());
    a.and(b).and(c).unwrap();
    let versions = client
        .query("SELECT version FROM hoopai.version", &[])
        .await
        .unwrap();
    let versions: Vec<i32> = versions.iter().map(|row| row.get(0)).collect();
    assert_eq!(versions, [2]);
    reserve_new(&guard, &delivery(1)).await;
    assert_eq!(store.load(&key()).await.unwrap().unwrap().revision, 1);
    let swap = store.swap(&key(), Some(1), Some(record(2))).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    assert!(store.lease(&key(), MINUTE).await.unwrap().is_some());
}
