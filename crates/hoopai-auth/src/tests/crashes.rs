//! A process that ends in the midst of a refresh, at each of its steps, and the next one on the same store.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;

use super::platform::Fate;
use super::rig::{HOUR, MINUTE, Rig, location};
use crate::manager::{Step, Steps};

const STEPS: [Step; 7] = [
    Step::Started,
    Step::Leased,
    Step::Looked,
    Step::Noted,
    Step::Replied,
    Step::Stored,
    Step::Released,
];

/// Lets a refresh come to a step and no further.
struct Stop {
    at: Step,
    reached: tokio::sync::Notify,
}

impl Steps for Stop {
    fn reached(&self, step: Step) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if step == self.at {
                self.reached.notify_one();
                std::future::pending::<()>().await;
            }
        })
    }
}

/// A process that needs a token and is ended at a step: with its runtime goes all that it was about to do.
fn process_ends_at(rig: &Rig, step: Step) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stop = Arc::new(Stop {
            at: step,
            reached: tokio::sync::Notify::new(),
        });
        let manager = rig.manager().watched(stop.clone());
        let account = manager.account_through(location(), None);
        let call = tokio::spawn(async move { account.authorization().await });
        stop.reached.notified().await;
        drop(call);
    });
    drop(runtime);
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let work = async { tokio::time::timeout(MINUTE, work).await };
    runtime
        .block_on(work)
        .expect("nobody waits for a dead process")
}

fn rigs() -> [Rig; 2] {
    [Rig::in_memory(), Rig::in_files()]
}

#[test]
fn each_step_with_an_expired_token() {
    for step in STEPS {
        for rig in rigs() {
            block_on(rig.install(location(), Duration::ZERO));
            process_ends_at(&rig, step);
            let sent = usize::from(matches!(
                step,
                Step::Replied | Step::Stored | Step::Released
            ));
            assert_eq!(rig.platform.refreshes(), sent, "{step:?}");
            block_on(async {
                let account = rig.account();
                match step {
                    Step::Replied => {
                        let noted = rig.stored(location()).await;
                        assert_eq!(noted.pending.unwrap().attempt, 1);
                        let error = account.authorization().await.unwrap_err();
                        assert!(error.needs_reinstall(), "{error}");
                        assert_eq!(rig.platform.refreshes(), 2);
                        let error = rig.account().authorization().await.unwrap_err();
                        assert!(error.needs_reinstall(), "{error}");
                        assert_eq!(rig.platform.refreshes(), 2);
                    }
                    _ => {
                        let grant = account.authorization().await.unwrap();
                        assert_eq!(rig.platform.refreshes(), 1, "{step:?}");
                        assert_eq!(rig.platform.spent_twice(), 0);
                        rig.assert_at_rest(&grant).await;
                    }
                }
            });
        }
    }
}

#[test]
fn the_old_token_serves_while_it_is_good() {
    for step in [Step::Noted, Step::Replied] {
        let rig = Rig::in_files();
        block_on(rig.install(location(), Duration::ZERO));
        // The process had seen it expired by its clock; for the next one it is good for half a day yet.
        process_ends_at(&rig, step);
        block_on(async {
            let key = super::rig::key(location());
            let mut record = rig.stored(location()).await;
            record.tokens.expires_at = rig.time().system_time() + HOUR * 12;
            let revision = record.revision;
            record.revision += 1;
            let swapped = rig.store.swap(&key, Some(revision), Some(record)).await;
            assert_eq!(swapped.unwrap(), crate::Swap::Done);
            let account = rig.account();
            let before = rig.platform.refreshes();
            let old = account.authorization().await.unwrap();
            assert_eq!(rig.platform.refreshes(), before);
            // What became of the refresh is looked into with the next call, and no call waits for it.
            let same = account.authorization().await.unwrap();
            assert!(same == old);
            assert!(account.manager().wait_idle(HOUR).await);
            assert_eq!(rig.platform.refreshes(), before + 1);
            let after = account.authorization().await.unwrap();
            if step == Step::Noted {
                rig.assert_at_rest(&after).await;
            } else {
                assert!(after == old);
                assert!(rig.stored(location()).await.dead.is_some());
            }
        });
    }
}

#[tokio::test]
async fn a_lost_request_is_made_up_for() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    rig.platform.fate(Fate::LostRequest);
    let error = rig.account().authorization().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::Unavailable));
    assert!(error.retry_after().is_some());
    assert!(rig.stored(location()).await.pending.is_some());
    rig.platform.fate(Fate::LostRequest);
    rig.account().authorization().await.unwrap_err();
    assert_eq!(rig.stored(location()).await.pending.unwrap().attempt, 2);
    let grant = rig.account().authorization().await.unwrap();
    assert_eq!(rig.platform.spent_twice(), 0);
    rig.assert_at_rest(&grant).await;
}

#[tokio::test]
async fn a_lost_reply_is_found_out_once() {
    for fate in [Fate::LostReply, Fate::Odd("<html>proxy</html>")] {
        let rig = Rig::in_memory();
        rig.install(location(), Duration::ZERO).await;
        rig.platform.fate(fate);
        let account = rig.account();
        let error = account.authorization().await.unwrap_err();
        assert_eq!(
            error.auth_error_kind(),
            Some(AuthErrorKind::Unavailable),
            "{error}"
        );
        rig.clock.advance(HOUR);
        let error = account.authorization().await.unwrap_err();
        assert!(error.needs_reinstall(), "{error}");
        assert_eq!(rig.platform.refreshes(), 2);
        for _ in 0..10 {
            rig.clock.advance(HOUR);
            assert!(account.authorization().await.unwrap_err().needs_reinstall());
        }
        assert_eq!(rig.platform.refreshes(), 2);
    }
}

#[tokio::test]
async fn who_comes_back_after_its_right_ended_sends_nothing() {
    let rig = Rig::in_memory();
    rig.install(location(), Duration::ZERO).await;
    let stop = Arc::new(Pause {
        at: Step::Noted,
        reached: tokio::sync::Notify::new(),
        go_on: tokio::sync::Notify::new(),
    });
    let sleeper = rig
        .manager()
        .watched(stop.clone())
        .account_through(location(), None);
    let call = tokio::spawn(async move { sleeper.authorization().await });
    stop.reached.notified().await;
    rig.clock.advance(HOUR);
    let grant = rig.account().authorization().await.unwrap();
    stop.go_on.notify_one();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::Unavailable));
    assert_eq!(rig.platform.refreshes(), 1);
    rig.assert_at_rest(&grant).await;
}

struct Pause {
    at: Step,
    reached: tokio::sync::Notify,
    go_on: tokio::sync::Notify,
}

impl Steps for Pause {
    fn reached(&self, step: Step) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if step == self.at {
                self.reached.notify_one();
                self.go_on.notified().await;
            }
        })
    }
}
