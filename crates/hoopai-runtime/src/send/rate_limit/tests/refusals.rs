//! After a 429.

use std::time::Duration;

use super::super::{RateLimitReason, RateLimitSettings};
use super::{NONE, Rig, ms, secs};
use crate::time::Clock;

/// A sixteenth of the interval.
const BREATH: Duration = Duration::from_millis(625);

fn rig() -> Rig {
    Rig::new(RateLimitSettings::default())
}

#[tokio::test]
async fn nobody_goes_before_the_moment_that_the_reply_names() {
    let rig = rig();
    rig.call(429, &[("retry-after", "7")]).await;
    let held = rig.limiter.acquire(Some(ms(6_999))).await.unwrap_err();
    assert_eq!((held.wait, held.reason), (secs(7), RateLimitReason::Paused));
    assert_eq!(rig.limiter.snapshot().paused, secs(7));
    let waiter = rig.clone();
    let waiting = rig.spawn(async move {
        let _permit = waiter.limiter.acquire(Some(secs(7))).await.unwrap();
        waiter.clock.elapsed()
    });
    assert_eq!(rig.run(vec![waiting]).await, [secs(7)]);

    // What is asked for later and ends earlier takes nothing back.
    let two = Rig::new(RateLimitSettings::default());
    let (long, short) = (two.now().await, two.now().await);
    two.answer(long, 429, &[("retry-after", "9")]);
    two.answer(short, 429, &[("retry-after", "3")]);
    assert_eq!(two.limiter.rate_limit_delay(), secs(9));

    let absurd = Rig::new(RateLimitSettings::default());
    absurd.call(429, &[("retry-after", "86400")]).await;
    assert_eq!(absurd.limiter.rate_limit_delay(), secs(60));
}

#[tokio::test]
async fn a_pause_does_not_hide_that_the_queue_is_long() {
    let rig = Rig::of(1);
    rig.call(429, &[("retry-after", "12")]).await;
    let waiter = rig.limiter.clone();
    let waiting = rig.spawn(async move { waiter.acquire(None).await.is_ok() });
    rig.quiet().await;
    assert_eq!(rig.limiter.rate_limit_delay(), secs(22));
    waiting.abort();
}

#[tokio::test]
async fn without_a_hint_the_pause_doubles_up_to_the_interval_and_a_success_ends_that() {
    let rig = rig();
    for pause in [
        BREATH,
        BREATH * 2,
        BREATH * 4,
        BREATH * 8,
        secs(10),
        secs(10),
    ] {
        rig.call(429, NONE).await;
        assert_eq!(rig.limiter.rate_limit_delay(), pause);
        rig.clock.advance(pause - ms(1));
        assert_eq!(rig.room().await, 0);
        rig.clock.advance(ms(1));
    }
    rig.call(200, NONE).await;
    rig.call(429, &[("retry-after", "0")]).await;
    assert_eq!(rig.limiter.rate_limit_delay(), BREATH);
}

#[tokio::test]
async fn the_refusals_of_one_burst_are_one() {
    let rig = rig();
    // A limit that is declared is not lowered by refusals.
    rig.call(200, &[("x-ratelimit-max", "100")]).await;
    let mut burst = Vec::new();
    for _ in 0..50 {
        burst.push(rig.now().await);
    }
    let late = burst.pop().unwrap();
    let lucky = burst.pop().unwrap();
    let straggler = burst.pop().unwrap();
    for permit in burst {
        rig.answer(permit, 429, NONE);
    }
    assert_eq!(rig.limiter.rate_limit_delay(), BREATH);
    // What was sent before the refusal is no proof that all is well.
    rig.answer(lucky, 200, NONE);
    rig.clock.advance(BREATH);
    let probe = rig.now().await;
    assert_eq!(rig.room().await, 0);
    rig.answer(straggler, 200, NONE);
    assert_eq!(rig.room().await, 0);
    // Nor is a refusal that was under way meanwhile one of the probe.
    rig.answer(late, 429, NONE);
    assert_eq!(rig.limiter.snapshot().paused, Duration::ZERO);
    rig.answer(probe, 429, NONE);
    assert_eq!(rig.limiter.snapshot().paused, BREATH * 2);
}

#[tokio::test]
async fn a_refusal_that_leaves_nothing_fills_the_window() {
    let rig = Rig::of(10);
    rig.call(200, NONE).await;
    rig.clock.advance(secs(3));
    rig.call(429, &[("x-ratelimit-remaining", "0")]).await;
    assert_eq!(rig.limiter.snapshot().in_window, 10);
    assert_eq!(rig.limiter.rate_limit_delay(), secs(7));
    rig.clock.advance(secs(7));
    rig.call(200, NONE).await;
    // The probe was one; the others are kept free until an interval after the refusal.
    assert_eq!(rig.limiter.rate_limit_delay(), secs(3));
}

/// Even of slots that our own requests left while the refusal was under way.
#[tokio::test]
async fn a_slow_refusal_that_leaves_nothing_fills_the_window() {
    let rig = Rig::of(10);
    for _ in 0..5 {
        rig.call(200, NONE).await;
    }
    let slow = rig.now().await;
    rig.clock.advance(secs(10));
    rig.answer(slow, 429, &[("x-ratelimit-remaining", "0")]);
    assert_eq!(rig.limiter.snapshot().in_window, 10);
}

#[tokio::test]
async fn after_a_pause_calls_come_back_at_a_rising_pace() {
    let rig = rig();
    rig.call(429, NONE).await;
    rig.clock.advance(BREATH);
    assert_eq!(rig.room().await, 1);
    let mut paces = Vec::new();
    for _ in 0..5 {
        rig.call(200, NONE).await;
        paces.push(rig.room().await);
    }
    assert_eq!(paces, [2, 4, 8, 16, 94]);
}

#[tokio::test]
async fn a_probe_without_a_reply_stops_nobody_for_long() {
    let rig = rig();
    rig.call(429, NONE).await;
    rig.clock.advance(BREATH);
    let mut hanging = rig.now().await;
    hanging.sent();
    assert_eq!(rig.limiter.rate_limit_delay(), BREATH);
    let waiter = rig.clone();
    let waiting = rig.spawn(async move {
        let permit = waiter.limiter.acquire(None).await.unwrap();
        waiter.answer(permit, 200, NONE);
        waiter.clock.elapsed()
    });
    assert_eq!(rig.run(vec![waiting]).await, [BREATH * 2]);

    // One that was given up makes way at once.
    let other = Rig::new(RateLimitSettings::default());
    other.call(429, NONE).await;
    other.clock.advance(BREATH);
    let mut probe = other.now().await;
    probe.sent();
    assert_eq!(other.room().await, 0);
    drop(probe);
    assert_eq!(other.room().await, 1);
    drop(hanging);
}

#[tokio::test]
async fn hundreds_that_wait_out_a_pause_do_not_storm() {
    let rig = rig();
    rig.call(429, &[("retry-after", "5")]).await;
    let tasks = (0..90)
        .map(|_| {
            let rig = rig.clone();
            rig.clone().spawn(async move {
                let mut permit = rig.limiter.acquire(None).await.unwrap();
                permit.sent();
                let sent = rig.clock.elapsed();
                rig.clock.sleep(ms(100)).await;
                rig.answer(permit, 200, NONE);
                sent
            })
        })
        .collect();
    let sent = rig.run(tasks).await;
    let at = |moment: u64| sent.iter().filter(|sent| **sent == ms(moment)).count();
    // One, then two; both replies come together, and six more go where eight may be on their way, …
    assert_eq!([at(5_000), at(5_100), at(5_200)], [1, 2, 8]);
    assert_eq!(sent.iter().max(), Some(&ms(5_300)));
}
