//! Tokens are renewed before they end, and no call waits for that.

use std::time::Duration;

use super::platform::Fate;
use super::rig::{DAY, HOUR, MINUTE, Rig, location, until};
use crate::manager::WINDOW_MAX;

#[tokio::test]
async fn calls_go_on_with_the_old_token_while_it_is_renewed() {
    let rig = Rig::in_memory();
    rig.install(location(), HOUR / 2).await;
    let account = rig.account();
    let old = account.authorization().await.unwrap();
    let open = rig.platform.hold_next();
    for _ in 0..20 {
        assert!(account.authorization().await.unwrap() == old);
    }
    until("it is sent", || rig.platform.refreshes() == 1).await;
    assert!(account.authorization().await.unwrap() == old);
    open.send(()).unwrap();
    assert!(account.manager().wait_idle(HOUR).await);
    let new = account.authorization().await.unwrap();
    assert!(new != old);
    assert_eq!(rig.platform.refreshes(), 1);
    rig.assert_at_rest(&new).await;
}

#[tokio::test]
async fn nothing_is_renewed_before_its_time() {
    let rig = Rig::in_memory();
    rig.install(location(), DAY).await;
    let account = rig.account();
    let old = account.authorization().await.unwrap();
    rig.clock.advance(DAY - WINDOW_MAX - MINUTE);
    assert!(account.authorization().await.unwrap() == old);
    assert!(account.manager().wait_idle(HOUR).await);
    assert_eq!(rig.platform.refreshes(), 0);
    rig.clock.advance(WINDOW_MAX / 2);
    assert!(account.authorization().await.unwrap() == old);
    assert!(account.manager().wait_idle(HOUR).await);
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn a_failure_leaves_the_old_token_in_use_and_is_repeated_ever_more_seldom() {
    let rig = Rig::in_memory();
    rig.install(location(), HOUR * 2 / 3).await;
    let account = rig.account();
    let old = account.authorization().await.unwrap();
    for _ in 0..100 {
        rig.platform.fate(Fate::NotSent);
    }
    let mut tries = Vec::new();
    for second in 0..2_000 {
        let before = rig.platform.refreshes();
        assert!(account.authorization().await.unwrap() == old);
        assert!(account.manager().wait_idle(HOUR).await);
        if rig.platform.refreshes() > before {
            tries.push(second);
        }
        rig.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(tries, [0, 30, 90, 210, 450, 930, 1_530]);
    // Once it has expired, calls have to wait, and then fail.
    rig.clock.advance(HOUR);
    let error = account.authorization().await.unwrap_err();
    assert_eq!(
        error.auth_error_kind(),
        Some(hoopai_runtime::error::AuthErrorKind::Unavailable)
    );
    assert_eq!(rig.platform.refreshes(), 8);
}

#[tokio::test]
async fn settling_waits_no_longer_than_it_may() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let account = rig.account();
    let open = rig.platform.hold_next();
    let call = tokio::spawn({
        let account = account.clone();
        async move { account.authorization().await }
    });
    until("it is sent", || rig.platform.refreshes() == 1).await;
    {
        let _flies = rig.time_flies();
        assert!(!account.manager().wait_idle(MINUTE).await);
    }
    open.send(()).unwrap();
    assert!(account.manager().wait_idle(MINUTE).await);
    call.await.unwrap().unwrap();
}
