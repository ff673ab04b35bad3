//! What replies say takes the place of what was thought.

use std::time::Duration;

use super::super::RateLimitSettings;
use super::{NONE, Rig, headers, ms, secs};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn another_plan_is_learned_from_replies() {
    let rig = Rig::new(RateLimitSettings::default());
    rig.call(
        200,
        &[
            ("x-ratelimit-max", "25"),
            ("x-ratelimit-interval-milliseconds", "20000"),
            ("x-ratelimit-limit-daily", "10000"),
        ],
    )
    .await;
    let snapshot = rig.limiter.snapshot();
    assert_eq!((snapshot.max, snapshot.interval), (25, secs(20)));
    assert_eq!(snapshot.daily_left, Some(9_999));
    assert_eq!(rig.room().await, 24);
    rig.clock.advance(ms(19_999));
    assert_eq!(rig.room().await, 24);
    rig.clock.advance(ms(1));
    assert_eq!(rig.room().await, 25);
    assert_eq!(rig.limiter.settings(), &RateLimitSettings::default());
}

#[tokio::test]
async fn a_wider_plan_lets_those_go_who_wait() {
    let rig = Rig::of(1);
    let first = rig.now().await;
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            let waiter = rig.limiter.clone();
            rig.spawn(async move { std::mem::forget(waiter.acquire(None).await.unwrap()) })
        })
        .collect();
    rig.quiet().await;
    rig.answer(first, 200, &[("x-ratelimit-max", "3")]);
    rig.quiet().await;
    let gone = waiters.iter().filter(|waiter| waiter.is_finished()).count();
    assert_eq!(gone, 2);
}

#[tokio::test]
async fn a_narrower_plan_waits_until_its_window_has_room() {
    let rig = Rig::of(10);
    for _ in 0..5 {
        rig.call(200, NONE).await;
        rig.clock.advance(secs(1));
    }
    rig.call(200, &[("x-ratelimit-max", "2")]).await;
    // Six are in the window, and go at 10, 11, 12, 13, 14 and 15: at 14 one is left.
    assert_eq!(rig.limiter.rate_limit_delay(), secs(14 - 5));
    rig.clock.advance(secs(9) - ms(1));
    assert_eq!(rig.room().await, 0);
    rig.clock.advance(ms(1));
    assert_eq!(rig.room().await, 1);
}

#[tokio::test]
async fn a_share_stays_as_it_was_set() {
    let share = RateLimitSettings::default()
        .max(50)
        .daily(Some(1_000))
        .fixed(true);
    let rig = Rig::new(share);
    let used = |used: u32| (100 - used).to_string();
    let say = |remaining: &str| {
        [
            ("x-ratelimit-max", "100".to_owned()),
            ("x-ratelimit-remaining", remaining.to_owned()),
            ("x-ratelimit-limit-daily", "200000".to_owned()),
            ("x-ratelimit-daily-remaining", "150000".to_owned()),
        ]
    };
    let call = async |used_by_others: u32, own: u32| {
        let pairs = say(&used(used_by_others + own));
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        rig.call(200, &pairs).await;
    };
    // Others may use what the share leaves.
    call(50, 1).await;
    assert_eq!(rig.limiter.snapshot().max, 50);
    assert_eq!(rig.limiter.snapshot().daily_left, Some(999));
    assert_eq!(rig.room().await, 49);
    // Beyond it they take of ours.
    call(60, 2).await;
    assert_eq!(rig.room().await, 38);
}

#[tokio::test]
async fn what_others_use_is_kept_free_for_them_for_an_interval() {
    let rig = Rig::of(100);
    rig.call(200, &[("x-ratelimit-remaining", "69")]).await;
    assert_eq!(rig.limiter.foreign(), 30);
    assert_eq!(rig.room().await, 69);
    rig.clock.advance(secs(2));
    // The same 30 again are no news; five more are.
    rig.call(200, &[("x-ratelimit-remaining", "68")]).await;
    assert_eq!(rig.room().await, 68);
    rig.call(200, &[("x-ratelimit-remaining", "62")]).await;
    assert_eq!(rig.room().await, 62);
    rig.clock.advance(secs(8));
    assert_eq!((rig.limiter.foreign(), rig.room().await), (5, 93));
    rig.clock.advance(secs(2));
    assert_eq!((rig.limiter.foreign(), rig.room().await), (0, 100));
}

#[tokio::test]
async fn calls_that_the_server_has_not_counted_yet_hide_nobody_for_good() {
    let rig = Rig::of(10);
    // Three go out together. The server counts two of another process and the first of ours, then the others.
    let (one, two, three) = (rig.now().await, rig.now().await, rig.now().await);
    rig.answer(two, 200, &[("x-ratelimit-remaining", "7")]);
    assert_eq!(rig.limiter.foreign(), 0);
    rig.answer(one, 200, &[("x-ratelimit-remaining", "5")]);
    rig.answer(three, 200, &[("x-ratelimit-remaining", "6")]);
    assert_eq!(rig.limiter.foreign(), 2);
}

/// The count in a reply is of the past: requests that have left our window when the reply comes were in the server's when
/// it counted.
#[tokio::test]
async fn a_slow_reply_makes_no_strangers_of_our_own_calls() {
    let rig = Rig::of(10);
    for _ in 0..5 {
        rig.call(200, NONE).await;
    }
    rig.clock.advance(ms(9_500));
    let slow = rig.now().await;
    rig.clock.advance(secs(3));
    assert_eq!(rig.limiter.snapshot().in_window, 1);
    rig.answer(slow, 200, &[("x-ratelimit-remaining", "4")]);
    assert_eq!(rig.limiter.foreign(), 0);
}

#[tokio::test]
async fn garbage_freezes_nothing() {
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
    let rig = Rig::new(RateLimitSettings::default());
    let tasks = names
        .iter()
        .flat_map(|name| values.iter().map(move |value| (*name, *value)))
        // What says in earnest that the day's budget is spent is believed.
        .filter(|pair| !matches!(pair, ("x-ratelimit-daily-remaining", "0" | "1")))
        .flat_map(|pair| [(200, pair), (429, pair)])
        .map(|(status, pair)| {
            let rig = rig.clone();
            rig.clone().spawn(async move {
                let permit = rig.limiter.acquire(Some(Duration::MAX)).await.unwrap();
                rig.answer(permit, status, &[pair]);
            })
        })
        .collect();
    rig.run(tasks).await;
    assert!(rig.clock.elapsed() < secs(3_600 * 2), "{:?}", rig.clock);
    let snapshot = rig.limiter.snapshot();
    assert!(snapshot.max >= 1 && snapshot.interval <= secs(120));
}

#[tokio::test]
async fn the_server_counts_the_day() {
    let rig = Rig::new(RateLimitSettings::default());
    rig.call(
        200,
        &[
            ("x-ratelimit-limit-daily", "200000"),
            ("x-ratelimit-daily-remaining", "1500"),
            ("x-ratelimit-daily-reset", "3600000"),
        ],
    )
    .await;
    assert_eq!(rig.limiter.snapshot().daily_left, Some(1_500));
    rig.call(200, &[("x-ratelimit-daily-remaining", "1510")])
        .await;
    assert_eq!(rig.limiter.snapshot().daily_left, Some(1_499));
    // A reply that is under way when the day ends says nothing of the next.
    let old = rig.now().await;
    rig.clock.advance(secs(3_600));
    assert_eq!(rig.limiter.snapshot().daily_left, Some(200_000));
    rig.call(200, NONE).await;
    rig.answer(old, 200, &[("x-ratelimit-daily-remaining", "0")]);
    assert_eq!(rig.limiter.snapshot().daily_left, Some(199_999));
}

#[tokio::test]
async fn a_day_that_began_elsewhere_is_recognised() {
    // By its end.
    let rig = Rig::new(RateLimitSettings::default());
    let said = |remaining: &'static str, reset: &'static str| {
        [
            ("x-ratelimit-daily-remaining", remaining),
            ("x-ratelimit-daily-reset", reset),
        ]
    };
    rig.call(200, &said("10", "3600000")).await;
    rig.clock.advance(secs(1_800));
    // The same end, from a slow reply.
    rig.call(200, &[("x-ratelimit-daily-reset", "1850000")])
        .await;
    assert_eq!(rig.limiter.snapshot().daily_left, Some(9));
    rig.call(200, &said("199000", "86000000")).await;
    let left = rig.limiter.snapshot().daily_left.unwrap();
    assert!((198_900..=199_000).contains(&left), "{left}");
    rig.clock.advance(secs(1_800));
    assert_eq!(rig.limiter.snapshot().daily_left, Some(left));

    // A slow reply does not lengthen the day.
    let rig = Rig::new(RateLimitSettings::default());
    rig.call(200, &said("10", "3600000")).await;
    rig.call(200, &said("9", "3650000")).await;
    rig.clock.advance(secs(3_600));
    assert_eq!(rig.limiter.snapshot().daily_left, Some(200_000));

    // By what is left of it.
    let rig = Rig::new(RateLimitSettings::default());
    rig.call(200, &[("x-ratelimit-daily-remaining", "10")])
        .await;
    rig.call(200, &[("x-ratelimit-daily-remaining", "199990")])
        .await;
    let left = rig.limiter.snapshot().daily_left.unwrap();
    assert!((199_900..=199_990).contains(&left), "{left}");
}

#[tokio::test]
async fn a_day_that_is_not_counted_is_not_spent() {
    let rig = Rig::new(RateLimitSettings::default().daily(None));
    let spent = [
        ("x-ratelimit-limit-daily", "200000"),
        ("x-ratelimit-daily-remaining", "0"),
        ("x-ratelimit-daily-reset", "80000000"),
    ];
    rig.call(200, &spent).await;
    assert_eq!(rig.limiter.rate_limit_delay(), Duration::ZERO);
}

#[tokio::test]
async fn a_spent_day_is_waited_for_as_long_as_the_server_says() {
    let rig = Rig::new(RateLimitSettings::default());
    let mut permit = rig.now().await;
    permit.sent();
    let spent = [
        ("x-ratelimit-daily-remaining", "0"),
        ("x-ratelimit-daily-reset", "60000"),
    ];
    permit.complete(429, &headers(&spent));
    let held = rig.limiter.acquire(Some(DAY)).await.unwrap_err();
    assert_eq!(held.wait, secs(60));
    rig.clock.advance(secs(60));
    drop(rig.now().await);
}
