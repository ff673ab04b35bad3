//! Bodies of the tests of every token store on a server.

use std::time::{Duration, Instant, SystemTime};

use hoopai_auth::{
    AccountId, EncryptionKeys, Record, StoreError, StoreErrorKind, Swap, TokenKey, TokenSet,
    TokenStore,
};

use crate::{DatabaseServer, ServerCertificate};

/// The longest time for which tests wait.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A record whose tokens contain its revision.
pub fn record(revision: u64) -> Record {
    let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    let access = format!("access-{revision}");
    let refresh = Some(format!("refresh-{revision}").into());
    Record::new(TokenSet::new(access, refresh, expires), revision)
}

/// The key of the records of tests.
pub fn key() -> TokenKey {
    TokenKey::new("app", AccountId::location("loc"))
}

/// Loads the record, again while there are errors: the first operation after a restart can meet the
/// old connection.
async fn load_again(store: &impl TokenStore) -> Record {
    let started = Instant::now();
    loop {
        match store.load(&key()).await {
            Ok(stored) => return stored.expect("a record"),
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
    }
}

/// Every acknowledged record survives a crash of the server.
pub async fn records_survive_crashes(store: &impl TokenStore, server: &mut impl DatabaseServer) {
    for revision in 1..=3 {
        let expected = (revision > 1).then_some(revision - 1);
        let swap = store.swap(&key(), expected, Some(record(revision))).await;
        assert_eq!(swap.unwrap(), Swap::Done);
        server.kill();
        assert!(store.load(&key()).await.is_err());
        server.restart();
        assert_eq!(load_again(store).await.revision, revision);
    }
}

/// A dropped lease is released in the background.
pub async fn dropped_leases_are_released(store: &impl TokenStore) {
    let hour = Duration::from_secs(3600);
    drop(store.lease(&key(), hour).await.unwrap().expect("a lease"));
    let started = Instant::now();
    while store.lease(&key(), hour).await.unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "the lease is not released");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An operation of a store with a short timeout, whose server never answers, ends with an error.
pub async fn silence_is_an_error(store: &impl TokenStore) {
    let load = tokio::time::timeout(PATIENCE, store.load(&key())).await;
    let error = load.expect("it ends").unwrap_err().to_string();
    let in_time = error.contains("did not answer") || error.contains("in time");
    assert!(in_time, "{error}");
}

/// Encrypted records hide tokens, and records from before the key are rejected unless they are
/// allowed. `encrypted` adds keys to a store, `stored` reads the bytes of the record.
pub async fn encrypted_records_hide_tokens<S: TokenStore>(
    plain: &S,
    encrypted: impl Fn(EncryptionKeys) -> S,
    stored: impl AsyncFnOnce() -> Vec<u8>,
) {
    plain.swap(&key(), None, Some(record(1))).await.unwrap();
    let keys = EncryptionKeys::new([7; 32]);
    let strict = encrypted(keys.clone());
    let error = strict.load(&key()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    let store = encrypted(keys.accept_plaintext());
    assert_eq!(store.load(&key()).await.unwrap().unwrap().revision, 1);
    let swap = store.swap(&key(), Some(1), Some(record(2))).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    let stored = stored().await;
    assert!(!stored.is_empty());
    for hidden in ["access-2", "refresh-2", "client_id"] {
        let hidden = hidden.as_bytes();
        assert!(!stored.windows(hidden.len()).any(|part| part == hidden));
    }
    let read = strict.load(&key()).await.unwrap().unwrap();
    assert_eq!(read.to_json(&key()), record(2).to_json(&key()));
}

/// Creates a certificate for `localhost`, which is its own issuer.
pub fn certificate_of_localhost() -> ServerCertificate {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a host name");
    let certificate = params.self_signed(&key).expect("a certificate");
    ServerCertificate {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// A store connects by TLS only to the host of a trusted certificate. `connect` opens a store of
/// the server with this host name, and with trusted certificates or those of the operating system.
pub async fn tls_is_verified<S: TokenStore>(
    certificate: &ServerCertificate,
    connect: impl Fn(&str, Option<&str>) -> Result<S, StoreError>,
) {
    let own = Some(&*certificate.certificate);
    let another = certificate_of_localhost();
    let another = Some(&*another.certificate);
    let store = connect("localhost", own).unwrap();
    assert!(store.load(&key()).await.unwrap().is_none());
    for (host, trusted, problem) in [
        ("127.0.0.1", own, "is for another host"),
        ("localhost", another, "has an unknown issuer"),
        ("localhost", None, "has an unknown issuer"),
    ] {
        let error = connect(host, trusted).unwrap().load(&key()).await;
        let text = error.unwrap_err().to_string();
        assert!(text.contains(problem), "{host}: {text}");
    }
    let wrong = connect("localhost", Some("no certificate")).err();
    let text = wrong.expect("an error").to_string();
    assert!(text.contains("trusted certificates"), "{text}");
}
