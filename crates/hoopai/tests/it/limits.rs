//! Calls under the platform's rate limit.

use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::{CallOptions, ErrorKind, Response};
use hoopai_mock::LOCATION;

use crate::world::World;

const TEN_SECONDS: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_burst_of_250_goes_well_without_one_refusal() {
    let world = World::new().await;
    let id = world.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client = world.client();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..250 {
        // Clones and module clients share the limit.
        let contacts = client.clone().contacts();
        calls.spawn(contacts.get_contact().contact_id(&*id).send());
    }
    let results = world.run(calls.join_all()).await;
    let failed: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert!(
        failed.is_empty(),
        "{} failed: {}, after {:?}",
        failed.len(),
        failed[0],
        world.clock.elapsed()
    );
    let journal = world.mock.journal();
    assert_eq!(journal.count(), 250);
    assert!(
        journal
            .entries()
            .iter()
            .all(|entry| entry.status == Some(200))
    );
    assert!(journal.most_in_window(TEN_SECONDS) <= 100);
    assert!(
        world.clock.elapsed() <= Duration::from_secs(21),
        "{:?}",
        world.clock.elapsed()
    );
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_an_error_at_once() {
    let world = World::new().await;
    let client = world.client();
    let read = || client.contacts().get_contact().contact_id("c");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        calls.spawn(read().send());
    }
    world.run(calls.join_all()).await;
    let wait = client.rate_limit_delay();
    assert!(
        wait > Duration::from_secs(9) && wait <= TEN_SECONDS,
        "{wait:?}"
    );

    let before = world.clock.elapsed();
    let hurried = CallOptions::new().max_wait(Duration::from_secs(1));
    let error = world.run(read().options(hurried).send()).await.unwrap_err();
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
    let error = world.run(read().options(short).send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimit);
    assert_eq!(world.clock.elapsed(), before, "nothing was waited for");
    assert_eq!(world.mock.journal().count(), 100);
    // A retry of what was refused before keeps its error.
}

#[tokio::test]
async fn a_day_that_is_spent_is_an_error_at_once() {
    let world = World::with(|mock| {
        mock.limits(hoopai_mock::RateLimitSettings {
            daily: 3,
            ..Default::default()
        })
    })
    .await;
    let client = world.client();
    let read = || client.contacts().get_contact().contact_id("c").send();
    for _ in 0..3 {
        let error = world.run(read()).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
    let error = world.run(read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimit, "{error}");
    assert!(
        error
            .retry_after()
            .is_some_and(|wait| wait == Duration::from_secs(300)),
        "{error:?}"
    );
    assert!(error.to_string().contains("5 min"), "{error}");
    assert_eq!(world.mock.journal().count(), 3);
    world.advance(Duration::from_secs(86_400));
    let error = world.run(read()).await.unwrap_err();
    assert!(error.is_not_found(), "a new day: {error}");
}

/// Two clients, as two processes are, do not know of each other; the platform's replies tell.
#[tokio::test]
async fn what_others_use_is_learnt_from_replies() {
    let world = World::new().await;
    let id = world.mock.seed().contacts(LOCATION, 1)[0].clone();
    let clients = [world.client(), world.client()];
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
    let results = world.run(calls.join_all()).await;
    let failed: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
    let refused = world
        .mock
        .journal()
        .entries()
        .iter()
        .filter(|entry| entry.status == Some(429))
        .count();
    // Two bursts that begin together cannot know of each other before the first replies.
    assert!(refused <= 200, "{refused} refused");
}

#[tokio::test]
async fn the_smaller_limit_of_a_plan_is_learnt_or_set() {
    let small = |mock: hoopai_mock::MockBuilder| {
        mock.limits(hoopai_mock::RateLimitSettings {
            burst: 25,
            ..Default::default()
        })
    };
    let world = World::with(small).await;
    let id = world.mock.seed().contacts(LOCATION, 1)[0].clone();
    for (client, allowed) in [
        (
            world
                .builder()
                .limits(RateLimitSettings::default().max(25))
                .build()
                .unwrap(),
            0,
        ),
        (world.client(), 0),
    ] {
        // The first reply tells of the plan.
        let read = || client.contacts().get_contact().contact_id(&*id).send();
        world.advance(TEN_SECONDS);
        world.run(read()).await.unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..60 {
            calls.spawn(read());
        }
        let results = world.run(calls.join_all()).await;
        assert!(results.iter().all(Result::is_ok));
        let refused = world
            .mock
            .journal()
            .entries()
            .iter()
            .filter(|entry| entry.status == Some(429))
            .count();
        assert_eq!(refused, allowed);
    }
}
