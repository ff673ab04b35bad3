//! Exchange of authorization codes, and installation of existing tokens.

use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;
use secrecy::SecretString;

use super::fake_platform::{CODE, Fault, INVALID_GRANT, LOCATION};
use super::faulty_store::{FaultyStore, SwapBehavior};
use super::harness::{
    DAY, HOUR, Harness, app, assert_contains, assert_kind, error_of, key, location, wait_until,
};
use crate::manager::{Context, TokenManager};
use crate::{AccountId, TokenSet, UserType};

fn code() -> SecretString {
    CODE.into()
}

#[tokio::test]
async fn exchanged_code_stores_tokens() {
    let harness = Harness::in_files();
    let manager = harness.manager();
    let installation = manager.exchange_code(code()).await.unwrap();
    assert_eq!(installation.account, AccountId::location(LOCATION));
    assert_eq!(installation.user_type, UserType::Location);
    assert_eq!(installation.scopes, ["contacts.readonly"]);
    assert_eq!(harness.platform.refreshes(), 1);
    let form = harness.platform.last_form();
    assert_eq!(form["redirect_uri"], "https://example.com/callback");
    assert!(!form.contains_key("user_type"));
    for account in [manager.account_through(location(), None), harness.account()] {
        let token = account.authorization().await.unwrap();
        harness.assert_consistent(&token).await;
    }
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn configured_user_type_is_sent() {
    let harness = Harness::in_memory();
    let manager = TokenManager::new(Context {
        app: app().user_type(UserType::Location),
        ..harness.context()
    });
    manager.exchange_code(code()).await.unwrap();
    assert_eq!(harness.platform.last_form()["user_type"], "Location");
}

#[tokio::test]
async fn exchange_after_rejection_restores_the_account() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::Refused(400, INVALID_GRANT));
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    assert!(error_of(&account).await.needs_reinstall());
    manager.exchange_code(code()).await.unwrap();
    let token = account.authorization().await.unwrap();
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn exchange_after_failure_ends_the_backoff() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::NotSent);
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    error_of(&account).await;
    manager.exchange_code(code()).await.unwrap();
    let token = account.authorization().await.unwrap();
    account.token_rejected(&token).await.unwrap().unwrap();
}

#[tokio::test]
async fn cancelled_exchange_still_stores_tokens() {
    let harness = Harness::in_memory();
    let release = harness.platform.hold_next_reply();
    let manager = harness.manager();
    let caller = tokio::spawn(async move { manager.exchange_code(code()).await.map(drop) });
    wait_until("the request is sent", || harness.platform.refreshes() == 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    for _ in 0..1_000 {
        if harness
            .store
            .load(&key(location()))
            .await
            .unwrap()
            .is_some()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("timeout: the tokens are not stored");
}

#[tokio::test]
async fn failed_exchange_has_error_kind() {
    for (fault, kind, message) in [
        (
            Fault::Refused(400, INVALID_GRANT),
            AuthErrorKind::Refused,
            "choose the account again",
        ),
        (
            Fault::Refused(500, ""),
            AuthErrorKind::Unavailable,
            "second attempt",
        ),
        (
            Fault::Refused(429, ""),
            AuthErrorKind::Unavailable,
            "too many requests",
        ),
        (Fault::NotSent, AuthErrorKind::Unavailable, "still valid"),
        (Fault::LostReply, AuthErrorKind::Unavailable, "not known"),
        (
            Fault::Reply(r#"{"access_token":"x"}"#),
            AuthErrorKind::Refused,
            "for which account",
        ),
    ] {
        let harness = Harness::in_memory();
        harness.platform.inject(fault);
        let error = harness.manager().exchange_code(code()).await.unwrap_err();
        assert_kind(&error, kind);
        assert_contains(&error, message);
    }
}

#[tokio::test]
async fn exchange_with_failing_store_keeps_tokens_in_memory() {
    let mut harness = Harness::in_memory();
    FaultyStore::install(&mut harness, (0..5).map(|_| SwapBehavior::Fails));
    let manager = harness.manager();
    let _advance = harness.auto_advance();
    let error = manager.exchange_code(code()).await.unwrap_err();
    assert_kind(&error, AuthErrorKind::Store);
    let account = manager.account_through(location(), None);
    let token = account.authorization().await.unwrap();
    assert!(manager.wait_idle(DAY).await);
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn installed_tokens_are_used_and_removed() {
    let harness = Harness::in_files();
    let manager = harness.manager();
    let now = harness.clock().system_time();
    let tokens = harness.platform.issue_tokens(location(), DAY, HOUR, now);
    let own = TokenSet::new(
        tokens.access_token().clone(),
        tokens.refresh_token().cloned(),
        tokens.expires_at(),
    );
    manager.install(location(), own).await.unwrap();
    let account = manager.account_through(location(), None);
    account.authorization().await.unwrap();
    let first = harness.stored(location()).await.revision;
    harness.clock.advance(HOUR);
    let token = account.authorization().await.unwrap();
    harness.assert_consistent(&token).await;
    manager.forget(location()).await.unwrap();
    let error = error_of(&account).await;
    assert_kind(&error, AuthErrorKind::NotInstalled);
    manager.forget(location()).await.unwrap();
    manager.exchange_code(code()).await.unwrap();
    assert!(harness.stored(location()).await.revision > first + 2);
}

#[tokio::test]
async fn only_tokens_requested_before_an_uninstallation_are_removed() {
    let harness = Harness::in_memory();
    let manager = harness.manager();
    assert!(!manager.has_tokens(location()).await.unwrap());
    manager.exchange_code(code()).await.unwrap();
    assert!(manager.has_tokens(location()).await.unwrap());
    let requested = harness.stored(location()).await.tokens.obtained_at();
    let forget = async |time| {
        manager
            .forget_requested_before(location(), time)
            .await
            .unwrap()
    };
    assert!(!forget(requested).await);
    let token = harness.account().authorization().await.unwrap();
    harness.assert_consistent(&token).await;
    assert!(forget(requested + Duration::from_millis(1)).await);
    let account = manager.account_through(location(), None);
    assert_kind(&error_of(&account).await, AuthErrorKind::NotInstalled);
    assert!(!manager.has_tokens(location()).await.unwrap());
    // There is nothing to remove.
    assert!(forget(requested).await);
}

#[tokio::test]
async fn removal_of_old_tokens_is_repeated_after_conflicts() {
    let mut harness = Harness::with_tokens(DAY).await;
    let later = harness.clock().system_time() + DAY;
    let conflicts = || (0..16).map(|_| SwapBehavior::Conflicts);
    FaultyStore::install(&mut harness, conflicts().take(3));
    let removed = harness
        .manager()
        .forget_requested_before(location(), later)
        .await;
    assert!(removed.unwrap());
    let mut harness = Harness::with_tokens(DAY).await;
    FaultyStore::install(&mut harness, conflicts());
    let error = harness
        .manager()
        .forget_requested_before(location(), later)
        .await;
    assert_kind(&error.unwrap_err(), AuthErrorKind::Store);
}

#[tokio::test]
async fn received_tokens_that_are_not_stored_count() {
    let mut harness = Harness::in_memory();
    let failures = (0..100).map(|_| SwapBehavior::Fails);
    FaultyStore::install(&mut harness, failures);
    let manager = harness.manager();
    let advancing = harness.auto_advance();
    manager.exchange_code(code()).await.unwrap_err();
    drop(advancing);
    assert!(manager.has_tokens(location()).await.unwrap());
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    let removed = manager.forget_requested_before(location(), long_ago).await;
    assert!(!removed.unwrap());
    let later = harness.clock().system_time() + DAY;
    assert!(
        manager
            .forget_requested_before(location(), later)
            .await
            .unwrap()
    );
    assert!(!manager.has_tokens(location()).await.unwrap());
}
