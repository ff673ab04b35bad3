//! Random lists with wrong totals, failures, and readers that stop and resume.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use hoopai_runtime::operation::{PageStrategy, Paging};
use hoopai_runtime::paging::ListPosition;
use hoopai_runtime::serde_json::{self, json};
use hoopai_test_support::{Reply, Server};

use super::fake_list::{CURSOR, FakeList, LAST_ITEM, OFFSET, PAGE, handle, list};

/// Returns a list and a rule that can read it.
fn case(random: &mut Rng) -> (FakeList, Paging) {
    let base = *random.choice(&[OFFSET, PAGE, CURSOR, LAST_ITEM]).unwrap();
    let rule = Paging {
        total: random.bool().then_some("meta.total"),
        more: random.bool().then_some("meta.more"),
        ..base
    };
    // An empty page can be skipped only with a cursor.
    let passes = base == CURSOR || base == PAGE && rule.more.is_some();
    let mut next = 0..;
    let pages: Vec<Vec<usize>> = (0..random.usize(0..9))
        .map(|_| {
            let full = random.u8(0..3) > 0;
            let length = if full {
                10
            } else {
                random.usize(usize::from(!passes)..10)
            };
            next.by_ref().take(length).collect()
        })
        .collect();
    let fake = FakeList::of(pages);
    let count = fake.ids().len();
    let total = match random.u8(0..5) {
        0 => json!(count + random.usize(0..30)),
        1 => json!(count.to_string()),
        2 => json!(null),
        _ => json!(count),
    };
    (FakeList { total, ..fake }, rule)
}

#[tokio::test]
async fn interrupted_random_lists_are_read_completely() {
    for seed in 0..300 {
        let mut random = Rng::with_seed(seed);
        let (fake, rule) = case(&mut random);
        let own = fake.clone();
        let failures = random.u8(0..4);
        let chance = Mutex::new(random.fork());
        let server =
            Server::start(
                move |request| match chance.lock().unwrap().u8(0..10) < failures {
                    true => Reply::json(500, "{}"),
                    false => own.reply(request),
                },
            );
        let handle = handle(&server);
        let (mut received, mut position) = (Vec::new(), None::<String>);
        let mut readers = 0;
        'readers: loop {
            readers += 1;
            assert!(readers < 10_000, "seed {seed} does not end");
            let mut list = list(&handle, rule)
                .prefetch(random.bool())
                .concurrent(random.usize(0..5));
            if let Some(position) = &position {
                let position: ListPosition = serde_json::from_str(position).unwrap();
                list = list.resume(position);
            }
            let take = if random.bool() {
                random.usize(0..25)
            } else {
                usize::MAX
            };
            let mut taken = 0;
            let ended = loop {
                if taken == take {
                    break false;
                }
                taken += 1;
                match list.next().await {
                    Some(Ok(item)) => received.push(item.id.unwrap()),
                    Some(Err(error)) => {
                        assert!(error.is_server_error(), "seed {seed}: {error:?}");
                        break false;
                    }
                    None => break true,
                }
            };
            assert_eq!(
                list.position().items(),
                received.len() as u64,
                "seed {seed}"
            );
            position = Some(serde_json::to_string(&list.position()).unwrap());
            if ended {
                break 'readers;
            }
        }
        assert_eq!(
            received,
            fake.ids(),
            "seed {seed}: {rule:?} {:?}",
            fake.pages
        );
    }
}

#[tokio::test]
async fn random_lists_take_at_most_one_extra_request() {
    for seed in 1_000..1_300 {
        let mut random = Rng::with_seed(seed);
        let (fake, rule) = case(&mut random);
        let concurrency = match rule.strategy {
            PageStrategy::Cursor(_) => 1,
            _ => random.usize(1..5),
        };
        let reported = Arc::new(AtomicUsize::new(0));
        let own = reported.clone();
        let server = fake.server();
        let mut list = list(&handle(&server), rule)
            .prefetch(random.bool())
            .concurrent(concurrency)
            .on_page(move |_| {
                own.fetch_add(1, Ordering::SeqCst);
            });
        let mut received = Vec::new();
        while let Some(item) = list.next().await {
            received.push(item.unwrap().id.unwrap());
        }
        assert_eq!(received, fake.ids(), "seed {seed}");
        let pages = reported.load(Ordering::SeqCst);
        assert!(pages <= fake.pages.len() + 1, "seed {seed}: {pages}");
        if concurrency == 1 {
            assert_eq!(server.count(), pages, "seed {seed}");
        }
        let has_flag = rule.more.is_some() && !fake.pages.is_empty();
        if has_flag {
            assert_eq!(
                pages,
                fake.pages.len(),
                "seed {seed}: the flag marks the end"
            );
        }
    }
}
