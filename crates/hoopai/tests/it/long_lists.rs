//! Lists under the platform's rate limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::serde_json::json;
use hoopai_mock::LOCATION;

use crate::world::World;

const TEN_SECONDS: Duration = Duration::from_secs(10);

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
    const COUNT: usize = 100_000;
    let world = World::new().await;
    let mut expected = world.mock.seed().contacts(LOCATION, COUNT);
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
            if expected.len().is_multiple_of(25) {
                // Others have a turn, as they do where something is done with a contact.
                tokio::task::yield_now().await;
            }
        }
    };
    world.run(read).await;
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
        world.mock.seed().item("contacts", LOCATION, &fields)
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
        // The list says no count of all: an empty page tells the end, and others may have been asked for along with it.
        let (least, most) = (252, 251 + pages);
        assert!(
            (least..=most).contains(&journal.count()),
            "{}",
            journal.count()
        );
        assert_eq!(refused(&world), 0);
        assert_eq!(journal.most_in_window(TEN_SECONDS), 100);
        let took = world.clock.elapsed() - started;
        assert!(took.mul_f64(0.99) <= ideal(252), "{took:?}");
        world.advance(TEN_SECONDS);
    }
}

#[tokio::test]
async fn a_list_that_is_dropped_leaves_no_request_behind() {
    let world = World::new().await;
    let fields = json!({"businessId": "b1"});
    for _ in 0..100 {
        world.mock.seed().item("contacts", LOCATION, &fields);
    }
    let limits = RateLimitSettings::default().max(3).fixed(true);
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
    assert_eq!(client.rate_limit_delay(), Duration::ZERO);
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
}
