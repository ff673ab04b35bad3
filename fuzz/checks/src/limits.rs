//! The limiter, led by the headers of replies.

use std::time::Duration;

use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::time::ManualClock;
use hoopai_runtime::{CallOptions, Method};

use crate::stub::{self, TOKEN};

/// The longest that anything is held back: the budget of a day, and an hour for clocks that differ.
const LONGEST: Duration = Duration::from_secs(25 * 3_600);
/// The longest pause after a refusal, which is also the longest `Retry-After` that is believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What is believed of an interval.
const LONGEST_INTERVAL: Duration = Duration::from_secs(120);
const MOST_CALLS: usize = 24;

/// A line for each call: the status, the milliseconds that pass before it, and headers, `name=value`, by semicolons.
pub fn limits(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    stub::with(|stub| {
        let clock = ManualClock::new();
        let handle = stub
            .builder()
            .private_token(TOKEN)
            .limits(RateLimitSettings::default())
            .clock(clock.clone())
            .build()
            .expect("settings that are valid");
        let options = CallOptions::new().max_wait(Duration::ZERO);
        for line in text.lines().take(MOST_CALLS) {
            let mut parts = line.splitn(3, ' ');
            let status: u16 = parts
                .next()
                .and_then(|part| part.parse().ok())
                .unwrap_or(200);
            let status = 200 + status.wrapping_sub(200) % 400;
            let pass: u32 = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
            let headers: Vec<(&str, &str)> = parts
                .next()
                .unwrap_or_default()
                .split(';')
                .filter_map(|header| header.split_once('='))
                .collect();
            clock.advance(Duration::from_millis(pass.into()));
            let free = handle.rate_limit_delay().is_zero();
            let call = handle
                .request(Method::Get, "/limits")
                .options(options.clone());
            let outcome = stub.run(vec![stub::answer(status, &headers, b"{}")], call.send());
            assert_eq!(
                stub.seen().len(),
                usize::from(free),
                "a call goes if it need not wait: {outcome:?}"
            );
            let snapshot = handle.rate_limit_snapshot();
            assert_eq!(snapshot.queued, 0, "no call waits: {snapshot:?}");
            assert!((1..=100_000).contains(&snapshot.max), "{snapshot:?}");
            assert!(snapshot.interval <= LONGEST_INTERVAL, "{snapshot:?}");
            assert!(
                snapshot.paused <= LONGEST_PAUSE.max(snapshot.interval),
                "{snapshot:?}"
            );
            assert!(handle.rate_limit_delay() <= LONGEST, "{snapshot:?}");
        }
        clock.advance(LONGEST + LONGEST_INTERVAL);
        let snapshot = handle.rate_limit_snapshot();
        assert_eq!(
            handle.rate_limit_delay(),
            Duration::ZERO,
            "held for ever: {snapshot:?}"
        );
        assert_eq!(
            snapshot.in_window, 0,
            "a slot is never given back: {snapshot:?}"
        );
        assert_eq!(snapshot.paused, Duration::ZERO, "{snapshot:?}");
    });
}
