//! Token stores of environment variables.

use hoopai::auth::ConfiguredStore;
#[cfg(all(feature = "postgres", feature = "redis"))]
use hoopai::auth::TokenStore;
use hoopai::{Error, ErrorKind};

#[cfg(all(feature = "postgres", feature = "redis"))]
const KEY: &str = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";

fn open(variables: &[(&str, &str)]) -> Result<ConfiguredStore, Error> {
    ConfiguredStore::from_variables(|name| {
        let mut variables = variables.iter();
        let value = variables.find(|variable| variable.0 == name)?.1;
        Some(value.into())
    })
}

/// The error for these variables, which shows none of their secrets.
fn error_of(variables: &[(&str, &str)]) -> String {
    let error = open(variables).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = format!("{error} {error:?}");
    assert!(!text.contains("s3cret"), "{text}");
    error.to_string()
}

#[test]
fn wrong_variables_are_errors_that_say_what_to_do() {
    for (variables, problem, remedy) in [
        (&[][..], "HOOPAI_STORE is not set", "file:FOLDER"),
        (
            &[("HOOPAI_STORE", "  ")],
            "HOOPAI_STORE is not set",
            "postgres://",
        ),
        (
            &[("HOOPAI_STORE", "mysql://user:s3cret@host/db")],
            "unknown form",
            "rediss://",
        ),
        (&[("HOOPAI_STORE", "s3cret")], "unknown form", "file:FOLDER"),
        (&[("HOOPAI_STORE", "file:")], "no folder", "file:FOLDER"),
        (
            &[("HOOPAI_STORE", "file:x"), ("HOOPAI_TOKEN_KEY", "s3cret")],
            "no encryption",
            "remove HOOPAI_TOKEN_KEY",
        ),
        (
            &[
                ("HOOPAI_STORE", "postgres://user:s3cret@host/db"),
                ("HOOPAI_STORE_CA", "/no/such/file.pem"),
            ],
            "/no/such/file.pem",
            "HOOPAI_STORE_CA",
        ),
    ] {
        let text = error_of(variables);
        assert!(text.contains(problem) && text.contains(remedy), "{text}");
    }
}

#[cfg(all(feature = "postgres", feature = "redis"))]
#[test]
fn wrong_variables_of_databases_are_errors_that_say_what_to_do() {
    let postgres = ("HOOPAI_STORE", "postgres://user:s3cret@host/db");
    let key = |key| ("HOOPAI_TOKEN_KEY", key);
    for (variables, problem, remedy) in [
        (
            &[postgres][..],
            "HOOPAI_TOKEN_KEY is not set",
            "openssl rand",
        ),
        (
            &[postgres, key("s3cret")],
            "HOOPAI_TOKEN_KEY is invalid",
            "openssl rand",
        ),
        (
            &[postgres, key(KEY), ("HOOPAI_TOKEN_KEY_PREVIOUS", "s3cret")],
            "HOOPAI_TOKEN_KEY_PREVIOUS is invalid",
            "64 hexadecimal digits",
        ),
        (
            &[postgres, key("none"), ("HOOPAI_TOKEN_KEY_PREVIOUS", KEY)],
            "HOOPAI_TOKEN_KEY_PREVIOUS is set",
            "remove the previous one",
        ),
        (
            &[
                ("HOOPAI_STORE", "postgres://user:s3cret@host:port/db"),
                key(KEY),
            ],
            "HOOPAI_STORE is invalid",
            "postgres://user:password@host:port/database",
        ),
        (
            &[("HOOPAI_STORE", "redis://user:s3cret@host:port/"), key(KEY)],
            "HOOPAI_STORE is invalid",
            "redis://user:password@host:port/0",
        ),
        (
            &[
                ("HOOPAI_STORE", "rediss://:s3cret@host/#insecure"),
                key(KEY),
            ],
            "accepts any certificate",
            "HOOPAI_STORE_CA",
        ),
    ] {
        let text = error_of(variables);
        assert!(text.contains(problem) && text.contains(remedy), "{text}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let text = error_of(&[postgres, key(KEY), ("HOOPAI_STORE_CA", path)]);
    assert!(text.contains("no certificate"), "{text}");
}

/// Each store of these variables keeps a record, hides its URL, and passes the checks of stores.
#[cfg(all(feature = "postgres", feature = "redis"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_choose_the_store() {
    use hoopai::auth::conformance::TokenStoreChecks;
    use hoopai_test_support::{PostgresServer, RedisServer};

    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("tokens");
    for url in [
        format!("file:{}", files.display()),
        format!("file://{}", files.display()),
    ] {
        let store = open(&[("HOOPAI_STORE", &url)]).unwrap();
        store.prepare().await.unwrap();
        assert_eq!(format!("{store:?}"), "ConfiguredStore(files)");
        let keys = store.keys("app").await.unwrap();
        assert_eq!(keys.map(|keys| keys.len()), Some(0));
    }
    let (postgres, redis) = (PostgresServer::start(), RedisServer::start());
    let postgres = postgres.as_ref().map(PostgresServer::url);
    let redis = redis.as_ref().map(RedisServer::url);
    for url in postgres.iter().chain(&redis) {
        for key in [KEY, "none"] {
            let store = open(&[("HOOPAI_STORE", url), ("HOOPAI_TOKEN_KEY", key)]).unwrap();
            store.prepare().await.unwrap();
            assert!(!format!("{store:?}").contains("127.0.0.1"), "{store:?}");
            let checks = TokenStoreChecks::new(store.clone(), store);
            checks.run().await.unwrap();
        }
    }
    // Redis with settings that lose tokens.
    if let Some(lossy) = RedisServer::start_with("--maxmemory-policy allkeys-lru") {
        let url = lossy.url();
        let store = open(&[("HOOPAI_STORE", &url), ("HOOPAI_TOKEN_KEY", KEY)]).unwrap();
        let text = store.prepare().await.unwrap_err().to_string();
        assert!(text.contains("noeviction"), "{text}");
    }
    let closed = ("HOOPAI_STORE", "redis://:s3cret@127.0.0.1:1");
    let store = open(&[closed, ("HOOPAI_TOKEN_KEY", KEY)]).unwrap();
    let text = store.prepare().await.unwrap_err().to_string();
    assert!(text.contains("connection to Redis failed"), "{text}");
}
