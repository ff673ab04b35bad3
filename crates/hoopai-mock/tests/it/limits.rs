//! Rate limits on a frozen clock.

use std::time::Duration;

use hoopai_mock::{CLIENT_ID, Clock, LOCATION, Mock, RateLimitSettings, TOKEN, TokenSpec};
use reqwest::Client;

use crate::support::{Reply, client, get, token};

const TAGS: &str = "/locations/mockLocation00000001/tags";
const WINDOW: Duration = Duration::from_secs(10);

async fn start(limits: RateLimitSettings) -> (Mock, Clock, Client) {
    let clock = Clock::frozen();
    let builder = Mock::builder().clock(clock.clone()).limits(limits);
    (builder.start().await.expect("a server"), clock, client())
}

async fn tags(mock: &Mock, client: &Client) -> Reply {
    get(client, mock, TAGS, TOKEN).await
}

#[tokio::test]
async fn window_of_100_requests_slides() {
    let (mock, clock, client) = start(RateLimitSettings::default()).await;
    for sent in 0..100_u64 {
        let reply = tags(&mock, &client).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.number("x-ratelimit-remaining"), 99 - sent);
        clock.advance(Duration::from_millis(10));
    }
    // One second has passed, so the first request leaves the window in 9 s.
    let rejected = tags(&mock, &client).await;
    rejected.refused(429, "Too Many Requests");
    assert_eq!(rejected.json()["statusCode"], 429);
    assert_eq!(rejected.number("x-ratelimit-remaining"), 0);
    assert!(rejected.header("retry-after").is_none());
    clock.advance(Duration::from_millis(8_999));
    assert_eq!(tags(&mock, &client).await.status, 429);
    clock.advance(Duration::from_millis(1));
    assert_eq!(tags(&mock, &client).await.status, 200);
    assert_eq!(tags(&mock, &client).await.status, 429, "one slot, not all");
    clock.advance(Duration::from_millis(10));
    assert_eq!(tags(&mock, &client).await.status, 200);
}

#[tokio::test]
async fn reply_headers_state_remaining_requests() {
    let (mock, clock, client) = start(RateLimitSettings::default()).await;
    tags(&mock, &client).await;
    clock.advance(Duration::from_secs(3_119));
    let reply = tags(&mock, &client).await;
    for (name, value) in [
        ("x-ratelimit-limit-daily", 200_000),
        ("x-ratelimit-daily-remaining", 199_998),
        ("x-ratelimit-interval-milliseconds", 10_000),
        ("x-ratelimit-max", 100),
        ("x-ratelimit-remaining", 99),
        ("x-ratelimit-daily-reset", 83_281_000),
    ] {
        assert_eq!(reply.number(name), value, "{name}");
    }
    // The check rejects it, but it counts.
    let token = mock.issue_token(TokenSpec::location(LOCATION));
    let reply = get(&client, &mock, "/locations/elsewhere/tags", &token).await;
    assert_eq!(reply.status, 403);
    assert_eq!(reply.number("x-ratelimit-remaining"), 99);
}

#[tokio::test]
async fn rejected_request_does_not_count() {
    let limits = RateLimitSettings {
        burst: 2,
        ..RateLimitSettings::default()
    };
    let (mock, clock, client) = start(limits).await;
    for _ in 0..10 {
        tags(&mock, &client).await;
        clock.advance(Duration::from_secs(1));
    }
    let reply = tags(&mock, &client).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.number("x-ratelimit-daily-remaining"), 200_000 - 3);
}

#[tokio::test]
async fn reset_header_states_next_free_second() {
    let limits = RateLimitSettings {
        burst: 2,
        ..RateLimitSettings::default()
    };
    let (mock, clock, client) = start(limits.clone()).await;
    let reply = tags(&mock, &client).await;
    assert!(
        reply.header("x-ratelimit-reset").is_none(),
        "unless asked for"
    );
    mock.set_limits(RateLimitSettings {
        reset: true,
        ..limits
    });
    clock.advance(Duration::from_millis(1_500));
    let last = tags(&mock, &client).await;
    let rejected = tags(&mock, &client).await;
    assert_eq!((last.status, rejected.status), (200, 429));
    let reset = rejected.number("x-ratelimit-reset");
    assert_eq!(last.number("x-ratelimit-reset"), reset);
    clock.advance(Duration::from_secs(reset).saturating_sub(clock.unix()));
    assert_eq!(tags(&mock, &client).await.status, 200);
    assert_eq!(
        tags(&mock, &client).await.status,
        429,
        "only the first has left"
    );
}

#[tokio::test]
async fn day_begins_with_first_request() {
    let limits = RateLimitSettings {
        daily: 3,
        ..RateLimitSettings::default()
    };
    let (mock, clock, client) = start(limits).await;
    clock.advance(Duration::from_secs(12_345));
    for left in [2, 1, 0] {
        let reply = tags(&mock, &client).await;
        assert_eq!(reply.number("x-ratelimit-daily-remaining"), left);
        clock.advance(Duration::from_secs(3_600));
    }
    let reply = tags(&mock, &client).await;
    reply.refused(429, "Too Many Requests");
    assert_eq!(reply.number("x-ratelimit-daily-reset"), 21 * 3_600_000);
    clock.advance(Duration::from_millis(21 * 3_600_000 - 1));
    assert_eq!(tags(&mock, &client).await.status, 429);
    clock.advance(Duration::from_millis(1));
    let reply = tags(&mock, &client).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.number("x-ratelimit-daily-remaining"), 2);
    assert_eq!(reply.number("x-ratelimit-daily-reset"), 86_400_000);
}

#[tokio::test]
async fn each_app_and_account_has_own_limits() {
    let limits = RateLimitSettings {
        burst: 1,
        ..RateLimitSettings::default()
    };
    let (mock, _clock, client) = start(limits).await;
    let here = TokenSpec::location(LOCATION);
    let (one, other) = (mock.issue_token(here.clone()), mock.issue_token(here));
    assert_eq!(get(&client, &mock, TAGS, &one).await.status, 200);
    assert_eq!(get(&client, &mock, TAGS, &other).await.status, 429);
    let there = mock.issue_token(TokenSpec::location("there"));
    let path = "/locations/there/tags";
    assert_eq!(get(&client, &mock, path, &there).await.status, 200);
    assert_eq!(tags(&mock, &client).await.status, 200, "another app");
}

#[tokio::test]
async fn changed_limit_applies_and_sends_retry_after() {
    let (mock, clock, client) = start(RateLimitSettings::default()).await;
    for _ in 0..3 {
        assert_eq!(tags(&mock, &client).await.status, 200);
        clock.advance(Duration::from_millis(500));
    }
    mock.set_limits(RateLimitSettings {
        burst: 2,
        daily: 10_000,
        retry_after: true,
        ..RateLimitSettings::default()
    });
    let reply = tags(&mock, &client).await;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.number("x-ratelimit-max"), 2);
    assert_eq!(reply.number("x-ratelimit-limit-daily"), 10_000);
    // The window holds three requests. The second leaves it 10.5 s after the first arrived.
    assert_eq!(reply.number("retry-after"), 9);
    clock.advance(Duration::from_secs(9));
    assert_eq!(tags(&mock, &client).await.status, 200);
    mock.set_limits(RateLimitSettings {
        burst: 0,
        ..RateLimitSettings::default()
    });
    assert_eq!(tags(&mock, &client).await.status, 429);
}

/// For random arrivals, no window holds more than the limit, and no request is rejected that the
/// limit allows.
#[tokio::test]
async fn random_arrivals_are_limited_exactly() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let limits = RateLimitSettings {
        burst: 20,
        ..RateLimitSettings::default()
    };
    let (mock, clock, client) = start(limits).await;
    let mut accepted: Vec<Duration> = Vec::new();
    let mut rejected = 0;
    for _ in 0..1_500 {
        let pause = match random.u8(..10) {
            0 => random.u64(..6_000),
            1..=3 => random.u64(..900),
            _ => 0,
        };
        clock.advance(Duration::from_millis(pause));
        let now = clock.now();
        let recent = accepted.iter().filter(|at| now - **at < WINDOW).count();
        let reply = tags(&mock, &client).await;
        let expected = if recent < 20 { 200 } else { 429 };
        assert_eq!(reply.status, expected, "seed {seed} at {now:?}");
        if reply.status == 200 {
            accepted.push(now);
        } else {
            rejected += 1;
        }
    }
    assert!(rejected > 0, "seed {seed} never reached the limit");
    for (index, start) in accepted.iter().enumerate() {
        let later = accepted[index..].iter();
        let count = later.take_while(|at| **at - *start < WINDOW).count();
        assert!(count <= 20, "seed {seed}: {count} from {start:?} on");
    }
}

#[tokio::test]
async fn concurrent_requests_share_window() {
    let (mock, _clock, client) = start(RateLimitSettings::default()).await;
    let calls = (0..150).map(|_| tags(&mock, &client));
    let replies = futures_util::future::join_all(calls).await;
    let passed = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(passed, 100);
}

#[tokio::test]
async fn token_endpoint_accepts_five_a_minute_for_each_app() {
    let clock = Clock::frozen();
    let builder = Mock::builder()
        .clock(clock.clone())
        .app(
            CLIENT_ID,
            hoopai_mock::CLIENT_SECRET,
            "https://a.example",
            &[],
        )
        .app("another", "secret", "https://b.example", &[]);
    let (mock, client) = (builder.start().await.expect("a server"), client());
    let form = [("grant_type", "client_credentials")];
    for _ in 0..5 {
        let reply = token(&client, &mock, &form).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        clock.advance(Duration::from_secs(1));
    }
    let reply = token(&client, &mock, &form).await;
    reply.refused(429, "Too Many Requests");
    let other = [
        ("client_id", "another"),
        ("client_secret", "secret"),
        ("grant_type", "client_credentials"),
    ];
    let reply = crate::support::token_as(&client, &mock, &other).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    clock.advance(Duration::from_millis(54_999));
    assert_eq!(token(&client, &mock, &form).await.status, 429);
    clock.advance(Duration::from_millis(1));
    assert_eq!(token(&client, &mock, &form).await.status, 200);
}
