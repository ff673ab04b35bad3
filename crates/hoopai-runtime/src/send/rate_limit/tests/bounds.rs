//! Limits of any size, clocks of any kind, and forecasts with slow replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::super::window::Window;
use super::super::{Limiter, RateLimitReason, RateLimitSettings};
use super::{NONE, Rig, headers, ms, secs};
use crate::time::{BoxFuture, Clock, SystemClock};

#[tokio::test]
async fn a_limit_of_any_size_is_filled_at_once() {
    let rig = Rig::new(RateLimitSettings::default().max(u32::MAX).daily(None));
    rig.call(429, &[("x-ratelimit-remaining", "0")]).await;
    let snapshot = rig.limiter.snapshot();
    assert_eq!(snapshot.in_window, snapshot.max);
    rig.clock.advance(secs(10));
    assert_eq!(rig.limiter.snapshot().in_window, 0);
}

#[test]
fn the_window_has_a_bounded_number_of_runs_and_frees_late_rather_than_early() {
    let interval = secs(10);
    let mut window = Window::new(1_000_000, interval);
    let start = Instant::now();
    let mut now = start;
    for index in 0..300_000_u64 {
        now = start + Duration::from_micros(index * 33);
        window.take();
        if index % 10 == 0 {
            window.strayed(now, now);
        } else {
            window.replied(now);
        }
    }
    assert!(window.runs() < 3_400, "{} runs", window.runs());
    for step in 0..110 {
        let at = now + ms(step * 100);
        window.expire(at);
        // Requests of the interval before, and those that strayed and can be counted for a second more.
        let exact = (0..300_000_u64)
            .filter(|index| {
                let stray = if index % 10 == 0 { secs(1) } else { ms(0) };
                start + Duration::from_micros(index * 33) + stray + interval > at
            })
            .count();
        let taken = window.taken();
        assert!(taken >= exact, "{taken} of {exact}");
        assert!(taken <= exact + 300_000 / 500, "{taken} of {exact}");
    }
}

#[tokio::test]
async fn a_forecast_counts_in_how_long_replies_take() {
    let rig = Rig::of(2);
    let call = async || {
        let mut permit = rig.now().await;
        permit.sent();
        rig.clock.advance(secs(3));
        permit.complete(200, &headers(NONE));
    };
    call().await;
    rig.clock.advance(secs(20));
    let (mut one, mut two) = (rig.now().await, rig.now().await);
    one.sent();
    two.sent();
    // The replies are expected in 3 s, and the slots are free 10 s later.
    let held = rig.limiter.acquire(Some(ms(12_999))).await.unwrap_err();
    assert_eq!(
        (held.wait, held.reason),
        (secs(13), RateLimitReason::Window)
    );
    rig.clock.advance(secs(2));
    assert_eq!(rig.limiter.rate_limit_delay(), secs(11));
    let waiters: Vec<_> = [11, 11, 24, 24]
        .map(|seconds| {
            let rig = rig.clone();
            rig.clone().spawn(async move {
                let mut permit = rig.limiter.acquire(Some(secs(seconds))).await.unwrap();
                permit.sent();
                rig.clock.sleep(secs(3)).await;
                permit.complete(200, &headers(NONE));
            })
        })
        .into();
    rig.quiet().await;
    // Two rounds, of 13 s each, and a call for which there is no time in them fails at once.
    let held = rig.limiter.acquire(Some(secs(36))).await.unwrap_err();
    assert_eq!(held.wait, secs(37));
    rig.clock.advance(secs(1));
    rig.answer(one, 200, NONE);
    rig.answer(two, 200, NONE);
    rig.run(waiters).await;
}

/// Its sleeps end on tokio's time, and what it reads is the time of the machine.
struct Standing {
    start: Instant,
    sleeps: Arc<AtomicU64>,
}

impl Clock for Standing {
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
async fn calls_wait_on_paused_time() {
    let limiter = Limiter::new(RateLimitSettings::default(), Arc::new(SystemClock));
    let took = burst(&limiter).await;
    assert!((secs(20)..secs(21)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_stands_still_while_sleeps_end_stops_nobody() {
    let sleeps = Arc::new(AtomicU64::new(0));
    let clock = Standing {
        start: Instant::now(),
        sleeps: sleeps.clone(),
    };
    let limiter = Limiter::new(RateLimitSettings::default(), Arc::new(clock));
    let took = burst(&limiter).await;
    assert!((secs(20)..secs(21)).contains(&took), "{took:?}");
    let sleeps = sleeps.load(Ordering::Relaxed);
    assert!(sleeps < 10, "{sleeps} sleeps");
}
