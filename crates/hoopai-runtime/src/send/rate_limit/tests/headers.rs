//! Parsing of rate limit headers.

use std::time::{Duration, SystemTime};

use super::super::headers::RateLimitHeaders;
use super::{headers, ms, secs};

const NOON: Duration = Duration::from_secs(1_790_000_000);

fn read(pairs: &[(&str, &str)]) -> RateLimitHeaders {
    RateLimitHeaders::parse(&headers(pairs), Some(SystemTime::UNIX_EPOCH + NOON))
}

fn retry_after(pairs: &[(&str, &str)]) -> Option<Duration> {
    read(pairs).retry_after
}

#[test]
fn platform_headers_are_parsed() {
    let limits = read(&[
        ("x-ratelimit-max", "100"),
        ("x-ratelimit-remaining", "99"),
        ("x-ratelimit-interval-milliseconds", "10000"),
        ("x-ratelimit-limit-daily", "200000"),
        ("x-ratelimit-daily-remaining", " 199662 "),
        ("x-ratelimit-daily-reset", "83281000"),
    ]);
    let expected = RateLimitHeaders {
        max: Some(100),
        remaining: Some(99),
        interval: Some(secs(10)),
        daily_limit: Some(200_000),
        daily_remaining: Some(199_662),
        daily_reset: Some(secs(83_281)),
        retry_after: None,
    };
    assert_eq!(limits, expected);
    assert_eq!(read(&[]), RateLimitHeaders::default());
}

#[test]
fn malformed_headers_are_ignored() {
    let values = [
        "",
        "-1",
        "NaN",
        "inf",
        "1e3",
        "10.5",
        "0x10",
        "ten",
        "100, 100",
        "99999999999999999999999999",
        "18446744073709551615",
    ];
    for name in [
        "x-ratelimit-max",
        "x-ratelimit-interval-milliseconds",
        "x-ratelimit-limit-daily",
        "x-ratelimit-daily-reset",
        "x-ratelimit-reset",
    ] {
        for value in values {
            assert_eq!(
                read(&[(name, value)]),
                RateLimitHeaders::default(),
                "{name}: {value}"
            );
        }
    }
    for name in [
        "x-ratelimit-max",
        "x-ratelimit-interval-milliseconds",
        "x-ratelimit-limit-daily",
    ] {
        assert_eq!(
            read(&[(name, "0")]),
            RateLimitHeaders::default(),
            "{name}: 0"
        );
    }
    for value in ["", "-1", "NaN", "inf", "-inf", "soon", "Mon, 99 Foo"] {
        for name in ["retry-after", "retry-after-ms"] {
            assert_eq!(retry_after(&[(name, value)]), None, "{name}: {value}");
        }
    }
    // More remains than the limit.
    let limits = read(&[
        ("x-ratelimit-limit-daily", "10000"),
        ("x-ratelimit-daily-remaining", "10001"),
    ]);
    assert_eq!(limits.daily_remaining, None);
}

#[test]
fn retry_after_forms_are_parsed_and_bounded() {
    let date = |offset: u64| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + NOON + secs(offset));
    assert_eq!(retry_after(&[("retry-after", "7")]), Some(secs(7)));
    assert_eq!(retry_after(&[("retry-after", "0.5")]), Some(ms(500)));
    assert_eq!(retry_after(&[("retry-after", "1e300")]), Some(secs(60)));
    assert_eq!(retry_after(&[("retry-after", &date(9))]), Some(secs(9)));
    assert_eq!(retry_after(&[("retry-after", &date(999))]), Some(secs(60)));
    let finer = [("retry-after", "2"), ("retry-after-ms", "1250")];
    assert_eq!(retry_after(&finer), Some(ms(1250)));

    // The `Date` header replaces the local clock.
    let theirs = [("retry-after", &*date(1_004)), ("date", &*date(1_000))];
    assert_eq!(retry_after(&theirs), Some(secs(4)));

    let reset = |offset: u64| (NOON.as_secs() + offset).to_string();
    assert_eq!(
        retry_after(&[("x-ratelimit-reset", &reset(3))]),
        Some(secs(3))
    );
    assert_eq!(retry_after(&[("x-ratelimit-reset", &reset(61))]), None);
    assert_eq!(retry_after(&[("x-ratelimit-reset", "10")]), None);
    let both = [("x-ratelimit-reset", &*reset(3)), ("retry-after", "1")];
    assert_eq!(retry_after(&both), Some(secs(1)));
}
