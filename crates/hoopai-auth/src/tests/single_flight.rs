//! One refresh serves all concurrent callers and processes.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::auth::BearerToken;
use hoopai_runtime::error::AuthErrorKind;

use super::fake_platform::Fault;
use super::harness::{DAY, Harness, MINUTE, assert_kind, error_of, location, wait_until};
use crate::manager::Account;
use crate::util::sync::lock;

const CALLERS: usize = 50;

/// Runs all callers at once, spread over the accounts, and returns their tokens.
async fn all_at_once(accounts: &[Account], rejected: Option<BearerToken>) -> Vec<BearerToken> {
    let start = Arc::new(tokio::sync::Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (account, start) = (accounts[n % accounts.len()].clone(), start.clone());
            let rejected = rejected.clone();
            tokio::spawn(async move {
                start.wait().await;
                match rejected {
                    Some(rejected) => account.token_rejected(&rejected).await.unwrap().unwrap(),
                    None => account.authorization().await.unwrap(),
                }
            })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    tokens
}

async fn one_refresh(mut harness: Harness, managers: usize, by_rejection: bool) {
    harness.real_time = true;
    *lock(&harness.platform.delay) = Duration::from_millis(60);
    let left = if by_rejection {
        DAY / 2
    } else {
        Duration::ZERO
    };
    harness.install(location(), left).await;
    let accounts: Vec<_> = (0..managers).map(|_| harness.account()).collect();
    let mut rejected = None;
    if by_rejection {
        for account in &accounts {
            rejected = Some(account.authorization().await.unwrap());
        }
        assert_eq!(harness.platform.refreshes(), 0);
        harness.platform.expire_all();
    }
    let tokens = all_at_once(&accounts, rejected).await;
    assert_eq!(tokens.len(), CALLERS);
    assert_eq!(harness.platform.refreshes(), 1);
    assert_eq!(harness.platform.reuses(), 0);
    for token in &tokens {
        harness.assert_consistent(token).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn expired_token_is_refreshed_once() {
    for managers in [1, 2] {
        one_refresh(Harness::in_memory(), managers, false).await;
        one_refresh(Harness::in_files(), managers, false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rejected_token_is_refreshed_once() {
    for managers in [1, 2, 5] {
        one_refresh(Harness::in_memory(), managers, true).await;
        one_refresh(Harness::in_files(), managers, true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_processes_spend_each_refresh_token_once() {
    let mut harness = Harness::in_files();
    harness.real_time = true;
    *lock(&harness.platform.delay) = Duration::from_millis(5);
    harness.install(location(), Duration::ZERO).await;
    let accounts: Vec<_> = (0..10).map(|_| harness.account()).collect();
    let mut rejected = None;
    for round in 1..4 {
        let tokens = all_at_once(&accounts, rejected.take()).await;
        assert_eq!(harness.platform.refreshes(), round);
        assert_eq!(harness.platform.reuses(), 0);
        harness.platform.expire_all();
        rejected = tokens.into_iter().next();
    }
    assert_eq!(harness.platform.max_concurrent(), 1);
}

#[tokio::test]
async fn cancelled_caller_does_not_cancel_the_refresh() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let account = harness.account();
    let release = harness.platform.hold_next_reply();
    let caller = tokio::spawn({
        let account = account.clone();
        async move { account.authorization().await.map(drop) }
    });
    wait_until("the request is sent", || harness.platform.refreshes() == 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    let token = account.authorization().await.unwrap();
    assert_eq!(harness.platform.refreshes(), 1);
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn rejected_old_token_causes_no_refresh() {
    let harness = Harness::with_tokens(DAY / 2).await;
    let account = harness.account();
    let old = account.authorization().await.unwrap();
    let new = account.token_rejected(&old).await.unwrap().unwrap();
    assert!(new != old);
    let again = account.token_rejected(&old).await.unwrap().unwrap();
    assert!(again == new);
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn token_refreshed_by_another_process_is_used() {
    let harness = Harness::with_tokens(DAY / 2).await;
    let (one, other) = (harness.account(), harness.account());
    let old = one.authorization().await.unwrap();
    other.authorization().await.unwrap();
    let new = one.token_rejected(&old).await.unwrap().unwrap();
    let adopted = other.token_rejected(&old).await.unwrap().unwrap();
    assert!(adopted == new);
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn repeated_rejections_stop_refreshing() {
    let harness = Harness::with_tokens(DAY / 2).await;
    let account = harness.account();
    let mut token = account.authorization().await.unwrap();
    for _ in 0..4 {
        token = account.token_rejected(&token).await.unwrap().unwrap();
    }
    assert!(account.token_rejected(&token).await.unwrap().is_none());
    assert_eq!(harness.platform.refreshes(), 4);
    harness.clock.advance(MINUTE);
    assert!(account.token_rejected(&token).await.unwrap().is_some());
}

#[tokio::test]
async fn failure_is_shared_by_all_callers() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let account = harness.account();
    harness.platform.inject(Fault::NotSent);
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { error_of(&account).await })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap();
        assert_kind(&error, AuthErrorKind::Unavailable);
        assert!(error.retry_after().unwrap() <= Duration::from_secs(1));
    }
    assert_eq!(harness.platform.refreshes(), 1);
}
