//! The share of one process, exchange by exchange.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::shared::{ShareReply, ShareReport};
use super::super::sharing::{Contact, Need, Sharing};
use super::super::window::Window;
use super::{ms, secs};
use crate::time::{Clock, ManualClock};

const INTERVAL: Duration = Duration::from_secs(16);

fn need(queued: usize) -> Need {
    Need {
        queued,
        waits_for_budget: false,
    }
}

/// A process of a limit of 100 requests.
struct Process {
    clock: ManualClock,
    sharing: Sharing,
    window: Window,
}

impl Process {
    fn new() -> Self {
        let clock = ManualClock::new();
        Process {
            sharing: Sharing::new(1, Arc::new(clock.clone())),
            window: Window::new(100, INTERVAL),
            clock,
        }
    }

    /// A process that was just granted a share.
    fn with_share(share: u32) -> Self {
        let mut process = Self::new();
        process.report(40);
        let reply = ShareReply::new(share, 100, INTERVAL);
        let now = process.clock.now();
        process.sharing.exchanged(&reply, &process.window, now);
        process
    }

    fn report(&mut self, queued: usize) -> ShareReport {
        let now = self.clock.now();
        { &mut self.sharing }.report(&self.window, &need(queued), now, false, None)
    }

    fn failed(&mut self) -> Contact {
        self.sharing.failed(INTERVAL, self.clock.now())
    }

    fn limit(&mut self) -> usize {
        self.sharing.update(INTERVAL, self.clock.now());
        self.sharing.limit()
    }

    /// The wait until the next exchange.
    fn wait(&self, need: &Need) -> Option<Duration> {
        let now = self.clock.now();
        let next: Option<Instant> = self.sharing.next(&self.window, need, now);
        next.map(|next| next - now)
    }
}

#[test]
fn share_that_is_not_confirmed_is_used_less_and_then_not_at_all() {
    let mut process = Process::with_share(40);
    for (pause, limit) in [
        (ms(0), 40),
        (secs(24), 40),
        (ms(1), 35),
        (secs(136) - ms(1), 35),
        (ms(1), 0),
    ] {
        process.clock.advance(pause);
        assert_eq!(process.limit(), limit, "{:?}", process.clock.elapsed());
    }
}

#[test]
fn share_is_forgotten_ten_intervals_after_the_backend_was_lost() {
    let mut process = Process::with_share(40);
    let now = process.clock.now();
    assert!(!process.sharing.is_forgotten(INTERVAL, now + secs(1_000)));
    assert!(process.failed() == Contact::Lost);
    assert!(process.failed() == Contact::Unreachable);
    assert!(!process.sharing.is_forgotten(INTERVAL, now + secs(160)));
    assert!(
        process
            .sharing
            .is_forgotten(INTERVAL, now + secs(160) + ms(1))
    );
}

#[test]
fn highest_count_and_refusals_are_reported_once() {
    let mut process = Process::new();
    process.sharing.replied(Some(3), false);
    process.sharing.replied(Some(2), true);
    process.sharing.replied(None, false);
    let report = process.report(1);
    assert_eq!((report.counted, report.refused), (Some(3), true));
    let report = process.report(1);
    assert_eq!((report.counted, report.refused), (None, false));
}

#[test]
fn demand_exceeds_the_waiting_calls_by_a_sixteenth_of_the_limit() {
    let mut process = Process::new();
    let report = process.report(40);
    assert_eq!((report.demand, report.need), (47, 40));
    let report = process.report(99);
    assert_eq!((report.demand, report.need), (100, 99));
    let report = process.report(0);
    assert_eq!((report.demand, report.need), (0, 0));
}

#[test]
fn exchange_is_due_at_once_or_for_more_calls_or_when_it_is_renewed() {
    let process = Process::new();
    assert_eq!(process.wait(&need(0)), None);
    assert_eq!(process.wait(&need(1)), Some(ms(0)));
    let process = Process::with_share(40);
    assert_eq!(process.wait(&need(0)), Some(secs(8)));
    // So many were reported.
    assert_eq!(process.wait(&need(47)), Some(secs(8)));
    assert_eq!(process.wait(&need(48)), Some(ms(250)));
    let budget = Need {
        queued: 1,
        waits_for_budget: true,
    };
    assert_eq!(process.wait(&budget), Some(ms(250)));
    let process = Process::with_share(100);
    assert_eq!(process.wait(&need(48)), Some(secs(8)));
}

#[test]
fn failed_exchange_is_repeated_after_a_random_part_of_the_pause() {
    for _ in 0..100 {
        let mut process = Process::with_share(40);
        process.failed();
        let wait = process.wait(&need(90)).unwrap();
        assert!((ms(1250)..=ms(2500)).contains(&wait), "{wait:?}");
    }
}

#[test]
fn keeper_that_sleeps_beyond_the_next_exchange_is_woken() {
    let mut process = Process::new();
    let now = process.clock.now();
    for (next, is_woken) in [
        (None, false),
        (Some(secs(9)), false),
        (Some(secs(8)), false),
        (Some(secs(7)), true),
    ] {
        process.sharing.keeper_sleeps(now + secs(8));
        process.sharing.wake_keeper(next.map(|wait| now + wait));
        let woken = std::pin::pin!(process.sharing.changed.notified());
        assert_eq!(woken.enable(), is_woken, "{next:?}");
    }
}
