//! The driver of the queue: no waiting call depends on another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt;

use super::super::{
    Backend, LimitKey, Limiter, LimiterBackend, LimiterError, RateLimitSettings, ShareReply,
    ShareReport,
};
use super::{Fixture, NONE, headers, ms, secs};
use crate::time::{BoxFuture, Clock, ManualClock};

fn full(max_wait: Duration) -> (ManualClock, Limiter) {
    let clock = ManualClock::new();
    let settings = RateLimitSettings::default().max(1).max_wait(max_wait);
    let limiter = Limiter::new(settings, Arc::new(clock.clone()));
    take_one(&limiter);
    (clock, limiter)
}

fn take_one(limiter: &Limiter) {
    let mut permit = limiter.acquire(None).now_or_never().unwrap().unwrap();
    permit.complete(200, &headers(NONE));
}

fn call(limiter: &Limiter) -> BoxFuture<'static, bool> {
    let limiter = limiter.clone();
    Box::pin(async move {
        let Ok(mut permit) = limiter.acquire(None).await else {
            return false;
        };
        permit.complete(200, &headers(NONE));
        true
    })
}

fn poll(call: &mut BoxFuture<'static, bool>) -> Poll<bool> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Like the futures in a buffered stream whose consumer makes a call of its own.
#[tokio::test]
async fn unpolled_waiter_does_not_block_others() {
    let fixture = Fixture::of(2);
    fixture.call(200, NONE).await;
    fixture.call(200, NONE).await;
    let mut first = call(&fixture.limiter);
    assert!(poll(&mut first).is_pending());
    let second = fixture.spawn(call(&fixture.limiter));
    fixture.settle().await;
    assert_eq!(fixture.run(vec![second]).await, [true]);
    assert_eq!(fixture.clock.elapsed(), secs(10));
    assert_eq!(poll(&mut first), Poll::Ready(true));
}

#[test]
fn waiters_without_runtime_drive_the_queue() {
    let (clock, limiter) = full(secs(45));
    let mut calls: Vec<_> = (0..4).map(|_| call(&limiter)).collect();
    for call in &mut calls {
        assert!(poll(call).is_pending());
    }
    assert_eq!(clock.sleepers(), 1);
    // The first is dropped together with the timer.
    drop(calls.remove(0));
    let mut ended = Vec::new();
    while ended.len() < 3 {
        // In order, so that the call that takes over the timer is polled after the one that had it.
        for call in &mut calls {
            if poll(call).is_ready() {
                *call = Box::pin(std::future::pending());
                ended.push(clock.elapsed());
            }
        }
        assert!(clock.sleepers() <= 1);
        assert!(clock.advance_to_next().is_some() || ended.len() == 3);
    }
    assert_eq!(ended, [10, 20, 30].map(secs));
    assert_eq!(limiter.snapshot().queued, 0);

    // Waits have a deadline here, too.
    let hanging = {
        clock.advance(secs(10));
        limiter.acquire(None).now_or_never().unwrap().unwrap()
    };
    let mut late = call(&limiter);
    assert!(poll(&mut late).is_pending());
    clock.advance(secs(45));
    assert_eq!(poll(&mut late), Poll::Ready(false));
    drop(hanging);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[test]
fn ended_runtime_drops_only_its_own_waiters() {
    let (clock, limiter) = full(Duration::MAX);
    let (mut ours, mut first) = (call(&limiter), call(&limiter));
    let ending = runtime();
    ending.block_on(async {
        assert!(poll(&mut first).is_pending());
        drop(tokio::spawn(call(&limiter)));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    });
    let lasting = runtime();
    lasting.block_on(async { assert!(poll(&mut ours).is_pending()) });
    assert_eq!(limiter.snapshot().queued, 3);
    drop(ending);
    assert_eq!(limiter.snapshot().queued, 2);
    assert_eq!(clock.sleepers(), 0);
    // They keep their positions, even before they are polled again.
    clock.advance(secs(10));
    let newcomer = limiter.acquire(Some(Duration::ZERO)).now_or_never();
    assert!(newcomer.unwrap().is_err());
    lasting.block_on(async {
        assert!(poll(&mut ours).is_pending());
        assert_eq!(poll(&mut first), Poll::Ready(true));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(clock.advance_to_next().is_some());
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(poll(&mut ours), Poll::Ready(true));
        assert_eq!(clock.elapsed(), secs(20));
    });
}

/// A backend that never replies, and counts the exchanges.
#[derive(Default)]
struct SilentBackend(AtomicUsize);

impl LimiterBackend for SilentBackend {
    fn exchange<'a>(
        &'a self,
        _: &'a LimitKey,
        _: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

#[test]
fn call_of_a_lasting_runtime_takes_over_the_exchange_of_an_ended_one() {
    let backend = Arc::new(SilentBackend::default());
    let limiter = Limiter::shared(
        RateLimitSettings::default(),
        Arc::new(ManualClock::new()),
        Backend {
            limiter: backend.clone(),
            app: String::new(),
            observer: None,
        },
        "location:1",
    );
    let run = |runtime: &tokio::runtime::Runtime| {
        runtime.block_on(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
    };
    let (ending, lasting) = (runtime(), runtime());
    let first = ending.spawn(call(&limiter));
    run(&ending);
    // The timer of the queue ends with its only call; the exchange does not.
    first.abort();
    run(&ending);
    let _second = lasting.spawn(call(&limiter));
    run(&lasting);
    assert_eq!(backend.0.load(Ordering::Relaxed), 1);
    drop(ending);
    run(&lasting);
    assert_eq!(backend.0.load(Ordering::Relaxed), 2);
}

/// Many threads at once, and a clock that advances quickly: no slot is lost or counted twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_threads_lose_no_slot() {
    let clock = ManualClock::new();
    let settings = RateLimitSettings::default()
        .max(40)
        .interval(ms(100))
        .daily(Some(1_000_000))
        .max_wait(Duration::MAX);
    let limiter = Limiter::new(settings, Arc::new(clock.clone()));
    let tasks: Vec<_> = (0..3_000_u32)
        .map(|index| {
            let (limiter, clock) = (limiter.clone(), clock.clone());
            tokio::spawn(async move {
                let acquire = Box::pin(limiter.acquire(None));
                if index % 3 == 0 {
                    let timeout = clock.sleep(ms(u64::from(index % 70) * 100));
                    let _ = futures_util::future::select(acquire, timeout).await;
                    return;
                }
                let mut permit = acquire.await.unwrap();
                tokio::task::yield_now().await;
                if index % 2 == 0 {
                    permit.complete(200, &headers(NONE));
                }
            })
        })
        .collect();
    while !tasks.iter().all(|task| task.is_finished()) {
        clock.advance_to_next();
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    clock.advance(secs(10));
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.in_window, snapshot.queued), (0, 0));
    assert!(clock.elapsed() < secs(80_000), "a day has passed");
    // The sent ones are even and not multiples of three.
    assert_eq!(snapshot.daily_left, Some(1_000_000 - 1_000));
}
