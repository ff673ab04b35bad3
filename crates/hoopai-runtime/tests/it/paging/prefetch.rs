//! Requests ahead of the reader: prefetch, concurrency and cancellation.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;

use hoopai_runtime::error::{ErrorKind, PagingErrorKind};
use hoopai_runtime::operation::Paging;
use hoopai_runtime::paging::{ItemStream, ListProgress};
use hoopai_runtime::retry::{Failure, RetryPolicy};
use hoopai_runtime::{CallOptions, Method};
use hoopai_test_support::{Reply, Server};

use super::fake_list::{CURSOR, FakeList, Item, OFFSET, PAGE, handle, ids, list, rules};
use crate::clients::Clients;

const fn with_total(rule: Paging) -> Paging {
    Paging {
        total: Some("meta.total"),
        ..rule
    }
}

fn paused_server(fake: &FakeList) -> Server {
    let fake = fake.clone();
    Server::paused(move |request| fake.reply(request))
}

/// Runs all other tasks that are ready.
async fn settle() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

async fn id(list: &mut ItemStream<Item>) -> String {
    list.next().await.unwrap().unwrap().id.unwrap()
}

#[tokio::test]
async fn one_page_is_prefetched_while_one_is_read() {
    for rule in rules() {
        let server = paused_server(&FakeList::full(57));
        let mut list = list(&handle(&server), rule);
        settle().await;
        assert_eq!(server.count(), 0, "no request before the first `next`");
        server.release(1);
        assert_eq!(id(&mut list).await, "0");
        server.received(2).await;
        server.release(5);
        settle().await;
        assert_eq!(server.count(), 2, "{rule:?}");
        for _ in 1..10 {
            id(&mut list).await;
        }
        settle().await;
        assert_eq!(server.count(), 2, "{rule:?}");
        assert_eq!(id(&mut list).await, "10");
        server.received(3).await;
    }
}

#[tokio::test]
async fn last_empty_page_is_prefetched() {
    let server = FakeList::full(10).server();
    let mut list = list(&handle(&server), with_total(OFFSET));
    id(&mut list).await;
    server.received(2).await;
}

#[tokio::test]
async fn without_prefetch_pages_are_requested_on_demand() {
    let server = FakeList::full(57).server();
    let mut list = list(&handle(&server), OFFSET).prefetch(false);
    for _ in 0..10 {
        id(&mut list).await;
    }
    settle().await;
    assert_eq!(server.count(), 1);
    id(&mut list).await;
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn concurrent_pages_arrive_in_order() {
    for rule in [OFFSET, PAGE] {
        let fake = FakeList::full(57);
        let server = paused_server(&fake);
        let mut list = list(&handle(&server), with_total(rule)).concurrent(3);
        server.release(1);
        assert_eq!(id(&mut list).await, "0");
        server.received(4).await;
        settle().await;
        assert_eq!(server.count(), 4, "three besides the current page");
        server.release(100);
        let (rest, error) = ids(&mut list).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(rest, fake.ids()[1..]);
        settle().await;
        assert_eq!(server.count(), 6, "none beyond the end");
    }
}

#[tokio::test]
async fn concurrent_requests_stop_at_a_known_end() {
    for rule in [OFFSET, PAGE] {
        let server = FakeList::full(60).server();
        let mut list = list(&handle(&server), with_total(rule)).concurrent(8);
        assert_eq!(ids(&mut list).await.0.len(), 60);
        settle().await;
        assert_eq!(server.count(), 7);
    }
}

#[tokio::test]
async fn unneeded_concurrent_requests_are_bounded() {
    for rule in [OFFSET, PAGE] {
        for count in [0, 1, 10, 11, 57] {
            let fake = FakeList::full(count);
            let server = fake.server();
            let mut list = list(&handle(&server), rule).concurrent(4);
            assert_eq!(ids(&mut list).await.0, fake.ids());
            settle().await;
            let most = count.div_ceil(10) + 1 + 3;
            assert!(server.count() <= most, "{count}: {}", server.count());
        }
    }
}

#[tokio::test]
async fn short_page_shifts_later_concurrent_pages() {
    let pages = vec![
        (0..10).collect(),
        (10..20).collect(),
        (20..24).collect(),
        (24..34).collect(),
        (34..35).collect(),
        (35..45).collect(),
        (45..48).collect(),
    ];
    let fake = FakeList::of(pages);
    for rule in [OFFSET, with_total(OFFSET), PAGE, with_total(PAGE)] {
        for concurrent in 0..6 {
            let server = fake.server();
            let mut list = list(&handle(&server), rule).concurrent(concurrent);
            let (received, error) = ids(&mut list).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(received, fake.ids());
        }
    }
}

/// A retry policy that lives as long as its call.
struct Probe(#[allow(dead_code, reason = "only its lifetime matters")] Arc<()>);

impl RetryPolicy for Probe {
    fn should_retry(&self, _: &Failure<'_>) -> bool {
        false
    }
}

#[tokio::test]
async fn dropped_list_cancels_its_requests() {
    for concurrent in [1, 4] {
        let server = paused_server(&FakeList::full(57));
        let mark = Arc::new(());
        let there: Weak<()> = Arc::downgrade(&mark);
        let call = handle(&server).request(Method::GET, "/items");
        let call = call.options(CallOptions::new().retry(Probe(mark)));
        let mut list = call.stream::<Item>(OFFSET).concurrent(concurrent);
        server.release(1);
        id(&mut list).await;
        server.received(1 + concurrent).await;
        assert!(there.upgrade().is_some());
        drop(list);
        settle().await;
        assert!(there.upgrade().is_none(), "a task still holds its call");
    }
}

#[tokio::test]
async fn dropped_next_future_loses_no_item() {
    for rule in rules() {
        for (prefetch, concurrent) in [(true, 1), (false, 1), (true, 3)] {
            let fake = FakeList::full(35);
            let server = fake.server();
            let mut list = list(&handle(&server), rule)
                .prefetch(prefetch)
                .concurrent(concurrent);
            let mut received = Vec::new();
            loop {
                let polled = {
                    let mut next = pin!(list.next());
                    poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
                };
                match polled {
                    Poll::Ready(Some(item)) => received.push(item.unwrap().id.unwrap()),
                    Poll::Ready(None) => break,
                    Poll::Pending => tokio::task::yield_now().await,
                }
            }
            assert_eq!(received, fake.ids(), "{rule:?}");
            if concurrent == 1 {
                assert!(server.count() <= 5, "{}", server.count());
            }
        }
    }
}

#[tokio::test]
async fn position_of_dropped_list_resumes_without_loss() {
    let fake = FakeList::full(25);
    let server = fake.server();
    let handle = handle(&server);
    for rule in [OFFSET, PAGE, CURSOR] {
        for stop in 0.. {
            let mut first = list(&handle, rule);
            let (mut received, mut polls, mut whole) = (Vec::new(), 0, false);
            while polls < stop {
                polls += 1;
                let polled = {
                    let mut next = pin!(first.next());
                    poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
                };
                match polled {
                    Poll::Ready(Some(item)) => received.push(item.unwrap().id.unwrap()),
                    Poll::Ready(None) => {
                        whole = true;
                        break;
                    }
                    Poll::Pending => settle().await,
                }
            }
            let position = first.position();
            drop(first);
            let (rest, error) = ids(&mut list(&handle, rule).resume(position)).await;
            assert!(error.is_none(), "{error:?}");
            received.extend(rest);
            assert_eq!(received, fake.ids(), "{stop} {rule:?}");
            if whole {
                break;
            }
        }
    }
}

#[tokio::test]
async fn on_page_reports_counts() {
    let server = FakeList::full(25).server();
    let reported: Arc<Mutex<Vec<ListProgress>>> = Arc::default();
    let own = reported.clone();
    let list = list(&handle(&server), with_total(OFFSET));
    let mut list = list.on_page(move |progress| own.lock().unwrap().push(*progress));
    ids(&mut list).await;
    let reported: Vec<_> = reported
        .lock()
        .unwrap()
        .iter()
        .map(|page| {
            (
                page.pages,
                page.items,
                page.page_items,
                page.total,
                page.more,
            )
        })
        .collect();
    let total = Some(25);
    assert_eq!(
        reported,
        [
            (1, 10, 10, total, true),
            (2, 20, 10, total, true),
            (3, 25, 5, total, false)
        ]
    );
}

#[test]
fn ended_runtime_is_an_interrupted_error() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let fake = FakeList::full(25);
    let own = fake.clone();
    // The second request stays in flight.
    let server = Server::on_thread(move |request| match request.index {
        1 => Reply::silence(),
        _ => own.reply(request),
    });
    let mut list = first.block_on(async {
        let mut list = list(&server.builder().build().unwrap(), OFFSET);
        assert_eq!(id(&mut list).await, "0");
        server.received(2).await;
        list
    });
    drop(first);
    second.block_on(async {
        let (received, error) = ids(&mut list).await;
        assert_eq!(received.len(), 9);
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Paging);
        assert_eq!(
            error.paging_error_kind(),
            Some(PagingErrorKind::Interrupted)
        );
        let mut rest = super::fake_list::list(&handle(&server), OFFSET).resume(list.position());
        assert_eq!(ids(&mut rest).await.0, fake.ids()[10..]);
    });
}
