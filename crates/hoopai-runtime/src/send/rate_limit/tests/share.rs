//! The share of one process, exchange by exchange.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::shared::{DailyReport, Excess, ShareReply, ShareReport};
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

    /// An exchange with this reply.
    fn exchange(&mut self, queued: usize, reply: &ShareReply) -> Contact {
        self.report(queued);
        self.sharing
            .exchanged(reply, &self.window, self.clock.now())
    }

    /// Requests without a reply so far.
    fn send(&mut self, requests: usize) {
        for _ in 0..requests {
            self.window.take();
            self.sharing.take();
        }
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

#[test]
fn pause_after_a_failed_exchange_is_a_quarter_of_a_short_interval() {
    for _ in 0..100 {
        let mut process = Process::with_share(40);
        process.sharing.failed(secs(4), process.clock.now());
        let wait = process.wait(&need(90)).unwrap();
        assert!((ms(500)..=ms(1000)).contains(&wait), "{wait:?}");
    }
}

#[test]
fn forecast_expects_the_prospect_while_the_backend_is_reached() {
    let process = Process::new();
    assert_eq!(process.sharing.prospect(77), 77);
    for (prospect, expected) in [(60, 60), (30, 40)] {
        let mut process = Process::new();
        let mut reply = ShareReply::new(40, 100, INTERVAL);
        reply.prospect = prospect;
        process.exchange(40, &reply);
        assert_eq!(process.sharing.prospect(100), expected);
        process.failed();
        assert_eq!(process.sharing.prospect(100), 35);
    }
}

#[test]
fn share_can_grow_up_to_the_prospect_while_the_backend_is_reached() {
    let mut process = Process::with_share(40);
    process.send(30);
    let could_grow =
        |process: &Process, queued| process.sharing.could_grow(&process.window, queued);
    assert!(could_grow(&process, 69) && !could_grow(&process, 70));
    process.failed();
    assert!(!could_grow(&process, 0));
}

#[test]
fn process_is_idle_without_a_share_and_a_report() {
    let mut process = Process::new();
    assert!(process.sharing.is_idle());
    process.exchange(40, &ShareReply::new(0, 100, INTERVAL));
    assert!(!process.sharing.is_idle(), "its demand was reported");
    process.exchange(0, &ShareReply::new(5, 100, INTERVAL));
    assert!(!process.sharing.is_idle(), "it holds a share");
    process.exchange(0, &ShareReply::new(0, 100, INTERVAL));
    assert!(process.sharing.is_idle());
}

#[test]
fn eighth_of_the_share_is_left_for_others_while_the_backend_is_lost() {
    // A single slot is kept if calls without a share are admitted.
    for (without_share, share, limit) in [(1, 40, 35), (1, 9, 7), (1, 1, 1), (0, 1, 0), (5, 1, 1)] {
        let mut process = Process::new();
        process.sharing = Sharing::new(without_share, Arc::new(process.clock.clone()));
        process.exchange(40, &ShareReply::new(share, 100, INTERVAL));
        process.failed();
        assert_eq!(process.limit(), limit, "{without_share} {share}");
    }
}

#[test]
fn process_without_a_share_sends_little_an_interval_after_the_backend_was_lost() {
    let mut process = Process::new();
    process.failed();
    assert_eq!(process.limit(), 0);
    process.clock.advance(secs(14));
    process.failed();
    for (pause, limit) in [
        (secs(2) - ms(1), 0),
        (ms(1), 1),
        // It still runs if it tried within half an interval.
        (secs(6) - ms(1), 1),
        (ms(1), 0),
    ] {
        process.clock.advance(pause);
        assert_eq!(process.limit(), limit, "{:?}", process.clock.elapsed());
    }
}

#[test]
fn process_without_a_share_sends_little_if_no_process_reports_a_lost_one() {
    let mut reply = ShareReply::new(0, 100, INTERVAL);
    reply.is_recovering = true;
    let mut process = Process::new();
    process.exchange(1, &reply);
    assert_eq!(process.limit(), 0);
    process.clock.advance(secs(5) - ms(1));
    process.exchange(1, &reply);
    assert_eq!(process.limit(), 0);
    process.clock.advance(ms(1));
    process.exchange(1, &reply);
    for (pause, limit) in [(ms(0), 1), (secs(24), 1), (ms(1), 0)] {
        process.clock.advance(pause);
        assert_eq!(process.limit(), limit, "{pause:?}");
    }
    process.exchange(1, &reply);
    assert_eq!(process.limit(), 1);
    reply.is_recovering = false;
    process.exchange(1, &reply);
    assert_eq!(process.limit(), 0);
}

#[test]
fn process_in_a_recovery_renews_its_report_soon() {
    let mut process = Process::new();
    for (renew_after, wait) in [(secs(8), secs(5)), (secs(3), secs(3))] {
        let mut reply = ShareReply::new(40, 100, INTERVAL);
        (reply.is_recovering, reply.renew_after) = (true, renew_after);
        process.exchange(40, &reply);
        assert_eq!(process.wait(&need(0)), Some(wait));
    }
}

#[test]
fn whole_share_is_used_after_requests_without_a_share_are_no_longer_counted() {
    for (lost_for, limits) in [(INTERVAL - ms(1), [40, 40, 40]), (INTERVAL, [35, 35, 40])] {
        let mut process = Process::with_share(40);
        assert!(process.failed() == Contact::Lost);
        process.clock.advance(lost_for);
        let contact = process.exchange(40, &ShareReply::new(40, 100, INTERVAL));
        assert!(contact == Contact::Recovered(lost_for));
        for (pause, limit) in [ms(0), secs(24) - ms(1), ms(1)].into_iter().zip(limits) {
            process.clock.advance(pause);
            assert_eq!(process.limit(), limit, "{lost_for:?} {pause:?}");
        }
        let contact = process.exchange(40, &ShareReply::new(40, 100, INTERVAL));
        assert!(contact == Contact::Reached);
    }
}

#[test]
fn requested_share_is_reported_at_once_with_what_is_occupied_beyond() {
    let mut process = Process::new();
    let mut reply = ShareReply::new(40, 100, INTERVAL);
    reply.target = 10;
    process.exchange(40, &reply);
    process.send(30);
    let now = process.clock.now();
    for _ in 0..5 {
        process.window.replied(now);
    }
    process.clock.advance(secs(4));
    assert_eq!(process.wait(&need(1)), Some(ms(0)));
    let report = process.report(40);
    let excess = [Excess::new(Some(secs(12)), 5), Excess::new(None, 15)];
    assert_eq!((report.share, &report.excess[..]), (10, &excess[..]));
    assert_eq!((process.limit(), report.number), (10, 2));
    // What was asked for once is not asked for again.
    process
        .sharing
        .exchanged(&ShareReply::new(20, 100, INTERVAL), &process.window, now);
    assert_eq!(process.report(40).share, 20);
}

#[test]
fn share_beyond_the_demand_is_returned_if_the_backend_is_reached() {
    for (is_lost, share) in [(false, 27), (true, 40)] {
        let mut process = Process::with_share(40);
        process.send(20);
        if is_lost {
            process.failed();
        }
        let report = process.report(0);
        assert_eq!((report.demand, report.share), (27, share), "{is_lost}");
    }
}

#[test]
fn waiting_calls_need_slots_beyond_those_that_stay_taken() {
    let mut process = Process::with_share(40);
    process.send(15);
    let now = process.clock.now();
    for _ in 0..10 {
        process.window.replied(now);
    }
    process.clock.advance(secs(9));
    let report = process.report(0);
    assert_eq!((report.need, report.demand), (15, 22));
    let report = process.report(3);
    assert_eq!((report.need, report.demand), (8, 25));
}

#[test]
fn requests_since_the_last_report_are_a_demand() {
    let mut process = Process::with_share(40);
    process.send(1);
    process.window.replied(process.clock.now());
    assert_eq!(process.report(0).demand, 8);
    assert_eq!(process.report(0).demand, 0);
}

#[test]
fn nothing_is_reported_without_a_share_and_without_need() {
    let mut process = Process::new();
    process.exchange(40, &ShareReply::new(0, 100, INTERVAL));
    // The reported demand is withdrawn, unless the backend cannot be reached.
    assert_eq!(process.wait(&need(0)), Some(secs(8)));
    process.failed();
    assert_eq!(process.wait(&need(0)), None);
    assert!(process.wait(&need(1)).is_some());
    let mut process = Process::with_share(40);
    process.failed();
    assert!(process.wait(&need(0)).is_some(), "it holds a share");
}

#[test]
fn last_report_returns_everything() {
    let mut process = Process::with_share(40);
    process.send(3);
    let now = process.clock.now();
    let report = process.sharing.last_report(&process.window, now);
    assert_eq!((report.share, report.demand, report.need), (0, 0, 0));
    assert_eq!(report.excess, [Excess::new(None, 3)]);
    assert_eq!(report.number, 2);
}

#[test]
fn part_of_the_daily_budget_is_used_and_reported() {
    let mut process = Process::new();
    let daily = DailyReport::new(1_000, secs(60));
    let report = |process: &mut Process| {
        let now = process.clock.now();
        let Process {
            sharing, window, ..
        } = process;
        let report = sharing.report(window, &need(1), now, false, Some(daily));
        report.daily.unwrap()
    };
    let first = report(&mut process);
    assert_eq!(
        (first.reserved, first.admitted, first.budget),
        (0, 0, 1_000)
    );
    assert!(!process.sharing.is_out_of_budget(), "it is not known yet");
    // Two requests are admitted before the reply.
    process.send(2);
    let reply = ShareReply::new(40, 100, INTERVAL).with_daily(900, 5, secs(60));
    process
        .sharing
        .exchanged(&reply, &process.window, process.clock.now());
    process.send(2);
    assert!(!process.sharing.is_out_of_budget());
    process.send(1);
    assert!(process.sharing.is_out_of_budget());
    process.sharing.release();
    assert!(!process.sharing.is_out_of_budget());
    let second = report(&mut process);
    assert_eq!((second.reserved, second.admitted), (1, 5));
}

#[test]
fn exchanges_without_a_part_of_the_budget_become_rare() {
    let mut process = Process::new();
    let budget = Need {
        queued: 1,
        waits_for_budget: true,
    };
    let mut reply = ShareReply::new(40, 100, INTERVAL).with_daily(0, 0, secs(600));
    reply.renew_after = secs(100);
    for millis in [500, 1000, 2000, 4000, 8000, 16_000, 16_000] {
        process.exchange(1, &reply);
        assert_eq!(process.wait(&budget), Some(ms(millis)));
    }
    let mut issued = reply.clone().with_daily(9, 1, secs(600));
    issued.renew_after = secs(100);
    process.exchange(1, &issued);
    assert_eq!(process.wait(&budget), Some(ms(250)));
}

#[test]
fn there_is_one_keeper_at_a_time() {
    let mut process = Process::new();
    assert!(process.sharing.claim_keeper());
    assert!(!process.sharing.claim_keeper());
    let now = process.clock.now();
    process.sharing.keeper_sleeps(now + secs(8));
    process.sharing.keeper_ended();
    // None sleeps that could be woken.
    process.sharing.wake_keeper(Some(now));
    assert!(!std::pin::pin!(process.sharing.changed.notified()).enable());
    assert!(process.sharing.claim_keeper());
}

#[test]
fn share_that_ended_is_counted() {
    let mut process = Process::with_share(40);
    for (pause, ended) in [(secs(24), 0), (ms(1), 1), (secs(9), 1), (secs(200), 2)] {
        process.clock.advance(pause);
        process.limit();
        assert_eq!(process.sharing.ended(), ended, "{pause:?}");
    }
    // A share that is lost is asked for again at once.
    assert_eq!(process.wait(&need(1)), Some(ms(0)));
}

#[test]
fn process_that_runs_keeps_its_part_while_the_backend_is_lost() {
    let mut process = Process::with_share(40);
    for _ in 0..30 {
        process.failed();
        process.clock.advance(secs(20));
        assert_eq!(process.limit(), 35);
    }
    // One that stood still for longer than the full use of a share does not.
    process.failed();
    process.clock.advance(secs(24) + ms(1));
    assert_eq!(process.limit(), 0);
}
