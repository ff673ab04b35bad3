//! The replay guard.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hoopai_auth::{Swap, TokenStore};
use hoopai_postgres::tokio_postgres::Client;
use hoopai_postgres::{PostgresReplayGuard, PostgresStore};
use hoopai_test_support::PostgresServer;
use hoopai_webhooks::conformance::ReplayGuardChecks;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeliveryKey, Receiver, Rejection, ReplayError, ReplayGuard, ReservationId, ReserveOutcome,
};
use tokio::net::TcpListener;

use crate::store::{key, record, sql};

/// The longest time for which tests wait.
const PATIENCE: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn delivery(number: u32) -> DeliveryKey {
    DeliveryKey::of_webhook("app", &number.to_string())
}

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

async fn reserve_new(guard: &PostgresReplayGuard, key: &DeliveryKey) -> ReservationId {
    match guard.reserve(key).await.unwrap() {
        ReserveOutcome::New(id) => id,
        other => panic!("{other:?}"),
    }
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
    let short = Duration::from_millis(20);
    let guard = connect(&server).reservation_time(short).window(short);
    guard.migrate().await.unwrap();
    let started = Instant::now();
    let next = async || loop {
        if let ReserveOutcome::New(id) = guard.reserve(&delivery(1)).await.unwrap() {
            return id;
        }
        assert!(started.elapsed() < PATIENCE, "the entry does not expire");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    next().await;
    let id = next().await;
    guard.commit(&delivery(1), id).await.unwrap();
    next().await;
    // The longest times.
    let guard = guard.reservation_time(Duration::MAX).window(Duration::MAX);
    let id = reserve_new(&guard, &delivery(2)).await;
    guard.commit(&delivery(2), id).await.unwrap();
    let outcome = guard.reserve(&delivery(2)).await.unwrap();
    assert_eq!(outcome, ReserveOutcome::Duplicate);
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
    let (guard, other) = (connect(&server), connect(&server));
    guard.migrate().await.unwrap();
    let id = reserve_new(&guard, &delivery(1)).await;
    server.kill();
    guard.commit(&delivery(1), id).await.unwrap_err();
    other.reserve(&delivery(1)).await.unwrap_err();
    server.restart();
    let outcome = other.reserve(&delivery(1)).await.unwrap();
    assert_eq!(outcome, ReserveOutcome::Pending);
    guard.commit(&delivery(1), id).await.unwrap();
    server.restart();
    for guard in [&guard, &other] {
        let outcome = guard.reserve(&delivery(1)).await.unwrap();
        assert_eq!(outcome, ReserveOutcome::Duplicate);
    }
}

/// Sends a delivery to a receiver with this guard, and returns why it is rejected.
async fn rejection(guard: PostgresReplayGuard) -> Rejection {
    let body = r#"{"type":"UnknownThing","appId":"app1","webhookId":"w1"}"#;
    let mut request = http::Request::post("/").body(body.to_owned()).unwrap();
    *request.headers_mut() = Signer::new().sign(body.as_bytes());
    let receiver = Receiver::new(Signer::new().verifier().build()).replay_guard(guard);
    let (parts, body) = request.into_parts();
    let received = tokio::time::timeout(PATIENCE, receiver.receive(&parts, body)).await;
    received.expect("it ends").unwrap_err()
}

#[tokio::test]
async fn deliveries_are_answered_503_without_the_database() {
    // A server that accepts connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    for (port, limit, problem) in [
        (port, Duration::from_millis(200), "did not answer"),
        (1, PATIENCE / 2, "connection to the database"),
    ] {
        let url = format!("postgres://user:s3cret@127.0.0.1:{port}/db?sslmode=disable");
        let guard = PostgresReplayGuard::connect(&url).unwrap();
        assert!(!format!("{guard:?}").contains("s3cret"));
        let rejection = rejection(guard.timeout(limit)).await;
        assert_eq!(rejection.status(), 503);
        let Rejection::ReplayGuard(error @ ReplayError::Store(_)) = rejection else {
            panic!("{rejection:?}");
        };
        let text = error.to_string();
        assert!(text.contains(problem), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    silent.abort();
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
