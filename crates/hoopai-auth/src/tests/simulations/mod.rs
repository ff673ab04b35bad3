//! Simulated processes with a common store and a token endpoint, in virtual time. Store, endpoint
//! and processes fail at random; each failure follows from the seed.
//!
//! `HOOPAI_SIMULATIONS` sets the number of simulations.

mod endpoint;
mod store;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use hoopai_runtime::Error;
use hoopai_runtime::auth::BearerToken;
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;

use super::harness::{DAY, HOUR, MINUTE, app, key};
use crate::manager::Context;
use crate::util::sync::lock;
use crate::{AccountId, MemoryStore, Record, Swap, TokenKey, TokenManager, TokenSet, TokenStore};

use self::endpoint::{Installation, Loss, ProcessEndpoint, parse};
use self::store::{LateSwap, LeaseEntry, Outage, ProcessStore};

/// The time after which the lease of a process that does not renew it is free.
const LEASE_LIFETIME: Duration = Duration::from_secs(15);
/// The time within which an operation of the store ends.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for which the platform repeats a reply.
const GRACE: Duration = Duration::from_secs(30);
/// The time of a round in which calls are made and faults occur.
const ROUND: Duration = Duration::from_secs(90);
/// The time after the faults of a round within which all tokens must be stored: the longest pause
/// between attempts, and the end of operations that began before.
const RECOVERY: Duration = Duration::from_secs(60);
/// The longest time of a call: the wait for a lease, and operations that hang.
const CALL: Duration = Duration::from_secs(5 * 60);

/// What can fail in a simulation.
#[derive(Clone, Copy, Debug)]
struct Faults {
    store: bool,
    endpoint: bool,
    crashes: bool,
    suspensions: bool,
    /// Clocks differ by up to five minutes.
    skew: bool,
    /// Whether the platform repeats replies.
    grace: bool,
    /// Whether each account is called every few seconds.
    busy: bool,
}

impl Faults {
    fn of(random: &mut Rng) -> Self {
        Faults {
            store: random.u8(..3) > 0,
            endpoint: random.bool(),
            crashes: random.bool(),
            suspensions: random.bool(),
            skew: random.bool(),
            grace: random.bool(),
            busy: false,
        }
    }
}

/// Counts over all simulations.
#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    failed_calls: u64,
    requests: u64,
    /// Requests with a spent token, after a lost reply, a crash or a lost lease.
    spent: u64,
    repeated: u64,
    /// Lost tokens of a platform that repeats replies for a while.
    lost_with_grace: u64,
    /// Lost tokens of a platform that never repeats a reply.
    lost_without_grace: u64,
    crashes: u64,
    suspensions: u64,
    store_failures: u64,
    late_swaps: u64,
}

/// What the processes of a simulation share.
struct Shared {
    clock: ManualClock,
    records: MemoryStore,
    faults: Faults,
    state: Mutex<SharedState>,
}

impl Shared {
    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}

struct SharedState {
    random: Rng,
    installations: HashMap<String, Installation>,
    leases: HashMap<TokenKey, LeaseEntry>,
    next_holder: u64,
    outage: Outage,
    late: Vec<LateSwap>,
    /// No more faults occur.
    is_calm: bool,
    counts: Counts,
}
/// The common clock with an error of the time of day.
struct SkewedClock {
    clock: ManualClock,
    ahead: Duration,
    behind: Duration,
}

impl Clock for SkewedClock {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn system_time(&self) -> SystemTime {
        self.clock.system_time() + self.ahead - self.behind
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(duration)
    }
}

/// A call and its result.
struct Call {
    process: usize,
    /// Whether it is made after all faults have ended.
    is_last: bool,
    /// Whether the process has a valid token in memory.
    must_succeed: bool,
    result: Arc<Mutex<Option<Result<BearerToken, Error>>>>,
    account: usize,
}

/// A process: a runtime of its own, which stops when it is not polled, and whose tasks end with it.
struct Process {
    id: usize,
    runtime: Runtime,
    manager: TokenManager,
    has_crashed: Arc<AtomicBool>,
    suspended_until: Duration,
    /// Until when the process has a valid token in memory, per account.
    valid_until: Vec<Duration>,
}

/// An event of a round. Indices are taken modulo the number of running processes.
enum Event {
    Call { process: usize, account: usize },
    Outage(Outage),
    Crash(usize),
    Suspend(usize, Duration),
}

struct Simulation {
    seed: u64,
    shared: Arc<Shared>,
    random: Rng,
    accounts: Vec<AccountId>,
    processes: Vec<Process>,
    next_process: usize,
    calls: Vec<Call>,
    /// Executes the operations of the simulation itself.
    runtime: Runtime,
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a Tokio runtime")
}

impl Simulation {
    fn new(seed: u64, faults: impl FnOnce(&mut Rng) -> Faults) -> Self {
        // The jitter of the manager.
        fastrand::seed(seed);
        let mut random = Rng::with_seed(seed);
        let clock = ManualClock::new();
        let faults = faults(&mut random);
        let shared = Arc::new(Shared {
            records: MemoryStore::with_clock(Arc::new(clock.clone())),
            clock,
            faults,
            state: Mutex::new(SharedState {
                random: random.fork(),
                installations: HashMap::new(),
                leases: HashMap::new(),
                next_holder: 0,
                outage: Outage::None,
                late: Vec::new(),
                is_calm: true,
                counts: Counts::default(),
            }),
        });
        let accounts = (0..random.usize(1..=3)).map(|n| AccountId::location(format!("l{n}")));
        let mut simulation = Simulation {
            seed,
            shared,
            accounts: accounts.collect(),
            processes: Vec::new(),
            next_process: 0,
            calls: Vec::new(),
            runtime: runtime(),
            random,
        };
        for _ in 0..simulation.random.usize(2..=4) {
            simulation.start_process();
        }
        for account in simulation.accounts.clone() {
            simulation.install(&account);
        }
        simulation
    }

    fn now(&self) -> Duration {
        self.shared.elapsed()
    }

    fn start_process(&mut self) {
        let id = self.next_process;
        self.next_process += 1;
        let error = Duration::from_secs(match self.shared.faults.skew {
            true => self.random.u64(..=300),
            false => 0,
        });
        let (ahead, behind) = match self.random.bool() {
            true => (error, Duration::ZERO),
            false => (Duration::ZERO, error),
        };
        let has_crashed = Arc::new(AtomicBool::new(false));
        let manager = TokenManager::new(Context {
            app: app(),
            store: Arc::new(ProcessStore {
                shared: Arc::clone(&self.shared),
                process: id,
                has_crashed: Arc::clone(&has_crashed),
            }),
            endpoint: Arc::new(ProcessEndpoint {
                shared: Arc::clone(&self.shared),
                process: id,
            }),
            clock: Arc::new(SkewedClock {
                clock: self.shared.clock.clone(),
                ahead,
                behind,
            }),
            observer: None,
            counters: Arc::default(),
            checkpoints: None,
        });
        self.processes.push(Process {
            id,
            runtime: runtime(),
            manager,
            has_crashed,
            suspended_until: Duration::ZERO,
            valid_until: vec![Duration::ZERO; self.accounts.len()],
        });
    }

    fn stored(&self, account: &AccountId) -> Record {
        let key = key(account.clone());
        let record = self.runtime.block_on(self.shared.records.load(&key));
        record.unwrap().expect("a record")
    }

    fn stored_serial(&self, account: &AccountId) -> u64 {
        let record = self.stored(account);
        let token = record.tokens.refresh_token().expect("a refresh token");
        parse(token.expose_secret()).1
    }

    /// Stores the tokens of a new authorization, whose access token has expired.
    fn install(&mut self, account: &AccountId) {
        let mut state = lock(&self.shared.state);
        let installation = state
            .installations
            .entry(account.id().to_owned())
            .or_default();
        installation.serial += 1;
        installation.receivers.clear();
        installation.losses.clear();
        installation.failed_requests = 0;
        let refresh = format!("{}/{}", account.id(), installation.serial);
        drop(state);
        let expired = self.shared.clock.system_time() - 2 * DAY;
        let tokens = TokenSet::new("old", Some(refresh.into()), expired);
        let key = key(account.clone());
        let stored = self.runtime.block_on(async {
            let last = self.shared.records.load(&key).await?;
            let last = last.map(|record| record.revision);
            let record = Record::new(tokens, last.unwrap_or_default() + 1);
            self.shared.records.swap(&key, last, Some(record)).await
        });
        assert_eq!(stored.unwrap(), Swap::Done);
    }

    /// Lets all running processes work until each of them waits for the clock.
    fn settle(&mut self) {
        let now = self.now();
        for process in &self.processes {
            if process.suspended_until <= now {
                process.runtime.block_on(async {
                    for _ in 0..16 {
                        tokio::task::yield_now().await;
                    }
                });
            }
        }
    }

    /// Advances the clock in steps, and lets all processes work.
    fn advance_to(&mut self, end: Duration) {
        loop {
            self.settle();
            let now = self.now();
            let processes = &self.processes;
            self.shared.renew_leases(|id| {
                let process = processes.iter().find(|process| process.id == id);
                process.is_some_and(|process| process.suspended_until <= now)
            });
            if now >= end {
                return;
            }
            let next = self.shared.clock.until_next().unwrap_or(end - now);
            let step = next.min(end - now).min(LEASE_LIFETIME / 3);
            self.shared.clock.advance(step);
        }
    }

    fn call(&mut self, process: usize, account: usize, is_last: bool) {
        let called = &self.processes[process];
        let result = Arc::new(Mutex::new(None));
        self.calls.push(Call {
            process: called.id,
            is_last,
            must_succeed: self.now() < called.valid_until[account],
            result: Arc::clone(&result),
            account,
        });
        let id = self.accounts[account].clone();
        let account = called.manager.account_through(id, None);
        let clock = self.shared.clock.clone();
        let must_succeed = self.calls.last().expect("a call").must_succeed;
        called.runtime.spawn(async move {
            // Callers wait as errors say, a few times.
            for _ in 0..5 {
                let called = account.authorization().await;
                let wait = called.as_ref().err().and_then(Error::retry_after);
                match wait {
                    Some(wait) if !must_succeed => clock.sleep(wait).await,
                    _ => return *lock(&result) = Some(called),
                }
            }
            *lock(&result) = Some(account.authorization().await);
        });
    }

    /// Checks the calls that have ended.
    fn check_calls(&mut self) {
        let state = lock(&self.shared.state);
        let mut ended = (0, 0);
        self.calls.retain(|call| {
            let Some(result) = &*lock(&call.result) else {
                return true;
            };
            let process = self
                .processes
                .iter_mut()
                .find(|process| process.id == call.process);
            ended.0 += 1;
            match result {
                Ok(token) => {
                    let token = token.token();
                    let serial = token
                        .expose_secret()
                        .rsplit('-')
                        .next()
                        .and_then(|serial| serial.parse().ok());
                    let id = self.accounts[call.account].id();
                    let issued = serial
                        .and_then(|serial: u64| state.installations[id].issued_at.get(&serial));
                    // Clocks of two processes differ by ten minutes at most.
                    if let (Some(process), Some(issued)) = (process, issued) {
                        let until = *issued + DAY - 11 * MINUTE;
                        let valid_until = &mut process.valid_until[call.account];
                        *valid_until = until.max(*valid_until);
                    }
                }
                Err(error) => {
                    ended.1 += 1;
                    let kind = error.auth_error_kind();
                    let is_expected = matches!(
                        kind,
                        Some(
                            AuthErrorKind::Store
                                | AuthErrorKind::Unavailable
                                | AuthErrorKind::ReinstallNeeded
                        )
                    );
                    assert!(is_expected && !call.must_succeed, "{error}");
                    assert!(
                        !call.is_last || kind == Some(AuthErrorKind::ReinstallNeeded),
                        "{error}"
                    );
                }
            }
            false
        });
        drop(state);
        let counts = &mut lock(&self.shared.state).counts;
        counts.calls += ended.0;
        counts.failed_calls += ended.1;
    }

    fn crash(&mut self, process: usize) {
        let crashed = self.processes.remove(process);
        crashed.has_crashed.store(true, Ordering::Relaxed);
        let id = crashed.id;
        drop(crashed);
        self.calls.retain(|call| call.process != id);
        for account in self.accounts.clone() {
            let stored = self.stored_serial(&account);
            let mut state = lock(&self.shared.state);
            let installation = state
                .installations
                .get_mut(account.id())
                .expect("an installation");
            installation.receivers.retain(|receiver| *receiver != id);
            if installation.serial != stored && installation.receivers.is_empty() {
                installation.losses.push(Loss::Crash);
            }
        }
        lock(&self.shared.state).counts.crashes += 1;
        self.start_process();
    }

    fn events(&mut self) -> Vec<(Duration, Event)> {
        let faults = self.shared.faults;
        let random = &mut self.random;
        let mut events = Vec::new();
        let at = |random: &mut Rng| ROUND.mul_f64(random.f64());
        for _ in 0..random.usize(3..16) {
            let (process, account) = (random.usize(..100), random.usize(..self.accounts.len()));
            events.push((at(random), Event::Call { process, account }));
        }
        if faults.busy {
            for account in 0..self.accounts.len() {
                for second in (0..ROUND.as_secs()).step_by(4) {
                    let process = random.usize(..100);
                    events.push((
                        Duration::from_secs(second),
                        Event::Call { process, account },
                    ));
                }
            }
        }
        if faults.store && random.bool() {
            let start = at(random);
            let outage = [Outage::Down, Outage::Hangs][random.usize(..2)];
            events.push((start, Event::Outage(outage)));
            events.push((start + at(random), Event::Outage(Outage::None)));
        }
        for _ in 0..random.usize(..3) {
            if faults.crashes {
                let at = match faults.busy {
                    // The first calls of a round refresh tokens.
                    true => Duration::from_millis(random.u64(..1000)),
                    false => at(random),
                };
                events.push((at, Event::Crash(random.usize(..100))));
            }
            if faults.suspensions {
                let time = Duration::from_secs(random.u64(2..=40));
                events.push((at(random), Event::Suspend(random.usize(..100), time)));
            }
        }
        events.sort_by_key(|(at, _)| *at);
        events
    }

    fn round(&mut self) {
        lock(&self.shared.state).is_calm = false;
        let start = self.now();
        for (at, event) in self.events() {
            if at > ROUND {
                break;
            }
            self.advance_to(start + at);
            self.check_calls();
            let running = self.processes.len();
            match event {
                Event::Call { process, account } => self.call(process % running, account, false),
                Event::Outage(outage) => lock(&self.shared.state).outage = outage,
                Event::Crash(process) => self.crash(process % running),
                Event::Suspend(process, time) => {
                    let until = self.now() + time;
                    self.processes[process % running].suspended_until = until;
                    lock(&self.shared.state).counts.suspensions += 1;
                }
            }
        }
        self.advance_to(start + ROUND);
        self.recover();
    }

    /// After all faults, each process can use each account, and the last tokens are stored.
    fn recover(&mut self) {
        {
            let mut state = lock(&self.shared.state);
            (state.is_calm, state.outage) = (true, Outage::None);
        }
        for process in &mut self.processes {
            process.suspended_until = Duration::ZERO;
        }
        self.advance_to(self.now() + RECOVERY);
        for process in 0..self.processes.len() {
            for account in 0..self.accounts.len() {
                self.call(process, account, true);
            }
        }
        let deadline = self.now() + CALL;
        while !self.calls.is_empty() {
            assert!(
                self.now() < deadline,
                "{} calls never end",
                self.calls.len()
            );
            self.advance_to(self.now() + Duration::from_secs(5));
            self.check_calls();
        }
        for account in self.accounts.clone() {
            self.check_account(&account);
        }
    }

    fn check_account(&mut self, account: &AccountId) {
        let record = self.stored(account);
        let stored = self.stored_serial(account);
        let faults = self.shared.faults;
        let mut state = lock(&self.shared.state);
        let installation = state
            .installations
            .get_mut(account.id())
            .expect("an installation");
        if stored == installation.serial && record.rejected_at.is_none() {
            installation.losses.clear();
            return;
        }
        // A living process that has received the last token has stored it.
        assert_eq!(installation.receivers, [0; 0], "{record:?}");
        assert!(!installation.losses.is_empty(), "{record:?}");
        // The platform repeats its reply for a while, so several requests have failed.
        if faults.grace && !faults.store && !faults.suspensions && !faults.crashes {
            assert!(installation.failed_requests >= 4, "{installation:?}");
        }
        match faults.grace {
            true => state.counts.lost_with_grace += 1,
            false => state.counts.lost_without_grace += 1,
        }
        drop(state);
        self.install(account);
    }

    fn run(mut self) -> Counts {
        println!("HOOPAI_SEED={}: {:?}", self.seed, self.shared.faults);
        for _ in 0..self.random.usize(2..=4) {
            self.round();
            // The tokens are due for a refresh, or have expired.
            let time = match self.random.bool() {
                true => DAY - 35 * MINUTE,
                false => DAY + HOUR,
            };
            self.shared.clock.advance(time);
        }
        std::mem::take(&mut lock(&self.shared.state).counts)
    }
}

/// The number of simulations.
fn simulations() -> u64 {
    let number = std::env::var("HOOPAI_SIMULATIONS").ok();
    number.map_or(200, |number| number.parse().expect("a number"))
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.calls += other.calls;
        self.failed_calls += other.failed_calls;
        self.requests += other.requests;
        self.spent += other.spent;
        self.repeated += other.repeated;
        self.lost_with_grace += other.lost_with_grace;
        self.lost_without_grace += other.lost_without_grace;
        self.crashes += other.crashes;
        self.suspensions += other.suspensions;
        self.store_failures += other.store_failures;
        self.late_swaps += other.late_swaps;
    }
}

fn first_seed() -> u64 {
    let seed = std::env::var("HOOPAI_SEED").ok();
    seed.map_or(1, |seed| seed.parse().expect("a number"))
}

fn simulate(faults: impl Fn(&mut Rng) -> Faults) -> Counts {
    let first = first_seed();
    let mut counts = Counts::default();
    for seed in first..first + simulations() {
        counts.add(&Simulation::new(seed, &faults).run());
    }
    println!("{} simulations: {counts:?}", simulations());
    counts
}

#[test]
fn no_refresh_token_is_lost_beyond_what_faults_make_unavoidable() {
    let counts = simulate(Faults::of);
    // The faults have effects.
    assert!(counts.failed_calls > 0 && counts.late_swaps > 0 && counts.repeated > 0);
}

/// The lease of a killed process ends, and another process repeats its request in time.
#[test]
fn kills_lose_nothing_while_the_platform_repeats_replies() {
    let counts = simulate(|random| Faults {
        store: false,
        endpoint: false,
        crashes: true,
        suspensions: false,
        grace: true,
        busy: true,
        ..Faults::of(random)
    });
    assert_eq!(counts.lost_with_grace, 0);
    // Some processes were killed between the rotation and the storing.
    assert!(counts.repeated > 0);
}

#[test]
fn failures_of_the_store_lose_nothing() {
    let counts = simulate(|random| Faults {
        endpoint: false,
        crashes: false,
        store: true,
        ..Faults::of(random)
    });
    assert_eq!((counts.lost_with_grace, counts.lost_without_grace), (0, 0));
}

#[test]
fn each_token_is_refreshed_once_without_failures() {
    let counts = simulate(|random| Faults {
        store: false,
        endpoint: false,
        crashes: false,
        suspensions: false,
        ..Faults::of(random)
    });
    assert_eq!(
        (counts.spent, counts.repeated, counts.failed_calls),
        (0, 0, 0)
    );
}
