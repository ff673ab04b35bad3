//! Values in replies replace the settings.

use std::time::Duration;

use super::super::RateLimitSettings;
use super::{Fixture, NONE, headers, ms, secs};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn declared_limits_replace_settings() {
    let fixture = Fixture::new(RateLimitSettings::default());
    fixture
        .call(
            200,
            &[
                ("x-ratelimit-max", "25"),
                ("x-ratelimit-interval-milliseconds", "20000"),
                ("x-ratelimit-limit-daily", "10000"),
            ],
        )
        .await;
    let snapshot = fixture.limiter.snapshot();
    assert_eq!((snapshot.max, snapshot.interval), (25, secs(20)));
    assert_eq!(snapshot.daily_left, Some(9_999));
    assert_eq!(fixture.room().await, 24);
    fixture.clock.advance(ms(19_999));
    assert_eq!(fixture.room().await, 24);
    fixture.clock.advance(ms(1));
    assert_eq!(fixture.room().await, 25);
    assert_eq!(fixture.limiter.settings(), &RateLimitSettings::default());
}

#[tokio::test]
async fn raised_limit_releases_waiters() {
    let fixture = Fixture::of(1);
    let first = fixture.now().await;
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            let waiter = fixture.limiter.clone();
            fixture.spawn(async move { std::mem::forget(waiter.acquire(None).await.unwrap()) })
        })
        .collect();
    fixture.settle().await;
    fixture.answer(first, 200, &[("x-ratelimit-max", "3")]);
    fixture.settle().await;
    let gone = waiters.iter().filter(|waiter| waiter.is_finished()).count();
    assert_eq!(gone, 2);
}

#[tokio::test]
async fn lowered_limit_waits_for_free_slots() {
    let fixture = Fixture::of(10);
    for _ in 0..5 {
        fixture.call(200, NONE).await;
        fixture.clock.advance(secs(1));
    }
    fixture.call(200, &[("x-ratelimit-max", "2")]).await;
    // Six are in the window, and leave at 10, 11, 12, 13, 14 and 15: at 14 one is left.
    assert_eq!(fixture.limiter.rate_limit_delay(), secs(14 - 5));
    fixture.clock.advance(secs(9) - ms(1));
    assert_eq!(fixture.room().await, 0);
    fixture.clock.advance(ms(1));
    assert_eq!(fixture.room().await, 1);
}

#[tokio::test]
async fn fixed_share_ignores_declared_limits() {
    let share = RateLimitSettings::default()
        .max(50)
        .daily(Some(1_000))
        .fixed(true);
    let fixture = Fixture::new(share);
    let used = |used: u32| (100 - used).to_string();
    let reply_headers = |remaining: &str| {
        [
            ("x-ratelimit-max", "100".to_owned()),
            ("x-ratelimit-remaining", remaining.to_owned()),
            ("x-ratelimit-limit-daily", "200000".to_owned()),
            ("x-ratelimit-daily-remaining", "150000".to_owned()),
        ]
    };
    let call = async |used_by_others: u32, own: u32| {
        let pairs = reply_headers(&used(used_by_others + own));
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        fixture.call(200, &pairs).await;
    };
    // Others may use the rest of the limit.
    call(50, 1).await;
    assert_eq!(fixture.limiter.snapshot().max, 50);
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(999));
    assert_eq!(fixture.room().await, 49);
    // Beyond the rest they use our share.
    call(60, 2).await;
    assert_eq!(fixture.room().await, 38);
}

#[tokio::test]
async fn external_usage_takes_slots_for_one_interval() {
    let fixture = Fixture::of(100);
    fixture.call(200, &[("x-ratelimit-remaining", "69")]).await;
    assert_eq!(fixture.limiter.external(), 30);
    assert_eq!(fixture.room().await, 69);
    fixture.clock.advance(secs(2));
    // The same 30 again change nothing; five more do.
    fixture.call(200, &[("x-ratelimit-remaining", "68")]).await;
    assert_eq!(fixture.room().await, 68);
    fixture.call(200, &[("x-ratelimit-remaining", "62")]).await;
    assert_eq!(fixture.room().await, 62);
    fixture.clock.advance(secs(8));
    assert_eq!((fixture.limiter.external(), fixture.room().await), (5, 93));
    fixture.clock.advance(secs(2));
    assert_eq!((fixture.limiter.external(), fixture.room().await), (0, 100));
}

#[tokio::test]
async fn external_usage_is_found_despite_uncounted_requests() {
    let fixture = Fixture::of(10);
    // Three are sent together. The server counts two of another process and the first of ours, then
    // the others.
    let (one, two, three) = (
        fixture.now().await,
        fixture.now().await,
        fixture.now().await,
    );
    fixture.answer(two, 200, &[("x-ratelimit-remaining", "7")]);
    assert_eq!(fixture.limiter.external(), 0);
    fixture.answer(one, 200, &[("x-ratelimit-remaining", "5")]);
    fixture.answer(three, 200, &[("x-ratelimit-remaining", "6")]);
    assert_eq!(fixture.limiter.external(), 2);
}

/// The count in a reply is of the past: requests that have left our window when the reply comes
/// were in the server's window when it counted.
#[tokio::test]
async fn slow_reply_does_not_count_own_requests_as_external() {
    let fixture = Fixture::of(10);
    for _ in 0..5 {
        fixture.call(200, NONE).await;
    }
    fixture.clock.advance(ms(9_500));
    let slow = fixture.now().await;
    fixture.clock.advance(secs(3));
    assert_eq!(fixture.limiter.snapshot().in_window, 1);
    fixture.answer(slow, 200, &[("x-ratelimit-remaining", "4")]);
    assert_eq!(fixture.limiter.external(), 0);
}

#[tokio::test]
async fn malformed_headers_do_not_block_calls() {
    let names = [
        "x-ratelimit-max",
        "x-ratelimit-remaining",
        "x-ratelimit-interval-milliseconds",
        "x-ratelimit-limit-daily",
        "x-ratelimit-daily-remaining",
        "x-ratelimit-daily-reset",
        "x-ratelimit-reset",
        "retry-after",
        "retry-after-ms",
    ];
    let values = [
        "",
        "-1",
        "NaN",
        "inf",
        "1e999",
        "-0",
        "0",
        "1",
        "5000",
        "99999999999999999999",
        "18446744073709551615",
        "100, 100",
        "ten",
    ];
    let fixture = Fixture::new(RateLimitSettings::default());
    let tasks = names
        .iter()
        .flat_map(|name| values.iter().map(move |value| (*name, *value)))
        // Without plausible reports that the daily budget is used up, which are applied.
        .filter(|pair| !matches!(pair, ("x-ratelimit-daily-remaining", "0" | "1")))
        .flat_map(|pair| [(200, pair), (429, pair)])
        .map(|(status, pair)| {
            let fixture = fixture.clone();
            fixture.clone().spawn(async move {
                let permit = fixture.limiter.acquire(Some(Duration::MAX)).await.unwrap();
                fixture.answer(permit, status, &[pair]);
            })
        })
        .collect();
    fixture.run(tasks).await;
    assert!(
        fixture.clock.elapsed() < secs(3_600 * 2),
        "{:?}",
        fixture.clock
    );
    let snapshot = fixture.limiter.snapshot();
    assert!(snapshot.max >= 1 && snapshot.interval <= secs(120));
}

#[tokio::test]
async fn reported_daily_remaining_replaces_own_count() {
    let fixture = Fixture::new(RateLimitSettings::default());
    fixture
        .call(
            200,
            &[
                ("x-ratelimit-limit-daily", "200000"),
                ("x-ratelimit-daily-remaining", "1500"),
                ("x-ratelimit-daily-reset", "3600000"),
            ],
        )
        .await;
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(1_500));
    fixture
        .call(200, &[("x-ratelimit-daily-remaining", "1510")])
        .await;
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(1_499));
    // A reply to a request of the previous day does not change the next one.
    let old = fixture.now().await;
    fixture.clock.advance(secs(3_600));
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(200_000));
    fixture.call(200, NONE).await;
    fixture.answer(old, 200, &[("x-ratelimit-daily-remaining", "0")]);
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(199_999));
}

#[tokio::test]
async fn day_started_by_another_process_is_recognised() {
    // By its reset time.
    let fixture = Fixture::new(RateLimitSettings::default());
    let day_headers = |remaining: &'static str, reset: &'static str| {
        [
            ("x-ratelimit-daily-remaining", remaining),
            ("x-ratelimit-daily-reset", reset),
        ]
    };
    fixture.call(200, &day_headers("10", "3600000")).await;
    fixture.clock.advance(secs(1_800));
    // The same end, from a slow reply.
    fixture
        .call(200, &[("x-ratelimit-daily-reset", "1850000")])
        .await;
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(9));
    fixture.call(200, &day_headers("199000", "86000000")).await;
    let left = fixture.limiter.snapshot().daily_left.unwrap();
    assert!((198_900..=199_000).contains(&left), "{left}");
    fixture.clock.advance(secs(1_800));
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(left));

    // A slow reply does not extend the day.
    let fixture = Fixture::new(RateLimitSettings::default());
    fixture.call(200, &day_headers("10", "3600000")).await;
    fixture.call(200, &day_headers("9", "3650000")).await;
    fixture.clock.advance(secs(3_600));
    assert_eq!(fixture.limiter.snapshot().daily_left, Some(200_000));

    // By its remaining requests.
    let fixture = Fixture::new(RateLimitSettings::default());
    fixture
        .call(200, &[("x-ratelimit-daily-remaining", "10")])
        .await;
    fixture
        .call(200, &[("x-ratelimit-daily-remaining", "199990")])
        .await;
    let left = fixture.limiter.snapshot().daily_left.unwrap();
    assert!((199_900..=199_990).contains(&left), "{left}");
}

#[tokio::test]
async fn disabled_daily_budget_ignores_headers() {
    let fixture = Fixture::new(RateLimitSettings::default().daily(None));
    let spent = [
        ("x-ratelimit-limit-daily", "200000"),
        ("x-ratelimit-daily-remaining", "0"),
        ("x-ratelimit-daily-reset", "80000000"),
    ];
    fixture.call(200, &spent).await;
    assert_eq!(fixture.limiter.rate_limit_delay(), Duration::ZERO);
}

#[tokio::test]
async fn spent_day_waits_until_reported_reset() {
    let fixture = Fixture::new(RateLimitSettings::default());
    let mut permit = fixture.now().await;
    permit.sent();
    let spent = [
        ("x-ratelimit-daily-remaining", "0"),
        ("x-ratelimit-daily-reset", "60000"),
    ];
    permit.complete(429, &headers(&spent));
    let limited = fixture.limiter.acquire(Some(DAY)).await.unwrap_err();
    assert_eq!(limited.wait, secs(60));
    fixture.clock.advance(secs(60));
    drop(fixture.now().await);
}
