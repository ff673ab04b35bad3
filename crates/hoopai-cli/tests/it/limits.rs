//! The rate limit that processes and machines share.

use std::time::Duration;

use hoopai_mock::{LOCATION, Mock, RateLimitSettings};
#[cfg(feature = "redis")]
use hoopai_test_support::RedisServer;
use tokio::runtime::Runtime;

use crate::program::Program;

/// A small limit.
fn small() -> RateLimitSettings {
    RateLimitSettings {
        burst: 8,
        window: Duration::from_millis(500),
        ..RateLimitSettings::default()
    }
}

/// A mock server with a limit, and the runtime that it runs on.
fn limited_mock(limits: RateLimitSettings) -> (Mock, Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mock = runtime
        .block_on(Mock::builder().limits(limits).start())
        .unwrap();
    (mock, runtime)
}

/// A machine, which has a directory of its own.
fn machine(mock: &Mock) -> Program {
    Program::new()
        .with("HOOPAI_BASE_URL", &mock.url())
        .with("HOOPAI_TOKEN", hoopai_mock::TOKEN)
        .with("HOOPAI_LOCATION_ID", LOCATION)
}

fn path() -> String {
    format!("/contacts/?locationId={LOCATION}")
}

/// Runs eight chains of four commands on these machines.
fn run_in_parallel(mock: &Mock, machines: &[Program]) {
    let path = path();
    // The first reply declares the limit.
    machines[0].run(&["request", "GET", &path]).expect(0);
    std::thread::scope(|scope| {
        for chain in 0..8 {
            let program = &machines[chain % machines.len()];
            let path = &path;
            scope.spawn(move || {
                for _ in 0..4 {
                    let ended = program.run(&["request", "GET", path]).expect(0);
                    assert_eq!(ended.err, "");
                }
            });
        }
    });
    assert_eq!(mock.journal().entries().len(), 33);
    assert_eq!(rejected(mock), 0);
}

fn rejected(mock: &Mock) -> usize {
    let entries = mock.journal().entries();
    let rejected = entries.iter().filter(|entry| entry.status == Some(429));
    rejected.count()
}

#[test]
fn parallel_processes_are_never_rejected() {
    let (mock, _runtime) = limited_mock(small());
    run_in_parallel(&mock, &[machine(&mock)]);
}

#[cfg(feature = "redis")]
#[test]
fn parallel_processes_of_several_machines_are_never_rejected() {
    let Some(redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let (mock, _runtime) = limited_mock(small());
    let machines: Vec<_> = (0..4)
        .map(|_| machine(&mock).with("HOOPAI_LIMITS", &redis.url()))
        .collect();
    run_in_parallel(&mock, &machines);
}

#[cfg(feature = "redis")]
#[test]
fn command_on_an_idle_account_does_not_wait() {
    let Some(redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    let (mock, _runtime) = limited_mock(RateLimitSettings::default());
    for _ in 0..2 {
        let program = machine(&mock).with("HOOPAI_LIMITS", &redis.url());
        // Half of the interval: a call that waits for the limit exceeds it.
        program
            .run(&["request", "GET", &path(), "--timeout", "5"])
            .expect(0);
    }
}

#[cfg(feature = "redis")]
#[test]
fn without_the_server_a_machine_uses_an_eighth() {
    let (mock, _runtime) = limited_mock(small());
    let program = machine(&mock).with("HOOPAI_LIMITS", "redis://:s3cret@127.0.0.1:1");
    for _ in 0..3 {
        let ended = program.run(&["request", "GET", &path()]).expect(0);
        assert!(
            ended.err.contains("warning: ")
                && ended.err.contains("Redis")
                && !ended.err.contains("s3cret"),
            "{}",
            ended.err
        );
    }
    // The first reply declares the limit; then there is one call in each window.
    let entries = mock.journal().entries();
    assert_eq!(entries.len(), 3);
    assert_eq!(rejected(&mock), 0);
    let gap = entries[2].arrived - entries[1].arrived;
    assert!(gap >= Duration::from_millis(500), "{gap:?}");
}

#[test]
fn invalid_settings_are_errors_of_usage() {
    let (mock, _runtime) = limited_mock(small());
    for (name, value) in [
        ("HOOPAI_LIMITS", "http://s3cret@host"),
        ("HOOPAI_LIMITS", "redis://s3cret:s3cret@host:port"),
        ("HOOPAI_LIMITS_PREFIX", "s3cret"),
    ] {
        let ended = machine(&mock)
            .with(name, value)
            .run(&["request", "GET", &path()])
            .expect(2);
        assert!(
            ended.err.contains("HOOPAI_LIMITS") && !ended.err.contains("s3cret"),
            "{}",
            ended.err
        );
    }
    assert_eq!(mock.journal().entries().len(), 0);
}
