//! No `Debug` output and no error shows a secret or an id.

use std::error::Error as _;
use std::fmt::Debug;
use std::time::Duration;

use hoopai_runtime::Error;
use secrecy::ExposeSecret;

use super::fake_platform::{CODE, COMPANY, Fault, MARKER};
use super::harness::{DAY, Harness, app, error_of, key, location};
use crate::{
    AccountId, FileStore, Fingerprint, MemoryStore, PendingRefresh, StoreError, UndecodedReply,
};

#[track_caller]
fn assert_redacted(text: &str) {
    assert!(
        !text.to_lowercase().contains(&MARKER.to_lowercase()),
        "{text}"
    );
}

#[track_caller]
fn debug(value: impl Debug) {
    let text = format!("{value:?}");
    assert!(!text.is_empty(), "it shows nothing");
    assert_redacted(&text);
    assert_redacted(&format!("{value:#?}"));
}

#[track_caller]
fn error(error: &Error) {
    debug(error);
    assert_redacted(&error.to_string());
    let mut source = error.source();
    while let Some(cause) = source {
        debug(cause);
        assert_redacted(&cause.to_string());
        source = cause.source();
    }
}

#[tokio::test]
async fn values_show_no_secrets() {
    let harness = Harness::in_files();
    harness.install(location(), DAY).await;
    let mut record = harness.stored(location()).await;
    // The marker is part of the record, so that it could be shown.
    let access_token = record.tokens.access_token();
    assert!(access_token.expose_secret().contains(MARKER));
    assert!(String::from_utf8_lossy(&record.to_json(&key(location()))).contains(MARKER));
    let fingerprint = Fingerprint::of(record.tokens.refresh_token().unwrap());
    record.pending = Some(PendingRefresh {
        since: record.tokens.obtained_at,
        fingerprint,
        attempt: 1,
        answered: true,
    });
    let reply = UndecodedReply::new(
        MARKER.as_bytes(),
        record.tokens.obtained_at,
        Some(MARKER.into()),
    );
    reply.add_to(&mut record.undecoded_replies);
    debug(&record);
    debug(&record.pending);
    debug(&record.tokens);
    debug(location());
    debug(AccountId::company(COMPANY));
    debug(key(location()));
    debug(app());
    debug(app().authorize_url_with_state([MARKER; 1], MARKER).unwrap());
    let manager = harness.manager();
    let account = manager.account_through(location(), Some(COMPANY));
    debug(account.authorization().await.unwrap());
    debug(&account);
    debug(&manager);
    debug(manager.exchange_code(CODE).await.unwrap());
    debug(FileStore::open(harness.directory.as_ref().unwrap().path()).unwrap());
    let memory = MemoryStore::new();
    debug(memory);
    let lease = harness.store.lease(&key(location()), DAY).await.unwrap();
    debug(lease.unwrap());
    let cause = format!("{MARKER}-cause");
    let own = StoreError::new("no", "yes").caused_by(cause.as_str());
    assert_redacted(&own.to_string());
    debug(own);
}

#[tokio::test]
async fn errors_show_no_secrets() {
    for fault in [
        Fault::NotSent,
        Fault::LostReply,
        Fault::Refused(
            400,
            r#"{"error":"invalid_grant","error_description":"token MaRkEr-refresh-12345678 is invalid"}"#,
        ),
        Fault::Refused(
            400,
            r#"{"error":"invalid_client","error_description":"'MaRkEr-client-secret' is wrong"}"#,
        ),
        Fault::Refused(500, "MaRkEr-refresh-1"),
        Fault::Reply(r#"{"access_token": 5, "refresh_token":"MaRkEr-refresh-2"}"#),
    ] {
        let harness = Harness::with_tokens(Duration::ZERO).await;
        harness.platform.inject(fault);
        error(&error_of(&harness.account()).await);
    }
    let harness = Harness::in_memory();
    let manager = harness.manager();
    error(&manager.exchange_code("MaRkEr-unknown").await.unwrap_err());
    error(&error_of(&harness.account()).await);
    let company = manager.account_through(AccountId::company(COMPANY), None);
    error(&error_of(&company.for_account(location())).await);
}
