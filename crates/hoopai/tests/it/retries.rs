//! What is sent again, when, and what is not.

use std::time::Duration;

use hoopai::contacts::types::{CreateContactRequest, CreateWorkflow, Tags, UpsertContactRequest};
use hoopai::retry::{DefaultRetryPolicy, FullJitter};
use hoopai::{CallOptions, Error, ErrorKind};
use hoopai_mock::{Denial, ErrorBody, Failure, Fault, FaultRule, LOCATION, RetryAfter};

use crate::world::{World, chance};

const READ: &str = "contacts.get-contact";
const CREATE: &str = "contacts.create-contact";

async fn read(world: &World) -> Result<(), Error> {
    let id = world.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client = world.client();
    let read = client.contacts().get_contact().contact_id(id).send();
    world.run(read).await.map(drop)
}

async fn create(world: &World, options: CallOptions) -> Result<(), Error> {
    let contact = CreateContactRequest::new().email("ada@example.com");
    let client = world.client();
    let create = client.contacts().create_contact().body(contact);
    world.run(create.options(options).send()).await.map(drop)
}

/// What the mock does twice before all goes well; how often a read and a create are then sent, and whether each goes well.
#[tokio::test]
async fn what_is_sent_again_goes_by_failure_and_operation() {
    let status = |status| Fault::status(status);
    let html = |status| Fault::Status(Failure::new(status).body(ErrorBody::Html));
    let again = (3, true);
    let once = (1, false);
    for (fault, of_read, of_create) in [
        (status(429), again, again),
        (status(500), again, once),
        (status(502), again, once),
        (html(502), again, once),
        (status(503), again, once),
        (status(504), again, once),
        (status(408), again, once),
        (Fault::CloseBefore, again, once),
        (Fault::ResetBefore, again, once),
        (Fault::ResetAfter, again, once),
        (Fault::CloseAfter, again, once),
        (Fault::Cut, again, once),
        (status(400), once, once),
        (status(401), once, once),
        (status(403), once, once),
        (status(404), once, once),
        (status(409), once, once),
        (status(422), once, once),
        (status(501), once, once),
        (Fault::Denied(Denial::Scope), once, once),
        (Fault::StatusAfter(Failure::new(422)), once, once),
        (Fault::StatusAfter(Failure::new(500)), again, once),
    ] {
        let world = World::new().await;
        for operation in [READ, CREATE] {
            let rule = FaultRule::new(fault.clone()).on(operation).times(2);
            world.mock.faults().add(rule);
        }
        let went = (read(&world).await, create(&world, CallOptions::new()).await);
        let sent = |operation| world.mock.journal().of(operation).len();
        let seen = ((sent(READ), went.0.is_ok()), (sent(CREATE), went.1.is_ok()));
        assert_eq!(seen, (of_read, of_create), "{fault:?}: {went:?}");
        assert!(
            world.mock.journal().duplicates_of_writes().is_empty(),
            "{fault:?}"
        );
        for error in [went.0.err(), went.1.err()].into_iter().flatten() {
            assert_eq!(error.attempts(), 1, "{error:?}");
        }
    }
}

#[tokio::test]
async fn callers_know_of_their_creates_what_no_table_does() {
    let world = World::new().await;
    let rule = FaultRule::new(Fault::status(503)).on(CREATE).times(1);
    world.mock.faults().add(rule);
    let sure = CallOptions::new().idempotent(true);
    create(&world, sure).await.unwrap();
    assert_eq!(world.mock.journal().of(CREATE).len(), 2);

    world
        .mock
        .faults()
        .add(FaultRule::new(Fault::status(429)).times(1));
    let error = create(&world, CallOptions::new().no_retries())
        .await
        .unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
    assert_eq!(world.mock.journal().of(CREATE).len(), 3);
}

/// Adding to a set and writing by key are retried; starting a workflow is not.
#[tokio::test]
async fn writes_are_retried_as_their_declaration_says() {
    let world = World::new().await;
    let id = world.mock.seed().contacts(LOCATION, 1).remove(0);
    let fail = || {
        let rule = FaultRule::new(Fault::StatusAfter(Failure::new(503))).times(1);
        world.mock.faults().add(rule);
    };
    let client = world.client();
    let contacts = client.contacts();

    fail();
    let tags = Tags::new().tags(["vip"]);
    let add = contacts.add_tags().contact_id(&id).body(tags).send();
    let reply = world.run(add).await.unwrap();
    let tags = reply.into_inner().tags.unwrap_or_default();
    assert_eq!(tags.iter().filter(|tag| *tag == "vip").count(), 1);

    fail();
    let contact = UpsertContactRequest::new().email("ada@example.com");
    let upsert = contacts.upsert_contact().body(contact).send();
    world.run(upsert).await.unwrap();
    assert_eq!(world.mock.journal().of("contacts.upsert-contact").len(), 2);

    fail();
    let start = contacts.add_contact_to_workflow().contact_id(&id);
    let start = start.workflow_id("w").body(CreateWorkflow::new()).send();
    let error = world.run(start).await.unwrap_err();
    assert_eq!(error.attempts(), 1, "{error:?}");
}

#[tokio::test]
async fn attempts_are_counted_and_end() {
    let world = World::new().await;
    world
        .mock
        .faults()
        .add(FaultRule::new(Fault::status(503)).on(READ));
    let error = read(&world).await.unwrap_err();
    assert_eq!(
        (error.attempts(), world.mock.journal().of(READ).len()),
        (5, 5)
    );
    assert!(error.to_string().contains("sent 5 times"), "{error}");
    assert!(error.is_retryable() && error.is_server_error());
}

#[tokio::test]
async fn a_wait_that_the_platform_asks_for_is_kept() {
    for (wait, least) in [
        (RetryAfter::Seconds(7), 7000),
        (RetryAfter::Date(Duration::from_secs(20)), 19_000),
        (RetryAfter::Text("soon".into()), 0),
        (RetryAfter::Text("-4".into()), 0),
    ] {
        let world = World::new().await;
        let failure = Failure::new(503).retry_after(wait.clone());
        world
            .mock
            .faults()
            .add(FaultRule::new(Fault::Status(failure)).times(1));
        read(&world).await.unwrap();
        let waited = world.clock.elapsed().as_millis();
        assert!(
            (least..least + 2500).contains(&waited),
            "{wait:?}: {waited} ms"
        );
    }
    let world = World::new().await;
    let failure = Failure::new(503).header("retry-after-ms", "1500");
    world
        .mock
        .faults()
        .add(FaultRule::new(Fault::Status(failure)).times(1));
    read(&world).await.unwrap();
    assert_eq!(world.clock.elapsed().as_millis(), 1500);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_told_in_place_of_waited() {
    for status in [429, 503] {
        let world = World::new().await;
        let failure = Failure::new(status).retry_after(RetryAfter::Seconds(3600));
        world
            .mock
            .faults()
            .add(FaultRule::new(Fault::Status(failure)));
        let error = read(&world).await.unwrap_err();
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(3600)),
            "{error:?}"
        );
        assert!(error.to_string().contains("60 min"), "{error}");
        assert_eq!(world.mock.journal().of(READ).len(), 1);
        assert_eq!(world.clock.elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn nothing_goes_past_the_time_of_the_call() {
    let world = World::new().await;
    world.mock.faults().add(FaultRule::new(Fault::status(503)));
    let client = world
        .builder()
        .timeout(Duration::from_secs(5))
        .retry(DefaultRetryPolicy::new().max_attempts(1000))
        .backoff(FullJitter::new().cap(Duration::from_secs(1)))
        .build()
        .unwrap();
    let read = client.contacts().get_contact().contact_id("c");
    let error = world.run(read.send()).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert!(world.clock.elapsed() <= Duration::from_secs(5));
    assert!(error.attempts() > 5, "{}", error.attempts());
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_given_up_and_made_again() {
    let world = World::new().await;
    let slow = Fault::Delay(Duration::from_secs(2));
    world
        .mock
        .faults()
        .add(FaultRule::new(slow.clone()).on(READ).times(1));
    world
        .mock
        .faults()
        .add(FaultRule::new(slow).on(CREATE).times(1));
    read(&world).await.unwrap();
    assert_eq!(world.mock.journal().of(READ).len(), 2);
    assert!(world.clock.elapsed() >= Duration::from_secs(30));

    let error = create(&world, CallOptions::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(error.to_string().contains("attempt_timeout"), "{error}");
    let error = {
        let slow = Fault::Delay(Duration::from_secs(2));
        world
            .mock
            .faults()
            .add(FaultRule::new(slow).on(CREATE).times(1));
        let short = CallOptions::new().timeout(Duration::from_secs(1));
        create(&world, short).await.unwrap_err()
    };
    assert!(error.to_string().contains("within 1s"), "{error}");
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_tried_again_for_any_call() {
    let world = World::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let client = world.builder().base_url(url).build().unwrap();
    let contact = CreateContactRequest::new().email("ada@example.com");
    let create = client.contacts().create_contact().body(contact).send();
    let error = world.run(create).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 0));
    assert!(error.to_string().contains("(tried 5 times)"), "{error}");
    assert!(error.is_retryable(), "{error}");
}

/// The platform is down for a minute, and calls keep coming.
#[tokio::test]
async fn an_outage_is_not_multiplied() {
    const CALLS: u64 = 1200;
    let world = World::new().await;
    let (from, to) = (Duration::from_secs(30), Duration::from_secs(90));
    world
        .mock
        .faults()
        .add(FaultRule::new(Fault::status(503)).between(from, to));
    let id = world.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client = world.builder().random(chance(7)).build().unwrap();
    let work = async {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..CALLS {
            let read = client.contacts().get_contact().contact_id(&*id).send();
            calls.spawn(read);
            use hoopai::time::Clock;
            world.clock.sleep(Duration::from_millis(100)).await;
        }
        calls.join_all().await
    };
    let results = world.run(work).await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    let sent = world.mock.journal().of(READ).len() as u64;
    let went_well = CALLS - failed as u64;
    let extra = sent - CALLS;
    let budget = 100 + went_well / 10;
    assert!(
        extra <= budget,
        "{extra} extra requests, {budget} in the budget"
    );
    assert!(extra >= 100, "the budget was not used: {extra}");
    assert!(
        failed >= 400,
        "an outage of 60 s cannot pass unseen: {failed}"
    );
    // Nothing piles up behind the outage: its end brings no more than what comes anyway, and the last retries.
    let entries = world.mock.journal().of(READ);
    let after = |seconds: u64| {
        let window = to..to + Duration::from_secs(seconds);
        entries
            .iter()
            .filter(|entry| window.contains(&entry.arrived))
            .count()
    };
    assert!(after(1) <= 20, "{} in the first second", after(1));
}
