//! The window and the queue: who goes when.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Limiter, Limiters, RateLimitReason, RateLimitSettings, RateLimited};
use super::{NONE, Rig, headers, ms, secs};
use crate::time::{Clock, ManualClock};

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_slot_is_taken_until_an_interval_after_the_reply() {
    let rig = Rig::of(1);
    let mut permit = rig.now().await;
    permit.sent();
    rig.clock.advance(secs(30));
    assert_eq!(rig.room().await, 0);
    permit.complete(200, &headers(NONE));
    assert_eq!(rig.limiter.rate_limit_delay(), secs(10));
    rig.clock.advance(ms(9_999));
    assert_eq!(rig.room().await, 0);
    rig.clock.advance(ms(1));
    assert_eq!(rig.room().await, 1);
}

#[tokio::test]
async fn what_did_not_go_out_takes_no_slot() {
    let rig = Rig::of(1);
    drop(rig.now().await);
    let mut permit = rig.now().await;
    permit.sent();
    permit.failed(false);
    rig.now().await.failed(false);
    assert_eq!(rig.limiter.snapshot().in_window, 0);

    // The slot goes to who waits, at once.
    let permit = rig.now().await;
    let waiter = rig.limiter.clone();
    let waiting =
        rig.spawn(async move { waiter.acquire(None).await.map(|permit| permit.number()) });
    rig.quiet().await;
    assert!(!waiting.is_finished());
    drop(permit);
    rig.quiet().await;
    assert!(waiting.is_finished());
    assert_eq!(rig.clock.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn what_may_have_gone_out_takes_its_slot_as_long_as_it_may_be_counted() {
    for reached_late in [false, true] {
        let rig = Rig::of(1);
        let mut permit = rig.now().await;
        permit.sent();
        let past = if reached_late { secs(3) } else { ms(100) };
        rig.clock.advance(past);
        if reached_late {
            permit.failed(true);
        } else {
            drop(permit);
        }
        // Given up early, it can arrive until a second after it was sent; given up late, it has long arrived.
        let taken = if reached_late { secs(10) } else { ms(10_900) };
        assert_eq!(rig.limiter.rate_limit_delay(), taken);
        rig.clock.advance(taken - ms(1));
        assert_eq!(rig.room().await, 0);
        rig.clock.advance(ms(1));
        assert_eq!(rig.room().await, 1);
    }
}

#[tokio::test]
async fn no_ten_seconds_hold_more_than_the_limit_and_all_go_in_their_order() {
    let rig = Rig::of(100);
    let tasks = (0..250)
        .map(|_| {
            let (limiter, clock) = (rig.limiter.clone(), rig.clock.clone());
            rig.spawn(async move {
                let mut permit = is_send(limiter.acquire(None)).await.unwrap();
                let number = permit.number();
                permit.sent();
                let sent = clock.elapsed();
                clock.sleep(ms(100)).await;
                permit.complete(200, &headers(NONE));
                (number, sent)
            })
        })
        .collect();
    let calls = rig.run(tasks).await;
    for (index, (number, _)) in calls.iter().enumerate() {
        assert_eq!(*number, index as u64 + 1);
    }
    for early in &calls {
        let window = calls
            .iter()
            .filter(|call| call.1 >= early.1 && call.1 < early.1 + ms(10_100));
        assert!(window.count() <= 100);
    }
    // Two whole windows later, and not a moment after it need be.
    assert_eq!(calls[249].1, ms(20_200));
    assert_eq!(rig.clock.elapsed(), ms(20_300));
}

#[tokio::test]
async fn ten_thousand_wait_on_one_timer_and_are_woken_once() {
    const TASKS: u64 = 10_000;
    let rig = Rig::of(100);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let limiter = rig.limiter.clone();
            rig.spawn(async move {
                let mut permit = limiter.acquire(None).await.unwrap();
                permit.sent();
                permit.complete(200, &headers(NONE));
            })
        })
        .collect();
    rig.quiet().await;
    assert_eq!(rig.clock.sleepers(), 1);
    assert_eq!(rig.limiter.snapshot().queued, 9_900);
    assert_eq!(rig.polls(), TASKS);
    // The queue moves 100 each 10 seconds: who comes now waits for the last of them and a window more.
    assert_eq!(rig.limiter.rate_limit_delay(), secs(1_000));
    rig.run(tasks).await;
    let ideal = secs((TASKS / 100 - 1) * 10);
    assert!(rig.clock.elapsed() >= ideal);
    assert!(rig.clock.elapsed() * 99 <= ideal * 100, "{:?}", rig.clock);
    assert_eq!(rig.polls(), TASKS + 9_900);
    assert_eq!(rig.clock.sleepers(), 0);
}

#[tokio::test]
async fn slots_that_are_free_at_once_are_all_used_at_once() {
    let rig = Rig::of(5);
    for _ in 0..5 {
        rig.call(200, NONE).await;
    }
    let tasks: Vec<_> = (0..7)
        .map(|_| {
            let limiter = rig.limiter.clone();
            rig.spawn(async move {
                let permit = limiter.acquire(None).await.unwrap();
                std::mem::forget(permit);
            })
        })
        .collect();
    rig.advance(secs(10)).await;
    let gone = tasks.iter().filter(|task| task.is_finished()).count();
    assert_eq!((gone, rig.limiter.snapshot().queued), (5, 2));
}

#[tokio::test]
async fn who_would_wait_too_long_is_told_at_once_and_leaves_nothing_behind() {
    let rig = Rig::of(2);
    rig.call(200, NONE).await;
    rig.clock.advance(secs(4));
    rig.call(200, NONE).await;

    let held = |wait| RateLimited {
        wait,
        reason: RateLimitReason::Window,
    };
    let too_short = rig.limiter.acquire(Some(ms(5_999))).await;
    assert_eq!(too_short.unwrap_err(), held(secs(6)));
    assert_eq!(rig.limiter.snapshot().queued, 0);
}

#[tokio::test]
async fn the_queue_counts_in_what_is_foretold_and_that_comes_true() {
    let rig = Rig::of(2);
    rig.call(200, NONE).await;
    rig.clock.advance(secs(4));
    rig.call(200, NONE).await;
    let mut tasks = Vec::new();
    // The slots are free at 10 and at 14 seconds, and again an interval later.
    for at in [10, 14, 20, 24, 30] {
        assert_eq!(rig.limiter.rate_limit_delay(), secs(at - 4));
        let short = rig.limiter.acquire(Some(secs(at - 4) - ms(1))).await;
        assert_eq!(short.unwrap_err().wait, secs(at - 4));
        let waiter = rig.clone();
        tasks.push(rig.spawn(async move {
            let permit = waiter.limiter.acquire(Some(secs(at - 4))).await.unwrap();
            waiter.answer(permit, 200, NONE);
            waiter.clock.elapsed()
        }));
        rig.quiet().await;
    }
    let went = rig.run(tasks).await;
    assert_eq!(went, [10, 14, 20, 24, 30].map(secs));
}

#[tokio::test]
async fn nobody_waits_longer_than_it_may_when_replies_stay_out() {
    let rig = Rig::of(1);
    let mut hanging = rig.now().await;
    hanging.sent();
    // A reply that came now would free the slot in 10 seconds.
    assert_eq!(rig.limiter.rate_limit_delay(), secs(10));
    let soon = rig.limiter.acquire(Some(ms(9_999))).await;
    assert_eq!(soon.unwrap_err().wait, secs(10));

    let waits = [42, 41, 43].map(|seconds| {
        let waiter = rig.clone();
        rig.spawn(async move {
            let held = waiter.limiter.acquire(Some(secs(seconds))).await;
            assert!(held.is_err());
            waiter.clock.elapsed()
        })
    });
    rig.quiet().await;
    assert_eq!(rig.clock.sleepers(), 1);
    let ended = rig.run(waits.into()).await;
    assert_eq!(ended, [42, 41, 43].map(secs));
    assert_eq!(rig.limiter.snapshot().queued, 0);
    drop(hanging);
}

#[tokio::test]
async fn who_gives_up_leaves_no_trace_and_takes_nobody_s_turn() {
    let rig = Rig::of(1);
    rig.call(200, NONE).await;
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let waiter = rig.clone();
            rig.spawn(async move {
                let permit = waiter.limiter.acquire(None).await.unwrap();
                waiter.answer(permit, 200, NONE);
                waiter.clock.elapsed()
            })
        })
        .collect();
    rig.quiet().await;
    let [first, second, third, fourth] = waiters.try_into().unwrap();
    first.abort();
    third.abort();
    rig.quiet().await;
    assert_eq!(rig.limiter.snapshot().queued, 2);
    assert_eq!(rig.clock.sleepers(), 1);
    assert_eq!(rig.run(vec![second, fourth]).await, [secs(10), secs(20)]);

    // The turn of one that goes in the very moment is the next one's.
    let last = rig.limiter.clone();
    let mut granted = Box::pin(last.acquire(None));
    assert!(futures_util::FutureExt::now_or_never(granted.as_mut()).is_none());
    let waiter = rig.limiter.clone();
    let next = rig.spawn(async move { waiter.acquire(None).await.is_ok() });
    rig.advance(secs(10)).await;
    assert!(!next.is_finished());
    drop(granted);
    rig.quiet().await;
    assert!(next.is_finished());
    assert_eq!(rig.limiter.snapshot().in_window, 0);
    assert_eq!(rig.clock.sleepers(), 0);
}

#[tokio::test]
async fn a_turn_that_comes_to_nobody_is_the_next_one_s() {
    let rig = Rig::of(1);
    rig.call(200, NONE).await;
    let wait = || {
        let waiter = rig.limiter.clone();
        rig.spawn(async move { waiter.acquire(None).await.is_ok() })
    };
    let first = wait();
    rig.quiet().await;
    rig.limiter.abandoned_place();
    rig.limiter.abandoned_place();
    let last = wait();
    assert_eq!(rig.run(vec![first, last]).await, [true, true]);
    assert_eq!(rig.clock.elapsed(), secs(10));
    assert_eq!(rig.limiter.snapshot().in_window, 0);
}

#[tokio::test]
async fn the_timer_goes_with_the_last_who_waits() {
    let rig = Rig::of(1);
    rig.call(200, NONE).await;
    let waiter = rig.limiter.clone();
    let waiting = rig.spawn(async move { waiter.acquire(None).await.is_ok() });
    rig.quiet().await;
    assert_eq!(rig.clock.sleepers(), 1);
    waiting.abort();
    rig.quiet().await;
    assert_eq!(rig.clock.sleepers(), 0);
}

#[tokio::test]
async fn the_day_has_a_budget_and_ends_24_hours_after_its_first_call() {
    const DAY: Duration = Duration::from_secs(86_400);
    let rig = Rig::new(RateLimitSettings::default().daily(Some(3)));
    rig.clock.advance(secs(500));
    assert_eq!(rig.limiter.snapshot().daily_left, Some(3));
    drop(rig.now().await);
    rig.clock.advance(secs(50));
    let last = {
        rig.call(200, NONE).await;
        rig.call(200, NONE).await;
        rig.now().await
    };
    let spent = RateLimited {
        wait: DAY - secs(50),
        reason: RateLimitReason::Daily,
    };
    assert_eq!(rig.limiter.acquire(None).await.unwrap_err(), spent);
    assert_eq!(rig.limiter.rate_limit_delay(), spent.wait);
    drop(last);
    rig.call(200, NONE).await;
    assert_eq!(rig.limiter.acquire(Some(DAY * 2)).await.unwrap_err(), spent);
    rig.clock.advance(DAY - secs(50) - ms(1));
    assert_eq!(rig.limiter.rate_limit_delay(), ms(1));
    rig.clock.advance(ms(1));
    assert_eq!(rig.limiter.snapshot().daily_left, Some(3));
    rig.call(200, NONE).await;
}

#[tokio::test]
async fn who_waits_when_the_day_s_budget_ends_is_told() {
    let rig = Rig::new(RateLimitSettings::default().max(1).daily(Some(2)));
    let first = rig.now().await;
    let waiter = rig.limiter.clone();
    let waiting = rig.spawn(async move { waiter.acquire(None).await.unwrap_err().reason });
    rig.quiet().await;
    // What is left is another's already.
    let beyond = rig.limiter.acquire(None).await.unwrap_err();
    assert_eq!(beyond.reason, RateLimitReason::Daily);
    rig.answer(first, 200, &[("x-ratelimit-daily-remaining", "0")]);
    rig.quiet().await;
    assert!(waiting.is_finished());
    assert_eq!(waiting.await.unwrap(), RateLimitReason::Daily);
}

#[tokio::test]
async fn tokens_are_asked_for_five_times_a_minute() {
    let rig = Rig::new(RateLimitSettings::token_endpoint());
    for _ in 0..5 {
        rig.call(200, NONE).await;
    }
    assert_eq!(rig.room().await, 0);
    assert_eq!(rig.limiter.rate_limit_delay(), secs(60));
    assert_eq!(rig.limiter.snapshot().daily_left, None);
}

#[tokio::test]
async fn unlimited_is_without_limits() {
    let rig = Rig::new(RateLimitSettings::unlimited());
    for _ in 0..500 {
        rig.call(429, &[("retry-after", "60")]).await;
    }
    assert_eq!(rig.limiter.rate_limit_delay(), Duration::ZERO);
    assert_eq!(format!("{:?}", rig.limiter), "Limiter(unlimited)");
}

#[tokio::test]
async fn settings_at_the_edge_break_nothing() {
    let settings = RateLimitSettings::default()
        .max(0)
        .interval(Duration::ZERO)
        .daily(Some(u64::MAX))
        .max_wait(Duration::MAX);
    let rig = Rig::new(settings);
    rig.call(200, NONE).await;
    assert_eq!(rig.limiter.rate_limit_delay(), ms(1));
    let rig = Rig::new(
        RateLimitSettings::default()
            .max(u32::MAX)
            .interval(Duration::MAX),
    );
    rig.call(200, NONE).await;
    assert_eq!(rig.room().await.min(1), 1);
}

#[tokio::test]
async fn a_resource_has_one_limiter_as_long_as_it_has_something_to_remember() {
    let clock = ManualClock::new();
    let settings = RateLimitSettings::default().max(1);
    let limiters = Limiters::new(settings.clone(), Arc::new(clock.clone()));
    let one = limiters.get("app/location-1");
    let mut permit = one.acquire(None).await.unwrap();
    permit.sent();
    permit.complete(200, &headers(NONE));
    let same = limiters.get("app/location-1");
    assert_eq!(same.snapshot().in_window, 1);
    assert_eq!(same.settings(), &settings);
    assert_eq!(limiters.get("app/location-2").snapshot().in_window, 0);

    for location in 0..10_000 {
        let limiter = limiters.get(&format!("app/many-{location}"));
        if location == 5_000 {
            // Its window is not empty, and nobody holds it.
            drop((limiter.acquire(None).await.unwrap().sent(), limiter));
        }
        clock.advance(ms(2));
    }
    assert!(limiters.len() < 200, "{limiters:?}");
    assert_eq!(limiters.get("app/many-5000").snapshot().in_window, 1);
    // It is held, so it stays, even though its window is empty by now.
    assert_eq!(one.snapshot().in_window, 0);
    let _permit = one.acquire(None).await.unwrap();
    assert_eq!(limiters.get("app/location-1").snapshot().in_window, 1);
    assert!(!format!("{limiters:?}").contains("location"));
}

#[tokio::test]
async fn a_day_that_is_half_spent_is_remembered() {
    let settings = RateLimitSettings::default().daily(Some(2));
    let clock = ManualClock::new();
    let limiters = Limiters::new(settings, Arc::new(clock.clone()));
    for key in ["a little", "a lot", "a lot"] {
        let permit = limiters.get(key).acquire(None).await.unwrap();
        permit.complete(200, &headers(NONE));
    }
    clock.advance(secs(10));
    for location in 0..1_000 {
        limiters.get(&location.to_string());
    }
    assert_eq!(limiters.get("a lot").snapshot().daily_left, Some(0));
    assert_eq!(limiters.get("a little").snapshot().daily_left, Some(2));
}

#[test]
fn a_limiter_shows_numbers_only() {
    let limiter = Limiter::new(RateLimitSettings::default(), Arc::new(ManualClock::new()));
    assert_eq!(
        format!("{limiter:?}"),
        "Limiter { max: 100, interval: 10s, in_window: 0, queued: 0, daily_left: Some(200000), paused: 0ns }"
    );
}
