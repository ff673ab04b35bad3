//! Jobs with a budget, on virtual time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hoopai_bulk::{Budget, BulkErrorKind, Export, ExportList, Import, export_status, pause};
use hoopai_runtime::operation::{PageParam, PageSize, PageStrategy, Paging};
use hoopai_runtime::paging::ItemStream;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Reply, Server, VirtualTime};
use serde_json::Value;
use tempfile::TempDir;

use crate::import::{People, input, serve as serve_people};
use crate::long_import::{self, Platform};

const PAGE: usize = 10;

/// A list of so many things, in pages of [`PAGE`], a note for each, and `GET /other`.
fn serve(things: usize) -> Server {
    Server::start(move |request| {
        if request.path() == "/other" {
            return Reply::json(200, "{}");
        }
        if request.path().ends_with("/notes") {
            return Reply::json(200, r#"{"notes":[{"id":"n"}]}"#);
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

const RULE: Paging = Paging {
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

fn stream(client: &Handle) -> ItemStream<Value> {
    client.request(Method::GET, "/things").stream::<Value>(RULE)
}

fn things(client: &Handle) -> ExportList {
    let client = client.clone();
    ExportList::new("things", move || stream(&client))
}

fn things_with_notes(client: &Handle) -> ExportList {
    let notes = client.clone();
    things(client).children("notes", "id", move |id| {
        let rule = Paging {
            items: "notes",
            // A list in one reply.
            strategy: PageStrategy::Cursor(&[]),
            ..Paging::DEFAULT
        };
        let request = notes.request(Method::GET, "/things/{id}/notes");
        request.path("id", id).stream::<Value>(rule)
    })
}

#[cfg(feature = "sync")]
fn copy(folder: &std::path::Path, client: &Handle) -> hoopai_bulk::SyncJob {
    let client = client.clone();
    let list = hoopai_bulk::SyncList::new("things", move || stream(&client));
    hoopai_bulk::SyncJob::new(folder).list(list)
}

/// A folder for a job, a server with this number of things, and a client with these limits.
fn set_up(things: usize, limits: RateLimitSettings) -> (TempDir, VirtualTime, Server, Handle) {
    let (folder, time) = (tempfile::tempdir().unwrap(), VirtualTime::default());
    let server = serve(things);
    let client = client(&server.url, &time, limits);
    (folder, time, server, client)
}

async fn on<T>(time: &VirtualTime, server: &Server, work: impl Future<Output = T>) -> T {
    let advance = |by| time.clock.advance(by);
    time.run(work, || server.count(), advance).await
}

#[tokio::test]
async fn job_uses_its_share_of_the_window() {
    let (folder, time, server, client) = set_up(3_000, RateLimitSettings::default());
    let export = Export::new(folder.path())
        .list(things(&client))
        .budget(Budget::of(&client).share(0.5));
    let report = on(&time, &server, export.run()).await.unwrap();
    assert_eq!(report.lists[0].rows, 3_000);
    // 300 pages at 50 in 10 s.
    let taken = time.clock.elapsed().as_secs_f64();
    assert!((59.0..=61.0).contains(&taken), "{taken} s");
}

/// The longest wait of other calls beside a job: `burst` of them at once, at a fifth of the limit.
/// Also returns the time of the job in seconds.
async fn beside_others(
    things: usize,
    burst: usize,
    job: impl AsyncFn(&std::path::Path, &Handle),
) -> (Duration, f64) {
    let (folder, time, server, client) = set_up(things, RateLimitSettings::default());
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
            () = job(folder.path(), &client) => {}
            () = others => unreachable!(),
        }
    };
    on(&time, &server, both).await;
    let longest = *longest.lock().unwrap();
    (longest, time.clock.elapsed().as_secs_f64())
}

#[tokio::test]
async fn other_calls_at_a_fifth_of_the_limit_do_not_wait_for_a_job() {
    // 300 pages, in 10 s at most those that the others leave.
    for (share, burst, pages) in [(1.0, 1, 80.0), (0.75, 1, 75.0), (0.75, 20, 75.0)] {
        let export = async |folder: &std::path::Path, client: &Handle| {
            let budget = Budget::of(client).share(share);
            let export = Export::new(folder).list(things(client)).budget(budget);
            assert!(export.run().await.unwrap().complete);
        };
        let (longest, taken) = beside_others(3_000, burst, export).await;
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
async fn other_calls_do_not_wait_for_children_or_a_copy() {
    let export = async |folder: &std::path::Path, client: &Handle| {
        let list = things_with_notes(client);
        let export = Export::new(folder).list(list).budget(Budget::of(client));
        assert!(export.run().await.unwrap().complete);
    };
    // 300 things, a note of each, and 31 pages.
    let (longest, taken) = beside_others(300, 1, export).await;
    assert!(longest <= Duration::from_secs(1), "{longest:?}");
    assert!((taken - 331.0 / 8.0).abs() < 4.0, "{taken} s");

    #[cfg(feature = "sync")]
    {
        let sync = async |folder: &std::path::Path, client: &Handle| {
            let job = copy(folder, client).budget(Budget::of(client));
            assert!(job.run().await.unwrap().complete);
        };
        let (longest, taken) = beside_others(3_000, 1, sync).await;
        assert!(longest <= Duration::from_secs(1), "{longest:?}");
        assert!((taken - 300.0 / 8.0).abs() < 4.0, "{taken} s");
    }
}

#[tokio::test]
async fn children_use_the_whole_limit() {
    let (folder, time, server, client) = set_up(1_000, RateLimitSettings::default());
    let export = Export::new(folder.path())
        .list(things_with_notes(&client))
        .budget(Budget::of(&client));
    let report = on(&time, &server, export.run()).await.unwrap();
    assert_eq!((report.lists[0].rows, report.lists[1].rows), (1_000, 1_000));
    assert!((1_100..=1_101).contains(&server.count()));
    let taken = time.clock.elapsed().as_secs_f64();
    assert!((109.0..=111.0).contains(&taken), "{taken} s");
}

#[tokio::test]
async fn job_after_the_calls_of_others_uses_what_they_leave() {
    let (folder, time, server, client) = set_up(1_000, RateLimitSettings::default());
    let work = async {
        for _ in 0..100 {
            client.request(Method::GET, "/other").send().await.unwrap();
            client.clock().sleep(Duration::from_millis(100)).await;
        }
        let start = client.clock().now();
        let export = Export::new(folder.path())
            .list(things(&client))
            .budget(Budget::of(&client));
        assert!(export.run().await.unwrap().complete);
        client.clock().now() - start
    };
    // 100 pages: about 50 in the 10 s in which the calls of the others leave the window, and then 10
    // a second.
    let taken = on(&time, &server, work).await.as_secs_f64();
    assert!((14.0..=16.0).contains(&taken), "{taken} s");
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
    let (folder, time, server, client) = set_up(500, RateLimitSettings::default().daily(Some(20)));
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

/// Runs a job that stops after 10 s, and then to its end. Returns the records of both runs.
async fn stopped(
    work: impl AsyncFn(&std::path::Path, &Handle, Budget) -> (bool, u64),
) -> (u64, u64, usize) {
    let (folder, time, server, client) = set_up(2_000, RateLimitSettings::default());
    let until = client.clock().system_time() + Duration::from_secs(10);
    let folder = folder.path();
    let run = work(folder, &client, Budget::of(&client).until(until));
    let (complete, rows) = on(&time, &server, run).await;
    assert!(!complete);
    let sent = server.count();
    // It is over, so a further run sends nothing.
    let run = work(folder, &client, Budget::of(&client).until(until));
    assert_eq!(on(&time, &server, run).await, (false, rows));
    assert_eq!(server.count(), sent);
    let run = work(folder, &client, Budget::of(&client));
    let (complete, all) = on(&time, &server, run).await;
    assert!(complete);
    (rows, all, server.count())
}

#[tokio::test]
async fn export_and_copy_stop_at_their_time_and_continue() {
    // 10 records a call, 10 calls a second.
    let export = async |folder: &std::path::Path, client: &Handle, budget: Budget| {
        let export = Export::new(folder).list(things(client)).budget(budget);
        let report = export.run().await.unwrap();
        let status = export_status(folder).unwrap();
        assert_eq!((status.complete, status.paused), (report.complete, false));
        (report.complete, report.lists[0].rows)
    };
    let (rows, all, calls) = stopped(export).await;
    assert!((950..=1_050).contains(&rows), "{rows}");
    assert_eq!(all, 2_000);
    // A page that was requested in advance is requested again.
    assert!((201..=203).contains(&calls), "{calls} calls");

    // It stops between the children of a page.
    let export = async |folder: &std::path::Path, client: &Handle, budget: Budget| {
        let list = things_with_notes(client);
        let report = Export::new(folder).list(list).budget(budget).run().await;
        let report = report.unwrap();
        assert_eq!(report.lists[0].rows, report.lists[1].rows);
        let notes = std::fs::read_to_string(&report.lists[1].path).unwrap();
        if report.complete {
            assert_eq!(notes.lines().count(), 2_000);
        }
        (report.complete, report.lists[0].rows)
    };
    let (rows, all, calls) = stopped(export).await;
    assert!((85..=95).contains(&rows), "{rows}");
    assert_eq!(all, 2_000);
    assert!((2_201..=2_204).contains(&calls), "{calls} calls");

    #[cfg(feature = "sync")]
    {
        let sync = async |folder: &std::path::Path, client: &Handle, budget: Budget| {
            let report = copy(folder, client).budget(budget).run().await.unwrap();
            (report.complete, report.lists[0].read)
        };
        let (rows, all, calls) = stopped(sync).await;
        assert!((950..=1_050).contains(&rows), "{rows}");
        assert_eq!(all, 2_000);
        assert!((201..=203).contains(&calls), "{calls} calls");
    }
}

#[tokio::test]
async fn paused_job_does_not_wait_for_the_next_day() {
    // All calls of the day are used up, so that the job waits for the next one.
    let (folder, time, server, client) = set_up(500, RateLimitSettings::default().daily(Some(20)));
    let folder = folder.path();
    let export = Export::new(folder)
        .list(things(&client))
        .budget(Budget::of(&client).share(0.5));
    let clock = client.clock();
    let pausing = async {
        clock.sleep(Duration::from_secs(3_600)).await;
        pause(folder).unwrap();
    };
    let both = async { tokio::join!(export.run(), pausing).0 };
    let report = on(&time, &server, both).await.unwrap();
    assert!(!report.complete);
    // Of 10 calls, the last one in advance.
    assert_eq!(report.lists[0].rows, 90);
    let taken = time.clock.elapsed();
    assert!(taken <= Duration::from_secs(3_630), "{taken:?}");

    #[cfg(feature = "sync")]
    {
        let (folder, begin) = (folder.join("copy"), time.clock.elapsed());
        let sync = copy(&folder, &client).budget(Budget::of(&client).share(0.5));
        let pausing = async {
            clock.sleep(Duration::from_secs(60)).await;
            pause(&folder).unwrap();
        };
        let both = async { tokio::join!(sync.run(), pausing).0 };
        let report = on(&time, &server, both).await.unwrap();
        assert!(!report.complete);
        let taken = time.clock.elapsed() - begin;
        assert!(taken <= Duration::from_secs(90), "{taken:?}");
    }
}

#[tokio::test]
async fn progress_has_the_rate_and_the_time_left_across_days() {
    // 1,996 calls with the empty page at the end, 1,000 a day, of which the job may use half.
    let (folder, time, server, client) =
        set_up(19_950, RateLimitSettings::default().daily(Some(1_000)));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (sink, clock) = (Arc::clone(&seen), time.clock.clone());
    let export = Export::new(folder.path())
        .list(things(&client))
        .budget(Budget::of(&client).share(0.5))
        .on_progress(move |made| {
            let estimate = made.left.map(|left| clock.elapsed() + left);
            sink.lock().unwrap().push((made.rows, made.rate, estimate));
        });
    let report = on(&time, &server, export.run()).await.unwrap();
    assert_eq!(report.lists[0].rows, 19_950);
    let taken = time.clock.elapsed();
    let seen = seen.lock().unwrap();
    // Parts of 500 calls.
    let days = taken.as_secs_f64() / 86_400.0;
    assert!((2.9..3.1).contains(&days), "{days} days");
    for (rows, _, estimate) in seen.iter() {
        let estimate = estimate.unwrap();
        let off = estimate.abs_diff(taken);
        // The calls of a run are few at first. A day more or less: the last call of a day.
        assert!(off <= Duration::from_secs(90_000), "{rows}: {estimate:?}");
    }
    // At half of the limit, 10 records a call.
    let rates: Vec<f64> = seen.iter().filter_map(|(_, rate, _)| *rate).collect();
    assert!(
        rates.iter().any(|rate| (45.0..=55.0).contains(rate)),
        "{rates:?}"
    );
}

#[tokio::test]
async fn exports_of_several_accounts_have_the_whole_limit_each() {
    let folder = tempfile::tempdir().unwrap();
    let time = VirtualTime::default();
    let servers = [serve(2_000), serve(2_000), serve(2_000)];
    let mut exports = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        let client = client(&server.url, &time, RateLimitSettings::default());
        exports.push(
            Export::new(folder.path().join(number.to_string()))
                .list(things(&client))
                .budget(Budget::of(&client)),
        );
    }
    let all = futures_util::future::join_all(exports.iter().map(Export::run));
    let received = || servers.iter().map(Server::count).sum();
    let reports = time.run(all, received, |by| time.clock.advance(by)).await;
    for report in reports {
        assert_eq!(report.unwrap().lists[0].rows, 2_000);
    }
    // 200 pages at 100 in 10 s.
    let taken = time.clock.elapsed().as_secs_f64();
    assert!((19.0..=21.0).contains(&taken), "{taken} s");
}
