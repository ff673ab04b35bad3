//! The rate limiter, controlled by reply headers.

use std::time::Duration;

use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::time::ManualClock;
use hoopai_runtime::{CallOptions, Method};

use crate::stub_server::{self, TOKEN};

/// The longest wait: a day, and an hour for clock differences.
const LONGEST_WAIT: Duration = Duration::from_secs(25 * 3_600);
/// The longest pause after a rejection, and the longest accepted `Retry-After`.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest accepted interval.
const LONGEST_INTERVAL: Duration = Duration::from_secs(120);
const MAX_CALLS: usize = 24;

/// Each line of the input is a call: status, milliseconds before the call, and headers as
/// `name=value`, separated by semicolons.
pub fn limits(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    stub_server::with(|server| {
        let clock = ManualClock::new();
        let handle = server
            .builder()
            .private_token(TOKEN)
            .limits(RateLimitSettings::default())
            .clock(clock.clone())
            .build()
            .expect("settings that are valid");
        let options = CallOptions::new().max_wait(Duration::ZERO);
        for line in text.lines().take(MAX_CALLS) {
            let mut parts = line.splitn(3, ' ');
            let status: u16 = parts
                .next()
                .and_then(|part| part.parse().ok())
                .unwrap_or(200);
            let status = 200 + status.wrapping_sub(200) % 400;
            let elapsed: u32 = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
            let headers: Vec<(&str, &str)> = parts
                .next()
                .unwrap_or_default()
                .split(';')
                .filter_map(|header| header.split_once('='))
                .collect();
            clock.advance(Duration::from_millis(elapsed.into()));
            let is_free = handle.rate_limit_delay().is_zero();
            let call = handle
                .request(Method::GET, "/limits")
                .options(options.clone());
            let result = server.run(
                vec![stub_server::reply(status, &headers, b"{}")],
                call.send(),
            );
            assert_eq!(
                server.targets().len(),
                usize::from(is_free),
                "a call is sent unless it must wait: {result:?}"
            );
            let snapshot = handle.rate_limit_snapshot();
            assert_eq!(snapshot.queued, 0, "no call waits: {snapshot:?}");
            assert!((1..=100_000).contains(&snapshot.max), "{snapshot:?}");
            assert!(snapshot.interval <= LONGEST_INTERVAL, "{snapshot:?}");
            assert!(
                snapshot.paused <= LONGEST_PAUSE.max(snapshot.interval),
                "{snapshot:?}"
            );
            assert!(handle.rate_limit_delay() <= LONGEST_WAIT, "{snapshot:?}");
        }
        clock.advance(LONGEST_WAIT + LONGEST_INTERVAL);
        let snapshot = handle.rate_limit_snapshot();
        assert_eq!(
            handle.rate_limit_delay(),
            Duration::ZERO,
            "the limiter never recovers: {snapshot:?}"
        );
        assert_eq!(
            snapshot.in_window, 0,
            "a slot is never released: {snapshot:?}"
        );
        assert_eq!(snapshot.paused, Duration::ZERO, "{snapshot:?}");
    });
}
