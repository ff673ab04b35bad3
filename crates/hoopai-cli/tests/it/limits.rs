//! The rate limit that processes share.

use std::time::Duration;

use hoopai_mock::{LOCATION, Mock, RateLimitSettings};

use crate::program::Program;

#[test]
fn parallel_processes_are_never_rejected() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let limits = RateLimitSettings {
        burst: 8,
        window: Duration::from_millis(500),
        ..RateLimitSettings::default()
    };
    let mock = runtime
        .block_on(Mock::builder().limits(limits).start())
        .unwrap();
    let program = Program::new()
        .with("HOOPAI_BASE_URL", &mock.url())
        .with("HOOPAI_TOKEN", hoopai_mock::TOKEN)
        .with("HOOPAI_LOCATION_ID", LOCATION);
    let path = format!("/contacts/?locationId={LOCATION}");
    // The first reply declares the limit.
    program.run(&["request", "GET", &path]).expect(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..4 {
                    program.run(&["request", "GET", &path]).expect(0);
                }
            });
        }
    });
    let entries = mock.journal().entries();
    assert_eq!(entries.len(), 33);
    let rejected = entries
        .iter()
        .filter(|entry| entry.status == Some(429))
        .count();
    assert_eq!(rejected, 0);
}
