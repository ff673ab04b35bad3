//! Many accounts in one process: unused ones are evicted, and none with something to lose.

use std::time::Duration;

use super::faults::{Fickle, Whim};
use super::platform::Fate;
use super::rig::{DAY, Rig, location, until};
use crate::{AccountId, TokenManager};

fn use_others(manager: &TokenManager, number: usize) {
    for id in 0..number {
        manager.account_through(AccountId::location(format!("other-{id}")), None);
    }
}

fn accounts(manager: &TokenManager) -> usize {
    let text = format!("{manager:?}");
    let digits = text.split("accounts: ").nth(1).unwrap();
    let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap();
    digits[..end].parse().unwrap()
}

#[test]
fn unused_accounts_are_evicted() {
    let rig = Rig::in_memory();
    let manager = rig.manager();
    let held = manager.account_through(location(), None);
    let mut most = 0;
    for id in 0..100_000 {
        manager.account_through(AccountId::location(format!("{id}")), None);
        if id % 1_000 == 0 {
            most = most.max(accounts(&manager));
        }
    }
    assert!(most <= 10_000, "{most}");
    let again = manager.account_through(location(), None);
    assert!(std::sync::Arc::ptr_eq(&held.slot, &again.slot));
}

#[tokio::test]
async fn evicted_accounts_find_their_tokens_in_the_store() {
    let rig = Rig::in_memory();
    rig.install(location(), DAY).await;
    let manager = rig.manager();
    let before = manager.account_through(location(), None);
    let grant = before.authorization().await.unwrap();
    drop(before);
    use_others(&manager, 50_000);
    let after = manager.account_through(location(), None);
    assert!(after.authorization().await.unwrap() == grant);
    assert_eq!(rig.platform.refreshes(), 0);
}

#[tokio::test]
async fn an_account_that_refreshes_is_not_evicted() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let manager = rig.manager();
    let account = manager.account_through(location(), None);
    let open = rig.platform.hold_next();
    let call = tokio::spawn(async move { account.authorization().await });
    until("it is sent", || rig.platform.refreshes() == 1).await;
    // No call waits any more; the refresh goes on by itself.
    call.abort();
    let _ = call.await;
    use_others(&manager, 50_000);
    open.send(()).unwrap();
    let account = manager.account_through(location(), None);
    let grant = account.authorization().await.unwrap();
    assert_eq!(rig.platform.refreshes(), 1);
    rig.assert_at_rest(&grant).await;
}

#[test]
fn unsaved_tokens_and_replies_are_not_evicted() {
    for is_readable in [true, false] {
        let mut rig = Rig::in_memory();
        let manager = {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async {
                rig.install(location(), Duration::ZERO).await;
                let whims = [Whim::Works].into_iter().chain((0..9).map(|_| Whim::Fails));
                Fickle::over(&mut rig, whims);
                let manager = rig.manager();
                let account = manager.account_through(location(), None);
                if !is_readable {
                    rig.platform.fate(Fate::Odd("<html>"));
                }
                let _flies = rig.time_flies();
                assert_eq!(account.authorization().await.is_ok(), is_readable);
                manager
            })
            // With the runtime goes the task that would store them later.
        };
        use_others(&manager, 50_000);
        let account = manager.account_through(location(), None);
        assert_eq!(
            account.slot.unsaved.try_lock().unwrap().is_some(),
            is_readable
        );
        assert_eq!(
            crate::lock(&account.slot.unread).len(),
            usize::from(!is_readable)
        );
    }
}
