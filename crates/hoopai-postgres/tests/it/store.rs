//! What a store promises.

use hoopai_auth::conformance::TokenStoreChecks;
use hoopai_auth::{EncryptionKeys, Swap, TokenStore};
use hoopai_postgres::PostgresStore;
use hoopai_postgres::tokio_postgres::{Client, NoTls};
use hoopai_test_support::PostgresServer;
use hoopai_test_support::shared_stores::{encrypted_records_hide_tokens, key, record};

pub(crate) async fn sql(server: &PostgresServer) -> Client {
    let (client, connection) = hoopai_postgres::tokio_postgres::connect(&server.url(), NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let open = || PostgresStore::connect(&server.url()).unwrap();
    open().migrate().await.unwrap();
    TokenStoreChecks::new(open(), open()).run().await.unwrap();

    // The same with encryption, a schema whose name must be quoted, and a pool of one connection.
    let keys = EncryptionKeys::new([7; 32]);
    let open = || open().encrypted(keys.clone()).schema("own \"tokens\"");
    let (first, second) = (open(), open());
    let (a, b, c) = tokio::join!(first.migrate(), second.migrate(), first.migrate());
    a.and(b).and(c).unwrap();
    TokenStoreChecks::new(first, second).run().await.unwrap();
}

#[tokio::test]
async fn encrypted_tables_hold_no_token() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let plain = PostgresStore::connect(&server.url()).unwrap();
    plain.migrate().await.unwrap();
    let encrypted = |keys| plain.clone().encrypted(keys);
    let stored = async || {
        let record = "SELECT record FROM hoopai.tokens";
        let row = sql(&server).await.query_one(record, &[]).await.unwrap();
        row.get(0)
    };
    encrypted_records_hide_tokens(&plain, encrypted, stored).await;
}

#[tokio::test]
async fn errors_say_what_to_do_and_show_no_secret() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::connect(&server.url()).unwrap();
    let error = async |store: &PostgresStore| store.load(&key()).await.unwrap_err().to_string();
    let text = error(&store).await;
    assert!(
        text.contains("tables are missing") && text.contains("migrate"),
        "{text}"
    );

    let client = sql(&server).await;
    client
        .batch_execute("CREATE ROLE reader LOGIN")
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let other_role = server.url().replace("postgres@", "reader:s3cret@");
    let text = error(&PostgresStore::connect(&other_role).unwrap()).await;
    assert!(
        text.contains("no access") && text.contains("grant"),
        "{text}"
    );
    let unknown = server.url().replace("/postgres?", "/unknown?");
    let text = error(&PostgresStore::connect(&unknown).unwrap()).await;
    assert!(text.contains("does not exist"), "{text}");
    let read_only = format!(
        "{}&options=-c%20default_transaction_read_only%3Don",
        server.url()
    );
    let store = PostgresStore::connect(&read_only).unwrap();
    // A store asks for a transaction that writes; a standby server refuses that.
    assert_eq!(
        store.swap(&key(), None, Some(record(1))).await.unwrap(),
        Swap::Done
    );

    let closed = "postgres://user:s3cret@127.0.0.1:1/db?sslmode=disable";
    let text = error(&PostgresStore::connect(closed).unwrap()).await;
    assert!(text.contains("connection to the database failed"), "{text}");
    for wrong in [
        "postgres://user:s3cret@host:port/db",
        "s3cret",
        "http://s3cret",
    ] {
        let error = PostgresStore::connect(wrong).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("URL of the database") && !text.contains("s3cret"),
            "{text}"
        );
    }
    let debug = format!("{:?}", PostgresStore::connect(closed).unwrap());
    assert!(!debug.contains("s3cret"), "{debug}");
}

#[tokio::test]
async fn a_newer_version_of_the_tables_is_left_alone() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::connect(&server.url()).unwrap();
    store.migrate().await.unwrap();
    let client = sql(&server).await;
    client
        .batch_execute("UPDATE hoopai.version SET version = 9")
        .await
        .unwrap();
    let error = store.migrate().await.unwrap_err().to_string();
    assert!(
        error.contains("version 9") && error.contains("newer"),
        "{error}"
    );
}
