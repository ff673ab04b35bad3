//! The token endpoint refuses, fails or is not there; the store does.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::lock;
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;

use super::platform::{Fate, INVALID_GRANT};
use super::rig::{DAY, HOUR, Rig, location, until};
use crate::{Lease, Record, StoreError, Swap, TokenKey, TokenStore};

#[tokio::test]
async fn a_refused_refresh_token_is_dead_for_good() {
    for rig in [Rig::in_memory(), Rig::in_files()] {
        rig.install(location(), Duration::ZERO).await;
        rig.platform.fate(Fate::Refused(400, INVALID_GRANT));
        let account = rig.account();
        for _ in 0..5 {
            let error = account.authorization().await.unwrap_err();
            assert_eq!(
                error.auth_error_kind(),
                Some(AuthErrorKind::ReinstallNeeded)
            );
            assert!(
                error.to_string().contains("authorise the app again"),
                "{error}"
            );
        }
        assert!(
            rig.account()
                .authorization()
                .await
                .unwrap_err()
                .needs_reinstall()
        );
        assert_eq!(rig.platform.refreshes(), 1);
        let record = rig.stored(location()).await;
        assert!(record.dead.is_some() && record.pending.is_none());
        // An authorisation by another process is seen at once.
        rig.install(location(), DAY).await;
        let grant = account.authorization().await.unwrap();
        rig.assert_at_rest(&grant).await;
        assert_eq!(rig.platform.refreshes(), 1);
    }
}

#[tokio::test]
async fn a_dead_refresh_token_leaves_the_access_token_in_use() {
    let rig = Rig::in_memory();
    rig.install(location(), HOUR / 2).await;
    rig.platform.fate(Fate::Refused(400, INVALID_GRANT));
    let account = rig.account();
    let old = account.authorization().await.unwrap();
    for _ in 0..3 {
        assert!(account.authorization().await.unwrap() == old);
        assert!(account.manager().wait_idle(HOUR).await);
    }
    assert!(rig.stored(location()).await.dead.is_some());
    assert!(
        account
            .token_rejected(&old)
            .await
            .unwrap_err()
            .needs_reinstall()
    );
    rig.clock.advance(HOUR);
    assert!(account.authorization().await.unwrap_err().needs_reinstall());
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn other_refusals_kill_no_token() {
    let (refused, unavailable) = (AuthErrorKind::Refused, AuthErrorKind::Unavailable);
    for (status, body, fault) in [
        (
            400,
            r#"{"error":"invalid_client","error_description":"Invalid client: client is invalid"}"#,
            refused,
        ),
        (
            400,
            r#"{"statusCode":400,"message":"Location is not active"}"#,
            refused,
        ),
        (403, "<html>Error 1010</html>", refused),
        (
            422,
            r#"{"statusCode":422,"message":["property x should not exist"]}"#,
            refused,
        ),
        (
            429,
            r#"{"statusCode":429,"message":"Too Many Requests"}"#,
            unavailable,
        ),
        (500, "", unavailable),
        (503, "<html>", unavailable),
        (408, "", unavailable),
    ] {
        let rig = Rig::in_memory();
        rig.install(location(), Duration::ZERO).await;
        rig.platform.fate(Fate::Refused(status, body));
        let account = rig.account();
        let error = account.authorization().await.unwrap_err();
        assert_eq!(
            error.auth_error_kind(),
            Some(fault),
            "{status} {body}: {error}"
        );
        assert_eq!(
            error.retry_after().is_some(),
            fault == unavailable,
            "{status}"
        );
        let record = rig.stored(location()).await;
        assert!(record.dead.is_none());
        // After a failure of the platform nobody knows; a refusal has spent nothing.
        let unknown = matches!(status, 500.. | 408);
        assert_eq!(record.pending.is_some(), unknown, "{status} {body}");
        // It is not asked again at once, and well after a while.
        assert_eq!(
            account.authorization().await.unwrap_err().auth_error_kind(),
            Some(fault)
        );
        assert_eq!(rig.platform.refreshes(), 1);
        rig.clock.advance(Duration::from_secs(1));
        let grant = account.authorization().await.unwrap();
        assert_eq!(rig.platform.refreshes(), 2);
        rig.assert_at_rest(&grant).await;
    }
}

#[tokio::test]
async fn what_the_platform_says_is_passed_on() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let said = r#"{"statusCode":400,"message":"Location is not active"}"#;
    rig.platform.fate(Fate::Refused(400, said));
    let error = rig.account().authorization().await.unwrap_err();
    assert!(
        error.to_string().contains("Location is not active"),
        "{error}"
    );
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("(400)"), "{source}");
}

#[tokio::test]
async fn an_account_without_tokens_is_not_installed() {
    let rig = Rig::in_files();
    let account = rig.account();
    for _ in 0..2 {
        let error = account.authorization().await.unwrap_err();
        assert_eq!(
            error.auth_error_kind(),
            Some(AuthErrorKind::NotInstalled),
            "{error}"
        );
    }
    rig.install(location(), DAY).await;
    account.authorization().await.unwrap();
    assert_eq!(rig.platform.refreshes(), 0);
}

/// A store that does as it is told before it does as it should. The n-th swap is the n-th in the list.
pub(super) struct Fickle {
    inner: Arc<dyn TokenStore>,
    pub(super) swaps: Mutex<VecDeque<Whim>>,
    pub(super) failing: AtomicU32,
}

pub(super) enum Whim {
    Works,
    Fails,
    /// Stores it and says that it failed.
    Lies,
    Conflicts,
}

impl Fickle {
    pub(super) fn over(rig: &mut Rig, swaps: impl IntoIterator<Item = Whim>) -> Arc<Self> {
        let fickle = Arc::new(Fickle {
            inner: rig.store.clone(),
            swaps: Mutex::new(swaps.into_iter().collect()),
            failing: AtomicU32::new(0),
        });
        rig.store = fickle.clone();
        fickle
    }
}

impl TokenStore for Fickle {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.inner.load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        let whim = lock(&self.swaps).pop_front();
        Box::pin(async move {
            let broken = || StoreError::new("the disk is full", "make room");
            match whim {
                Some(Whim::Fails) => {
                    self.failing.fetch_add(1, Ordering::Relaxed);
                    Err(broken())
                }
                Some(Whim::Lies) => {
                    self.inner.swap(key, expected, new).await?;
                    Err(broken())
                }
                Some(Whim::Conflicts) => Ok(Swap::Conflict),
                Some(Whim::Works) | None => self.inner.swap(key, expected, new).await,
            }
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        self.inner.lease(key, ttl)
    }
}

#[tokio::test]
async fn nothing_is_sent_that_could_not_be_noted() {
    let mut rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    Fickle::over(&mut rig, [Whim::Fails]);
    let account = rig.account();
    let error = account.authorization().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::Store));
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(rig.platform.refreshes(), 0);
    let grant = account.authorization().await.unwrap();
    rig.assert_at_rest(&grant).await;
}

#[tokio::test]
async fn a_conflict_is_looked_into() {
    let mut rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    Fickle::over(&mut rig, [Whim::Conflicts, Whim::Conflicts]);
    let grant = rig.account().authorization().await.unwrap();
    assert_eq!(rig.platform.refreshes(), 1);
    rig.assert_at_rest(&grant).await;
}

#[tokio::test]
async fn a_reply_survives_a_store_that_fails_for_a_while() {
    for whims in [
        vec![Whim::Works, Whim::Fails, Whim::Fails],
        vec![Whim::Works, Whim::Lies],
        vec![Whim::Works, Whim::Conflicts, Whim::Conflicts],
    ] {
        let mut rig = Rig::in_memory();
        rig.install(location(), Duration::ZERO).await;
        Fickle::over(&mut rig, whims);
        let _flies = rig.time_flies();
        let grant = rig.account().authorization().await.unwrap();
        assert_eq!(rig.platform.refreshes(), 1);
        rig.assert_at_rest(&grant).await;
    }
}

#[tokio::test]
async fn a_reply_that_cannot_be_stored_is_used_and_stored_later() {
    let mut rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let whims = [Whim::Works].into_iter().chain((0..9).map(|_| Whim::Fails));
    let fickle = Fickle::over(&mut rig, whims);
    let account = rig.account();
    let flies = rig.time_flies();
    let grant = account.authorization().await.unwrap();
    drop(flies);
    assert!(rig.platform.is_good(&grant));
    assert_eq!(fickle.failing.load(Ordering::Relaxed), 4);
    assert!(rig.stored(location()).await.pending.is_some());
    // Nobody else gets at the old token meanwhile.
    let lease = rig.store.lease(&super::rig::key(location()), HOUR).await;
    assert!(lease.unwrap().is_none());
    assert!(account.authorization().await.unwrap() == grant);
    // A new token is not got for one that is not stored.
    let error = account.token_rejected(&grant).await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::Store));
    assert_eq!(rig.platform.refreshes(), 1);
    let _flies = rig.time_flies();
    assert!(account.manager().wait_idle(DAY).await);
    assert_eq!(fickle.failing.load(Ordering::Relaxed), 9);
    rig.assert_at_rest(&grant).await;
    let lease = rig.store.lease(&super::rig::key(location()), HOUR).await;
    assert!(lease.unwrap().is_some());
}

#[tokio::test]
async fn tokens_stored_late_win_over_what_others_made_of_the_spent_one() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let mut troubled = Rig {
        store: rig.store.clone(),
        platform: rig.platform.clone(),
        ..Rig::in_memory()
    };
    troubled.clock = rig.clock.clone();
    let whims = [Whim::Works].into_iter().chain((0..9).map(|_| Whim::Fails));
    Fickle::over(&mut troubled, whims);
    let account = troubled.account();
    let flies = rig.time_flies();
    let grant = account.authorization().await.unwrap();
    drop(flies);
    // The right ends by its time. Another process finds the note and a token that is spent, and takes it for dead.
    rig.clock.advance(Duration::from_secs(60 * 5));
    let error = rig.account().authorization().await.unwrap_err();
    assert!(error.needs_reinstall(), "{error}");
    assert!(rig.stored(location()).await.dead.is_some());
    let _flies = rig.time_flies();
    assert!(account.manager().wait_idle(DAY).await);
    rig.assert_at_rest(&grant).await;
    rig.account().authorization().await.unwrap();
}

#[tokio::test]
async fn tokens_of_a_new_authorisation_win_over_those_of_a_refresh() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let account = rig.account();
    let open = rig.platform.hold_next();
    let call = tokio::spawn(async move { account.authorization().await });
    until("it is sent", || rig.platform.refreshes() == 1).await;
    rig.install(location(), DAY).await;
    open.send(()).unwrap();
    let grant = call.await.unwrap().unwrap();
    rig.assert_at_rest(&grant).await;
    assert_eq!(rig.platform.refreshes(), 1);
}

#[tokio::test]
async fn a_process_that_holds_the_right_for_ever_is_waited_for_no_longer_than_sensible() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let key = super::rig::key(location());
    let _held = rig.store.lease(&key, DAY).await.unwrap().unwrap();
    let _flies = rig.time_flies();
    let error = rig.account().authorization().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::Unavailable));
    assert_eq!(rig.platform.refreshes(), 0);
    assert!(rig.clock.elapsed() >= crate::manager::LEASE_WAIT);
}
