//! However many need a new token, one gets it.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::auth::BearerToken;

use super::platform::Fate;
use super::rig::{DAY, MINUTE, Rig, location, until};
use crate::lock;
use crate::manager::Account;

const CALLERS: usize = 50;

/// All callers at once, spread over the accounts; what each of them got.
async fn all_at_once(accounts: &[Account], refused: Option<BearerToken>) -> Vec<BearerToken> {
    let start = Arc::new(tokio::sync::Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (account, start) = (accounts[n % accounts.len()].clone(), start.clone());
            let refused = refused.clone();
            tokio::spawn(async move {
                start.wait().await;
                match refused {
                    Some(refused) => account.token_rejected(&refused).await.unwrap().unwrap(),
                    None => account.authorization().await.unwrap(),
                }
            })
        })
        .collect();
    let mut grants = Vec::new();
    for caller in callers {
        grants.push(caller.await.unwrap());
    }
    grants
}

async fn one_refresh(mut rig: Rig, managers: usize, by_refusal: bool) {
    rig.real_time = true;
    *lock(&rig.platform.delay) = Duration::from_millis(60);
    let left = if by_refusal { DAY / 2 } else { Duration::ZERO };
    rig.install(location(), left).await;
    let accounts: Vec<_> = (0..managers).map(|_| rig.account()).collect();
    let mut refused = None;
    if by_refusal {
        for account in &accounts {
            refused = Some(account.authorization().await.unwrap());
        }
        assert_eq!(rig.platform.refreshes(), 0);
        rig.platform.expire_all();
    }
    let grants = all_at_once(&accounts, refused).await;
    assert_eq!(grants.len(), CALLERS);
    assert_eq!(rig.platform.refreshes(), 1);
    assert_eq!(rig.platform.spent_twice(), 0);
    for grant in &grants {
        rig.assert_at_rest(grant).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn expired_in_one_manager() {
    one_refresh(Rig::in_memory(), 1, false).await;
    one_refresh(Rig::in_files(), 1, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn expired_in_two_managers() {
    one_refresh(Rig::in_files(), 2, false).await;
    one_refresh(Rig::in_memory(), 2, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refused_in_one_manager() {
    one_refresh(Rig::in_memory(), 1, true).await;
    one_refresh(Rig::in_files(), 1, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refused_in_two_managers() {
    one_refresh(Rig::in_files(), 2, true).await;
    one_refresh(Rig::in_memory(), 5, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_processes_spends_each_refresh_token_once() {
    let mut rig = Rig::in_files();
    rig.real_time = true;
    *lock(&rig.platform.delay) = Duration::from_millis(5);
    rig.install(location(), Duration::ZERO).await;
    let accounts: Vec<_> = (0..10).map(|_| rig.account()).collect();
    let mut refused = None;
    for round in 1..4 {
        let grants = all_at_once(&accounts, refused.take()).await;
        assert_eq!(rig.platform.refreshes(), round);
        assert_eq!(rig.platform.spent_twice(), 0);
        rig.platform.expire_all();
        refused = grants.into_iter().next();
    }
    assert_eq!(rig.platform.most_in_flight(), 1);
}

#[tokio::test]
async fn who_gives_up_waiting_does_not_break_the_refresh_off() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let account = rig.account();
    let open = rig.platform.hold_next();
    let caller = tokio::spawn({
        let account = account.clone();
        async move { account.authorization().await.map(drop) }
    });
    until("it is sent", || rig.platform.refreshes() == 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    open.send(()).unwrap();
    let grant = account.authorization().await.unwrap();
    assert_eq!(rig.platform.refreshes(), 1);
    rig.assert_at_rest(&grant).await;
}

#[tokio::test]
async fn what_was_refused_while_a_newer_token_is_here_costs_nothing() {
    let rig = Rig::in_memory();
    rig.install(location(), DAY / 2).await;
    let account = rig.account();
    let old = account.authorization().await.unwrap();
    let new = account.token_rejected(&old).await.unwrap().unwrap();
    assert!(new != old);
    let again = account.token_rejected(&old).await.unwrap().unwrap();
    assert!(again == new);
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn another_process_refreshed_already() {
    let rig = Rig::in_memory();
    rig.install(location(), DAY / 2).await;
    let (one, other) = (rig.account(), rig.account());
    let old = one.authorization().await.unwrap();
    other.authorization().await.unwrap();
    let new = one.token_rejected(&old).await.unwrap().unwrap();
    let taken_over = other.token_rejected(&old).await.unwrap().unwrap();
    assert!(taken_over == new);
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn tokens_that_are_refused_for_ever_are_not_renewed_for_ever() {
    let rig = Rig::in_memory();
    rig.install(location(), DAY / 2).await;
    let account = rig.account();
    let mut grant = account.authorization().await.unwrap();
    for _ in 0..4 {
        grant = account.token_rejected(&grant).await.unwrap().unwrap();
    }
    assert!(account.token_rejected(&grant).await.unwrap().is_none());
    assert_eq!(rig.platform.refreshes(), 4);
    rig.clock.advance(MINUTE);
    assert!(account.token_rejected(&grant).await.unwrap().is_some());
}

#[tokio::test]
async fn one_failure_is_shared_and_not_repeated() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let account = rig.account();
    rig.platform.fate(Fate::NotSent);
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.authorization().await.unwrap_err() })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap();
        assert_eq!(
            error.auth_error_kind(),
            Some(hoopai_runtime::error::AuthErrorKind::Unavailable)
        );
        assert!(error.retry_after().unwrap() <= Duration::from_secs(1));
    }
    assert_eq!(rig.platform.refreshes(), 1);
}
