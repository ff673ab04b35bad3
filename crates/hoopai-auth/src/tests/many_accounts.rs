//! Eviction of accounts.

use std::time::Duration;

use super::fake_platform::Fault;
use super::faulty_store::{FaultyStore, works_once};
use super::harness::{DAY, Harness, location, wait_until};
use crate::util::sync::lock;
use crate::{AccountId, TokenManager};

fn use_others(manager: &TokenManager, number: usize) {
    for id in 0..number {
        manager.account_through(AccountId::location(format!("other-{id}")), None);
    }
}

#[test]
fn unused_accounts_are_evicted() {
    let harness = Harness::in_memory();
    let manager = harness.manager();
    let used = manager.account_through(location(), None);
    let mut max = 0;
    for id in 0..100_000 {
        manager.account_through(AccountId::location(format!("{id}")), None);
        if id % 1_000 == 0 {
            max = max.max(manager.account_count());
        }
    }
    assert!(max <= 10_000, "{max}");
    let again = manager.account_through(location(), None);
    assert!(std::sync::Arc::ptr_eq(&used.state, &again.state));
}

#[test]
fn accounts_stay_until_their_number_has_doubled() {
    let harness = Harness::in_memory();
    let manager = harness.manager();
    let account = |id: usize| manager.account_through(AccountId::location(format!("{id}")), None);
    // These are in use.
    let used: Vec<_> = (0..4_096).map(account).collect();
    for id in 4_096..16_384 {
        account(id);
        assert_eq!(manager.account_count(), id + 1);
    }
    // Those that were not used since half of them were there are evicted now, except one.
    account(5_000);
    account(16_384);
    assert_eq!(manager.account_count(), 16_385 - (8_192 - 4_096 - 1));
    let again = account(0);
    assert!(std::sync::Arc::ptr_eq(&used[0].state, &again.state));
}

#[tokio::test]
async fn last_use_of_an_account_is_that_of_its_last_call() {
    let harness = Harness::with_tokens(DAY).await;
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    let last_use = || manager.last_use(&location());
    assert_eq!(last_use(), 0);
    account.authorization().await.unwrap();
    let first = last_use();
    assert!(first > 1, "{first}");
    harness.clock.advance(Duration::from_secs(5));
    assert_eq!(last_use(), first);
    account.authorization().await.unwrap();
    assert_eq!(last_use(), first + 5_000);
    assert_eq!(manager.last_use(&AccountId::location("unused")), 0);
}

#[tokio::test]
async fn evicted_account_loads_tokens_from_the_store() {
    let harness = Harness::with_tokens(DAY).await;
    let manager = harness.manager();
    let before = manager.account_through(location(), None);
    let token = before.authorization().await.unwrap();
    drop(before);
    use_others(&manager, 50_000);
    let after = manager.account_through(location(), None);
    assert!(after.authorization().await.unwrap() == token);
    assert_eq!(harness.platform.refreshes(), 0);
}

#[tokio::test]
async fn refreshing_account_is_not_evicted() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    let release = harness.platform.hold_next_reply();
    let call = tokio::spawn(async move { account.authorization().await });
    wait_until("the request is sent", || harness.platform.refreshes() == 1).await;
    // No caller waits, and the refresh continues.
    call.abort();
    let _ = call.await;
    use_others(&manager, 50_000);
    release.send(()).unwrap();
    let account = manager.account_through(location(), None);
    let token = account.authorization().await.unwrap();
    assert_eq!(harness.platform.refreshes(), 1);
    harness.assert_consistent(&token).await;
}

#[test]
fn unsaved_tokens_and_replies_are_not_evicted() {
    for is_readable in [true, false] {
        let mut harness = Harness::in_memory();
        let manager = {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async {
                harness.install(location(), Duration::ZERO).await;
                FaultyStore::install(&mut harness, works_once());
                let manager = harness.manager();
                let account = manager.account_through(location(), None);
                if !is_readable {
                    harness.platform.inject(Fault::Reply("<html>"));
                }
                let _advance = harness.auto_advance();
                assert_eq!(account.authorization().await.is_ok(), is_readable);
                manager
            })
            // The task that would store them later ends with the runtime.
        };
        use_others(&manager, 50_000);
        let account = manager.account_through(location(), None);
        let unsaved = account.state.unsaved.try_lock().unwrap();
        assert_eq!(unsaved.is_some(), is_readable);
        assert_eq!(lock(&account.state.undecoded).is_empty(), is_readable);
    }
}
