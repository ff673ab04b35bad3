//! Nothing shows a secret or an id.

use std::error::Error as _;
use std::fmt::Debug;
use std::time::Duration;

use hoopai_runtime::Error;
use secrecy::ExposeSecret;

use super::platform::{CODE, COMPANY, Fate, MARKER};
use super::rig::{DAY, Rig, app, key, location};
use crate::{AccountId, FileStore, Fingerprint, MemoryStore, Pending, StoreError, UnreadReply};

#[track_caller]
fn shows_nothing(text: &str) {
    assert!(
        !text.to_lowercase().contains(&MARKER.to_lowercase()),
        "{text}"
    );
}

#[track_caller]
fn debug(value: impl Debug) {
    shows_nothing(&format!("{value:?}"));
    shows_nothing(&format!("{value:#?}"));
}

#[track_caller]
fn error(error: &Error) {
    debug(error);
    shows_nothing(&error.to_string());
    let mut source = error.source();
    while let Some(cause) = source {
        debug(cause);
        shows_nothing(&cause.to_string());
        source = cause.source();
    }
}

#[tokio::test]
async fn of_what_there_is() {
    let rig = Rig::in_files();
    rig.install(location(), DAY).await;
    let mut record = rig.stored(location()).await;
    // The marker is really there, so that it could be shown.
    assert!(
        record
            .tokens
            .access_token()
            .expose_secret()
            .contains(MARKER)
    );
    assert!(String::from_utf8_lossy(&record.to_json(&key(location()))).contains(MARKER));
    let fingerprint = Fingerprint::of(record.tokens.refresh_token().unwrap());
    record.pending = Some(Pending {
        since: record.tokens.obtained_at,
        fingerprint,
        attempt: 1,
        answered: true,
    });
    let reply = UnreadReply::new(
        MARKER.as_bytes(),
        record.tokens.obtained_at,
        Some(MARKER.into()),
    );
    reply.add_to(&mut record.unread);
    debug(&record);
    debug(&record.pending);
    debug(&record.tokens);
    debug(location());
    debug(AccountId::company(COMPANY));
    debug(key(location()));
    debug(app());
    debug(app().authorize_url_with_state([MARKER; 1], MARKER).unwrap());
    let manager = rig.manager();
    let account = manager.account_through(location(), Some(COMPANY));
    debug(account.authorization().await.unwrap());
    debug(&account);
    debug(&manager);
    debug(manager.exchange_code(CODE).await.unwrap());
    debug(FileStore::open(rig.directory.as_ref().unwrap().path()).unwrap());
    let memory = MemoryStore::new();
    debug(memory);
    let lease = rig.store.lease(&key(location()), DAY).await.unwrap();
    debug(lease.unwrap());
    let cause = format!("{MARKER}-cause");
    let own = StoreError::new("no", "yes").caused_by(cause.as_str());
    shows_nothing(&own.to_string());
    debug(own);
}

#[tokio::test]
async fn of_what_goes_wrong() {
    for fate in [
        Fate::NotSent,
        Fate::LostReply,
        Fate::Refused(
            400,
            r#"{"error":"invalid_grant","error_description":"token MaRkEr-refresh-12345678 is invalid"}"#,
        ),
        Fate::Refused(
            400,
            r#"{"error":"invalid_client","error_description":"'MaRkEr-client-secret' is wrong"}"#,
        ),
        Fate::Refused(500, "MaRkEr-refresh-1"),
        Fate::Odd(r#"{"access_token": 5, "refresh_token":"MaRkEr-refresh-2"}"#),
    ] {
        let rig = Rig::in_memory();
        rig.install(location(), Duration::ZERO).await;
        rig.platform.fate(fate);
        error(&rig.account().authorization().await.unwrap_err());
    }
    let rig = Rig::in_memory();
    let manager = rig.manager();
    error(&manager.exchange_code("MaRkEr-unknown").await.unwrap_err());
    error(&rig.account().authorization().await.unwrap_err());
    let agency = manager.account_through(AccountId::company(COMPANY), None);
    error(
        &agency
            .for_account(location())
            .authorization()
            .await
            .unwrap_err(),
    );
}
