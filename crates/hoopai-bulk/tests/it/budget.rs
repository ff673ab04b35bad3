//! Jobs with a budget, on virtual time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hoopai_bulk::{Budget, BulkErrorKind, Export, ExportList, Import};
use hoopai_runtime::operation::{PageParam, PageSize, PageStrategy, Paging};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Reply, Server, VirtualTime};

use crate::import::{People, input, serve as serve_people};
use crate::long_import::{self, Platform};

const PAGE: usize = 10;

/// A list of so many things, in pages of [`PAGE`], and `GET /other`.
fn serve(things: usize) -> Server {
    Server::start(move |request| {
        if request.path() == "/other" {
            return Reply::json(200, "{}");
        }
        let offset = request.number("offset").unwrap_or(0);
        let page = offset..things.min(offset + PAGE);
        let page: Vec<String> = page
            .map(|number| format!(r#"{{"id":"t{number}"}}"#))
            .collect();
        let body = format!(r#"{{"things":[{}],"total":{things}}}"#, page.join(","));
        Reply::json(200, body)
    })
}

fn client(url: &str, time: &VirtualTime, limits: RateLimitSettings) -> Handle {
    Handle::builder()
        .private_token("pit-1")
        .base_url(url)
        .limits(limits)
        .clock(time.clock.clone())
        .observer(time.clone())
        .build()
        .unwrap()
}

fn things(client: &Handle) -> ExportList {
    let client = client.clone();
    ExportList::new("things", move || {
        let rule = Paging {
            items: "things",
            total: Some("total"),
            size: Some(PageSize {
                to: PageParam::Query("limit"),
                max: PAGE as u32,
                declared: true,
            }),
            strategy: PageStrategy::Offset(PageParam::Query("offset")),
            ..Paging::DEFAULT
        };
        client
            .request(Method::GET, "/things")
            .stream::<serde_json::Value>(rule)
    })
}

async fn on<T>(time: &VirtualTime, server: &Server, work: impl Future<Output = T>) -> T {
    let advance = |by| time.clock.advance(by);
    time.run(work, || server.count(), advance).await
}

#[tokio::test]
async fn job_uses_its_share_of_the_window() {
    let (folder, time, server) = (
        tempfile::tempdir().unwrap(),
        VirtualTime::default(),
        serve(3_000),
    );
    let client = client(&server.url, &time, RateLimitSettings::default());
    let export = Export::new(folder.path())
        .list(things(&client))
        .budget(Budget::of(&client).share(0.5));
    let report = on(&time, &server, export.run()).await.unwrap();
    assert_eq!(report.lists[0].rows, 3_000);
    // 300 pages at 50 in 10 s.
    let taken = time.clock.elapsed().as_secs_f64();
    assert!((59.0..=61.0).contains(&taken), "{taken} s");
}

/// The longest wait of other calls beside an export with this share: `burst` of them at once, at a
/// fifth of the limit. Also returns the time of the export in seconds.
async fn beside_others(share: f64, burst: usize) -> (Duration, f64) {
    let (folder, time, server) = (
        tempfile::tempdir().unwrap(),
        VirtualTime::default(),
        serve(3_000),
    );
    let client = client(&server.url, &time, RateLimitSettings::default());
    let export = Export::new(folder.path())
        .list(things(&client))
        .budget(Budget::of(&client).share(share));
    let longest = Mutex::new(Duration::ZERO);
    let others = async {
        loop {
            let clock = client.clock();
            clock.sleep(Duration::from_millis(500) * burst as u32).await;
            let start = clock.now();
            let calls = (0..burst).map(|_| client.request(Method::GET, "/other").send());
            for reply in futures_util::future::join_all(calls).await {
                reply.unwrap();
            }
            let waited = clock.now() - start;
            let mut longest = longest.lock().unwrap();
            *longest = waited.max(*longest);
        }
    };
    let both = async {
        tokio::select! {
            report = export.run() => report.unwrap(),
            () = others => unreachable!(),
        }
    };
    let report = on(&time, &server, both).await;
    assert!(report.complete);
    let longest = *longest.lock().unwrap();
    (longest, time.clock.elapsed().as_secs_f64())
}

#[tokio::test]
async fn other_calls_at_a_fifth_of_the_limit_do_not_wait_for_a_job() {
    // 300 pages, in 10 s at most those that the others leave.
    for (share, burst, pages) in [(1.0, 1, 80.0), (0.75, 1, 75.0), (0.75, 20, 75.0)] {
        let (longest, taken) = beside_others(share, burst).await;
        assert!(
            longest <= Duration::from_secs(1),
            "{share} {burst}: {longest:?}"
        );
        let expected = 3_000.0 / pages;
        assert!(
            (taken - expected).abs() < 4.0,
            "{share} {burst}: {taken} s, not {expected} s"
        );
    }
}

#[tokio::test]
async fn job_leaves_the_part_of_others_of_each_day() {
    // A day has 100 calls. Without others the job sends 50 of them, and 20 if others send 30.
    for (others, days) in [(0, 3.0), (30, 9.0)] {
        let (folder, time) = (tempfile::tempdir().unwrap(), VirtualTime::default());
        let (server, platform) = Platform::serve(&time.clock, 100, others);
        let path = input(folder.path(), 190);
        let client = long_import::client(&server, &time, 100);
        let import =
            Import::new(folder.path().join("job"), &path).budget(Budget::of(&client).share(0.5));
        let writer = People(client);
        let report = on(&time, &server, import.run(&writer)).await.unwrap();
        assert_eq!((report.complete, report.done), (true, 190));
        let taken = time.clock.elapsed().as_secs_f64() / 86_400.0;
        assert!(
            (days..days + 0.01).contains(&taken),
            "{others}: {taken} days"
        );
        assert_eq!(platform.lock().unwrap().refused, 0);
    }
}

#[tokio::test]
async fn accounts_side_by_side_have_the_whole_limit_each() {
    let (folder, time) = (tempfile::tempdir().unwrap(), VirtualTime::default());
    let (one, first) = Platform::serve(&time.clock, 1_000, 0);
    let (two, second) = Platform::serve(&time.clock, 1_000, 0);
    let path = input(folder.path(), 500);
    let (a, b) = (
        long_import::client(&one, &time, 1_000),
        long_import::client(&two, &time, 1_000),
    );
    let import = |name: &str, client: &Handle| {
        Import::new(folder.path().join(name), &path).budget(Budget::of(client))
    };
    let (in_a, in_b) = (import("a", &a), import("b", &b));
    let (a, b) = (People(a), People(b));
    let both = async { tokio::join!(in_a.run(&a), in_b.run(&b)) };
    let received = || one.count() + two.count();
    let (a, b) = time.run(both, received, |by| time.clock.advance(by)).await;
    assert_eq!((a.unwrap().done, b.unwrap().done), (500, 500));
    let taken = time.clock.elapsed().as_secs_f64();
    assert!((49.0..=51.0).contains(&taken), "{taken} s");
    assert_eq!(
        (
            first.lock().unwrap().refused,
            second.lock().unwrap().refused
        ),
        (0, 0)
    );
}

/// A clock whose time of day was changed by some hours.
#[derive(Clone)]
struct Jumped(ManualClock, Arc<AtomicU64>);

impl Clock for Jumped {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn system_time(&self) -> SystemTime {
        self.0.system_time() + Duration::from_secs(self.1.load(Ordering::SeqCst) * 3_600)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

#[tokio::test]
async fn job_stops_at_its_time_also_if_the_clock_jumps_and_continues() {
    let (folder, time) = (tempfile::tempdir().unwrap(), VirtualTime::default());
    let (server, platform) = Platform::serve(&time.clock, 1_000, 0);
    let path = input(folder.path(), 300);
    let clock = Jumped(time.clock.clone(), Arc::default());
    let client = Handle::builder()
        .private_token("pit-1")
        .base_url(&server.url)
        .clock(clock.clone())
        .observer(time.clone())
        .build()
        .unwrap();
    let import = |until| {
        let budget = Budget::of(&client).until(until);
        Import::new(folder.path().join("job"), &path).budget(budget)
    };
    let writer = People(client.clone());
    let until = clock.system_time() + Duration::from_secs(10);
    let report = on(&time, &server, import(until).run(&writer))
        .await
        .unwrap();
    assert!(
        !report.complete && (95..=105).contains(&report.done),
        "{report:?}"
    );

    // The time of day jumps ahead while the job runs, which then ends early.
    let until = clock.system_time() + Duration::from_secs(3_600);
    let jump = async {
        while platform.lock().unwrap().created.len() < 150 {
            tokio::task::yield_now().await;
        }
        clock.1.store(2, Ordering::SeqCst);
        std::future::pending::<()>().await;
    };
    let stopped = import(until);
    let run = async {
        tokio::select! {
            report = stopped.run(&writer) => report.unwrap(),
            () = jump => unreachable!(),
        }
    };
    let report = on(&time, &server, run).await;
    assert!(
        !report.complete && (150..=170).contains(&report.done),
        "{report:?}"
    );

    // It jumps back. The job needs no time of day to continue.
    clock.1.store(0, Ordering::SeqCst);
    let until = clock.system_time() + Duration::from_secs(86_400);
    let report = on(&time, &server, import(until).run(&writer))
        .await
        .unwrap();
    assert_eq!((report.complete, report.done), (true, 300));
    assert!(
        platform
            .lock()
            .unwrap()
            .created
            .values()
            .all(|count| *count == 1)
    );
}

#[tokio::test]
async fn export_waits_for_the_next_day() {
    let (folder, time, server) = (
        tempfile::tempdir().unwrap(),
        VirtualTime::default(),
        serve(500),
    );
    let limits = RateLimitSettings::default().daily(Some(20));
    let client = client(&server.url, &time, limits);
    let without = Export::new(folder.path()).list(things(&client));
    let error = on(&time, &server, without.run()).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Call);
    assert_eq!(server.count(), 20);
    let export = Export::new(folder.path())
        .list(things(&client))
        .budget(Budget::of(&client));
    let report = on(&time, &server, export.run()).await.unwrap();
    assert_eq!((report.complete, report.lists[0].rows), (true, 500));
    // 50 pages, at 20 a day, and at most one of them again.
    let days = time.clock.elapsed().as_secs_f64() / 86_400.0;
    assert!((2.0..2.01).contains(&days), "{days} days");
}

#[tokio::test]
async fn import_waits_for_the_next_day() {
    let (folder, time) = (tempfile::tempdir().unwrap(), VirtualTime::default());
    let (server, records) = serve_people();
    let path = input(folder.path(), 50);
    let limits = RateLimitSettings::default().daily(Some(20));
    let client = client(&server.url, &time, limits);
    let import = Import::new(folder.path().join("job"), &path).budget(Budget::of(&client));
    let writer = People(client.clone());
    let report = on(&time, &server, import.run(&writer)).await.unwrap();
    assert_eq!((report.complete, report.done), (true, 50));
    let days = time.clock.elapsed().as_secs_f64() / 86_400.0;
    assert!((2.0..2.01).contains(&days), "{days} days");
    assert!(
        records
            .lock()
            .unwrap()
            .created
            .values()
            .all(|count| *count == 1)
    );
}
