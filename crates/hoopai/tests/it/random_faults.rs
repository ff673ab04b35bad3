//! Guarantees of the client under random faults and random load. Seeds are printed; `HOOPAI_SEED`
//! sets one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hoopai::auth::{MemoryStore, OAuthApp};
use hoopai::contacts::types::CreateContactRequest;
use hoopai::time::Clock;
use hoopai::{CallOptions, Error, ErrorKind};
use hoopai_mock::{
    CLIENT_ID, CLIENT_SECRET, Denial, ErrorBody, Failure, Fault, FaultRule, LOCATION, REDIRECT_URI,
    RetryAfter,
};

use crate::harness::Harness;
use hoopai_test_support::{seeded_random, seeds};

const RUNS: u64 = 12;
const TEN_SECONDS: Duration = Duration::from_secs(10);

#[tokio::test]
async fn guarantees_hold_under_random_faults() {
    for seed in seeds(RUNS) {
        run(seed).await;
    }
}

fn faults(random: &impl Fn() -> f64) -> Vec<FaultRule> {
    let failure = Failure::new;
    let all = [
        Fault::status(429),
        Fault::Status(failure(429).retry_after(RetryAfter::Seconds(3))),
        Fault::status(500),
        Fault::Status(failure(502).body(ErrorBody::Html)),
        Fault::Status(failure(503).body(ErrorBody::Empty)),
        Fault::Status(failure(503).retry_after(RetryAfter::Seconds(2))),
        Fault::StatusAfter(failure(500)),
        Fault::StatusAfter(failure(422)),
        Fault::CloseBefore,
        Fault::ResetBefore,
        Fault::CloseAfter,
        Fault::ResetAfter,
        Fault::Cut,
        Fault::Denied(Denial::Expired),
        Fault::Denied(Denial::Scope),
    ];
    let fault_rate = random() * 0.12;
    all.into_iter()
        .filter(|_| random() < 0.6)
        .map(|fault| {
            let from = Duration::from_secs_f64(random() * 40.0);
            let to = from + Duration::from_secs_f64(random() * 60.0);
            FaultRule::new(fault)
                .on("contacts.*")
                .chance(fault_rate)
                .between(from, to)
        })
        .collect()
}

async fn run(seed: u64) {
    let harness = Harness::with(|mock| mock.seed(seed)).await;
    let random = Arc::new(seeded_random(seed));
    let id = harness.mock.seed().contacts(LOCATION, 1)[0].clone();
    let client_random = random.clone();
    let client = harness
        .builder_without_token()
        .oauth_app(OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI))
        .token_store(MemoryStore::new())
        .random(move || client_random())
        .build()
        .unwrap();
    let choice = hoopai_mock::AccountId::Location(LOCATION.into());
    let code = harness.mock.authorize(CLIENT_ID, choice);
    harness.run(client.exchange_code(code)).await.unwrap();
    for rule in faults(&*random) {
        harness.mock.faults().add(rule);
    }

    let calls = 150 + (random() * 250.0) as usize;
    let over = random() * 40.0;
    let late = Arc::new(AtomicUsize::new(0));
    let work = async {
        let mut tasks = Vec::new();
        for number in 0..calls {
            let arrival = Duration::from_secs_f64(random() * over);
            let timeout = Duration::from_secs_f64(1.0 + random() * 90.0);
            let (writes, is_cancelled) = (random() < 0.5, random() < 0.1);
            let cancel_after = Duration::from_secs_f64(random() * 30.0);
            let (client, clock, late, id) = (
                client.clone(),
                harness.clock.clone(),
                late.clone(),
                id.clone(),
            );
            let call = async move {
                clock.sleep(arrival).await;
                let options = CallOptions::new().timeout(timeout);
                let contacts = client.contacts();
                let started = clock.elapsed();
                let result = if writes {
                    // The platform cannot recognize a duplicate without email and phone number.
                    let contact = CreateContactRequest::new().first_name(format!("c{number}"));
                    let create = contacts.create_contact().body(contact);
                    create.options(options).send().await.map(drop)
                } else {
                    let read = contacts.get_contact().contact_id(id);
                    read.options(options).send().await.map(drop)
                };
                // The clocks advance by whole milliseconds.
                if clock.elapsed() - started > timeout + Duration::from_millis(2) {
                    late.fetch_add(1, Ordering::SeqCst);
                }
                result
            };
            let clock = harness.clock.clone();
            tasks.push(tokio::spawn(async move {
                if is_cancelled {
                    tokio::select! {
                        result = call => Some(result),
                        () = clock.sleep(arrival + cancel_after) => None,
                    }
                } else {
                    Some(call.await)
                }
            }));
        }
        let mut results = Vec::new();
        for task in tasks {
            results.extend(task.await.unwrap());
        }
        results
    };
    let results = tokio::time::timeout(Duration::from_secs(120), harness.run(work))
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: deadlock"));

    let journal = harness.mock.journal();
    let most = journal.most_in_window(TEN_SECONDS);
    assert!(most <= 100, "seed {seed}: {most} requests in ten seconds");
    let duplicates = journal.duplicates_of_writes();
    assert!(duplicates.is_empty(), "seed {seed}: {duplicates:?}");
    assert_eq!(
        late.load(Ordering::SeqCst),
        0,
        "seed {seed}: past the deadline"
    );
    let refreshes = harness.mock.refreshes();
    assert!(
        refreshes.most_at_once_for_one <= 1,
        "seed {seed}: {refreshes:?}"
    );
    let reinstall_errors: Vec<&Error> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .filter(|error| error.needs_reinstall())
        .collect();
    assert!(
        reinstall_errors.is_empty(),
        "seed {seed}: a refresh token was lost"
    );
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        let is_limited = error.kind() == ErrorKind::RateLimit;
        assert!(
            !is_limited || error.attempts() == 0,
            "seed {seed}: {error:?}"
        );
    }
    let succeeded = results.iter().filter(|result| result.is_ok()).count();
    assert!(
        succeeded * 2 > results.len(),
        "seed {seed}: {succeeded} of {}",
        results.len()
    );
}
