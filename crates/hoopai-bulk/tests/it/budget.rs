//! Jobs with a budget, on virtual time.

use std::sync::Mutex;
use std::time::Duration;

use hoopai_bulk::{Budget, BulkErrorKind, Export, ExportList, Import};
use hoopai_runtime::operation::{PageParam, PageSize, PageStrategy, Paging};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Reply, Server, VirtualTime};

use crate::import::{People, input, serve as serve_people};

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

#[tokio::test]
async fn other_calls_at_a_fifth_of_the_limit_do_not_wait_for_a_job() {
    let (folder, time, server) = (
        tempfile::tempdir().unwrap(),
        VirtualTime::default(),
        serve(3_000),
    );
    let client = client(&server.url, &time, RateLimitSettings::default());
    let export = Export::new(folder.path())
        .list(things(&client))
        .budget(Budget::of(&client).share(0.75));
    let longest = Mutex::new(Duration::ZERO);
    let others = async {
        loop {
            client.clock().sleep(Duration::from_millis(500)).await;
            let start = client.clock().now();
            client.request(Method::GET, "/other").send().await.unwrap();
            let waited = client.clock().now() - start;
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
    assert!(longest <= Duration::from_secs(1), "{longest:?}");
    // 300 pages at 75 in 10 s.
    let taken = time.clock.elapsed().as_secs_f64();
    assert!((39.0..=44.0).contains(&taken), "{taken} s");
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
