//! Tokens for codes, and tokens taken over.

use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;
use secrecy::SecretString;

use super::faults::{Fickle, Whim};
use super::platform::{CODE, Fate, INVALID_GRANT, LOCATION};
use super::rig::{DAY, HOUR, Rig, app, key, location, until};
use crate::manager::TokenManager;
use crate::{AccountId, TokenSet, UserType};

fn code() -> SecretString {
    CODE.into()
}

#[tokio::test]
async fn a_code_brings_tokens_into_the_store() {
    let rig = Rig::in_files();
    let manager = rig.manager();
    let installation = manager.exchange_code(code()).await.unwrap();
    assert_eq!(installation.resource, AccountId::location(LOCATION));
    assert_eq!(installation.user_type, UserType::Location);
    assert_eq!(installation.scopes, ["contacts.readonly"]);
    assert_eq!(rig.platform.refreshes(), 1);
    let form = rig.platform.last_form();
    assert_eq!(form["redirect_uri"], "https://example.com/callback");
    assert!(!form.contains_key("user_type"));
    for account in [manager.account_through(location(), None), rig.account()] {
        let grant = account.authorization().await.unwrap();
        rig.assert_at_rest(&grant).await;
    }
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn a_kind_of_user_is_asked_for_where_it_is_set() {
    let rig = Rig::in_memory();
    let app = app().user_type(UserType::Location);
    let manager = TokenManager::new(
        app,
        rig.store.clone(),
        rig.platform.clone(),
        rig.time(),
        None,
    );
    manager.exchange_code(code()).await.unwrap();
    assert_eq!(rig.platform.last_form()["user_type"], "Location");
}

#[tokio::test]
async fn a_new_authorisation_revives_a_dead_account() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    rig.platform.fate(Fate::Refused(400, INVALID_GRANT));
    let manager = rig.manager();
    let account = manager.account_through(location(), None);
    assert!(account.authorization().await.unwrap_err().needs_reinstall());
    manager.exchange_code(code()).await.unwrap();
    let grant = account.authorization().await.unwrap();
    rig.assert_at_rest(&grant).await;
}

#[tokio::test]
async fn a_new_authorisation_ends_the_pause_after_a_failure() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    rig.platform.fate(Fate::NotSent);
    let manager = rig.manager();
    let account = manager.account_through(location(), None);
    account.authorization().await.unwrap_err();
    manager.exchange_code(code()).await.unwrap();
    let grant = account.authorization().await.unwrap();
    account.token_rejected(&grant).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_exchange_goes_on_without_who_asked_for_it() {
    let rig = Rig::in_memory();
    let open = rig.platform.hold_next();
    let manager = rig.manager();
    let caller = tokio::spawn(async move { manager.exchange_code(code()).await.map(drop) });
    until("it is sent", || rig.platform.refreshes() == 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    open.send(()).unwrap();
    for _ in 0..1_000 {
        if rig.store.load(&key(location())).await.unwrap().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the tokens never came to the store");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (fate, fault, says) in [
        (
            Fate::Refused(400, INVALID_GRANT),
            AuthErrorKind::Refused,
            "choose the account again",
        ),
        (
            Fate::Refused(500, ""),
            AuthErrorKind::Unavailable,
            "second try",
        ),
        (
            Fate::Refused(429, ""),
            AuthErrorKind::Unavailable,
            "too often",
        ),
        (Fate::NotSent, AuthErrorKind::Unavailable, "still good"),
        (Fate::LostReply, AuthErrorKind::Unavailable, "not known"),
        (
            Fate::Odd(r#"{"access_token":"x"}"#),
            AuthErrorKind::Refused,
            "for which account",
        ),
    ] {
        let rig = Rig::in_memory();
        rig.platform.fate(fate);
        let error = rig.manager().exchange_code(code()).await.unwrap_err();
        assert_eq!(error.auth_error_kind(), Some(fault), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_stored_are_reported_and_kept() {
    let mut rig = Rig::in_memory();
    Fickle::over(&mut rig, (0..5).map(|_| Whim::Fails));
    let manager = rig.manager();
    let _flies = rig.time_flies();
    let error = manager.exchange_code(code()).await.unwrap_err();
    assert_eq!(
        error.auth_error_kind(),
        Some(AuthErrorKind::Store),
        "{error}"
    );
    let account = manager.account_through(location(), None);
    let grant = account.authorization().await.unwrap();
    assert!(manager.wait_idle(DAY).await);
    rig.assert_at_rest(&grant).await;
}

#[tokio::test]
async fn tokens_are_taken_over_and_forgotten() {
    let rig = Rig::in_files();
    let manager = rig.manager();
    let now = rig.time().system_time();
    let tokens = rig.platform.installed(location(), DAY, HOUR, now);
    let own = TokenSet::new(
        tokens.access_token().clone(),
        tokens.refresh_token().cloned(),
        tokens.expires_at(),
    );
    manager.install(location(), own).await.unwrap();
    let account = manager.account_through(location(), None);
    account.authorization().await.unwrap();
    let first = rig.stored(location()).await.revision;
    rig.clock.advance(HOUR);
    let grant = account.authorization().await.unwrap();
    rig.assert_at_rest(&grant).await;
    manager.forget(location()).await.unwrap();
    let error = account.authorization().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NotInstalled));
    manager.forget(location()).await.unwrap();
    manager.exchange_code(code()).await.unwrap();
    assert!(rig.stored(location()).await.revision > first + 2);
}
