//! TLS with a real server, and with one that has none.

use std::time::Duration;

use hoopai_auth::TokenStore;
use hoopai_redis::RedisStore;
use hoopai_test_support::shared_stores::{certificate_of_localhost, key, tls_is_verified};
use hoopai_test_support::{RedisServer, server_without_tls};

#[tokio::test]
async fn only_a_trusted_server_of_the_host_is_used() {
    let certificate = certificate_of_localhost();
    let Some(server) = RedisServer::start_with_tls(&certificate) else {
        return;
    };
    let port = server.port();
    tls_is_verified(&certificate, |host, trusted| {
        let url = format!("rediss://{host}:{port}");
        match trusted {
            None => RedisStore::connect(&url),
            Some(pem) => RedisStore::connect_with_root_certificates(&url, pem.as_bytes()),
        }
    })
    .await;

    // This server accepts TLS only.
    let plain = RedisStore::connect(&format!("redis://localhost:{port}")).unwrap();
    let plain = plain.timeout(Duration::from_secs(2));
    let text = plain.load(&key()).await.unwrap_err().to_string();
    assert!(text.contains("rediss://"), "{text}");
}

#[test]
fn certificates_are_always_verified() {
    let error = RedisStore::connect("rediss://:s3cret@localhost/#insecure").unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("accepts any certificate"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let pem = certificate_of_localhost().certificate;
    let plain = RedisStore::connect_with_root_certificates("redis://localhost", pem.as_bytes());
    let text = plain.unwrap_err().to_string();
    assert!(text.contains("has no TLS"), "{text}");
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_tls() {
    let (port, received) = server_without_tls(b"-ERR unknown command\r\n").await;
    let url = format!("rediss://user:s3cret@localhost:{port}");
    let store = RedisStore::connect(&url).unwrap();
    let text = store.load(&key()).await.unwrap_err().to_string();
    assert!(text.contains("TLS"), "{text}");
    let received = received.await.unwrap();
    // A handshake record.
    assert_eq!(received[0], 22);
    assert!(!received.windows(6).any(|part| part == b"s3cret"));
}

/// A part of such a password would be taken for the port of another host.
#[test]
fn password_that_is_not_percent_encoded_is_an_error() {
    for scheme in ["redis", "rediss"] {
        for password in ["12#s3cret", "12?s3cret", "12/s3cret", "#s3cret", "s3cret/"] {
            let error = RedisStore::connect(&format!("{scheme}://user:{password}@localhost/0"));
            let error = error.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains("percent-encoded"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
        let encoded = format!("{scheme}://user:12%23s3cret%40@localhost/0");
        assert!(RedisStore::connect(&encoded).is_ok());
    }
}
