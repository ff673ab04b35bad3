//! Long imports: five days on virtual time, and many interruptions.

use std::collections::{BTreeMap, VecDeque};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use hoopai_bulk::{Budget, Import, MappedWriter, pause};
use hoopai_mock::{LOCATION, Mock, TOKEN};
use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::time::ManualClock;
use hoopai_test_support::{Reply, Request, Server, VirtualTime, seed};
use serde_json::json;
use tempfile::TempDir;

use crate::import::{People, input};

const DAY: Duration = Duration::from_secs(86_400);

/// The number of rows, unless `HOOPAI_BULK_ROWS` sets it.
fn rows(default: usize) -> usize {
    std::env::var("HOOPAI_BULK_ROWS").map_or(default, |rows| rows.parse().unwrap())
}

/// A folder in memory if the system has one, since these jobs write to the disk far more often than
/// those that wait.
pub(crate) fn folder_in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// A platform that counts requests as the real one does, on the clock of the client.
pub(crate) struct Platform {
    clock: ManualClock,
    per_day: u64,
    /// Requests of others in each day, which are sent at its beginning.
    pub(crate) others: u64,
    day: Option<Duration>,
    used: u64,
    window: VecDeque<Duration>,
    pub(crate) refused: u64,
    /// How often each row was created.
    pub(crate) created: BTreeMap<String, u32>,
    pub(crate) searches: u64,
}

impl Platform {
    pub(crate) fn serve(clock: &ManualClock, per_day: u64, others: u64) -> (Server, Shared) {
        let platform = Platform {
            clock: clock.clone(),
            per_day,
            others,
            day: None,
            used: 0,
            window: VecDeque::new(),
            refused: 0,
            created: BTreeMap::new(),
            searches: 0,
        };
        let platform = Arc::new(Mutex::new(platform));
        let shared = Arc::clone(&platform);
        let server = Server::start(move |request| shared.lock().unwrap().reply(request));
        (server, platform)
    }

    fn reply(&mut self, request: &Request) -> Reply {
        let now = self.clock.elapsed();
        let day = match self.day {
            Some(day) if now < day + DAY => day,
            _ => {
                self.used = self.others;
                now
            }
        };
        self.day = Some(day);
        while self
            .window
            .front()
            .is_some_and(|first| *first + Duration::from_secs(10) <= now)
        {
            self.window.pop_front();
        }
        let is_refused = self.window.len() >= 100 || self.used >= self.per_day;
        if !is_refused {
            self.window.push_back(now);
            self.used += 1;
        }
        let left = (self.per_day - self.used).to_string();
        let reset = (day + DAY - now).as_millis().to_string();
        let headers = [
            ("x-ratelimit-max", "100"),
            (
                "x-ratelimit-remaining",
                &(100 - self.window.len()).to_string(),
            ),
            ("x-ratelimit-interval-milliseconds", "10000"),
            ("x-ratelimit-limit-daily", &self.per_day.to_string()),
            ("x-ratelimit-daily-remaining", &left),
            ("x-ratelimit-daily-reset", &reset),
        ];
        if is_refused {
            self.refused += 1;
            let body = r#"{"statusCode":429,"message":"Too Many Requests"}"#;
            return Reply::with_headers(429, &headers, body);
        }
        if request.path() == "/find" {
            self.searches += 1;
            let email = request.query("email").unwrap();
            let id = self.created.contains_key(&email).then_some(email);
            return Reply::with_headers(200, &headers, json!({ "id": id }).to_string());
        }
        let email = request.json()["email"].as_str().unwrap().to_owned();
        *self.created.entry(email.clone()).or_default() += 1;
        Reply::with_headers(201, &headers, json!({ "id": email }).to_string())
    }
}

pub(crate) type Shared = Arc<Mutex<Platform>>;

/// A client with the limits of the platform, as each new process has.
pub(crate) fn client(server: &Server, time: &VirtualTime, per_day: u64) -> Handle {
    Handle::builder()
        .private_token("pit-1")
        .base_url(&server.url)
        .limits(RateLimitSettings::default().daily(Some(per_day)))
        .clock(time.clock.clone())
        .observer(time.clone())
        .build()
        .unwrap()
}

/// How the processes of a long import end.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// By a pause, as in a deployment: no row is in doubt.
    Paused,
    /// At once: the rows in progress are in doubt, and each costs a look-up.
    Killed,
}

const RESTARTS: usize = 4;
/// The default of [`Import::concurrency`].
const IN_PROGRESS: usize = 10;

#[tokio::test]
async fn five_days_with_restarts_have_the_ideal_length() {
    let rows = rows(5_000);
    five_days(rows, rows / 5, End::Paused).await;
}

/// A look-up costs a request, so the rows leave room for them in the fifth day.
#[tokio::test]
async fn five_days_with_kills_have_the_ideal_length() {
    let rows = rows(5_000);
    five_days(rows - RESTARTS * IN_PROGRESS, rows / 5, End::Killed).await;
}

/// Imports rows at so many requests a day, with a restart in each of the first four days.
async fn five_days(rows: usize, per_day: usize, end: End) {
    let (folder, clock) = (folder_in_memory(), ManualClock::new());
    let (server, platform) = Platform::serve(&clock, per_day as u64, 0);
    let path = input(folder.path(), rows);
    let job = folder.path().join("job");
    let mut random = Rng::with_seed(seed());
    let mut restarts: VecDeque<usize> = (0..RESTARTS)
        .map(|day| per_day * day + random.usize(1..per_day))
        .collect();
    let start = Instant::now();
    let estimate = Arc::new(Mutex::new(None));
    let report = loop {
        // A new process has no open requests.
        let mut time = VirtualTime::default();
        time.clock = clock.clone();
        let client = client(&server, &time, per_day as u64);
        let first = Arc::clone(&estimate);
        let import = Import::new(&job, &path)
            .budget(Budget::of(&client))
            .on_progress(move |progress| {
                first.lock().unwrap().get_or_insert(progress.left);
            });
        let writer = People(client);
        let next = restarts.pop_front();
        let ended = async {
            created(&platform, next).await;
            if end == End::Paused {
                pause(&job).unwrap();
                std::future::pending::<()>().await;
            }
        };
        let run = async {
            tokio::select! {
                report = import.run(&writer) => Some(report.unwrap()),
                () = ended => None,
            }
        };
        let advance = |by: Duration| {
            // The record of the server would take more memory than the job.
            server.take();
            time.clock.advance(by);
        };
        let report = time.run(run, || server.count(), advance).await;
        if let Some(report) = report.filter(|report| report.complete) {
            break report;
        }
    };
    assert_eq!((report.complete, report.done), (true, rows as u64));
    let platform = platform.lock().unwrap();
    assert_eq!(platform.created.len(), rows);
    assert!(platform.created.values().all(|count| *count == 1));
    assert_eq!(restarts.len(), 0);
    let most_searches = match end {
        End::Paused => 0,
        End::Killed => RESTARTS * IN_PROGRESS,
    };
    let searches = platform.searches;
    assert!(
        searches <= most_searches as u64,
        "{searches} look-ups, at most {most_searches}"
    );
    assert_eq!(platform.refused, 0);
    // Four whole days, and the rows of the fifth at 100 in 10 s.
    let last_day = rows - 4 * per_day;
    let ideal = 4.0 * 24.0 + last_day as f64 / 10.0 / 3_600.0;
    let taken = clock.elapsed().as_secs_f64() / 3_600.0;
    println!(
        "{rows} rows in {taken:.2} h, at best {ideal:.2} h; {searches} look-ups, no request \
         refused, in {:?}",
        start.elapsed()
    );
    assert!(taken <= ideal * 1.01, "{taken} h, at best {ideal} h");
    let estimate = estimate.lock().unwrap().flatten().unwrap().as_secs_f64() / 3_600.0;
    assert!((estimate / ideal - 1.0).abs() < 0.01, "{estimate} h");
}

/// Waits until so many rows were created. `None`: for ever.
async fn created(platform: &Shared, rows: Option<usize>) {
    while rows.is_none_or(|rows| platform.lock().unwrap().created.len() < rows) {
        tokio::task::yield_now().await;
    }
}

/// What a kill leaves behind: the start of an entry.
fn tear(journal: &Path, random: &mut Rng) {
    if random.bool()
        && let Ok(mut file) = OpenOptions::new().append(true).open(journal)
    {
        file.write_all(b"0badc0de {\"Done\":{\"row\":").unwrap();
    }
}

/// The number of interruptions is that of `HOOPAI_BULK_INTERRUPTIONS`.
#[tokio::test]
async fn interrupted_upserts_are_neither_lost_nor_repeated() {
    let rows = rows(1_000);
    let interruptions = std::env::var("HOOPAI_BULK_INTERRUPTIONS")
        .map_or(20, |interruptions| interruptions.parse().unwrap());
    let requests = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
    // The look-ups of each run and row.
    let searches = Arc::new(Mutex::new(BTreeMap::<(usize, String), u32>::new()));
    let run = Arc::new(AtomicUsize::new(0));
    let (counted, searched, current) = (requests.clone(), searches.clone(), run.clone());
    let mock = Mock::builder()
        .limits(hoopai_mock::RateLimitSettings {
            burst: u32::MAX,
            daily: u32::MAX,
            ..Default::default()
        })
        .on_request(move |request| {
            if let Some(email) = request.query("email") {
                let key = (current.load(Ordering::SeqCst), email.to_owned());
                *searched.lock().unwrap().entry(key).or_default() += 1;
            } else if request.outcome.is_processed()
                && let Some(body) = request.json()
            {
                let email = body["email"].to_string();
                *counted.lock().unwrap().entry(email).or_default() += 1;
            }
        })
        .start()
        .await
        .unwrap();
    let client = Handle::builder()
        .private_token(TOKEN)
        .location(LOCATION)
        .base_url(mock.url())
        .limits(RateLimitSettings::unlimited())
        .retry(NoRetry)
        .build()
        .unwrap();
    let folder = folder_in_memory();
    let (path, job) = (input(folder.path(), rows), folder.path().join("job"));
    let mapping = json!({ "email": "email", "name": "name" });
    let writer = MappedWriter::open(&client, "contacts.upsert_contact", &mapping);
    let writer = writer.await.unwrap();
    let mut random = Rng::with_seed(seed());
    let mut drops = 0;
    let start = Instant::now();
    let report = loop {
        let import = Import::new(&job, &path).settings(writer.settings());
        let more = match drops < interruptions {
            true => random.usize(1..(2 * rows / interruptions).max(2)),
            false => usize::MAX,
        };
        let before = mock.journal().count();
        let received = async {
            while mock.journal().count() - before < more {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            report = import.run(&writer) => break report.unwrap(),
            () = received => drops += 1,
        }
        run.fetch_add(1, Ordering::SeqCst);
        tear(&job.join("journal"), &mut random);
    };
    assert_eq!((report.complete, report.done), (true, rows as u64));
    let requests = std::mem::take(&mut *requests.lock().unwrap());
    let searched = std::mem::take(&mut *searches.lock().unwrap());
    let searches = searched.values().sum::<u32>() as usize;
    let repeated = requests.values().filter(|count| **count > 1).count();
    println!(
        "{rows} upserts, {drops} interruptions, {searches} look-ups, {repeated} sent again, in {:?}",
        start.elapsed()
    );
    // No row was lost, and no contact was created twice.
    assert_eq!(requests.len(), rows);
    assert_eq!(contacts(&client).await, rows as u64);
    // Each row in progress is looked up once after an interruption.
    assert!(searched.values().all(|count| *count == 1), "{searched:?}");
    assert!(searches <= drops * IN_PROGRESS, "{searches} look-ups");
    // A connection can end before the server reads the request, which it then executes after the
    // look-up.
    assert!(repeated <= drops, "{repeated} rows were sent again");
}

/// The number of contacts of the mock.
async fn contacts(client: &Handle) -> u64 {
    let search = hoopai_catalogue::find("contacts.search_contacts").unwrap();
    let mut call = search.call(client, &[]);
    call.json(&json!({ "locationId": LOCATION, "page": 1, "pageLimit": 1 }));
    let reply = call.send_json::<serde_json::Value>().await.unwrap();
    reply["total"].as_u64().unwrap()
}
