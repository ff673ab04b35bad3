//! Lists under a small rate limit and server failures.

#![allow(deprecated, reason = "the list of contacts needs two cursors")]

use std::collections::BTreeSet;
use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::{Client, ListPosition, Method, serde_json};
use hoopai_mock::{Fault, FaultRule, LOCATION};

use crate::harness::Harness;

const TEN_SECONDS: Duration = Duration::from_secs(10);

async fn contact_ids(client: &Client) -> Vec<String> {
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
async fn list_is_complete_under_a_small_rate_limit() {
    let harness = Harness::new().await;
    let seeded = harness.mock.seed().contacts(LOCATION, 135);
    let limits = RateLimitSettings::default().max(3).fixed(true);
    let client = harness.builder().limits(limits).build().unwrap();
    let ids = harness.run(contact_ids(&client)).await;
    assert_eq!(ids.len(), 135);
    assert_eq!(as_set(&ids), as_set(&seeded));
    let journal = harness.mock.journal();
    assert_eq!(journal.count(), 7);
    assert!(journal.most_in_window(TEN_SECONDS) <= 3);
    assert!(harness.clock.elapsed() >= 2 * TEN_SECONDS);
    assert!(harness.clock.elapsed() <= 3 * TEN_SECONDS);
}

#[tokio::test]
async fn search_pages_by_a_body_field() {
    let harness = Harness::new().await;
    let seeded = harness.mock.seed().contacts(LOCATION, 230);
    let client = harness.client();
    let search = || {
        let search = client.contacts().search_contacts();
        search.extra_body("locationId", LOCATION)
    };
    let hits = harness.run(search().collect_all(1_000)).await.unwrap();
    let ids: Vec<String> = hits.into_iter().map(|hit| hit.id.unwrap()).collect();
    assert_eq!(ids.len(), 230);
    assert_eq!(as_set(&ids), as_set(&seeded));
    assert_eq!(harness.mock.journal().count(), 3);
    let mut pages = search().pages();
    let first = harness.run(pages.next()).await.unwrap().unwrap();
    assert_eq!(first.items(), 100);
    assert_eq!(first.total, Some(230));
}

#[tokio::test]
async fn list_resumes_after_an_error_from_a_stored_position() {
    let harness = Harness::new().await;
    let seeded = harness.mock.seed().contacts(LOCATION, 135);
    let rule = FaultRule::new(Fault::status(503)).on("contacts.get-contacts");
    // A page fails three times and succeeds; a later one fails in all attempts.
    harness.mock.faults().add(rule.clone().skip(1).times(3));
    harness.mock.faults().add(rule.skip(4).times(5));
    let client = harness.client();
    let mut ids = Vec::new();
    let mut position: Option<String> = None;
    let mut failed = 0;
    loop {
        let mut contacts = client.contacts().list_contacts().limit(20).stream();
        if let Some(position) = &position {
            let position: ListPosition = serde_json::from_str(position).unwrap();
            contacts = contacts.resume(position);
        }
        let result: hoopai::Result<()> = harness
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
async fn raw_request_pages_like_the_operation() {
    let harness = Harness::new().await;
    harness.mock.seed().contacts(LOCATION, 45);
    let client = harness.client();
    let rule = hoopai::contacts::operations::LIST_CONTACTS.paging.unwrap();
    let call = client.request(Method::GET, "/contacts/");
    let call = call.query("locationId", LOCATION).query("limit", 20);
    let all: Vec<serde_json::Value> = harness.run(call.collect_all(rule, 45)).await.unwrap();
    assert_eq!(all.len(), 45);
}
