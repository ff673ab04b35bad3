//! Tokens of locations, requested with the token of their company.

use std::time::Duration;

use hoopai_runtime::auth::{LOCATION_TOKEN_PATH, TokenProvider};
use hoopai_runtime::error::AuthErrorKind;

use super::fake_platform::{COMPANY, Fault, INVALID_GRANT, LOCATION};
use super::faulty_store::{FaultyStore, SwapBehavior};
use super::harness::{DAY, HOUR, Harness, assert_kind, error_of, location};
use crate::AccountId;
use crate::manager::Account;

fn company() -> AccountId {
    AccountId::company(COMPANY)
}

/// The location, derived from its company, in a new process.
fn location_of_company(harness: &Harness) -> Account {
    harness
        .manager()
        .account_through(company(), None)
        .for_account(location())
}

#[tokio::test]
async fn location_without_tokens_requests_them_once() {
    let harness = Harness::in_files();
    harness.install(company(), DAY).await;
    let account = location_of_company(&harness);
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.authorization().await.unwrap() })
        })
        .collect();
    for caller in callers {
        harness.assert_consistent(&caller.await.unwrap()).await;
    }
    assert_eq!(harness.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    let form = harness.platform.last_form();
    assert_eq!(form["companyId"], COMPANY);
    assert_eq!(form["locationId"], LOCATION);
    assert_eq!(form.len(), 2);
    // Another process uses them, and refreshes them with their own refresh token.
    let other = harness.account();
    other.authorization().await.unwrap();
    harness.clock.advance(DAY);
    other.authorization().await.unwrap();
    assert_eq!(harness.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    assert_eq!(harness.platform.refreshes(), 1);
    assert_eq!(harness.platform.last_form()["user_type"], "Location");
}

#[tokio::test]
async fn expired_company_token_is_refreshed_first() {
    for is_rejected in [false, true] {
        let harness = Harness::in_memory();
        harness
            .install(company(), if is_rejected { DAY } else { Duration::ZERO })
            .await;
        if is_rejected {
            harness.platform.expire_all();
        }
        let token = location_of_company(&harness).authorization().await.unwrap();
        harness.assert_consistent(&token).await;
        assert_eq!(harness.platform.refreshes(), 1);
        let requests = harness.platform.calls_to(LOCATION_TOKEN_PATH);
        assert_eq!(requests, if is_rejected { 2 } else { 1 });
    }
}

#[tokio::test]
async fn tokens_without_a_refresh_token_are_renewed_early_through_the_company() {
    let harness = Harness::in_memory();
    harness.install(company(), DAY).await;
    harness.install(location(), HOUR / 2).await;
    let mut record = harness.stored(location()).await;
    record.tokens.refresh_token = None;
    harness.replace(location(), record).await;
    let account = location_of_company(&harness);
    let old = account.authorization().await.unwrap();
    // A call that finds them close to their end uses them, and new ones are requested meanwhile.
    assert!(account.authorization().await.unwrap() == old);
    account.state.wait_idle().await;
    assert_eq!(harness.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    let new = account.authorization().await.unwrap();
    assert!(new != old);
    harness.assert_consistent(&new).await;
}

#[tokio::test]
async fn rejected_location_gets_tokens_through_company() {
    for is_named in [true, false] {
        let harness = Harness::in_memory();
        harness.install(company(), DAY).await;
        harness.install(location(), Duration::ZERO).await;
        harness.platform.inject(Fault::Refused(400, INVALID_GRANT));
        // Without a named company, the one of the stored tokens is used.
        let account = if is_named {
            location_of_company(&harness)
        } else {
            harness.account()
        };
        let token = account.authorization().await.unwrap();
        harness.assert_consistent(&token).await;
        assert_eq!(harness.platform.refreshes(), 1);
        assert_eq!(harness.platform.calls_to(LOCATION_TOKEN_PATH), 1);
    }
}

#[tokio::test]
async fn missing_company_gives_an_error() {
    let harness = Harness::in_memory();
    let error = location_of_company(&harness)
        .authorization()
        .await
        .unwrap_err();
    assert_kind(&error, AuthErrorKind::NotInstalled);
    harness.install(location(), Duration::ZERO).await;
    harness.platform.inject(Fault::Refused(400, INVALID_GRANT));
    for account in [location_of_company(&harness), harness.account()] {
        let error = error_of(&account).await;
        assert_kind(&error, AuthErrorKind::ReinstallNeeded);
    }
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn failed_location_request_has_error_kind() {
    for (fault, kind) in [
        (
            Fault::Refused(
                400,
                r#"{"message":"The app is not installed in this location"}"#,
            ),
            AuthErrorKind::Refused,
        ),
        (
            Fault::Refused(
                401,
                r#"{"message":"The token is not authorized for this scope."}"#,
            ),
            AuthErrorKind::Refused,
        ),
        (Fault::Refused(503, ""), AuthErrorKind::Unavailable),
        (Fault::Refused(429, ""), AuthErrorKind::Unavailable),
        (Fault::LostReply, AuthErrorKind::Unavailable),
        (Fault::NotSent, AuthErrorKind::Unavailable),
        (Fault::Reply("{}"), AuthErrorKind::Unavailable),
        (
            Fault::Reply(r#"{"access_token":"x","locationId":"another"}"#),
            AuthErrorKind::Refused,
        ),
    ] {
        let harness = Harness::in_memory();
        harness.install(company(), DAY).await;
        harness.platform.inject(fault);
        let account = location_of_company(&harness);
        let error = error_of(&account).await;
        assert_kind(&error, kind);
        assert_eq!(harness.platform.refreshes(), 0);
        harness.clock.advance(Duration::from_secs(1));
        let token = account.authorization().await.unwrap();
        harness.assert_consistent(&token).await;
    }
}

#[tokio::test]
async fn rejected_company_requests_no_location_token() {
    let harness = Harness::in_memory();
    harness.install(company(), Duration::ZERO).await;
    harness.platform.inject(Fault::Refused(400, INVALID_GRANT));
    let account = harness.manager().account_through(company(), None);
    assert!(error_of(&account).await.needs_reinstall());
    assert_eq!(harness.platform.calls_to(LOCATION_TOKEN_PATH), 0);
}

#[tokio::test]
async fn manager_returns_account_through_company() {
    let harness = Harness::in_memory();
    harness.install(company(), DAY).await;
    let manager = harness.manager();
    let direct = manager.account(location());
    let error = direct.authorization().await.unwrap_err();
    assert_kind(&error, AuthErrorKind::NotInstalled);
    let through = manager.account(company()).for_account(location());
    let token = through.authorization().await.unwrap();
    harness.assert_consistent(&token).await;
    // A location derived from another location has the same company.
    let next = through.for_account(AccountId::location("next"));
    next.authorization().await.unwrap();
}

/// The locations of these ids.
fn locations(ids: &[&str]) -> Vec<AccountId> {
    ids.iter().map(|id| AccountId::location(*id)).collect()
}

#[tokio::test]
async fn only_tokens_of_the_agency_are_removed_with_it() {
    let harness = Harness::in_files();
    harness.install(company(), DAY).await;
    // It authorized the app itself, and belongs to the same company.
    harness.install(AccountId::location("own"), DAY).await;
    let manager = harness.manager();
    let agency = manager.account_through(company(), None);
    let request = async |id: &str| {
        let account = agency.for_account(AccountId::location(id));
        account.authorization().await.unwrap();
    };
    request("derived").await;
    request("refreshed").await;
    harness.clock.advance(DAY);
    // A refreshed token is still one of the agency.
    let refreshed = AccountId::location("refreshed");
    let account = manager.account_through(refreshed.clone(), None);
    account.authorization().await.unwrap();
    assert_eq!(harness.platform.last_form()["grant_type"], "refresh_token");
    harness.clock.advance(DAY);
    let time = harness.clock().system_time();
    harness.clock.advance(Duration::from_secs(1));
    request("later").await;

    // Another process, which has used none of them.
    let forget = async |company| {
        let manager = harness.manager();
        manager
            .forget_locations_requested_before(company, time)
            .await
            .unwrap()
    };
    assert!(forget("other").await.is_empty());
    assert_eq!(forget(COMPANY).await, locations(&["derived", "refreshed"]));
    assert!(forget(COMPANY).await.is_empty());
    for (id, expected) in [
        ("own", true),
        ("later", true),
        ("derived", false),
        ("refreshed", false),
    ] {
        let has_tokens = manager.has_tokens(AccountId::location(id)).await.unwrap();
        assert_eq!(has_tokens, expected, "{id}");
    }
    assert!(manager.has_tokens(company()).await.unwrap());
}

#[tokio::test]
async fn locations_of_a_store_without_a_list_are_found_in_memory() {
    let mut harness = Harness::in_memory();
    harness.install(company(), DAY).await;
    // This store lists no keys.
    FaultyStore::install(&mut harness, [SwapBehavior::Works, SwapBehavior::Fails]);
    let manager = harness.manager();
    let agency = manager.account_through(company(), None);
    let later = harness.clock().system_time() + DAY;
    let account = agency.for_account(location());
    account.authorization().await.unwrap();
    let forget = async |manager: crate::TokenManager| {
        manager
            .forget_locations_requested_before(COMPANY, later)
            .await
    };
    assert!(forget(harness.manager()).await.unwrap().is_empty());
    // The removal fails, and works when it is repeated.
    assert_kind(
        &forget(manager.clone()).await.unwrap_err(),
        AuthErrorKind::Store,
    );
    assert_eq!(forget(manager.clone()).await.unwrap(), [location()]);
    assert!(!manager.has_tokens(location()).await.unwrap());
}
