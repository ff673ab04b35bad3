//! Processes that end at each checkpoint of a refresh, and the next process with the same store.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;
use tokio::sync::Notify;

use super::fake_platform::{CODE, Fault};
use super::harness::{HOUR, Harness, assert_kind, error_of, key, location, wait_until};
use crate::manager::{Checkpoint, CheckpointHook};

const CHECKPOINTS: [Checkpoint; 7] = [
    Checkpoint::Started,
    Checkpoint::LeaseAcquired,
    Checkpoint::Decided,
    Checkpoint::PendingStored,
    Checkpoint::Replied,
    Checkpoint::TokensStored,
    Checkpoint::LeaseReleased,
];

/// Pauses a refresh at a checkpoint.
struct PauseAt {
    at: Checkpoint,
    reached: Notify,
    resume: Notify,
}

impl PauseAt {
    fn new(at: Checkpoint) -> Arc<Self> {
        Arc::new(PauseAt {
            at,
            reached: Notify::new(),
            resume: Notify::new(),
        })
    }
}

impl CheckpointHook for PauseAt {
    fn reached(&self, checkpoint: Checkpoint) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if checkpoint == self.at {
                self.reached.notify_one();
                self.resume.notified().await;
            }
        })
    }
}

/// Runs a process that needs a token, and ends it with its runtime at a checkpoint.
fn crash_at(harness: &Harness, checkpoint: Checkpoint) {
    block_on(async {
        let hook = PauseAt::new(checkpoint);
        let account = harness.account_with_hook(hook.clone());
        tokio::spawn(async move { account.authorization().await });
        hook.reached.notified().await;
    });
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn harnesses() -> [Harness; 2] {
    [Harness::in_memory(), Harness::in_files()]
}

#[test]
fn crash_at_each_checkpoint_is_recovered() {
    for checkpoint in CHECKPOINTS {
        for harness in harnesses() {
            block_on(harness.install(location(), Duration::ZERO));
            crash_at(&harness, checkpoint);
            let sent = usize::from(matches!(
                checkpoint,
                Checkpoint::Replied | Checkpoint::TokensStored | Checkpoint::LeaseReleased
            ));
            assert_eq!(harness.platform.refreshes(), sent, "{checkpoint:?}");
            // Each write has a revision of its own: the pending refresh, and the new tokens.
            let writes = match checkpoint {
                Checkpoint::Started | Checkpoint::LeaseAcquired | Checkpoint::Decided => 0,
                Checkpoint::PendingStored | Checkpoint::Replied => 1,
                Checkpoint::TokensStored | Checkpoint::LeaseReleased => 2,
            };
            let stored = block_on(harness.stored(location()));
            assert_eq!(stored.revision, 1 + writes, "{checkpoint:?}");
            block_on(async {
                let account = harness.account();
                match checkpoint {
                    Checkpoint::Replied => {
                        let record = harness.stored(location()).await;
                        assert_eq!(record.pending.unwrap().attempt, 1);
                        let error = error_of(&account).await;
                        assert!(error.needs_reinstall(), "{error}");
                        assert_eq!(harness.platform.refreshes(), 2);
                        let error = error_of(&harness.account()).await;
                        assert!(error.needs_reinstall(), "{error}");
                        assert_eq!(harness.platform.refreshes(), 2);
                    }
                    _ => {
                        let token = account.authorization().await.unwrap();
                        assert_eq!(harness.platform.refreshes(), 1, "{checkpoint:?}");
                        assert_eq!(harness.platform.reuses(), 0);
                        harness.assert_consistent(&token).await;
                    }
                }
            });
        }
    }
}

#[test]
fn crash_with_valid_token_delays_no_call() {
    for checkpoint in [Checkpoint::PendingStored, Checkpoint::Replied] {
        let harness = Harness::in_files();
        block_on(harness.install(location(), Duration::ZERO));
        // For the next process the token is valid for half a day.
        crash_at(&harness, checkpoint);
        block_on(async {
            let key = key(location());
            let mut record = harness.stored(location()).await;
            record.tokens.expires_at = harness.clock().system_time() + HOUR * 12;
            let revision = record.revision;
            record.revision += 1;
            let swapped = harness.store.swap(&key, Some(revision), Some(record)).await;
            assert_eq!(swapped.unwrap(), crate::Swap::Done);
            let account = harness.account();
            let before = harness.platform.refreshes();
            let old = account.authorization().await.unwrap();
            assert_eq!(harness.platform.refreshes(), before);
            // The next call starts a refresh, and no call waits for it.
            let same = account.authorization().await.unwrap();
            assert!(same == old);
            account.state.wait_idle().await;
            assert_eq!(harness.platform.refreshes(), before + 1);
            let after = account.authorization().await.unwrap();
            if checkpoint == Checkpoint::PendingStored {
                harness.assert_consistent(&after).await;
            } else {
                assert!(after == old);
                assert!(harness.stored(location()).await.rejected_at.is_some());
            }
        });
    }
}

#[tokio::test]
async fn lost_request_is_sent_again() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::LostRequest);
    let error = error_of(&harness.account()).await;
    assert_kind(&error, AuthErrorKind::Unavailable);
    assert!(error.retry_after().is_some());
    assert!(harness.stored(location()).await.pending.is_some());
    harness.platform.inject(Fault::LostRequest);
    error_of(&harness.account()).await;
    assert_eq!(harness.stored(location()).await.pending.unwrap().attempt, 2);
    let token = harness.account().authorization().await.unwrap();
    assert_eq!(harness.platform.reuses(), 0);
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn refusal_after_a_lost_request_keeps_the_refresh_pending() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::LostRequest);
    error_of(&harness.account()).await;
    for fault in [Fault::Refused(429, "{}"), Fault::NotSent] {
        harness.platform.inject(fault);
        error_of(&harness.account()).await;
        assert!(harness.stored(location()).await.pending.is_some());
    }
    let token = harness.account().authorization().await.unwrap();
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn unknown_outcome_is_repeated_without_a_call() {
    let harness = Harness::with_tokens(HOUR / 2).await;
    for _ in 0..3 {
        harness.platform.inject(Fault::LostRequest);
    }
    let account = harness.account();
    // The first call reads the stored token, and the second one starts a refresh.
    account.authorization().await.unwrap();
    account.authorization().await.unwrap();
    let advance = harness.auto_advance();
    wait_until("the token is refreshed", || {
        harness.platform.refreshes() == 4
    })
    .await;
    account.state.wait_idle().await;
    drop(advance);
    assert!(harness.clock.elapsed() < Duration::from_secs(10));
    let token = account.authorization().await.unwrap();
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn unknown_outcome_is_repeated_a_few_times() {
    let harness = Harness::with_tokens(HOUR / 2).await;
    for _ in 0..9 {
        harness.platform.inject(Fault::LostRequest);
    }
    let account = harness.account();
    let old = account.authorization().await.unwrap();
    account.authorization().await.unwrap();
    let advance = harness.auto_advance();
    wait_until("the refresh is repeated", || {
        harness.platform.refreshes() == 6
    })
    .await;
    account.state.wait_idle().await;
    drop(advance);
    assert!(harness.clock.elapsed() < Duration::from_secs(40));
    harness.clock.advance(Duration::from_secs(60));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(harness.platform.refreshes(), 6);
    assert!(account.authorization().await.unwrap() == old);
}

#[tokio::test]
async fn unknown_outcome_is_not_repeated_after_a_new_authorization() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::LostRequest);
    let manager = harness.manager();
    let account = manager.account_through(location(), None);
    error_of(&account).await;
    manager.exchange_code(CODE).await.unwrap();
    let before = manager.metrics();
    // The repetition was due after a second.
    harness.clock.advance(Duration::from_secs(60));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    account.state.wait_idle().await;
    assert_eq!(manager.metrics(), before);
}

#[tokio::test]
async fn lost_reply_needs_reinstall_after_one_retry() {
    for fault in [Fault::LostReply, Fault::Reply("<html>proxy</html>")] {
        let harness = Harness::with_tokens(Duration::ZERO).await;
        harness.platform.inject(fault);
        let account = harness.account();
        let error = error_of(&account).await;
        assert_kind(&error, AuthErrorKind::Unavailable);
        harness.clock.advance(HOUR);
        let error = error_of(&account).await;
        assert!(error.needs_reinstall(), "{error}");
        assert_eq!(harness.platform.refreshes(), 2);
        for _ in 0..10 {
            harness.clock.advance(HOUR);
            assert!(error_of(&account).await.needs_reinstall());
        }
        assert_eq!(harness.platform.refreshes(), 2);
    }
}

#[tokio::test]
async fn expired_lease_sends_nothing() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let hook = PauseAt::new(Checkpoint::PendingStored);
    let suspended = harness.account_with_hook(hook.clone());
    let call = tokio::spawn(async move { suspended.authorization().await });
    hook.reached.notified().await;
    harness.clock.advance(HOUR);
    let token = harness.account().authorization().await.unwrap();
    hook.resume.notify_one();
    // The suspended process uses the tokens of the other one.
    assert!(call.await.unwrap().unwrap() == token);
    assert_eq!(harness.platform.refreshes(), 1);
    harness.assert_consistent(&token).await;
}
