//! Which failures of which operations are retried, and when.

use std::time::Duration;

use hoopai::contacts::types::{
    ContactWorkflowRequest, CreateContactRequest, TagsRequest, UpsertContactRequest,
};
use hoopai::retry::{DefaultRetryPolicy, FullJitter};
use hoopai::{CallOptions, Error, ErrorKind};
use hoopai_mock::{Denial, ErrorBody, Failure, Fault, FaultRule, LOCATION, RetryAfter};

use crate::harness::Harness;
use hoopai_test_support::seeded_random;

const READ: &str = "contacts.get-contact";
const CREATE: &str = "contacts.create-contact";

fn inject(harness: &Harness, rule: FaultRule) {
    harness.mock.faults().add(rule);
}

async fn read(harness: &Harness) -> Result<(), Error> {
    let id = harness.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client = harness.client();
    let read = client.contacts().get_contact().contact_id(id).send();
    harness.run(read).await.map(drop)
}

async fn create(harness: &Harness, options: CallOptions) -> Result<(), Error> {
    let contact = CreateContactRequest::new().email("ada@example.com");
    let client = harness.client();
    let create = client.contacts().create_contact().body(contact);
    harness.run(create.options(options).send()).await.map(drop)
}

/// Each fault happens twice; the other columns are the attempts and the success of a read and of a
/// create.
#[tokio::test]
async fn retry_depends_on_failure_and_idempotence() {
    let status = |status| Fault::status(status);
    let html = |status| Fault::Status(Failure::new(status).body(ErrorBody::Html));
    let retried = (3, true);
    let once = (1, false);
    for (fault, of_read, of_create) in [
        (status(429), retried, retried),
        (status(500), retried, once),
        (status(502), retried, once),
        (html(502), retried, once),
        (status(503), retried, once),
        (status(504), retried, once),
        (status(408), retried, once),
        (Fault::CloseBefore, retried, once),
        (Fault::ResetBefore, retried, once),
        (Fault::ResetAfter, retried, once),
        (Fault::CloseAfter, retried, once),
        (Fault::Cut, retried, once),
        (status(400), once, once),
        (status(401), once, once),
        (status(403), once, once),
        (status(404), once, once),
        (status(409), once, once),
        (status(422), once, once),
        (status(501), once, once),
        (Fault::Denied(Denial::Scope), once, once),
        (Fault::StatusAfter(Failure::new(422)), once, once),
        (Fault::StatusAfter(Failure::new(500)), retried, once),
    ] {
        let harness = Harness::new().await;
        for operation in [READ, CREATE] {
            let rule = FaultRule::new(fault.clone()).on(operation).times(2);
            inject(&harness, rule);
        }
        let read = read(&harness).await;
        let create = create(&harness, CallOptions::new()).await;
        let sent = |operation| harness.mock.journal().of(operation).len();
        let seen_read = (sent(READ), read.is_ok());
        assert_eq!(seen_read, of_read, "{fault:?}: {read:?}");
        let seen_create = (sent(CREATE), create.is_ok());
        assert_eq!(seen_create, of_create, "{fault:?}: {create:?}");
        assert!(
            harness.mock.journal().duplicates_of_writes().is_empty(),
            "{fault:?}"
        );
        for error in [read.err(), create.err()].into_iter().flatten() {
            assert_eq!(error.attempts(), 1, "{error:?}");
        }
    }
}

#[tokio::test]
async fn call_options_override_idempotence_and_retries() {
    let harness = Harness::new().await;
    let rule = FaultRule::new(Fault::status(503)).on(CREATE).times(1);
    inject(&harness, rule);
    let idempotent = CallOptions::new().idempotent(true);
    create(&harness, idempotent).await.unwrap();
    assert_eq!(harness.mock.journal().of(CREATE).len(), 2);

    inject(&harness, FaultRule::new(Fault::status(429)).times(1));
    let error = create(&harness, CallOptions::new().no_retries())
        .await
        .unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
    assert_eq!(harness.mock.journal().of(CREATE).len(), 3);
}

/// Adding tags and upserting are retried; starting a workflow is not.
#[tokio::test]
async fn writes_are_retried_if_declared_as_idempotent() {
    let harness = Harness::new().await;
    let id = harness.mock.seed().contacts(LOCATION, 1).remove(0);
    let fail = || {
        let rule = FaultRule::new(Fault::StatusAfter(Failure::new(503))).times(1);
        inject(&harness, rule);
    };
    let client = harness.client();
    let contacts = client.contacts();

    fail();
    let tags = TagsRequest::new().tags(["vip"]);
    let add = contacts.add_tags().contact_id(&id).body(tags).send();
    let reply = harness.run(add).await.unwrap();
    let tags = reply.into_inner().tags.unwrap_or_default();
    assert_eq!(tags.iter().filter(|tag| *tag == "vip").count(), 1);

    fail();
    let contact = UpsertContactRequest::new().email("ada@example.com");
    let upsert = contacts.upsert_contact().body(contact).send();
    harness.run(upsert).await.unwrap();
    let upserts = harness.mock.journal().of("contacts.upsert-contact");
    assert_eq!(upserts.len(), 2);

    fail();
    let start = contacts.add_contact_to_workflow().contact_id(&id);
    let start = start
        .workflow_id("w")
        .body(ContactWorkflowRequest::new())
        .send();
    let error = harness.run(start).await.unwrap_err();
    assert_eq!(error.attempts(), 1, "{error:?}");
}

#[tokio::test]
async fn attempts_are_counted_and_limited() {
    let harness = Harness::new().await;
    inject(&harness, FaultRule::new(Fault::status(503)).on(READ));
    let error = read(&harness).await.unwrap_err();
    assert_eq!(
        (error.attempts(), harness.mock.journal().of(READ).len()),
        (5, 5)
    );
    assert!(error.to_string().contains("sent 5 times"), "{error}");
    assert!(error.is_retryable() && error.is_server_error());
}

#[tokio::test]
async fn retry_waits_for_retry_after() {
    for (wait, least) in [
        (RetryAfter::Seconds(7), 7000),
        (RetryAfter::Date(Duration::from_secs(20)), 19_000),
        (RetryAfter::Text("soon".into()), 0),
        (RetryAfter::Text("-4".into()), 0),
    ] {
        let harness = Harness::new().await;
        let failure = Failure::new(503).retry_after(wait.clone());
        inject(&harness, FaultRule::new(Fault::Status(failure)).times(1));
        read(&harness).await.unwrap();
        let waited = harness.clock.elapsed().as_millis();
        assert!(
            (least..least + 2500).contains(&waited),
            "{wait:?}: {waited} ms"
        );
    }
    let harness = Harness::new().await;
    let failure = Failure::new(503).header("retry-after-ms", "1500");
    inject(&harness, FaultRule::new(Fault::Status(failure)).times(1));
    read(&harness).await.unwrap();
    assert_eq!(harness.clock.elapsed().as_millis(), 1500);
}

#[tokio::test]
async fn long_retry_after_is_an_error_without_wait() {
    for status in [429, 503] {
        let harness = Harness::new().await;
        let failure = Failure::new(status).retry_after(RetryAfter::Seconds(3600));
        inject(&harness, FaultRule::new(Fault::Status(failure)));
        let error = read(&harness).await.unwrap_err();
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(3600)),
            "{error:?}"
        );
        assert!(error.to_string().contains("60 min"), "{error}");
        assert_eq!(harness.mock.journal().of(READ).len(), 1);
        assert_eq!(harness.clock.elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn retries_end_at_the_timeout_of_the_call() {
    let harness = Harness::new().await;
    inject(&harness, FaultRule::new(Fault::status(503)));
    let client = harness
        .builder()
        .timeout(Duration::from_secs(5))
        .retry(DefaultRetryPolicy::new().max_attempts(1000))
        .backoff(FullJitter::new().cap(Duration::from_secs(1)))
        .build()
        .unwrap();
    let read = client.contacts().get_contact().contact_id("c");
    let error = harness.run(read.send()).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert!(harness.clock.elapsed() <= Duration::from_secs(5));
    assert!(error.attempts() > 5, "{}", error.attempts());
}

#[tokio::test]
async fn attempt_timeout_is_retried_for_idempotent_calls_only() {
    let harness = Harness::new().await;
    let slow = Fault::Delay(Duration::from_secs(2));
    inject(&harness, FaultRule::new(slow.clone()).on(READ).times(1));
    inject(&harness, FaultRule::new(slow.clone()).on(CREATE).times(1));
    read(&harness).await.unwrap();
    assert_eq!(harness.mock.journal().of(READ).len(), 2);
    assert!(harness.clock.elapsed() >= Duration::from_secs(30));

    let error = create(&harness, CallOptions::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(error.to_string().contains("attempt_timeout"), "{error}");
    inject(&harness, FaultRule::new(slow).on(CREATE).times(1));
    let short = CallOptions::new().timeout(Duration::from_secs(1));
    let error = create(&harness, short).await.unwrap_err();
    assert!(error.to_string().contains("within 1s"), "{error}");
}

#[tokio::test]
async fn connect_error_is_retried_for_any_call() {
    let harness = Harness::new().await;
    let url = hoopai_test_support::Server::refusing_url();
    let client = harness.builder().base_url(url).build().unwrap();
    let contact = CreateContactRequest::new().email("ada@example.com");
    let create = client.contacts().create_contact().body(contact).send();
    let error = harness.run(create).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 0));
    assert!(error.to_string().contains("(tried 5 times)"), "{error}");
    assert!(error.is_retryable(), "{error}");
}

/// The mock server fails for a minute under steady load.
#[tokio::test]
async fn retry_budget_limits_the_load_of_an_outage() {
    const CALLS: u64 = 1200;
    let harness = Harness::new().await;
    let (from, to) = (Duration::from_secs(30), Duration::from_secs(90));
    inject(
        &harness,
        FaultRule::new(Fault::status(503)).between(from, to),
    );
    let id = harness.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client = harness.builder().random(seeded_random(7)).build().unwrap();
    let work = async {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..CALLS {
            let read = client.contacts().get_contact().contact_id(&*id).send();
            calls.spawn(read);
            use hoopai::time::Clock;
            harness.clock.sleep(Duration::from_millis(100)).await;
        }
        calls.join_all().await
    };
    let results = harness.run(work).await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    let sent = harness.mock.journal().of(READ).len() as u64;
    let succeeded = CALLS - failed as u64;
    let extra = sent - CALLS;
    let budget = 100 + succeeded / 10;
    assert!(
        extra <= budget,
        "{extra} extra requests, {budget} in the budget"
    );
    assert!(extra >= 100, "the budget was not used: {extra}");
    assert!(
        failed >= 400,
        "an outage of 60 s causes more failures than {failed}"
    );
    // After the outage there are only the regular calls and the last retries.
    let entries = harness.mock.journal().of(READ);
    let after = |seconds: u64| {
        let window = to..to + Duration::from_secs(seconds);
        entries
            .iter()
            .filter(|entry| window.contains(&entry.arrived))
            .count()
    };
    assert!(after(1) <= 20, "{} in the first second", after(1));
}
