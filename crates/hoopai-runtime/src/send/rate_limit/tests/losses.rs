//! A backend that loses the shares while processes use them, are suspended, or join.

use std::sync::atomic::Ordering;
use std::time::Duration;

use fastrand::Rng;
use hoopai_test_support::seeds;

use super::sharing::{Fleet, Link, simulations};
use super::{ms, secs};
use crate::send::rate_limit::RateLimitSettings;

const INTERVAL: Duration = Duration::from_secs(10);

/// The part of an interval from the last check of a permit to the count of its request that shares
/// allow for (see `ledger.rs`).
const MOST_UNTIL_COUNTED: f64 = 0.5;

/// Random losses, suspensions, clocks, outages and new processes. No seed may exceed the limit or
/// hang.
#[tokio::test]
async fn no_loss_exceeds_the_limit() {
    let (mut calls, mut losses, mut withdrawn) = (0, 0, 0);
    for seed in seeds(simulations(200)) {
        let mut simulation = Simulation::new(seed);
        simulation.run().await;
        let fleet = &simulation.fleet;
        assert_eq!(fleet.refused(), 0, "seed {seed}");
        assert_eq!(fleet.succeeded(), fleet.calls.len(), "seed {seed}");
        calls += fleet.calls.len();
        losses += simulation.losses;
        withdrawn += fleet.withdrawn.load(Ordering::Relaxed);
    }
    println!(
        "{calls} calls, {losses} losses, {withdrawn} permits ended before their requests were \
         sent, no window above the limit"
    );
    assert!(withdrawn > 0);
}

struct Simulation {
    random: Rng,
    max: usize,
    interval: Duration,
    fleet: Fleet,
    now: Duration,
    losses: usize,
    /// The number of intervals for which each process has not reached the backend.
    cut: Vec<f64>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        fastrand::seed(seed);
        let interval = ms(random.u64(500..20_000));
        let max = match random.u32(0..4) {
            0 => random.u32(1..8),
            _ => random.u32(8..120),
        };
        let mut fleet = Fleet::new(0, max, interval);
        let timeout = interval.mul_f64(0.1 + random.f64());
        fleet.settings = fleet.settings.without_share(0).exchange_timeout(timeout);
        fleet.declares(random.bool());
        Simulation {
            random,
            max: max as usize,
            interval,
            fleet,
            now: Duration::ZERO,
            losses: 0,
            cut: Vec::new(),
        }
    }

    fn part(&mut self, most: f64) -> Duration {
        self.interval.mul_f64(self.random.f64() * most)
    }

    fn add(&mut self) {
        self.fleet.delay = self.part(0.02);
        self.fleet.late = self.part(1.0);
        self.fleet.add();
        self.cut.push(0.0);
    }

    fn call(&mut self, number: usize) {
        for _ in 0..number {
            let process = self.random.usize(0..self.cut.len());
            let after = self.part(1.0) * self.random.u32(0..3);
            let until_sent = match self.random.u32(0..4) {
                0 if process.is_multiple_of(3) => self.part(3.0),
                _ => Duration::ZERO,
            };
            let there = self.part(MOST_UNTIL_COUNTED);
            let back = self.part(0.1) * self.random.u32(1..10);
            self.fleet
                .call_later(process, after, until_sent, there, back);
        }
    }

    async fn run(&mut self) {
        for _ in 0..self.random.usize(1..7) {
            self.add();
        }
        // For several intervals of the whole limit.
        let calls = self.max * self.random.usize(1..6);
        self.call(calls);
        for _ in 0..self.random.u32(1..12) {
            // Some suspensions last until the share is given to others.
            let most = match self.random.u32(0..8) {
                0 => 16.0,
                _ => 2.0,
            };
            let step = self.part(most);
            for process in 0..self.cut.len() {
                self.cut[process] += step.as_secs_f64() / self.interval.as_secs_f64();
                // A process that runs and is cut off alone for longer takes the use of others from
                // replies, which is too late for some.
                if self.cut[process] > 9.0 {
                    self.link(process, Link::Works);
                }
            }
            self.now += step;
            self.fleet.run_until(self.now).await;
            self.event();
        }
        for process in 0..self.cut.len() {
            self.link(process, Link::Works);
            self.fleet.processes[process].clock.resume();
        }
        self.fleet.finish().await;
    }

    fn link(&mut self, process: usize, link: Link) {
        self.fleet.link(process..process + 1, link);
        if link == Link::Works {
            self.cut[process] = 0.0;
        }
    }

    fn event(&mut self) {
        let process = self.random.usize(0..self.cut.len());
        let clock = self.fleet.processes[process].clock.clone();
        match self.random.u32(0..10) {
            0..3 => {
                self.fleet.store.lose();
                self.losses += 1;
            }
            3 => clock.suspend(self.random.bool()),
            4 => clock.resume(),
            5 => {
                let jump = secs(self.random.u64(0..300));
                // Nothing shows a suspension if the monotonic clock stands still and the other one is
                // set back.
                match self.random.bool() || clock.has_stood_still() {
                    true => clock.set_wrong(jump, Duration::ZERO),
                    false => clock.set_wrong(Duration::ZERO, jump),
                }
            }
            6 => {
                self.add();
                let calls = self.random.usize(1..60);
                self.call(calls);
            }
            7 => {
                let links = [Link::Cut, Link::OneWay, Link::Refused];
                let link = links[self.random.usize(0..3)];
                self.link(process, link);
            }
            8 => self.link(process, Link::Works),
            _ => {
                // The server crashes and loses the shares, and all processes reach it again later.
                for process in 0..self.cut.len() {
                    self.link(process, Link::Refused);
                }
                self.fleet.store.lose();
            }
        }
    }
}

/// Eight processes at the limit, with more that join at the moment of the loss.
#[tokio::test]
async fn lost_shares_stay_reserved() {
    for outage in [secs(0), secs(3), secs(60)] {
        let mut fleet = Fleet::new(8, 100, INTERVAL);
        for process in 0..8 {
            for _ in 0..250 {
                fleet.call(process, Duration::ZERO, ms(40), ms(40));
            }
        }
        fleet.run_until(secs(45)).await;
        let before = fleet.succeeded();
        if !outage.is_zero() {
            fleet.link(0..8, Link::Refused);
        }
        fleet.run_until(secs(45) + outage).await;
        fleet.store.lose();
        fleet.link(0..8, Link::Works);
        for process in 8..10 {
            fleet.add();
            for _ in 0..100 {
                fleet.call(process, Duration::ZERO, ms(40), ms(40));
            }
        }
        fleet.run_until(secs(75) + outage).await;
        let during = fleet.succeeded() - before;
        let possible = 10 * (outage + secs(30)).as_secs();
        let took = fleet.finish().await;
        println!(
            "{during} of {possible} successes in an outage of {outage:?} and 30 s after it, all \
             2200 after {took:?}"
        );
        assert_eq!((fleet.succeeded(), fleet.refused()), (2200, 0));
        assert!(
            during as u64 * 100 >= possible * 80,
            "{during} of {possible}"
        );
        assert!(took < secs(270), "{took:?}");
    }
}

/// After an outage, processes return at different times, and exchange no more than usual.
#[tokio::test]
async fn processes_return_without_a_stampede() {
    for (processes, loses) in [(8, false), (8, true), (50, true)] {
        let mut fleet = Fleet::new(processes, 100, INTERVAL);
        for process in 0..processes {
            for _ in 0..4000 / processes {
                fleet.call(process, Duration::ZERO, ms(40), ms(40));
            }
        }
        fleet.run_until(secs(60)).await;
        let usual = fleet.exchanges();
        fleet.run_until(secs(70)).await;
        let usual = fleet.exchanges() - usual;
        fleet.link(0..processes, Link::Cut);
        fleet.run_until(secs(100)).await;
        if loses {
            fleet.store.lose();
        }
        fleet.link(0..processes, Link::Works);
        let mut most = 0;
        for second in 101..130 {
            let before = fleet.exchanges();
            fleet.run_until(secs(second)).await;
            most = most.max(fleet.exchanges() - before);
        }
        println!(
            "{processes} processes: {usual} exchanges in an interval before the outage, at most \
             {most} in a second after it"
        );
        // Each process tries again once in an eighth to a quarter of the interval.
        assert!(most <= processes as u64, "{most}");
        assert_eq!(fleet.refused(), 0);
    }
}

/// A process that finds an empty backend sends its first call soon, and later uses the whole limit.
#[tokio::test]
async fn a_new_backend_is_used_at_once() {
    let mut fleet = Fleet::new(1, 100, INTERVAL);
    fleet.store.lose();
    for _ in 0..400 {
        fleet.call(0, Duration::ZERO, ms(40), ms(40));
    }
    let mut counts = Vec::new();
    for at in [6, 31, 119, 200] {
        fleet.run_until(secs(at)).await;
        counts.push(fleet.succeeded());
    }
    println!("successes after 6, 31, 119 and 200 s: {counts:?}");
    assert_eq!(fleet.refused(), 0);
    assert_eq!(counts[0], 1);
    assert!((3..=16).contains(&counts[1]), "{counts:?}");
    assert!((13 * 8..=13 * 9 + 3).contains(&counts[2]), "{counts:?}");
    assert_eq!(counts[3], 400);
}

/// A process that is suspended while the backend loses the shares, for less and for more than the
/// time for which they are reserved.
#[tokio::test]
async fn a_suspended_process_uses_no_share_that_others_have() {
    for (pause, is_frozen) in [(secs(30), false), (secs(200), false), (secs(200), true)] {
        let mut fleet = Fleet::new(8, 100, INTERVAL);
        for process in 0..8 {
            for number in 0..700 {
                // Some are admitted and not sent when their process is suspended.
                let is_held = process < 4 && number % 4 == 0;
                let until_sent = secs(if is_held { 9 } else { 0 });
                fleet.call_later(process, Duration::ZERO, until_sent, ms(40), ms(40));
            }
        }
        fleet.run_until(secs(45)).await;
        for process in &fleet.processes[..4] {
            process.clock.suspend(is_frozen);
        }
        fleet.run_until(secs(46)).await;
        fleet.store.lose();
        fleet.run_until(secs(46) + pause).await;
        for process in &fleet.processes[..4] {
            process.clock.resume();
        }
        let took = fleet.finish().await;
        let withdrawn = fleet.withdrawn.load(Ordering::Relaxed);
        println!("suspended for {pause:?}: {withdrawn} calls waited again, all after {took:?}");
        assert_eq!((fleet.succeeded(), fleet.refused()), (5600, 0));
        assert!(withdrawn > 0);
    }
}

#[tokio::test]
async fn processes_share_the_limit_of_the_token_endpoint() {
    let mut fleet = Fleet::new(0, 5, secs(60));
    fleet.settings = RateLimitSettings::token_endpoint().max_wait(Duration::MAX);
    fleet.declares(false);
    for process in 0..4 {
        fleet.add();
        for _ in 0..10 {
            fleet.call(process, Duration::ZERO, ms(200), ms(200));
        }
    }
    let took = fleet.finish().await;
    println!("40 token requests of 4 processes took {took:?} of at least 420 s");
    assert_eq!((fleet.succeeded(), fleet.refused()), (40, 0));
    assert!(took < secs(660), "{took:?}");
}

/// A process without a part of the daily budget asks for one less and less often.
#[tokio::test]
async fn exchanges_without_budget_are_few() {
    let mut fleet = Fleet::new(0, 100, INTERVAL);
    fleet.settings = fleet.settings.daily(Some(40));
    fleet.declares(false);
    fleet.add();
    fleet.add();
    // The first process reserves a part and cannot report any more.
    fleet.call(0, Duration::ZERO, ms(40), ms(40));
    fleet.run_until(secs(1)).await;
    fleet.link(0..1, Link::Cut);
    for _ in 0..60 {
        fleet.call(1, Duration::ZERO, ms(40), ms(40));
    }
    fleet.run_until(secs(30)).await;
    let before = fleet.exchanges();
    fleet.run_until(secs(90)).await;
    let exchanges = fleet.exchanges() - before;
    println!("{exchanges} exchanges in six intervals");
    assert!(fleet.succeeded() <= 40);
    assert!(exchanges <= 60, "{exchanges}");
}
