//! TLS with a real server, and with one that has none.

use hoopai_auth::TokenStore;
use hoopai_postgres::PostgresStore;
use hoopai_postgres::deadpool_postgres::{Config, Runtime};
use hoopai_postgres::tokio_postgres::NoTls;
use hoopai_test_support::shared_stores::{certificate_of_localhost, key, tls_is_verified};
use hoopai_test_support::{PostgresServer, server_without_tls};

#[tokio::test]
async fn only_a_trusted_server_of_the_host_is_used() {
    let certificate = certificate_of_localhost();
    let Some(server) = PostgresServer::start_with_tls(&certificate) else {
        return;
    };
    let port = server.port();
    let url = |host: &str, mode: &str| format!("postgres://postgres@{host}:{port}/postgres{mode}");
    let required = url("localhost", "?sslmode=require");
    let pem = certificate.certificate.as_bytes();
    let store = PostgresStore::connect_with_root_certificates(&required, pem).unwrap();
    store.migrate().await.unwrap();
    for mode in ["?sslmode=require", "?sslmode=verify-full"] {
        tls_is_verified(&certificate, |host, trusted| match trusted {
            None => PostgresStore::connect(&url(host, mode)),
            Some(pem) => {
                let url = url(host, mode);
                PostgresStore::connect_with_root_certificates(&url, pem.as_bytes())
            }
        })
        .await;
    }

    // This server demands TLS, and connections within a machine have it on demand only.
    for plain in ["", "?sslmode=prefer", "?sslmode=disable"] {
        let store = PostgresStore::connect(&url("localhost", plain)).unwrap();
        let text = store.load(&key()).await.unwrap_err().to_string();
        assert!(text.contains("demands TLS"), "{text}");
    }
    let mut config = Config::new();
    config.url = Some(url("localhost", "?sslmode=disable"));
    let pool = config.create_pool(Some(Runtime::Tokio1), NoTls).unwrap();
    let own_pool = PostgresStore::with_pool(pool);
    assert!(own_pool.load(&key()).await.is_err());
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_tls() {
    // A request for TLS, code 80877103, is answered by N.
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let (port, received) = server_without_tls(b"N").await;
    let url = format!("postgres://user:s3cret@localhost:{port}/db?sslmode=require");
    let store = PostgresStore::connect(&url).unwrap();
    let text = store.load(&key()).await.unwrap_err().to_string();
    assert!(text.contains("does not support TLS"), "{text}");
    assert!(text.contains("sslmode=disable"), "{text}");
    assert_eq!(received.await.unwrap(), REQUEST);
}
