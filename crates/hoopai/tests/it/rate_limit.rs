//! Calls within the rate limits of the platform.

use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::{CallOptions, ErrorKind, Response};
use hoopai_mock::LOCATION;

use crate::harness::Harness;

pub(crate) const TEN_SECONDS: Duration = Duration::from_secs(10);

/// The number of requests that the mock server rejected because of a rate limit.
pub(crate) fn rate_limited(harness: &Harness) -> usize {
    let entries = harness.mock.journal().entries();
    let limited = entries.iter().filter(|entry| entry.status == Some(429));
    limited.count()
}

#[tokio::test]
async fn burst_of_250_calls_causes_no_429() {
    let harness = Harness::new().await;
    let id = harness.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client = harness.client();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..250 {
        // Clones and module clients share the limit.
        let contacts = client.clone().contacts();
        calls.spawn(contacts.get_contact().contact_id(&*id).send());
    }
    let results = harness.run(calls.join_all()).await;
    let failed: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert!(
        failed.is_empty(),
        "{} failed: {}, after {:?}",
        failed.len(),
        failed[0],
        harness.clock.elapsed()
    );
    let journal = harness.mock.journal();
    assert_eq!(journal.count(), 250);
    assert!(
        journal
            .entries()
            .iter()
            .all(|entry| entry.status == Some(200))
    );
    assert!(journal.most_in_window(TEN_SECONDS) <= 100);
    assert!(
        harness.clock.elapsed() <= Duration::from_secs(21),
        "{:?}",
        harness.clock.elapsed()
    );
}

#[tokio::test]
async fn call_fails_immediately_if_its_wait_exceeds_max_wait() {
    let harness = Harness::new().await;
    let client = harness.client();
    let read = || client.contacts().get_contact().contact_id("c");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        calls.spawn(read().send());
    }
    harness.run(calls.join_all()).await;
    let wait = client.rate_limit_delay();
    assert!(
        wait > Duration::from_secs(9) && wait <= TEN_SECONDS,
        "{wait:?}"
    );

    let before = harness.clock.elapsed();
    let short_wait = CallOptions::new().max_wait(Duration::from_secs(1));
    let error = harness
        .run(read().options(short_wait).send())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimit, 0));
    assert!(error.is_rate_limited() && error.is_retryable());
    assert!(
        error
            .retry_after()
            .is_some_and(|wait| wait > Duration::from_secs(9)),
        "{error:?}"
    );
    assert!(error.to_string().contains("10 s"), "{error}");
    let short = CallOptions::new().timeout(Duration::from_secs(5));
    let error = harness.run(read().options(short).send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimit);
    assert_eq!(harness.clock.elapsed(), before, "a call waited");
    assert_eq!(harness.mock.journal().count(), 100);
}

#[tokio::test]
async fn call_fails_immediately_if_the_daily_limit_is_used_up() {
    let harness = Harness::with(|mock| {
        mock.limits(hoopai_mock::RateLimitSettings {
            daily: 3,
            ..Default::default()
        })
    })
    .await;
    let client = harness.client();
    let read = || client.contacts().get_contact().contact_id("c").send();
    for _ in 0..3 {
        let error = harness.run(read()).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
    let error = harness.run(read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimit, "{error}");
    assert!(
        error
            .retry_after()
            .is_some_and(|wait| wait == Duration::from_secs(300)),
        "{error:?}"
    );
    assert!(error.to_string().contains("5 min"), "{error}");
    assert_eq!(harness.mock.journal().count(), 3);
    harness.advance(Duration::from_secs(86_400));
    let error = harness.run(read()).await.unwrap_err();
    assert!(error.is_not_found(), "next day: {error}");
}

/// Two clients share no state, like two processes; rate limit headers contain the total use.
#[tokio::test]
async fn clients_adapt_to_the_use_of_others_by_headers() {
    let harness = Harness::new().await;
    let id = harness.mock.seed().contacts(LOCATION, 1)[0].clone();
    let clients = [harness.client(), harness.client()];
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..300 {
        let read = clients[number % 2]
            .contacts()
            .get_contact()
            .contact_id(&*id);
        calls.spawn(async move {
            let result: Result<Response<_>, _> = read.send().await;
            result.map(drop)
        });
    }
    let results = harness.run(calls.join_all()).await;
    let failed: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
    let limited = rate_limited(&harness);
    // The first replies come too late for two bursts that begin together.
    assert!(limited <= 200, "{limited} limited");
}

#[tokio::test]
async fn smaller_limit_is_set_or_read_from_headers() {
    let small = |mock: hoopai_mock::MockBuilder| {
        mock.limits(hoopai_mock::RateLimitSettings {
            burst: 25,
            ..Default::default()
        })
    };
    let harness = Harness::with(small).await;
    let id = harness.mock.seed().contacts(LOCATION, 1)[0].clone();
    let limits = RateLimitSettings::default().max(25);
    let configured = harness.builder().limits(limits).build().unwrap();
    for client in [configured, harness.client()] {
        // The first reply has the limit in its headers.
        let read = || client.contacts().get_contact().contact_id(&*id).send();
        harness.advance(TEN_SECONDS);
        harness.run(read()).await.unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..60 {
            calls.spawn(read());
        }
        let results = harness.run(calls.join_all()).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(rate_limited(&harness), 0);
    }
}
