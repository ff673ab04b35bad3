//! Scheduled refreshes in virtual time, against a token endpoint that admits five requests a minute.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hoopai_runtime::auth::{
    BearerToken, TOKEN_PATH, TokenEndpoint, TokenEndpointError, TokenEndpointReply,
};
use hoopai_runtime::reqwest::StatusCode;
use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};
use secrecy::SecretString;

use super::fake_platform::{COMPANY, FakePlatform, Fault};
use super::faulty_store::FaultyStore;
use super::harness::{DAY, HOUR, Harness, MINUTE, key, location};
use crate::manager::{Account, Context};
use crate::util::sync::lock;
use crate::{AccountId, RefreshScheduler, ScheduleSettings, TokenManager};

/// Refuses requests beyond five in any minute.
struct LimitedPlatform {
    inner: Arc<FakePlatform>,
    clock: ManualClock,
    admitted: Mutex<VecDeque<Instant>>,
    refused: Mutex<u32>,
}

impl TokenEndpoint for LimitedPlatform {
    fn post<'a>(
        &'a self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        bearer: Option<BearerToken>,
    ) -> BoxFuture<'a, Result<TokenEndpointReply, TokenEndpointError>> {
        let now = self.clock.now();
        let mut admitted = lock(&self.admitted);
        while admitted.front().is_some_and(|at| now - *at >= MINUTE) {
            admitted.pop_front();
        }
        if path == TOKEN_PATH && admitted.len() >= 5 {
            *lock(&self.refused) += 1;
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Box::pin(async move { Err(TokenEndpointError::of_reply(path, status, "{}")) });
        }
        admitted.push_back(now);
        self.inner.post(path, form, bearer)
    }
}

/// A platform with a limit, and accounts with tokens.
struct Simulation {
    harness: Harness,
    platform: Arc<LimitedPlatform>,
    ids: Vec<AccountId>,
}

fn id(n: u32) -> AccountId {
    AccountId::location(format!("location-{n}"))
}

impl Simulation {
    /// `left` is the remaining lifetime of the tokens of each account.
    async fn new(accounts: u32, left: impl Fn(u32) -> Duration) -> Self {
        let harness = Harness::in_memory();
        let ids: Vec<_> = (0..accounts).map(id).collect();
        for (n, id) in (0..).zip(&ids) {
            harness.install(id.clone(), left(n)).await;
        }
        let platform = Arc::new(LimitedPlatform {
            inner: harness.platform.clone(),
            clock: harness.clock.clone(),
            admitted: Mutex::default(),
            refused: Mutex::default(),
        });
        Simulation {
            harness,
            platform,
            ids,
        }
    }

    /// A new process.
    fn manager(&self) -> TokenManager {
        TokenManager::new(Context {
            endpoint: self.platform.clone(),
            ..self.harness.context()
        })
    }

    /// Advances the clock, and lets all tasks run until they wait for it.
    async fn advance(&self, time: Duration) {
        let end = self.harness.clock.elapsed() + time;
        settle().await;
        loop {
            let left = end - self.harness.clock.elapsed();
            let next = self.harness.clock.until_next();
            match next {
                Some(next) if next <= left => self.harness.clock.advance(next),
                _ => break self.harness.clock.advance(left),
            }
            settle().await;
        }
        settle().await;
    }

    /// Each account calls every four hours, for a time. Returns the hours of failed calls.
    async fn call(&self, manager: &TokenManager, time: Duration) -> Vec<u64> {
        let accounts: Vec<Account> = { self.ids.iter() }
            .map(|id| manager.account_through(id.clone(), None))
            .collect();
        let mut failures = Vec::new();
        for minute in 0..time.as_secs() / 60 {
            let turn = usize::try_from(minute % 240).unwrap();
            for account in accounts.iter().skip(turn).step_by(240) {
                if account.authorization().await.is_err() {
                    failures.push(minute / 60);
                }
            }
            self.advance(MINUTE).await;
        }
        failures
    }

    fn refreshes(&self) -> usize {
        self.harness.platform.refreshes()
    }
}

/// Lets tasks run. No future of these tests waits for anything but the clock.
async fn settle() {
    for _ in 0..12 {
        tokio::task::yield_now().await;
    }
}

fn schedule(manager: &TokenManager) -> RefreshScheduler {
    manager.schedule_refreshes(ScheduleSettings::new()).unwrap()
}

#[tokio::test]
async fn staggered_accounts_never_lack_a_token() {
    let simulation = Simulation::new(5_000, |n| HOUR * 2 + DAY * (n % 1_000) / 1_100).await;
    let manager = simulation.manager();
    let scheduler = schedule(&manager);
    let failures = simulation.call(&manager, DAY * 3).await;
    assert_eq!(failures, [0; 0]);
    let status = scheduler.status();
    assert_eq!((status.known, status.backlog), (5_000, 0), "{status:?}");
    assert_eq!(*lock(&simulation.platform.refused), 0);
    assert_eq!(simulation.harness.platform.reuses(), 0);
}

#[tokio::test]
async fn accounts_installed_at_once_never_lack_a_token() {
    let simulation = Simulation::new(5_000, |_| DAY).await;
    let manager = simulation.manager();
    let scheduler = schedule(&manager);
    let failures = simulation.call(&manager, DAY * 3).await;
    assert_eq!(failures, [0; 0]);
    let status = scheduler.status();
    assert_eq!((status.known, status.backlog), (5_000, 0), "{status:?}");
    assert_eq!(*lock(&simulation.platform.refused), 0);
    // Each account is refreshed about once a day, and not more often than that needs.
    assert!((13_000..18_000).contains(&simulation.refreshes()));
}

#[tokio::test]
async fn accounts_that_expire_at_once_have_tokens_after_a_day() {
    let simulation = Simulation::new(3_000, |_| HOUR).await;
    let manager = simulation.manager();
    let scheduler = schedule(&manager);
    simulation.advance(Duration::ZERO).await;
    let status = scheduler.status();
    // At 15 s each, 241 have their turn within an hour.
    assert_eq!((status.due, status.backlog), (3_000, 2_759), "{status:?}");
    let failures = simulation.call(&manager, DAY * 3).await;
    assert!(!failures.is_empty());
    assert!(failures.iter().all(|hour| *hour < 24), "{failures:?}");
    assert_eq!(scheduler.status().backlog, 0);
}

#[tokio::test]
async fn accounts_without_a_scheduler_lack_tokens() {
    let simulation = Simulation::new(5_000, |_| DAY).await;
    let manager = simulation.manager();
    let failures = simulation.call(&manager, DAY + HOUR).await;
    assert!(failures.len() > 500, "{}", failures.len());
}

#[tokio::test]
async fn one_process_leads_and_another_takes_over() {
    let simulation = Simulation::new(100, |_| DAY).await;
    let (first, second) = (simulation.manager(), simulation.manager());
    let schedulers = [schedule(&first), schedule(&second)];
    simulation.advance(DAY).await;
    let leaders = schedulers.each_ref().map(|it| it.status().is_leader);
    assert!(leaders[0] != leaders[1], "{leaders:?}");
    let refreshes = simulation.refreshes();
    assert!((100..150).contains(&refreshes), "{refreshes}");

    let [first, second] = schedulers;
    let (leader, other) = if leaders[0] {
        (first, second)
    } else {
        (second, first)
    };
    leader.stop().await;
    simulation.advance(MINUTE).await;
    let status = other.status();
    assert_eq!((status.is_leader, status.known), (true, 100), "{status:?}");
    simulation.advance(DAY).await;
    let added = simulation.refreshes() - refreshes;
    assert!((100..150).contains(&added), "{added}");
    assert_eq!(simulation.harness.platform.reuses(), 0);

    // Dropping a scheduler ends its leadership too.
    let third = schedule(&simulation.manager());
    drop(other);
    simulation.advance(MINUTE).await;
    assert!(third.status().is_leader);
    third.stop().await;
    let refreshes = simulation.refreshes();
    simulation.advance(DAY).await;
    assert_eq!(simulation.refreshes(), refreshes);
}

#[tokio::test]
async fn leader_that_hangs_is_replaced_when_its_lease_ends() {
    let simulation = Simulation::new(1, |_| DAY).await;
    let key = key(AccountId::company("hoopai-refresh-schedule"));
    let lease = simulation.harness.store.lease(&key, MINUTE * 10).await;
    let scheduler = schedule(&simulation.manager());
    simulation.advance(MINUTE * 9).await;
    assert!(!scheduler.status().is_leader);
    assert_eq!(scheduler.status().known, 0);
    simulation.advance(MINUTE * 2).await;
    assert!(scheduler.status().is_leader);
    assert_eq!(scheduler.status().known, 1);
    drop(lease);
}

#[tokio::test]
async fn leader_takes_a_new_lease_every_five_minutes() {
    let mut simulation = Simulation::new(3, |_| HOUR * 2).await;
    let store = FaultyStore::install(&mut simulation.harness, []);
    let manager = simulation.manager();
    for account in &simulation.ids {
        manager.account_through(account.clone(), None);
    }
    let scheduler = schedule(&manager);
    simulation.advance(HOUR).await;
    assert_eq!(scheduler.status().refreshed, 3);
    let leader = key(AccountId::company("hoopai-refresh-schedule"));
    let leases = lock(&store.leases);
    assert_eq!(leases.iter().filter(|key| **key == leader).count(), 13);
}

#[tokio::test]
async fn accounts_in_use_are_known_if_the_store_cannot_list() {
    let mut simulation = Simulation::new(3, |_| HOUR * 2).await;
    FaultyStore::install(&mut simulation.harness, []);
    let manager = simulation.manager();
    let account = manager.account_through(id(1), None);
    account.authorization().await.unwrap();
    // Without tokens, an account is in memory and not known.
    manager.account_through(id(7), None);
    let scheduler = schedule(&manager);
    simulation.advance(HOUR).await;
    let status = scheduler.status();
    assert_eq!((status.known, status.refreshed, status.failed), (1, 1, 0));
}

#[tokio::test]
async fn settings_limit_the_rate() {
    for (settings, per_hour) in [
        (ScheduleSettings::new().limit(3), 120),
        (ScheduleSettings::new().limit(3).reserve(0), 180),
        (ScheduleSettings::new().limit(0).reserve(9), 60),
    ] {
        let simulation = Simulation::new(500, |_| HOUR).await;
        let scheduler = simulation.manager().schedule_refreshes(settings).unwrap();
        simulation.advance(HOUR).await;
        let refreshes = simulation.refreshes();
        assert!(
            (per_hour - 2..=per_hour).contains(&refreshes),
            "{refreshes}"
        );
        assert_eq!(scheduler.status().ceiling, per_hour * 24);
    }
}

#[tokio::test]
async fn stop_waits_for_the_running_refresh() {
    let simulation = Simulation::new(1, |_| MINUTE).await;
    let manager = simulation.manager();
    let release = simulation.harness.platform.hold_next_reply();
    let scheduler = schedule(&manager);
    simulation.advance(MINUTE / 2).await;
    assert_eq!(simulation.refreshes(), 1);
    let stop = tokio::spawn(scheduler.stop());
    settle().await;
    assert!(!stop.is_finished());
    release.send(()).unwrap();
    stop.await.unwrap();
    assert!(simulation.harness.stored(id(0)).await.pending.is_none());
}

#[tokio::test]
async fn most_recently_used_accounts_are_first_while_the_budget_is_short() {
    let simulation = Simulation::new(100, |_| MINUTE * 10).await;
    let manager = simulation.manager();
    for n in 90..100 {
        manager
            .account_through(id(n), None)
            .authorization()
            .await
            .unwrap();
        simulation.harness.clock.advance(Duration::from_millis(1));
    }
    // The calls start refreshes of their own.
    settle().await;
    let before = simulation.refreshes();
    let scheduler = schedule(&manager);
    simulation.advance(MINUTE * 3).await;
    let mut refreshed = Vec::new();
    for n in 0..100 {
        let stored = simulation.harness.stored(id(n)).await;
        if stored.tokens.expires_at > simulation.harness.clock.system_time() + HOUR {
            refreshed.push(n);
        }
    }
    assert!(simulation.refreshes() > before);
    assert!(
        refreshed.ends_with(&[90, 91, 92, 93, 94, 95, 96, 97, 98, 99]),
        "{refreshed:?}"
    );
    drop(scheduler);
}

#[tokio::test]
async fn locations_of_an_installed_agency_are_left_out() {
    let simulation = Simulation::new(3, |_| DAY).await;
    let agency = AccountId::company(COMPANY);
    simulation.harness.install(agency.clone(), DAY).await;
    let scheduler = schedule(&simulation.manager());
    simulation.advance(DAY).await;
    assert_eq!(scheduler.status().known, 1);
    assert_eq!(simulation.harness.stored(agency).await.revision, 3);
    assert_eq!(simulation.refreshes(), 1);
}

#[tokio::test]
async fn rejected_and_removed_accounts_are_left_out() {
    let simulation = Simulation::new(3, |_| HOUR * 2).await;
    let manager = simulation.manager();
    let invalid = Fault::Refused(400, super::fake_platform::INVALID_GRANT);
    simulation.harness.platform.inject(invalid);
    let scheduler = schedule(&manager);
    simulation.advance(HOUR).await;
    let status = scheduler.status();
    assert_eq!((status.known, status.refreshed, status.failed), (2, 2, 1));
    manager.forget(id(2)).await.unwrap();
    manager.forget(id(1)).await.unwrap();
    simulation.advance(MINUTE * 11).await;
    assert!(scheduler.status().known < 2, "{:?}", scheduler.status());
    // An account that is installed later is found.
    simulation.harness.install(location(), HOUR).await;
    simulation.advance(MINUTE * 30).await;
    let stored = simulation.harness.stored(location()).await;
    assert!(stored.tokens.expires_at > simulation.harness.clock.system_time() + HOUR);
}

#[tokio::test]
async fn accounts_that_cannot_be_refreshed_are_examined_again_after_an_hour() {
    let simulation = Simulation::new(3, |_| DAY).await;
    let harness = &simulation.harness;
    let mut record = harness.stored(id(0)).await;
    record.tokens.refresh_token = None;
    harness.replace(id(0), record).await;
    let mut record = harness.stored(id(1)).await;
    record.rejected_at = Some(harness.clock.system_time());
    harness.replace(id(1), record).await;
    let scheduler = schedule(&simulation.manager());
    simulation.advance(MINUTE).await;
    assert_eq!(scheduler.status().known, 1);
    // The app is authorized again.
    harness.install(id(0), DAY).await;
    harness.install(id(1), DAY).await;
    simulation.advance(MINUTE * 55).await;
    assert_eq!(scheduler.status().known, 1);
    simulation.advance(MINUTE * 15).await;
    assert_eq!(scheduler.status().known, 3);
    assert_eq!(simulation.refreshes(), 0);
}

#[tokio::test]
async fn scheduler_is_shown_by_its_status() {
    let simulation = Simulation::new(2, |_| DAY).await;
    let scheduler = schedule(&simulation.manager());
    simulation.advance(MINUTE).await;
    let text = format!("{scheduler:?}");
    for part in ["RefreshScheduler", "is_leader: true", "known: 2"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn failed_refreshes_are_repeated() {
    let simulation = Simulation::new(2, |_| HOUR * 2).await;
    for _ in 0..4 {
        simulation.harness.platform.inject(Fault::NotSent);
    }
    let scheduler = schedule(&simulation.manager());
    simulation.advance(HOUR * 2).await;
    let status = scheduler.status();
    assert_eq!((status.refreshed, status.failed, status.backlog), (2, 4, 0));
}

#[tokio::test]
async fn files_are_listed() {
    let harness = Harness::in_files();
    for account in [id(1), AccountId::company("agency")] {
        harness.install(account, DAY).await;
    }
    let directory = harness.directory.as_ref().unwrap().path().join("tokens");
    std::fs::write(directory.join("damaged.json"), "{").unwrap();
    let lease = harness.store.lease(&key(id(3)), MINUTE).await.unwrap();
    let keys = async |app: &str| {
        let mut keys = harness.store.keys(app).await.unwrap().unwrap();
        keys.sort();
        keys
    };
    let expected = [key(id(1)), key(AccountId::company("agency"))];
    assert!(keys(&key(id(1)).app).await == expected);
    assert!(keys("other app").await.is_empty());
    drop(lease);
}

#[test]
fn scheduling_without_a_runtime_is_an_error() {
    let manager = Harness::in_memory().manager();
    let error = manager.schedule_refreshes(ScheduleSettings::new());
    let error = error.unwrap_err();
    assert!(error.to_string().contains("Tokio runtime"), "{error}");
}
