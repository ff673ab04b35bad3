//! Extreme limits, different clocks, and forecasts with slow replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::super::window::Window;
use super::super::{Limiter, RateLimitReason, RateLimitSettings};
use super::{Fixture, NONE, headers, ms, secs};
use crate::time::{BoxFuture, Clock, SystemClock};

#[tokio::test]
async fn full_window_with_maximal_limit_is_filled_at_once() {
    let fixture = Fixture::new(RateLimitSettings::default().max(u32::MAX).daily(None));
    fixture.call(429, &[("x-ratelimit-remaining", "0")]).await;
    let snapshot = fixture.limiter.snapshot();
    assert_eq!(snapshot.in_window, snapshot.max);
    fixture.clock.advance(secs(10));
    assert_eq!(fixture.limiter.snapshot().in_window, 0);
}

#[test]
fn window_runs_are_bounded_and_never_freed_early() {
    let interval = secs(10);
    let mut window = Window::new(1_000_000, interval);
    let start = Instant::now();
    let mut now = start;
    for index in 0..300_000_u64 {
        now = start + Duration::from_micros(index * 33);
        window.take();
        if index % 10 == 0 {
            window.abandoned(now, now);
        } else {
            window.replied(now);
        }
    }
    assert!(window.runs() < 3_400, "{} runs", window.runs());
    for step in 0..110 {
        let at = now + ms(step * 100);
        window.expire(at);
        // Requests of the interval before, and abandoned ones, which can be counted for one more
        // second.
        let exact = (0..300_000_u64)
            .filter(|index| {
                let abandoned = if index % 10 == 0 { secs(1) } else { ms(0) };
                start + Duration::from_micros(index * 33) + abandoned + interval > at
            })
            .count();
        let taken = window.taken();
        assert!(taken >= exact, "{taken} of {exact}");
        assert!(taken <= exact + 300_000 / 500, "{taken} of {exact}");
    }
}

#[tokio::test]
async fn forecast_includes_reply_time() {
    let fixture = Fixture::of(2);
    let call = async || {
        let mut permit = fixture.now().await;
        permit.sent();
        fixture.clock.advance(secs(3));
        permit.complete(200, &headers(NONE));
    };
    call().await;
    fixture.clock.advance(secs(20));
    let (mut one, mut two) = (fixture.now().await, fixture.now().await);
    one.sent();
    two.sent();
    // The replies are expected in 3 s, and the slots are free 10 s later.
    let limited = fixture.limiter.acquire(Some(ms(12_999))).await.unwrap_err();
    assert_eq!(
        (limited.wait, limited.reason),
        (secs(13), RateLimitReason::Window)
    );
    fixture.clock.advance(secs(2));
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(11));
    let waiters: Vec<_> = [11, 11, 24, 24]
        .map(|seconds| {
            let fixture = fixture.clone();
            fixture.clone().spawn(async move {
                let mut permit = fixture.limiter.acquire(Some(secs(seconds))).await.unwrap();
                permit.sent();
                fixture.clock.sleep(secs(3)).await;
                permit.complete(200, &headers(NONE));
            })
        })
        .into();
    fixture.settle().await;
    // Two rounds of 13 s each; a call for which they have no room fails at once.
    let limited = fixture.limiter.acquire(Some(secs(36))).await.unwrap_err();
    assert_eq!(limited.wait, secs(37));
    fixture.clock.advance(secs(1));
    fixture.answer(one, 200, NONE);
    fixture.answer(two, 200, NONE);
    fixture.run(waiters).await;
}

/// A clock whose sleeps end on tokio's time, while its own time stands still.
struct FrozenClock {
    start: Instant,
    sleeps: Arc<AtomicU64>,
}

impl Clock for FrozenClock {
    fn now(&self) -> Instant {
        self.start
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleeps.fetch_add(1, Ordering::Relaxed);
        assert!(!duration.is_zero(), "a sleep that brings no progress");
        Box::pin(tokio::time::sleep(duration))
    }
}

async fn burst(limiter: &Limiter) -> Duration {
    let start = tokio::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..250 {
        let limiter = limiter.clone();
        tasks.spawn(async move {
            let mut permit = limiter.acquire(None).await.unwrap();
            permit.sent();
            permit.complete(200, &headers(NONE));
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn burst_waits_on_paused_tokio_time() {
    let limiter = Limiter::new(RateLimitSettings::default(), Arc::new(SystemClock));
    let took = burst(&limiter).await;
    assert!((secs(20)..secs(21)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn frozen_clock_does_not_block_waiters() {
    let sleeps = Arc::new(AtomicU64::new(0));
    let clock = FrozenClock {
        start: Instant::now(),
        sleeps: sleeps.clone(),
    };
    let limiter = Limiter::new(RateLimitSettings::default(), Arc::new(clock));
    let took = burst(&limiter).await;
    assert!((secs(20)..secs(21)).contains(&took), "{took:?}");
    let sleeps = sleeps.load(Ordering::Relaxed);
    assert!(sleeps < 10, "{sleeps} sleeps");
}
