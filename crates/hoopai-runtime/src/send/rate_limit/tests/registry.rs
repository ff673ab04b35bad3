//! Limiters and limits of many accounts, and what is shown of them.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use super::super::shared::{DailyReport, LimitKey, LimiterBackend, MemoryLimiter, ShareReport};
use super::super::{LimiterError, Limiters, RateLimitSettings};
use super::secs;
use crate::time::ManualClock;

const INTERVAL: Duration = Duration::from_secs(10);

fn registry() -> Limiters {
    let settings = RateLimitSettings::default();
    Limiters::new(settings, Arc::new(ManualClock::new()), None)
}

#[test]
fn few_limiters_are_kept_and_counted() {
    let limiters = registry();
    for account in 0..64 {
        assert_eq!(limiters.len(), account);
        limiters.get(&account.to_string());
    }
    assert_eq!(format!("{limiters:?}"), "Limiters(64)");
    // The next one replaces those that are not in use.
    limiters.get("another");
    assert_eq!(limiters.len(), 1);
}

#[test]
fn idle_limiters_are_removed_at_twice_the_number_in_use() {
    let limiters = registry();
    let in_use: Vec<_> = (0..100).map(|it| limiters.get(&it.to_string())).collect();
    let mut most = 0;
    for account in 0..1_000 {
        limiters.get(&format!("idle-{account}"));
        most = most.max(limiters.len());
    }
    assert_eq!(most, 200);
    for (account, limiter) in in_use.iter().enumerate() {
        assert_eq!(
            limiters.get(&account.to_string()).settings(),
            limiter.settings()
        );
    }
    assert!(limiters.len() >= in_use.len());
}

#[test]
fn limit_is_shown_in_words() {
    let settings = RateLimitSettings::token_endpoint();
    assert_eq!(settings.shown(), "5 requests in 60 s");
}

#[test]
fn error_of_a_backend_has_its_text_and_cause() {
    let error = LimiterError::new("the database is locked");
    assert_eq!(error.to_string(), "the database is locked");
    assert!(error.source().is_none());
    let error = error.caused_by("another process holds the lock");
    let cause = error.source().map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("another process holds the lock"));
}

#[test]
fn keys_of_limits_are_hidden() {
    let key = LimitKey::new("app", "location:Lq3Tz8Wn5Rk1Yb6Hd0Vx");
    assert_eq!(format!("{key:?}"), "LimitKey([hidden])");
}

/// A report of a process with this number that demands so much.
fn report(client: u64, demand: u32) -> ShareReport {
    let mut report = ShareReport::new(client, 100, INTERVAL);
    (report.demand, report.need) = (demand, demand);
    report
}

#[tokio::test]
async fn limits_that_no_process_uses_are_forgotten_by_the_memory_backend() {
    let backend = MemoryLimiter::with_clock(ManualClock::new());
    assert_eq!(format!("{backend:?}"), "MemoryLimiter { limits: 0 }");
    let key = |account: u32| LimitKey::new("app", account.to_string());
    for account in 0..64 {
        // Every second one holds a share.
        let report = report(1, account % 2);
        backend.exchange(&key(account), &report).await.unwrap();
    }
    assert_eq!(format!("{backend:?}"), "MemoryLimiter { limits: 64 }");
    backend.exchange(&key(1), &report(2, 1)).await.unwrap();
    assert_eq!(format!("{backend:?}"), "MemoryLimiter { limits: 64 }");
    backend.exchange(&key(64), &report(1, 1)).await.unwrap();
    assert_eq!(format!("{backend:?}"), "MemoryLimiter { limits: 33 }");
    // The shares are still those of their processes.
    let reply = backend.exchange(&key(1), &report(3, 100)).await.unwrap();
    assert_eq!(reply.share, 98);
}

#[tokio::test]
async fn memory_backend_reads_its_clock() {
    let clock = ManualClock::new();
    let backend = MemoryLimiter::with_clock(clock.clone());
    let key = LimitKey::new("app", "account");
    let mut report = report(1, 1);
    let mut left = Vec::new();
    for pause in [0, 59, 1] {
        clock.advance(secs(pause));
        let mut daily = DailyReport::new(50, secs(60));
        daily.admitted = report.number * 10;
        report.daily = Some(daily);
        let reply = backend.exchange(&key, &report).await.unwrap();
        left.push(reply.daily.unwrap().left);
        (report.number, report.share) = (report.number + 1, reply.share);
    }
    // The third report begins a new day.
    assert_eq!(left, [50, 40, 40]);
}
