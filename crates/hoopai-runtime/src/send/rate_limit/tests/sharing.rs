//! Several processes that share a limit by a backend, in virtual time, against a server that counts
//! by itself and refuses what is above the limit.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use hoopai_test_support::seeds;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::{CountedPolls, headers, ms, secs};
use crate::send::rate_limit::limiter::Backend;
use crate::send::rate_limit::{
    Ledger, LimitKey, Limiter, LimiterBackend, LimiterError, RateLimitSettings, ShareReply,
    ShareReport,
};
use crate::time::{BoxFuture, Clock, ManualClock, lock};

/// What can go wrong between a process and the backend.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Link {
    Works,
    /// Reports do not arrive.
    Cut,
    /// Reports arrive, and replies do not.
    OneWay,
    /// Reports fail at once.
    Refused,
}

/// The clocks of a process that can be suspended.
#[derive(Clone)]
pub(super) struct ProcessClock(Arc<ProcessTime>);

struct ProcessTime {
    clock: ManualClock,
    state: Mutex<ProcessState>,
    resumed: Notify,
}

#[derive(Default)]
struct ProcessState {
    suspended_at: Option<Instant>,
    /// Whether the monotonic clock stands still while the process is suspended.
    freezes: bool,
    /// How long it stood still.
    stood: Duration,
    /// The error of the system clock.
    ahead: Duration,
    behind: Duration,
}

impl ProcessClock {
    fn new(clock: ManualClock) -> Self {
        ProcessClock(Arc::new(ProcessTime {
            clock,
            state: Mutex::default(),
            resumed: Notify::new(),
        }))
    }

    pub(super) fn suspend(&self, freezes: bool) {
        let mut state = lock(&self.0.state);
        if state.suspended_at.is_none() {
            state.suspended_at = Some(self.0.clock.now());
            state.freezes = freezes;
        }
    }

    pub(super) fn resume(&self) {
        let mut state = lock(&self.0.state);
        if let Some(at) = state.suspended_at.take()
            && state.freezes
        {
            state.stood += self.0.clock.now() - at;
        }
        drop(state);
        self.0.resumed.notify_waiters();
    }

    /// Whether the monotonic clock ever stood still.
    pub(super) fn has_stood_still(&self) -> bool {
        let state = lock(&self.0.state);
        !state.stood.is_zero() || state.suspended_at.is_some() && state.freezes
    }

    /// Sets the system clock wrong.
    pub(super) fn set_wrong(&self, ahead: Duration, behind: Duration) {
        let mut state = lock(&self.0.state);
        (state.ahead, state.behind) = (ahead, behind);
    }

    /// Waits while the process is suspended.
    async fn running(&self) {
        loop {
            let resumed = self.0.resumed.notified();
            if lock(&self.0.state).suspended_at.is_none() {
                return;
            }
            resumed.await;
        }
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Instant {
        let state = lock(&self.0.state);
        match state.suspended_at {
            Some(at) if state.freezes => at - state.stood,
            _ => self.0.clock.now() - state.stood,
        }
    }

    fn system_time(&self) -> SystemTime {
        let state = lock(&self.0.state);
        self.0.clock.system_time() + state.ahead - state.behind
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (this, until) = (self.clone(), self.now().checked_add(duration));
        Box::pin(async move {
            loop {
                this.running().await;
                let left = until.map_or(Duration::MAX, |until| {
                    until.saturating_duration_since(this.now())
                });
                if left.is_zero() {
                    return;
                }
                this.0.clock.sleep(left).await;
            }
        })
    }
}

/// The server with the shares.
#[derive(Clone)]
pub(super) struct Store {
    clock: ManualClock,
    start: Instant,
    ledger: Arc<Mutex<Ledger>>,
}

impl Store {
    fn now(&self) -> Duration {
        secs(1) + self.clock.now().saturating_duration_since(self.start)
    }

    /// Loses the shares.
    pub(super) fn lose(&self) {
        *lock(&self.ledger) = Ledger::recovering(self.now());
    }
}

/// The connection of one process to the backend that all share.
struct Connection {
    inner: Store,
    process: ProcessClock,
    clock: ManualClock,
    delay: Duration,
    /// The longest further delay of a report or a reply. One of four has a part of it.
    late: Duration,
    link: Arc<Mutex<Link>>,
    exchanges: Arc<AtomicU64>,
    polls: Arc<AtomicU64>,
}

impl Connection {
    fn delay(&self) -> Duration {
        match fastrand::u8(..4) {
            0 => self.delay + self.late.mul_f64(fastrand::f64()),
            _ => self.delay,
        }
    }
}

impl LimiterBackend for Connection {
    fn exchange<'a>(
        &'a self,
        _: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        Box::pin(async move {
            self.exchanges.fetch_add(1, Ordering::Relaxed);
            let link = *lock(&self.link);
            if link == Link::Refused {
                return Err(LimiterError::new("refused"));
            }
            if link == Link::Cut {
                return std::future::pending().await;
            }
            // A report arrives also if its process waits no longer.
            let (send, receive) = oneshot::channel();
            let (there, back) = (self.delay(), self.delay());
            let (clock, store, report) = (self.clock.clone(), self.inner.clone(), report.clone());
            let exchange = async move {
                clock.sleep(there).await;
                let reply = lock(&store.ledger).exchange(store.now(), &report);
                if link != Link::OneWay {
                    clock.sleep(back).await;
                    let _ = send.send(reply);
                }
            };
            tokio::spawn(CountedPolls {
                task: Box::pin(exchange),
                polls: self.polls.clone(),
            });
            let Ok(reply) = receive.await else {
                return std::future::pending().await;
            };
            self.process.running().await;
            Ok(reply)
        })
    }
}

/// The platform: at most `max` requests in any interval.
struct Platform {
    max: usize,
    interval: Duration,
    counted: VecDeque<Instant>,
    succeeded: usize,
    refused: usize,
    /// Whether replies declare the limit.
    declares: bool,
}

impl Platform {
    /// Counts a request, and returns its status and how many requests remain.
    fn count(&mut self, now: Instant) -> (u16, usize) {
        while let Some(first) = self.counted.front()
            && *first + self.interval <= now
        {
            self.counted.pop_front();
        }
        if self.counted.len() >= self.max {
            self.refused += 1;
            return (429, 0);
        }
        self.counted.push_back(now);
        self.succeeded += 1;
        (200, self.max - self.counted.len())
    }
}

pub(super) struct Process {
    pub(super) clock: ProcessClock,
    limiter: Limiter,
    link: Arc<Mutex<Link>>,
    /// When its requests were admitted.
    admitted: Arc<Mutex<Vec<Instant>>>,
}

pub(super) struct Fleet {
    clock: ManualClock,
    pub(super) store: Store,
    pub(super) settings: RateLimitSettings,
    pub(super) delay: Duration,
    pub(super) late: Duration,
    platform: Arc<Mutex<Platform>>,
    exchanges: Arc<AtomicU64>,
    /// The number of permits that ended before their requests were sent.
    pub(super) withdrawn: Arc<AtomicU64>,
    polls: Arc<AtomicU64>,
    pub(super) processes: Vec<Process>,
    pub(super) calls: Vec<JoinHandle<bool>>,
    start: Instant,
}

impl Fleet {
    pub(super) fn new(processes: usize, max: u32, interval: Duration) -> Self {
        let clock = ManualClock::new();
        let settings = RateLimitSettings::default()
            .max(max)
            .interval(interval)
            .daily(None)
            .max_wait(Duration::MAX);
        let mut fleet = Fleet {
            store: Store {
                start: clock.now(),
                clock: clock.clone(),
                ledger: Arc::default(),
            },
            settings,
            delay: ms(1),
            late: Duration::ZERO,
            platform: Arc::new(Mutex::new(Platform {
                max: max as usize,
                interval,
                counted: VecDeque::new(),
                succeeded: 0,
                refused: 0,
                declares: true,
            })),
            exchanges: Arc::default(),
            withdrawn: Arc::default(),
            polls: Arc::default(),
            processes: Vec::new(),
            calls: Vec::new(),
            start: clock.now(),
            clock,
        };
        for _ in 0..processes {
            fleet.add();
        }
        fleet
    }

    /// Adds a process.
    pub(super) fn add(&mut self) {
        let link = Arc::new(Mutex::new(Link::Works));
        let process = ProcessClock::new(self.clock.clone());
        let connection = Connection {
            inner: self.store.clone(),
            process: process.clone(),
            clock: self.clock.clone(),
            delay: self.delay,
            late: self.late,
            link: link.clone(),
            exchanges: self.exchanges.clone(),
            polls: self.polls.clone(),
        };
        let backend = Backend {
            limiter: Arc::new(connection),
            app: "app".to_owned(),
            observer: None,
        };
        let clock = Arc::new(process.clone());
        self.processes.push(Process {
            clock: process,
            limiter: Limiter::shared(self.settings.clone(), clock, backend, "location:1"),
            link,
            admitted: Arc::default(),
        });
    }

    /// Starts a call of a process: after a wait, with this time to the server and back.
    pub(super) fn call(
        &mut self,
        process: usize,
        after: Duration,
        there: Duration,
        back: Duration,
    ) {
        self.call_later(process, after, Duration::ZERO, there, back);
    }

    /// The same, with a time from the admission to the sending, in which the process can be
    /// suspended.
    pub(super) fn call_later(
        &mut self,
        process: usize,
        after: Duration,
        until_sent: Duration,
        there: Duration,
        back: Duration,
    ) {
        let process = &self.processes[process];
        let (limiter, admitted) = (process.limiter.clone(), process.admitted.clone());
        let withdrawn = self.withdrawn.clone();
        let process = process.clock.clone();
        let (clock, platform) = (self.clock.clone(), self.platform.clone());
        let task = async move {
            if !after.is_zero() {
                clock.sleep(after).await;
            }
            process.running().await;
            let mut permit = loop {
                let Ok(permit) = limiter.acquire(None).await else {
                    return false;
                };
                process.sleep(until_sent).await;
                if permit.may_send() {
                    break permit;
                }
                withdrawn.fetch_add(1, Ordering::Relaxed);
            };
            lock(&admitted).push(clock.now());
            permit.sent();
            clock.sleep(there).await;
            let (status, remaining, declares, max) = {
                let mut platform = lock(&platform);
                let (status, remaining) = platform.count(clock.now());
                (status, remaining, platform.declares, platform.max)
            };
            clock.sleep(back).await;
            process.running().await;
            let (max, remaining) = (max.to_string(), remaining.to_string());
            let pairs = [
                ("x-ratelimit-max", &*max),
                ("x-ratelimit-remaining", &*remaining),
            ];
            permit.complete(status, &headers(if declares { &pairs } else { &[] }));
            status == 200
        };
        self.calls.push(tokio::spawn(CountedPolls {
            task: Box::pin(task),
            polls: self.polls.clone(),
        }));
    }

    /// Sets the links of these processes.
    pub(super) fn link(&self, processes: std::ops::Range<usize>, link: Link) {
        for process in &self.processes[processes] {
            *lock(&process.link) = link;
        }
    }

    /// Waits until every task waits for the clock.
    async fn settle(&self) {
        let events = || self.polls.load(Ordering::Relaxed) + self.exchanges.load(Ordering::Relaxed);
        let (mut seen, mut idle) = (events(), 0);
        while idle < 10 {
            tokio::task::yield_now().await;
            idle = if events() == seen { idle + 1 } else { 0 };
            seen = events();
        }
    }

    /// Advances the clock to this time after the start.
    pub(super) async fn run_until(&self, at: Duration) {
        loop {
            self.settle().await;
            let left = (self.start + at).saturating_duration_since(self.clock.now());
            match self.clock.until_next() {
                Some(by) if by <= left => self.clock.advance(by),
                _ => {
                    self.clock.advance(left);
                    break;
                }
            }
        }
        self.settle().await;
    }

    /// Advances the clock until all calls have ended. Returns the time since the start.
    pub(super) async fn finish(&self) -> Duration {
        loop {
            self.settle().await;
            if self.calls.iter().all(JoinHandle::is_finished) {
                return self.clock.now() - self.start;
            }
            let waits = self.calls.iter().filter(|call| !call.is_finished()).count();
            let by = self.clock.advance_to_next();
            assert!(by.is_some(), "{waits} calls wait, and nothing will happen");
            let time = self.clock.now() - self.start;
            assert!(time < secs(100_000), "{waits} calls wait too long");
        }
    }

    pub(super) fn succeeded(&self) -> usize {
        lock(&self.platform).succeeded
    }

    pub(super) fn refused(&self) -> usize {
        lock(&self.platform).refused
    }

    pub(super) fn exchanges(&self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }

    /// Whether replies of the platform declare its limit.
    pub(super) fn declares(&self, declares: bool) {
        lock(&self.platform).declares = declares;
    }

    /// Jain's index of the numbers of admitted requests in a period.
    fn fairness(&self, from: Duration, until: Duration) -> f64 {
        let period = self.start + from..self.start + until;
        let counts: Vec<f64> = self
            .processes
            .iter()
            .map(|process| {
                let admitted = lock(&process.admitted);
                admitted.iter().filter(|at| period.contains(*at)).count() as f64
            })
            .collect();
        let sum: f64 = counts.iter().sum();
        let squares: f64 = counts.iter().map(|count| count * count).sum();
        sum * sum / (counts.len() as f64 * squares)
    }

    /// The time from the start to the first request.
    fn first(&self) -> Duration {
        let first = |process: &Process| lock(&process.admitted).first().copied();
        let first = self.processes.iter().filter_map(first).min();
        first.map_or(Duration::ZERO, |at| at - self.start)
    }

    /// The longest time between two requests of a process until its last one.
    fn longest_gap(&self) -> Duration {
        let gap = |process: &Process| {
            let admitted = lock(&process.admitted);
            let first = admitted.first().map(|at| *at - self.start);
            let gaps = admitted.windows(2).map(|pair| pair[1] - pair[0]);
            gaps.chain(first).max().unwrap_or_default()
        };
        self.processes.iter().map(gap).max().unwrap_or_default()
    }
}

const INTERVAL: Duration = Duration::from_secs(10);

#[tokio::test]
async fn eight_processes_use_the_whole_limit_of_an_account() {
    let mut fleet = Fleet::new(8, 100, INTERVAL);
    for process in 0..8 {
        for _ in 0..250 {
            fleet.call(process, Duration::ZERO, ms(40), ms(40));
        }
    }
    let took = fleet.finish().await;
    // The last hundred is sent after 19 intervals.
    let ratio = took.as_secs_f64() / 190.0;
    let exchanges = fleet.exchanges();
    let per_call = exchanges as f64 / 2000.0;
    let fairness = fleet.fairness(secs(10), secs(150));
    let gap = fleet.longest_gap();
    println!(
        "{} successes, {} rejections, {took:?} ({ratio:.3} of the ideal time), {per_call:.3} \
         exchanges per call, fairness {fairness:.3}, longest gap {gap:?}",
        fleet.succeeded(),
        fleet.refused()
    );
    assert_eq!((fleet.succeeded(), fleet.refused()), (2000, 0));
    assert!(ratio <= 1.05, "{ratio}");
    assert!(per_call <= 0.2, "{per_call}");
    assert!(fairness >= 0.9, "{fairness}");
    assert!(gap <= 2 * INTERVAL, "{gap:?}");
}

/// The first process has the whole limit at first, and its calls end before those of the others.
#[tokio::test]
async fn processes_that_start_one_after_another_use_the_whole_limit() {
    for seed in seeds(10) {
        let mut random = Rng::with_seed(seed);
        fastrand::seed(seed);
        let mut fleet = Fleet::new(8, 100, INTERVAL);
        for process in 0..8 {
            let start = ms(random.u64(1..1000));
            for _ in 0..250 {
                let (there, back) = (random.u64(5..40), random.u64(5..40));
                fleet.call(process, start, ms(there), ms(back));
            }
        }
        let took = fleet.finish().await - fleet.first();
        let ratio = took.as_secs_f64() / 190.0;
        let exchanges = fleet.exchanges();
        println!("{took:?} ({ratio:.4} of the ideal time), {exchanges} exchanges");
        let results = (fleet.succeeded(), fleet.refused());
        assert_eq!(results, (2000, 0), "seed {seed}");
        assert!(ratio <= 1.03, "seed {seed}: {ratio}");
        assert!(exchanges <= 400, "seed {seed}: {exchanges}");
    }
}

#[tokio::test]
async fn without_the_backend_calls_keep_to_the_shares() {
    for link in [Link::Cut, Link::Refused] {
        let mut fleet = Fleet::new(8, 100, INTERVAL);
        for process in 0..8 {
            for _ in 0..250 {
                fleet.call(process, Duration::ZERO, ms(40), ms(40));
            }
        }
        fleet.run_until(secs(45)).await;
        let before = fleet.succeeded();
        fleet.link(0..8, link);
        fleet.run_until(secs(105)).await;
        let during = fleet.succeeded() - before;
        fleet.link(0..8, Link::Works);
        let took = fleet.finish().await;
        println!(
            "{during} successes in 60 s without the backend, all after {took:?}, {} rejections",
            fleet.refused()
        );
        assert!(during >= 420, "{during} of 600");
        assert_eq!((fleet.succeeded(), fleet.refused()), (2000, 0));
        assert!(took < secs(230), "{took:?}");
    }
}

/// Random processes, times, failures and limits. No seed may exceed the limit or hang.
#[tokio::test]
async fn no_interval_exceeds_the_limit() {
    for seed in seeds(simulations(300)) {
        let (fleet, took) = random_fleet(seed).await;
        let calls = fleet.calls.len();
        assert_eq!(fleet.refused(), 0, "seed {seed}");
        assert_eq!(fleet.succeeded(), calls, "seed {seed}, after {took:?}");
    }
}

/// The number of simulations: `HOOPAI_SIMULATIONS`, or this one.
pub(super) fn simulations(default: u64) -> u64 {
    let number = std::env::var("HOOPAI_SIMULATIONS").ok();
    number.map_or(default, |number| {
        number.parse().expect("a number in HOOPAI_SIMULATIONS")
    })
}

async fn random_fleet(seed: u64) -> (Fleet, Duration) {
    let mut random = Rng::with_seed(seed);
    fastrand::seed(seed);
    let interval = ms(random.u64(500..20_000));
    let part = |random: &mut Rng, most: f64| interval.mul_f64(random.f64() * most);
    let mut fleet = Fleet::new(0, random.u32(8..120), interval);
    fleet.settings = fleet.settings.without_share(0);
    fleet.declares(random.bool());
    let processes = random.usize(1..8);
    for _ in 0..processes {
        fleet.delay = part(&mut random, 0.02);
        fleet.add();
    }
    let busy = part(&mut random, 4.0);
    for _ in 0..random.usize(10..250) {
        let process = random.usize(0..processes);
        let process = random.usize(0..=process);
        let after = part(&mut random, 1.0).min(busy) * random.u32(0..6);
        let (there, back) = (part(&mut random, 0.1), part(&mut random, 0.1));
        fleet.call(process, after, there, back);
    }
    // A process alone without the backend can use its share for ten intervals.
    let mut now = Duration::ZERO;
    for _ in 0..random.u32(0..5) {
        now += part(&mut random, 1.8);
        fleet.run_until(now).await;
        let first = random.usize(0..processes);
        let last = random.usize(first..=processes);
        let link = match random.u32(0..6) {
            0 => Link::Cut,
            1 => Link::OneWay,
            2 => Link::Refused,
            _ => Link::Works,
        };
        fleet.link(first..last, link);
    }
    fleet.run_until(now + part(&mut random, 1.8)).await;
    fleet.link(0..processes, Link::Works);
    let took = fleet.finish().await;
    (fleet, took)
}
