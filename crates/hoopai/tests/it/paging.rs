<<<<<<< HEAD
//! Lists of operations, from a platform that limits and fails, on clocks that are moved.

#![allow(
    deprecated,
    reason = "the platform advises against its list of contacts, whose trap is read here"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use hoopai::limit::LimitSettings;
use hoopai::{Client, Method, Position, serde_json};
use hoopai_mock::{Fault, FaultRule, LOCATION};
=======
//! Lists under the platform's rate limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hoopai::limit::LimitSettings;
use hoopai::serde_json::json;
use hoopai_mock::LOCATION;
>>>>>>> paged

use crate::world::World;

const TEN_SECONDS: Duration = Duration::from_secs(10);

<<<<<<< HEAD
async fn listed(client: &Client) -> Vec<String> {
    let mut contacts = client.contacts().list_contacts().limit(20).stream();
    let mut ids = Vec::new();
    while let Some(contact) = contacts.next().await {
        ids.push(contact.unwrap().id.unwrap());
    }
    ids
}

fn as_set(ids: &[String]) -> BTreeSet<&String> {
    ids.iter().collect()
}

#[tokio::test]
async fn contacts_are_listed_whole_under_the_limit() {
    let world = World::new().await;
    let seeded = world.mock.seed().contacts(LOCATION, 135);
    let limits = LimitSettings::default().max(3).fixed(true);
    let client = world.builder().limits(limits).build().unwrap();
    let ids = world.run(listed(&client)).await;
    assert_eq!(ids.len(), 135);
    assert_eq!(as_set(&ids), as_set(&seeded));
    let journal = world.mock.journal();
    assert_eq!(journal.count(), 7);
    assert!(journal.most_in_window(TEN_SECONDS) <= 3);
    assert!(world.clock.elapsed() >= 2 * TEN_SECONDS);
    assert!(world.clock.elapsed() <= 3 * TEN_SECONDS);
}

#[tokio::test]
async fn a_search_is_collected_page_by_page_in_its_body() {
    let world = World::new().await;
    let seeded = world.mock.seed().contacts(LOCATION, 230);
    let client = world.client();
    let search = || {
        let search = client.contacts().search_contacts();
        search.extra_body("locationId", LOCATION)
    };
    let hits = world.run(search().collect_all(1_000)).await.unwrap();
    let ids: Vec<String> = hits.into_iter().map(|hit| hit.id.unwrap()).collect();
    assert_eq!(ids.len(), 230);
    assert_eq!(as_set(&ids), as_set(&seeded));
    assert_eq!(world.mock.journal().count(), 3);
    let mut pages = search().pages();
    let first = world.run(pages.next()).await.unwrap().unwrap();
    assert_eq!(first.items(), 100);
    assert_eq!(first.total, Some(230.0));
}

#[tokio::test]
async fn failures_are_waited_out_and_what_is_left_is_gone_on_with() {
    let world = World::new().await;
    let seeded = world.mock.seed().contacts(LOCATION, 135);
    let rule = FaultRule::new(Fault::status(503)).on("contacts.get-contacts");
    // Twice a page fails a few times and comes, then one fails for good.
    world.mock.faults().add(rule.clone().skip(1).times(3));
    world.mock.faults().add(rule.skip(4).times(5));
    let client = world.client();
    let mut ids = Vec::new();
    let mut position: Option<String> = None;
    let mut failed = 0;
    loop {
        let mut contacts = client.contacts().list_contacts().limit(20).stream();
        if let Some(position) = &position {
            let position: Position = serde_json::from_str(position).unwrap();
            contacts = contacts.resume(position);
        }
        let result: hoopai::Result<()> = world
            .run(async {
                while let Some(contact) = contacts.next().await {
                    ids.push(contact?.id.unwrap());
                }
                Ok(())
            })
            .await;
        position = Some(serde_json::to_string(&contacts.position()).unwrap());
        match result {
            Ok(()) => break,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
        failed += 1;
    }
    assert_eq!(failed, 1);
    assert_eq!(ids.len(), 135);
    assert_eq!(as_set(&ids), as_set(&seeded));
}

#[tokio::test]
async fn the_same_list_is_read_by_method_and_path() {
    let world = World::new().await;
    world.mock.seed().contacts(LOCATION, 45);
    let client = world.client();
    let rule = hoopai::contacts::operations::LIST_CONTACTS.paging.unwrap();
    let call = client.request(Method::Get, "/contacts/");
    let call = call.query("locationId", LOCATION).query("limit", 20);
    let all: Vec<serde_json::Value> = world.run(call.collect_all(rule, 45)).await.unwrap();
    assert_eq!(all.len(), 45);
=======
/// How many requests were refused for their number.
fn refused(world: &World) -> usize {
    let entries = world.mock.journal().entries();
    let refused = entries.iter().filter(|entry| entry.status == Some(429));
    refused.count()
}

/// The time that the limit alone makes so many requests take: a hundred at once, and then a hundred each ten seconds.
fn ideal(requests: u32) -> Duration {
    TEN_SECONDS * ((requests - 1) / 100)
}

#[tokio::test]
async fn a_hundred_thousand_contacts_come_as_fast_as_the_limit_lets_them() {
    const COUNT: usize = 30_000;
    let world = World::new().await;
    let mut expected = world.mock.seed().contacts(LOCATION, COUNT);
    let started = std::time::Instant::now();
    let client = world.client();
    let pages = Arc::new(AtomicU64::new(0));
    let seen = pages.clone();
    #[allow(
        deprecated,
        reason = "what the platform advises against pages like the rest"
    )]
    let list = client.contacts().list_contacts().stream();
    let mut list = list.on_page(move |progress| seen.store(progress.pages, Ordering::SeqCst));
    let mut most_ahead = 0;
    let read = async {
        while let Some(contact) = list.next().await {
            let id = contact.unwrap().id.unwrap();
            assert_eq!(Some(id), expected.pop(), "each once, the newest first");
            let sent = world.mock.journal().count() as u64;
            most_ahead = most_ahead.max(sent - pages.load(Ordering::SeqCst));
        }
    };
    world.run(read).await;
    println!("{:?}", started.elapsed());
    assert!(expected.is_empty(), "{} are missing", expected.len());
    let requests = world.mock.journal().count() as u32;
    // The last page is full, so that only an empty one is the end.
    assert_eq!(requests, 1_001);
    assert_eq!(refused(&world), 0);
    assert_eq!(world.mock.journal().most_in_window(TEN_SECONDS), 100);
    let (took, ideal) = (world.clock.elapsed(), ideal(requests));
    assert!(took.mul_f64(0.99) <= ideal, "{took:?}, ideal {ideal:?}");
    // One page in hand, and one on its way.
    assert_eq!(most_ahead, 1);
}

#[tokio::test]
async fn pages_at_once_keep_order_and_limit() {
    let world = World::new().await;
    let one = |_| {
        let fields = json!({"businessId": "b1"});
        world
            .mock
            .seed()
            .item("contacts", LOCATION, &fields)
            .unwrap()
    };
    let mut expected: Vec<String> = (0..1_254).map(one).collect();
    expected.reverse();
    let client = world.client();
    for (pages, prefetch) in [(8, true), (8, false), (1, true), (1, false)] {
        world.mock.journal().clear();
        let started = world.clock.elapsed();
        let list = client.contacts().list_contacts_by_business();
        let list = list.business_id("b1").limit("5").stream();
        let mut list = list.concurrent(pages).prefetch(prefetch);
        let mut came = Vec::new();
        let read = async {
            while let Some(contact) = list.next().await {
                came.push(contact.unwrap().id.unwrap());
            }
        };
        world.run(read).await;
        assert_eq!(came, expected);
        let journal = world.mock.journal();
        // The count of all and a short page tell the end.
        assert_eq!(journal.count(), 251);
        assert_eq!(refused(&world), 0);
        assert_eq!(journal.most_in_window(TEN_SECONDS), 100);
        let took = world.clock.elapsed() - started;
        assert!(took.mul_f64(0.99) <= ideal(251), "{took:?}");
        world.advance(TEN_SECONDS);
    }
}

#[tokio::test]
async fn a_list_that_is_dropped_leaves_no_request_behind() {
    let world = World::new().await;
    let fields = json!({"businessId": "b1"});
    for _ in 0..100 {
        world
            .mock
            .seed()
            .item("contacts", LOCATION, &fields)
            .unwrap();
    }
    let limits = LimitSettings::default().max(3).fixed(true);
    let client = world.builder().limits(limits).build().unwrap();
    let list = client.contacts().list_contacts_by_business();
    let list = list.business_id("b1").limit("5").stream();
    let mut list = list.concurrent(8);
    for _ in 0..10 {
        world.run(list.next()).await.unwrap().unwrap();
    }
    // Two pages were read, another came or comes, and the others wait for their turn.
    let position = list.position();
    drop(list);
    let quiet = async {
        hoopai::time::Clock::sleep(&world.clock, Duration::from_secs(3_600)).await;
    };
    world.run(quiet).await;
    assert_eq!(world.mock.journal().count(), 3);
    // Nobody holds a turn that he does not use any more.
    assert_eq!(client.would_wait(), Duration::ZERO);
    let list = client.contacts().list_contacts_by_business();
    let list = list.business_id("b1").limit("5").stream();
    let mut list = list.resume(position);
    let rest = async {
        let mut count = 0;
        while let Some(contact) = list.next().await {
            contact.unwrap();
            count += 1;
        }
        count
    };
    assert_eq!(world.run(rest).await, 90);
>>>>>>> paged
}
