//! Tokens of locations for those of their agency.

use std::time::Duration;

use hoopai_runtime::auth::{LOCATION_TOKEN_PATH, TokenProvider};
use hoopai_runtime::error::AuthErrorKind;
use secrecy::ExposeSecret;

use super::platform::{COMPANY, Fate, INVALID_GRANT, LOCATION};
use super::rig::{DAY, Rig, location};
use crate::AccountId;
use crate::manager::Account;

fn company() -> AccountId {
    AccountId::company(COMPANY)
}

/// The location, chosen from its agency, in a new process.
fn chosen(rig: &Rig) -> Account {
    rig.manager()
        .account_through(company(), None)
        .for_account(location())
}

#[tokio::test]
async fn a_location_without_tokens_gets_some_once() {
    let rig = Rig::in_files();
    rig.install(company(), DAY).await;
    let account = chosen(&rig);
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.authorization().await.unwrap() })
        })
        .collect();
    for caller in callers {
        rig.assert_at_rest(&caller.await.unwrap()).await;
    }
    assert_eq!(rig.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    let form = rig.platform.last_form();
    assert_eq!(
        (form["companyId"].as_str(), form["locationId"].as_str()),
        (COMPANY, LOCATION)
    );
    assert_eq!(form.len(), 2);
    // Another process finds them, and renews them by their own refresh token.
    let other = rig.account();
    other.authorization().await.unwrap();
    rig.clock.advance(DAY);
    other.authorization().await.unwrap();
    assert_eq!(rig.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    assert_eq!(rig.platform.refreshes(), 1);
    assert_eq!(rig.platform.last_form()["user_type"], "Location");
}

#[tokio::test]
async fn the_agency_is_refreshed_first_where_it_must() {
    for refused in [false, true] {
        let rig = Rig::in_memory();
        rig.install(company(), if refused { DAY } else { Duration::ZERO })
            .await;
        if refused {
            rig.platform.expire_all();
        }
        let grant = chosen(&rig).authorization().await.unwrap();
        rig.assert_at_rest(&grant).await;
        assert_eq!(rig.platform.refreshes(), 1);
        let asked = rig.platform.calls_to(LOCATION_TOKEN_PATH);
        assert_eq!(asked, if refused { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_dead_location_gets_new_tokens_through_its_agency() {
    for told in [true, false] {
        let rig = Rig::in_memory();
        rig.install(company(), DAY).await;
        rig.install(location(), Duration::ZERO).await;
        rig.platform.fate(Fate::Refused(400, INVALID_GRANT));
        // Even where nobody says so: the tokens name the agency, and the app is installed there.
        let account = if told { chosen(&rig) } else { rig.account() };
        let grant = account.authorization().await.unwrap();
        rig.assert_at_rest(&grant).await;
        assert_eq!(rig.platform.refreshes(), 1);
        assert_eq!(rig.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    }
}

#[tokio::test]
async fn an_agency_that_is_not_there_helps_nobody() {
    let rig = Rig::in_memory();
    let error = chosen(&rig).authorization().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NotInstalled));
    rig.install(location(), Duration::ZERO).await;
    rig.platform.fate(Fate::Refused(400, INVALID_GRANT));
    for account in [chosen(&rig), rig.account()] {
        let error = account.authorization().await.unwrap_err();
        assert_eq!(
            error.auth_error_kind(),
            Some(AuthErrorKind::ReinstallNeeded),
            "{error}"
        );
    }
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn refusals_and_failures_are_told_apart() {
    for (fate, fault) in [
        (
            Fate::Refused(
                400,
                r#"{"message":"The app is not installed in this location"}"#,
            ),
            AuthErrorKind::Refused,
        ),
        (
            Fate::Refused(
                401,
                r#"{"message":"The token is not authorized for this scope."}"#,
            ),
            AuthErrorKind::Refused,
        ),
        (Fate::Refused(503, ""), AuthErrorKind::Unavailable),
        (Fate::Refused(429, ""), AuthErrorKind::Unavailable),
        (Fate::LostReply, AuthErrorKind::Unavailable),
        (Fate::NotSent, AuthErrorKind::Unavailable),
        (Fate::Odd("{}"), AuthErrorKind::Unavailable),
        (
            Fate::Odd(r#"{"access_token":"x","locationId":"another"}"#),
            AuthErrorKind::Refused,
        ),
    ] {
        let rig = Rig::in_memory();
        rig.install(company(), DAY).await;
        rig.platform.fate(fate);
        let account = chosen(&rig);
        let error = account.authorization().await.unwrap_err();
        assert_eq!(error.auth_error_kind(), Some(fault), "{error}");
        assert_eq!(rig.platform.refreshes(), 0);
        rig.clock.advance(Duration::from_secs(1));
        let grant = account.authorization().await.unwrap();
        rig.assert_at_rest(&grant).await;
    }
}

#[tokio::test]
async fn a_company_never_asks_itself() {
    let rig = Rig::in_memory();
    rig.install(company(), Duration::ZERO).await;
    rig.platform.fate(Fate::Refused(400, INVALID_GRANT));
    let error = rig
        .manager()
        .account_through(company(), None)
        .authorization()
        .await;
    assert!(error.unwrap_err().needs_reinstall());
    assert_eq!(rig.platform.calls_to(LOCATION_TOKEN_PATH), 0);
}

#[tokio::test]
async fn accounts_are_chosen_from_a_manager() {
    let rig = Rig::in_memory();
    rig.install(company(), DAY).await;
    let manager = rig.manager();
    let direct = manager.account(location());
    let error = direct.authorization().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NotInstalled));
    let through = manager.account(company()).for_account(location());
    let grant = through.authorization().await.unwrap();
    assert!(rig.platform.is_good(&grant));
    let stored = rig.stored(location()).await.tokens;
    assert_eq!(
        stored.access_token().expose_secret(),
        grant.token().expose_secret()
    );
    // From one location to the next the agency stays.
    let next = through.for_account(AccountId::location("next"));
    next.authorization().await.unwrap();
}
