//! Tokens are refreshed before they expire, and no call waits for that.

use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;

use super::fake_platform::Fault;
use super::harness::{DAY, HOUR, Harness, MINUTE, assert_kind, error_of, location, wait_until};
use crate::AccountId;
use crate::manager::WINDOW_MAX;

#[tokio::test]
async fn calls_during_refresh_use_the_old_token() {
    let harness = Harness::with_tokens(HOUR / 2).await;
    let account = harness.account();
    let old = account.authorization().await.unwrap();
    let release = harness.platform.hold_next_reply();
    for _ in 0..20 {
        assert!(account.authorization().await.unwrap() == old);
    }
    wait_until("the request is sent", || harness.platform.refreshes() == 1).await;
    assert!(account.authorization().await.unwrap() == old);
    release.send(()).unwrap();
    account.state.wait_idle().await;
    let new = account.authorization().await.unwrap();
    assert!(new != old);
    assert_eq!(harness.platform.refreshes(), 1);
    harness.assert_consistent(&new).await;
}

#[tokio::test]
async fn company_is_refreshed_early_as_a_location_is() {
    let harness = Harness::in_memory();
    let company = AccountId::company("c");
    harness.install(company.clone(), HOUR / 2).await;
    let manager = harness.manager();
    let account = manager.account_through(company, None);
    let old = account.authorization().await.unwrap();
    assert!(account.authorization().await.unwrap() == old);
    account.state.wait_idle().await;
    assert_eq!(harness.platform.refreshes(), 1);
    assert!(account.authorization().await.unwrap() != old);
}

#[tokio::test]
async fn new_token_is_not_refreshed() {
    let harness = Harness::with_tokens(DAY).await;
    let account = harness.account();
    let old = account.authorization().await.unwrap();
    harness.clock.advance(DAY - WINDOW_MAX - MINUTE);
    assert!(account.authorization().await.unwrap() == old);
    account.state.wait_idle().await;
    assert_eq!(harness.platform.refreshes(), 0);
    harness.clock.advance(WINDOW_MAX / 2);
    assert!(account.authorization().await.unwrap() == old);
    account.state.wait_idle().await;
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn failed_refresh_keeps_token_and_backs_off() {
    let harness = Harness::with_tokens(HOUR * 2 / 3).await;
    let account = harness.account();
    let old = account.authorization().await.unwrap();
    for _ in 0..100 {
        harness.platform.inject(Fault::NotSent);
    }
    let mut attempts = Vec::new();
    for second in 0..2_000 {
        let before = harness.platform.refreshes();
        assert!(account.authorization().await.unwrap() == old);
        account.state.wait_idle().await;
        if harness.platform.refreshes() > before {
            attempts.push(second);
        }
        harness.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(attempts, [0, 30, 90, 210, 450, 930, 1_530]);
    // After it has expired, calls wait, and then fail.
    harness.clock.advance(HOUR);
    let error = error_of(&account).await;
    assert_kind(&error, AuthErrorKind::Unavailable);
    assert_eq!(harness.platform.refreshes(), 8);
}

#[tokio::test]
async fn wait_idle_times_out() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    let release = harness.platform.hold_next_reply();
    let call = tokio::spawn(async move { account.authorization().await });
    wait_until("the request is sent", || harness.platform.refreshes() == 1).await;
    {
        let _advance = harness.auto_advance();
        assert!(!manager.wait_idle(MINUTE).await);
    }
    release.send(()).unwrap();
    assert!(manager.wait_idle(MINUTE).await);
    call.await.unwrap().unwrap();
}
