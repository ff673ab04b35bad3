//! The behaviour after a 429.

use std::time::Duration;

use super::super::{RateLimitReason, RateLimitSettings};
use super::{Fixture, NONE, ms, secs};
use crate::time::Clock;

/// A sixteenth of the interval.
const BASE_PAUSE: Duration = Duration::from_millis(625);

fn fixture() -> Fixture {
    Fixture::new(RateLimitSettings::default())
}

#[tokio::test]
async fn retry_after_pauses_all_calls() {
    let fixture = fixture();
    fixture.call(429, &[("retry-after", "7")]).await;
    let limited = fixture.limiter.acquire(Some(ms(6_999))).await.unwrap_err();
    assert_eq!(
        (limited.wait, limited.reason),
        (secs(7), RateLimitReason::Paused)
    );
    assert_eq!(fixture.limiter.snapshot().paused, secs(7));
    let waiter = fixture.clone();
    let waiting = fixture.spawn(async move {
        let _permit = waiter.limiter.acquire(Some(secs(7))).await.unwrap();
        waiter.clock.elapsed()
    });
    assert_eq!(fixture.run(vec![waiting]).await, [secs(7)]);

    // A later refusal with an earlier end does not shorten the pause.
    let two = Fixture::new(RateLimitSettings::default());
    let (long, short) = (two.now().await, two.now().await);
    two.answer(long, 429, &[("retry-after", "9")]);
    two.answer(short, 429, &[("retry-after", "3")]);
    assert_eq!(two.limiter.rate_limit_delay(), secs(9));

    let absurd = Fixture::new(RateLimitSettings::default());
    absurd.call(429, &[("retry-after", "86400")]).await;
    assert_eq!(absurd.limiter.rate_limit_delay(), secs(60));
}

#[tokio::test]
async fn forecast_in_pause_includes_queue() {
    let fixture = Fixture::of(1);
    fixture.call(429, &[("retry-after", "12")]).await;
    let waiter = fixture.limiter.clone();
    let waiting = fixture.spawn(async move { waiter.acquire(None).await.is_ok() });
    fixture.settle().await;
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(22));
    waiting.abort();
}

#[tokio::test]
async fn pause_without_hint_doubles_until_success() {
    let fixture = fixture();
    for pause in [
        BASE_PAUSE,
        BASE_PAUSE * 2,
        BASE_PAUSE * 4,
        BASE_PAUSE * 8,
        secs(10),
        secs(10),
    ] {
        fixture.call(429, NONE).await;
        assert_eq!(fixture.limiter.rate_limit_delay(), pause);
        fixture.clock.advance(pause - ms(1));
        assert_eq!(fixture.room().await, 0);
        fixture.clock.advance(ms(1));
    }
    fixture.call(200, NONE).await;
    fixture.call(429, &[("retry-after", "0")]).await;
    assert_eq!(fixture.limiter.rate_limit_delay(), BASE_PAUSE);
}

#[tokio::test]
async fn refusals_of_one_burst_count_once() {
    let fixture = fixture();
    // A declared limit is not lowered by refusals.
    fixture.call(200, &[("x-ratelimit-max", "100")]).await;
    let mut burst = Vec::new();
    for _ in 0..50 {
        burst.push(fixture.now().await);
    }
    let late = burst.pop().unwrap();
    let lucky = burst.pop().unwrap();
    let straggler = burst.pop().unwrap();
    for permit in burst {
        fixture.answer(permit, 429, NONE);
    }
    assert_eq!(fixture.limiter.rate_limit_delay(), BASE_PAUSE);
    // A request that was sent before the refusal is no evidence of recovery.
    fixture.answer(lucky, 200, NONE);
    fixture.clock.advance(BASE_PAUSE);
    let probe = fixture.now().await;
    assert_eq!(fixture.room().await, 0);
    fixture.answer(straggler, 200, NONE);
    assert_eq!(fixture.room().await, 0);
    // A refusal of a request that was sent before does not count for the probe.
    fixture.answer(late, 429, NONE);
    assert_eq!(fixture.limiter.snapshot().paused, Duration::ZERO);
    fixture.answer(probe, 429, NONE);
    assert_eq!(fixture.limiter.snapshot().paused, BASE_PAUSE * 2);
}

#[tokio::test]
async fn refusal_with_zero_remaining_fills_window() {
    let fixture = Fixture::of(10);
    fixture.call(200, NONE).await;
    fixture.clock.advance(secs(3));
    fixture.call(429, &[("x-ratelimit-remaining", "0")]).await;
    assert_eq!(fixture.limiter.snapshot().in_window, 10);
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(7));
    fixture.clock.advance(secs(7));
    fixture.call(200, NONE).await;
    // The probe takes one slot; the others stay taken until an interval after the refusal.
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(3));
}

/// It also fills slots that our own requests left while the refusal was in transit.
#[tokio::test]
async fn slow_refusal_with_zero_remaining_fills_window() {
    let fixture = Fixture::of(10);
    for _ in 0..5 {
        fixture.call(200, NONE).await;
    }
    let slow = fixture.now().await;
    fixture.clock.advance(secs(10));
    fixture.answer(slow, 429, &[("x-ratelimit-remaining", "0")]);
    assert_eq!(fixture.limiter.snapshot().in_window, 10);
}

#[tokio::test]
async fn concurrency_doubles_after_pause() {
    let fixture = fixture();
    fixture.call(429, NONE).await;
    fixture.clock.advance(BASE_PAUSE);
    assert_eq!(fixture.room().await, 1);
    let mut paces = Vec::new();
    for _ in 0..5 {
        fixture.call(200, NONE).await;
        paces.push(fixture.room().await);
    }
    assert_eq!(paces, [2, 4, 8, 16, 94]);
}

#[tokio::test]
async fn probe_without_reply_is_repeated() {
    let fixture = fixture();
    fixture.call(429, NONE).await;
    fixture.clock.advance(BASE_PAUSE);
    let mut hanging = fixture.now().await;
    hanging.sent();
    assert_eq!(fixture.limiter.rate_limit_delay(), BASE_PAUSE);
    let waiter = fixture.clone();
    let waiting = fixture.spawn(async move {
        let permit = waiter.limiter.acquire(None).await.unwrap();
        waiter.answer(permit, 200, NONE);
        waiter.clock.elapsed()
    });
    assert_eq!(fixture.run(vec![waiting]).await, [BASE_PAUSE * 2]);

    // An abandoned probe makes room at once.
    let other = Fixture::new(RateLimitSettings::default());
    other.call(429, NONE).await;
    other.clock.advance(BASE_PAUSE);
    let mut probe = other.now().await;
    probe.sent();
    assert_eq!(other.room().await, 0);
    drop(probe);
    assert_eq!(other.room().await, 1);
    drop(hanging);
}

#[tokio::test]
async fn waiters_after_pause_are_released_gradually() {
    let fixture = fixture();
    fixture.call(429, &[("retry-after", "5")]).await;
    let tasks = (0..90)
        .map(|_| {
            let fixture = fixture.clone();
            fixture.clone().spawn(async move {
                let mut permit = fixture.limiter.acquire(None).await.unwrap();
                permit.sent();
                let sent = fixture.clock.elapsed();
                fixture.clock.sleep(ms(100)).await;
                fixture.answer(permit, 200, NONE);
                sent
            })
        })
        .collect();
    let sent = fixture.run(tasks).await;
    let at = |moment: u64| sent.iter().filter(|sent| **sent == ms(moment)).count();
    // One, then two; both replies come together, and six more are sent where eight may be in
    // flight, …
    assert_eq!([at(5_000), at(5_100), at(5_200)], [1, 2, 8]);
    assert_eq!(sent.iter().max(), Some(&ms(5_300)));
}
