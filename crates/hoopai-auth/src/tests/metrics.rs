//! Counts of refreshes, leases and fall-backs.

use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;

use super::fake_platform::Fault;
use super::faulty_store::{FaultyStore, works_once};
use super::harness::{DAY, Harness, MINUTE, assert_kind, error_of, key, location, wait_until};

#[tokio::test]
async fn refreshes_of_two_processes_are_counted_where_they_happen() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let (first, second) = (harness.manager(), harness.manager());
    for manager in [&first, &second] {
        let account = manager.account_through(location(), None);
        account.authorization().await.unwrap();
    }
    let (first, second) = (first.metrics(), second.metrics());
    assert_eq!((first.refreshes, first.leases, first.adopted), (1, 1, 0));
    assert_eq!((second.refreshes, second.leases, second.adopted), (1, 0, 1));
    for metrics in [first, second] {
        assert_eq!((metrics.failures, metrics.lease_waits), (0, 0));
        assert!(metrics.lease_wait.is_zero());
    }
}

#[tokio::test]
async fn waits_for_another_process_are_counted_with_their_time() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let lease = harness.store.lease(&key(location()), MINUTE).await.unwrap();
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    let call = tokio::spawn(async move { account.authorization().await });
    {
        let _time = harness.auto_advance();
        let start = hoopai_runtime::time::Clock::now(&harness.clock);
        wait_until("a second has passed", || {
            let now = hoopai_runtime::time::Clock::now(&harness.clock);
            now - start > Duration::from_secs(1)
        })
        .await;
        lease.expect("a lease").release().await;
        call.await.unwrap().unwrap();
    }
    let metrics = manager.metrics();
    assert_eq!((metrics.lease_waits, metrics.leases), (1, 1));
    assert!(metrics.lease_wait > Duration::from_secs(1), "{metrics:?}");
}

#[tokio::test]
async fn failures_with_a_valid_token_are_fall_backs() {
    // Calls continue with a token that is due for a refresh.
    let harness = Harness::with_tokens(MINUTE).await;
    harness.platform.inject(Fault::Refused(503, ""));
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    account.authorization().await.unwrap();
    account.authorization().await.unwrap();
    wait_until("the refresh has failed", || manager.metrics().failures == 1).await;
    let metrics = manager.metrics();
    assert_eq!((metrics.fallbacks, metrics.store_failures), (1, 0));

    // Without a token, they fail.
    let mut harness = Harness::in_memory();
    harness.install(location(), DAY / 2).await;
    harness.clock.advance(DAY);
    FaultyStore::install(&mut harness, works_once().skip(1));
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    assert_kind(&error_of(&account).await, AuthErrorKind::Store);
    let metrics = manager.metrics();
    assert_eq!((metrics.failures, metrics.store_failures), (1, 1));
    assert_eq!((metrics.fallbacks, metrics.refreshes), (0, 0));
}
