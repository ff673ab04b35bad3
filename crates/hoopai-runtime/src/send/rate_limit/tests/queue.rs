//! The window and the queue: the order and time of admission.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Limiter, Limiters, RateLimitReason, RateLimitSettings, RateLimited};
use super::{Fixture, NONE, headers, ms, secs};
use crate::time::{Clock, ManualClock};

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn slot_is_held_for_one_interval_after_reply() {
    let fixture = Fixture::of(1);
    let mut permit = fixture.now().await;
    permit.sent();
    fixture.clock.advance(secs(30));
    assert_eq!(fixture.room().await, 0);
    permit.complete(200, &headers(NONE));
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(10));
    fixture.clock.advance(ms(9_999));
    assert_eq!(fixture.room().await, 0);
    fixture.clock.advance(ms(1));
    assert_eq!(fixture.room().await, 1);
}

#[tokio::test]
async fn unsent_request_releases_its_slot() {
    let fixture = Fixture::of(1);
    drop(fixture.now().await);
    let mut permit = fixture.now().await;
    permit.sent();
    permit.failed(false);
    fixture.now().await.failed(false);
    assert_eq!(fixture.limiter.snapshot().in_window, 0);

    // The slot goes to the waiting call at once.
    let permit = fixture.now().await;
    let waiter = fixture.limiter.clone();
    let waiting =
        fixture.spawn(async move { waiter.acquire(None).await.map(|permit| permit.number()) });
    fixture.settle().await;
    assert!(!waiting.is_finished());
    drop(permit);
    fixture.settle().await;
    assert!(waiting.is_finished());
    assert_eq!(fixture.clock.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn abandoned_request_keeps_its_slot_while_it_may_be_counted() {
    for reached_late in [false, true] {
        let fixture = Fixture::of(1);
        let mut permit = fixture.now().await;
        permit.sent();
        let past = if reached_late { secs(3) } else { ms(100) };
        fixture.clock.advance(past);
        if reached_late {
            permit.failed(true);
        } else {
            drop(permit);
        }
        // Abandoned early, it can arrive until a second after it was sent; abandoned late, it has
        // arrived.
        let taken = if reached_late { secs(10) } else { ms(10_900) };
        assert_eq!(fixture.limiter.rate_limit_delay(), taken);
        fixture.clock.advance(taken - ms(1));
        assert_eq!(fixture.room().await, 0);
        fixture.clock.advance(ms(1));
        assert_eq!(fixture.room().await, 1);
    }
}

#[tokio::test]
async fn burst_keeps_window_limit_and_arrival_order() {
    let fixture = Fixture::of(100);
    let tasks = (0..250)
        .map(|_| {
            let (limiter, clock) = (fixture.limiter.clone(), fixture.clock.clone());
            fixture.spawn(async move {
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
    let calls = fixture.run(tasks).await;
    for (index, (number, _)) in calls.iter().enumerate() {
        assert_eq!(*number, index as u64 + 1);
    }
    for early in &calls {
        let window = calls
            .iter()
            .filter(|call| call.1 >= early.1 && call.1 < early.1 + ms(10_100));
        assert!(window.count() <= 100);
    }
    // Two whole windows later, and no later than necessary.
    assert_eq!(calls[249].1, ms(20_200));
    assert_eq!(fixture.clock.elapsed(), ms(20_300));
}

#[tokio::test]
async fn ten_thousand_waiters_share_one_timer_and_wake_once() {
    const TASKS: u64 = 10_000;
    let fixture = Fixture::of(100);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let limiter = fixture.limiter.clone();
            fixture.spawn(async move {
                let mut permit = limiter.acquire(None).await.unwrap();
                permit.sent();
                permit.complete(200, &headers(NONE));
            })
        })
        .collect();
    fixture.settle().await;
    assert_eq!(fixture.clock.sleepers(), 1);
    assert_eq!(fixture.limiter.snapshot().queued, 9_900);
    assert_eq!(fixture.polls(), TASKS);
    // The queue admits 100 calls each 10 seconds: a new call waits for the last of them and one
    // window.
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(1_000));
    fixture.run(tasks).await;
    let ideal = secs((TASKS / 100 - 1) * 10);
    assert!(fixture.clock.elapsed() >= ideal);
    assert!(
        fixture.clock.elapsed() * 99 <= ideal * 100,
        "{:?}",
        fixture.clock
    );
    assert_eq!(fixture.polls(), TASKS + 9_900);
    assert_eq!(fixture.clock.sleepers(), 0);
}

#[tokio::test]
async fn slots_freed_together_are_used_together() {
    let fixture = Fixture::of(5);
    for _ in 0..5 {
        fixture.call(200, NONE).await;
    }
    let tasks: Vec<_> = (0..7)
        .map(|_| {
            let limiter = fixture.limiter.clone();
            fixture.spawn(async move {
                let permit = limiter.acquire(None).await.unwrap();
                std::mem::forget(permit);
            })
        })
        .collect();
    fixture.advance(secs(10)).await;
    let gone = tasks.iter().filter(|task| task.is_finished()).count();
    assert_eq!((gone, fixture.limiter.snapshot().queued), (5, 2));
}

#[tokio::test]
async fn acquire_fails_fast_when_wait_exceeds_max() {
    let fixture = Fixture::of(2);
    fixture.call(200, NONE).await;
    fixture.clock.advance(secs(4));
    fixture.call(200, NONE).await;

    let limited = |wait| RateLimited {
        wait,
        reason: RateLimitReason::Window,
    };
    let too_short = fixture.limiter.acquire(Some(ms(5_999))).await;
    assert_eq!(too_short.unwrap_err(), limited(secs(6)));
    assert_eq!(fixture.limiter.snapshot().queued, 0);
}

#[tokio::test]
async fn forecast_includes_queue_and_is_exact() {
    let fixture = Fixture::of(2);
    fixture.call(200, NONE).await;
    fixture.clock.advance(secs(4));
    fixture.call(200, NONE).await;
    let mut tasks = Vec::new();
    // The slots are free at 10 and at 14 seconds, and again one interval later.
    for at in [10, 14, 20, 24, 30] {
        assert_eq!(fixture.limiter.rate_limit_delay(), secs(at - 4));
        let short = fixture.limiter.acquire(Some(secs(at - 4) - ms(1))).await;
        assert_eq!(short.unwrap_err().wait, secs(at - 4));
        let waiter = fixture.clone();
        tasks.push(fixture.spawn(async move {
            let permit = waiter.limiter.acquire(Some(secs(at - 4))).await.unwrap();
            waiter.answer(permit, 200, NONE);
            waiter.clock.elapsed()
        }));
        fixture.settle().await;
    }
    let admitted = fixture.run(tasks).await;
    assert_eq!(admitted, [10, 14, 20, 24, 30].map(secs));
}

#[tokio::test]
async fn missing_replies_do_not_extend_max_wait() {
    let fixture = Fixture::of(1);
    let mut hanging = fixture.now().await;
    hanging.sent();
    // A reply that came now would free the slot in 10 seconds.
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(10));
    let soon = fixture.limiter.acquire(Some(ms(9_999))).await;
    assert_eq!(soon.unwrap_err().wait, secs(10));

    let waits = [42, 41, 43].map(|seconds| {
        let waiter = fixture.clone();
        fixture.spawn(async move {
            let limited = waiter.limiter.acquire(Some(secs(seconds))).await;
            assert!(limited.is_err());
            waiter.clock.elapsed()
        })
    });
    fixture.settle().await;
    assert_eq!(fixture.clock.sleepers(), 1);
    let ended = fixture.run(waits.into()).await;
    assert_eq!(ended, [42, 41, 43].map(secs));
    assert_eq!(fixture.limiter.snapshot().queued, 0);
    drop(hanging);
}

#[tokio::test]
async fn cancelled_waiter_passes_its_turn_on() {
    let fixture = Fixture::of(1);
    fixture.call(200, NONE).await;
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let waiter = fixture.clone();
            fixture.spawn(async move {
                let permit = waiter.limiter.acquire(None).await.unwrap();
                waiter.answer(permit, 200, NONE);
                waiter.clock.elapsed()
            })
        })
        .collect();
    fixture.settle().await;
    let [first, second, third, fourth] = waiters.try_into().unwrap();
    first.abort();
    third.abort();
    fixture.settle().await;
    assert_eq!(fixture.limiter.snapshot().queued, 2);
    assert_eq!(fixture.clock.sleepers(), 1);
    assert_eq!(
        fixture.run(vec![second, fourth]).await,
        [secs(10), secs(20)]
    );

    // A call that is dropped in the moment of its admission passes its slot on.
    let last = fixture.limiter.clone();
    let mut admitted = Box::pin(last.acquire(None));
    assert!(futures_util::FutureExt::now_or_never(admitted.as_mut()).is_none());
    let waiter = fixture.limiter.clone();
    let next = fixture.spawn(async move { waiter.acquire(None).await.is_ok() });
    fixture.advance(secs(10)).await;
    assert!(!next.is_finished());
    drop(admitted);
    fixture.settle().await;
    assert!(next.is_finished());
    assert_eq!(fixture.limiter.snapshot().in_window, 0);
    assert_eq!(fixture.clock.sleepers(), 0);
}

#[tokio::test]
async fn slot_of_waiter_dropped_on_wake_goes_to_next() {
    let fixture = Fixture::of(1);
    fixture.call(200, NONE).await;
    let wait = || {
        let waiter = fixture.limiter.clone();
        fixture.spawn(async move { waiter.acquire(None).await.is_ok() })
    };
    let first = wait();
    fixture.settle().await;
    fixture.limiter.queue_abandoned_waiter();
    fixture.limiter.queue_abandoned_waiter();
    let last = wait();
    assert_eq!(fixture.run(vec![first, last]).await, [true, true]);
    assert_eq!(fixture.clock.elapsed(), secs(10));
    assert_eq!(fixture.limiter.snapshot().in_window, 0);
}

#[tokio::test]
async fn timer_ends_with_last_waiter() {
    let fixture = Fixture::of(1);
    fixture.call(200, NONE).await;
    let waiter = fixture.limiter.clone();
    let waiting = fixture.spawn(async move { waiter.acquire(None).await.is_ok() });
    fixture.settle().await;
    assert_eq!(fixture.clock.sleepers(), 1);
    waiting.abort();
    fixture.settle().await;
    assert_eq!(fixture.clock.sleepers(), 0);
}

#[tokio::test]
async fn daily_budget_resets_24_hours_after_first_call() {
    const DAY: Duration = Duration::from_secs(86_400);
    let fixture = Fixture::new(RateLimitSettings::default().daily(Some(3)));
    fixture.clock.advance(secs(500));
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(3));
    drop(fixture.now().await);
    fixture.clock.advance(secs(50));
    let last = {
        fixture.call(200, NONE).await;
        fixture.call(200, NONE).await;
        fixture.now().await
    };
    let spent = RateLimited {
        wait: DAY - secs(50),
        reason: RateLimitReason::Daily,
    };
    assert_eq!(fixture.limiter.acquire(None).await.unwrap_err(), spent);
    assert_eq!(fixture.limiter.rate_limit_delay(), spent.wait);
    drop(last);
    fixture.call(200, NONE).await;
    assert_eq!(
        fixture.limiter.acquire(Some(DAY * 2)).await.unwrap_err(),
        spent
    );
    fixture.clock.advance(DAY - secs(50) - ms(1));
    assert_eq!(fixture.limiter.rate_limit_delay(), ms(1));
    fixture.clock.advance(ms(1));
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(3));
    fixture.call(200, NONE).await;
}

#[tokio::test]
async fn waiters_are_rejected_when_daily_budget_ends() {
    let fixture = Fixture::new(RateLimitSettings::default().max(1).daily(Some(2)));
    let first = fixture.now().await;
    let waiter = fixture.limiter.clone();
    let waiting = fixture.spawn(async move { waiter.acquire(None).await.unwrap_err().reason });
    fixture.settle().await;
    // The remaining request belongs to a waiting call.
    let beyond = fixture.limiter.acquire(None).await.unwrap_err();
    assert_eq!(beyond.reason, RateLimitReason::Daily);
    fixture.answer(first, 200, &[("x-ratelimit-daily-remaining", "0")]);
    fixture.settle().await;
    assert!(waiting.is_finished());
    assert_eq!(waiting.await.unwrap(), RateLimitReason::Daily);
}

#[tokio::test]
async fn token_endpoint_allows_five_requests_a_minute() {
    let fixture = Fixture::new(RateLimitSettings::token_endpoint());
    for _ in 0..5 {
        fixture.call(200, NONE).await;
    }
    assert_eq!(fixture.room().await, 0);
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(60));
    assert_eq!(fixture.limiter.snapshot().daily_left, None);
}

#[tokio::test]
async fn unlimited_settings_never_wait() {
    let fixture = Fixture::new(RateLimitSettings::unlimited());
    for _ in 0..500 {
        fixture.call(429, &[("retry-after", "60")]).await;
    }
    assert_eq!(fixture.limiter.rate_limit_delay(), Duration::ZERO);
    assert_eq!(fixture.limiter.snapshot().daily_left, None);
    assert_eq!(format!("{:?}", fixture.limiter), "Limiter(unlimited)");
}

#[tokio::test]
async fn extreme_settings_work() {
    let settings = RateLimitSettings::default()
        .max(0)
        .interval(Duration::ZERO)
        .daily(Some(u64::MAX))
        .max_wait(Duration::MAX);
    let fixture = Fixture::new(settings);
    fixture.call(200, NONE).await;
    assert_eq!(fixture.limiter.rate_limit_delay(), ms(1));
    let fixture = Fixture::new(
        RateLimitSettings::default()
            .max(u32::MAX)
            .interval(Duration::MAX),
    );
    fixture.call(200, NONE).await;
    assert_eq!(fixture.room().await.min(1), 1);
}

#[tokio::test]
async fn registry_keeps_limiters_in_use() {
    let clock = ManualClock::new();
    let settings = RateLimitSettings::default().max(1);
    let limiters = Limiters::new(settings.clone(), Arc::new(clock.clone()), None);
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
            // Its window is not empty, and it is not in use.
            drop((limiter.acquire(None).await.unwrap().sent(), limiter));
        }
        clock.advance(ms(2));
    }
    assert!(limiters.len() < 200, "{limiters:?}");
    assert_eq!(limiters.get("app/many-5000").snapshot().in_window, 1);
    // It is in use, so it stays, although its window is empty by now.
    assert_eq!(one.snapshot().in_window, 0);
    let _permit = one.acquire(None).await.unwrap();
    assert_eq!(limiters.get("app/location-1").snapshot().in_window, 1);
    assert!(!format!("{limiters:?}").contains("location"));
}

#[tokio::test]
async fn registry_keeps_limiter_with_half_spent_day() {
    let settings = RateLimitSettings::default().daily(Some(2));
    let clock = ManualClock::new();
    let limiters = Limiters::new(settings, Arc::new(clock.clone()), None);
    for key in ["a little", "a lot", "a lot"] {
        let mut permit = limiters.get(key).acquire(None).await.unwrap();
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
fn limiter_debug_shows_numbers_only() {
    let limiter = Limiter::new(RateLimitSettings::default(), Arc::new(ManualClock::new()));
    assert_eq!(
        format!("{limiter:?}"),
        "Limiter(RateLimitSnapshot { max: 100, share: None, is_cut_off: false, interval: 10s, in_window: 0, queued: 0, daily_left: Some(200000), daily_max: Some(200000), daily_resets_in: Some(86400s), paused: 0ns })"
    );
}
