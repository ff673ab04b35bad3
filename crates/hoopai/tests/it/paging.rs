//! Lists of operations, from a platform that limits and fails, on clocks that are moved.

#![allow(
    deprecated,
    reason = "the platform advises against its list of contacts, whose trap is read here"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::{Client, ListPosition, Method, serde_json};
use hoopai_mock::{Fault, FaultRule, LOCATION};

use crate::world::World;

const TEN_SECONDS: Duration = Duration::from_secs(10);

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
    let limits = RateLimitSettings::default().max(3).fixed(true);
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
            let position: ListPosition = serde_json::from_str(position).unwrap();
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
}
