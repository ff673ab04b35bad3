//! Lists within the rate limits of the platform.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::serde_json::json;
use hoopai_mock::LOCATION;

use crate::harness::Harness;
use crate::rate_limit::{TEN_SECONDS, rate_limited};

/// The shortest duration of this number of requests: 100 at once, then 100 every ten seconds.
fn ideal(requests: u32) -> Duration {
    TEN_SECONDS * ((requests - 1) / 100)
}

#[tokio::test]
async fn list_of_100_000_contacts_takes_the_shortest_duration() {
    const COUNT: usize = 100_000;
    let harness = Harness::new().await;
    let mut expected = harness.mock.seed().contacts(LOCATION, COUNT);
    let client = harness.client();
    let pages = Arc::new(AtomicU64::new(0));
    let seen = pages.clone();
    #[allow(deprecated, reason = "deprecated lists page like all others")]
    let list = client.contacts().list_contacts().stream();
    let mut list = list.on_page(move |progress| seen.store(progress.pages, Ordering::SeqCst));
    let mut most_ahead = 0;
    let read = async {
        while let Some(contact) = list.next().await {
            let id = contact.unwrap().id.unwrap();
            assert_eq!(
                Some(id),
                expected.pop(),
                "each contact comes once, the newest first"
            );
            let sent = harness.mock.journal().count() as u64;
            most_ahead = most_ahead.max(sent - pages.load(Ordering::SeqCst));
            if expected.len().is_multiple_of(25) {
                // Other tasks run while a caller processes a contact.
                tokio::task::yield_now().await;
            }
        }
    };
    harness.run(read).await;
    assert!(expected.is_empty(), "{} are missing", expected.len());
    let requests = harness.mock.journal().count() as u32;
    // The last page is full, so an empty page follows.
    assert_eq!(requests, 1_001);
    assert_eq!(rate_limited(&harness), 0);
    assert_eq!(harness.mock.journal().most_in_window(TEN_SECONDS), 100);
    let (took, ideal) = (harness.clock.elapsed(), ideal(requests));
    assert!(took.mul_f64(0.99) <= ideal, "{took:?}, ideal {ideal:?}");
    // The client prefetches one page.
    assert_eq!(most_ahead, 1);
}

#[tokio::test]
async fn concurrent_pages_keep_order_and_rate_limit() {
    let harness = Harness::new().await;
    let one = |_| {
        let fields = json!({"businessId": "b1"});
        harness.mock.seed().item("contacts", LOCATION, &fields)
    };
    let mut expected: Vec<String> = (0..1_254).map(one).collect();
    expected.reverse();
    let client = harness.client();
    for (pages, prefetch) in [(8, true), (8, false), (1, true), (1, false)] {
        harness.mock.journal().clear();
        let started = harness.clock.elapsed();
        let list = client.contacts().list_contacts_by_business();
        let list = list.business_id("b1").limit(5).stream();
        let mut list = list.concurrent(pages).prefetch(prefetch);
        let mut ids = Vec::new();
        let read = async {
            while let Some(contact) = list.next().await {
                ids.push(contact.unwrap().id.unwrap());
            }
        };
        harness.run(read).await;
        assert_eq!(ids, expected);
        let journal = harness.mock.journal();
        // The list has no total, so an empty page ends it; concurrent requests may follow.
        let (least, most) = (252, 251 + pages);
        assert!(
            (least..=most).contains(&journal.count()),
            "{}",
            journal.count()
        );
        assert_eq!(rate_limited(&harness), 0);
        assert_eq!(journal.most_in_window(TEN_SECONDS), 100);
        let took = harness.clock.elapsed() - started;
        assert!(took.mul_f64(0.99) <= ideal(252), "{took:?}");
        harness.advance(TEN_SECONDS);
    }
}

#[tokio::test]
async fn dropped_list_sends_no_further_requests() {
    let harness = Harness::new().await;
    let fields = json!({"businessId": "b1"});
    for _ in 0..100 {
        harness.mock.seed().item("contacts", LOCATION, &fields);
    }
    let limits = RateLimitSettings::default().max(3).fixed(true);
    let client = harness.builder().limits(limits).build().unwrap();
    let list = client.contacts().list_contacts_by_business();
    let list = list.business_id("b1").limit(5).stream();
    let mut list = list.concurrent(8);
    for _ in 0..10 {
        harness.run(list.next()).await.unwrap().unwrap();
    }
    // Two pages are read, one is pending, and the others wait for the rate limit.
    let position = list.position();
    drop(list);
    let idle = async {
        hoopai::time::Clock::sleep(&harness.clock, Duration::from_secs(3_600)).await;
    };
    harness.run(idle).await;
    assert_eq!(harness.mock.journal().count(), 3);
    // The dropped requests have released their slots.
    assert_eq!(client.rate_limit_delay(), Duration::ZERO);
    let list = client.contacts().list_contacts_by_business();
    let list = list.business_id("b1").limit(5).stream();
    let mut list = list.resume(position);
    let rest = async {
        let mut count = 0;
        while let Some(contact) = list.next().await {
            contact.unwrap();
            count += 1;
        }
        count
    };
    assert_eq!(harness.run(rest).await, 90);
}
