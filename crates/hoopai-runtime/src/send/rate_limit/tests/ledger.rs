//! The division of a limit among processes, report by report.

use std::time::Duration;

use super::super::shared::{DailyReport, Excess, FORGOTTEN_AFTER, Ledger, ShareReply, ShareReport};
use super::{ms, secs};

const INTERVAL: Duration = Duration::from_secs(8);

/// The begin of the 126th interval of the ledger's clock.
const START: Duration = Duration::from_secs(1000);

/// A process that has what the last reply granted.
struct Process(ShareReport);

impl Process {
    /// Needs all that it demands.
    fn new(client: u64, max: u32, demand: u32) -> Self {
        let mut report = ShareReport::new(client, max, INTERVAL);
        (report.demand, report.need) = (demand, demand);
        Process(report)
    }

    /// Sends a report at `START + at`.
    fn report(&mut self, ledger: &mut Ledger, at: Duration) -> ShareReply {
        let reply = ledger.exchange(START + at, &self.0);
        self.0.number += 1;
        self.0.share = reply.share;
        reply
    }

    fn share(&mut self, ledger: &mut Ledger, at: Duration) -> u32 {
        self.report(ledger, at).share
    }

    /// Lowers the share, and occupies slots beyond it.
    fn lower(&mut self, share: u32, excess: &[(Option<Duration>, u32)]) {
        self.0.share = share;
        let excess = excess.iter();
        self.0.excess = excess
            .map(|(end, slots)| Excess::new(*end, *slots))
            .collect();
    }

    fn daily(&mut self, budget: u64, resets_in: Duration) -> &mut DailyReport {
        let new = DailyReport::new(budget, resets_in);
        self.0.daily.get_or_insert(new)
    }
}

#[test]
fn share_is_lowered_for_processes_with_less_than_their_part() {
    let mut ledger = Ledger::new();
    let (mut one, mut other) = (Process::new(1, 100, 60), Process::new(2, 100, 60));
    let reply = one.report(&mut ledger, ms(0));
    assert_eq!((reply.share, reply.target, reply.prospect), (60, 60, 100));
    assert_eq!(
        (reply.members, reply.max, reply.interval),
        (1, 100, INTERVAL)
    );
    assert!(!reply.is_recovering);
    let reply = other.report(&mut ledger, ms(0));
    assert_eq!((reply.share, reply.target, reply.prospect), (40, 40, 50));
    assert_eq!(reply.members, 2);
    let reply = one.report(&mut ledger, ms(0));
    assert_eq!((reply.share, reply.target), (60, 50));
    one.lower(reply.target, &[]);
    one.report(&mut ledger, ms(0));
    assert_eq!(other.share(&mut ledger, ms(0)), 50);
    // Each has its part now.
    let reply = one.report(&mut ledger, ms(0));
    assert_eq!((reply.share, reply.target), (50, 50));
}

#[test]
fn needs_are_met_before_demands() {
    let mut ledger = Ledger::new();
    let (mut one, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 100));
    (one.0.need, other.0.need) = (10, 80);
    assert_eq!(one.share(&mut ledger, ms(0)), 100);
    assert_eq!(other.share(&mut ledger, ms(0)), 0);
    // The ten slots that none needs are divided.
    assert_eq!(one.report(&mut ledger, ms(0)).target, 15);
    one.lower(15, &[]);
    one.report(&mut ledger, ms(0));
    assert_eq!(other.share(&mut ledger, ms(0)), 85);
}

#[test]
fn need_beyond_demand_or_limit_has_no_effect() {
    let mut ledger = Ledger::new();
    let (mut one, mut other) = (Process::new(1, 100, 900), Process::new(2, 100, 20));
    other.0.need = 90;
    one.report(&mut ledger, ms(0));
    other.report(&mut ledger, ms(0));
    assert_eq!(one.report(&mut ledger, ms(0)).target, 80);
}

#[test]
fn too_few_slots_rotate() {
    // The interval, and who has no slot in it.
    for (interval, without) in [(1, 2), (2, 1), (3, 0), (4, 2)] {
        let mut ledger = Ledger::new();
        let at = INTERVAL * interval;
        let mut all = [1, 2, 3].map(|client| Process::new(client, 2, 1));
        let shares = all.each_mut().map(|it| it.share(&mut ledger, at));
        assert_eq!(shares, [1, 1, 0]);
        let targets = all.each_mut().map(|it| it.report(&mut ledger, at).target);
        let expected = [0, 1, 2].map(|n| u32::from(n != without && n != 2));
        assert_eq!(targets, expected, "{interval}");
    }
}

#[test]
fn silent_process_is_forgotten_after_active_time() {
    let mut ledger = Ledger::new();
    let (mut silent, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 100));
    silent.report(&mut ledger, ms(0));
    // No process reported for an hour: that counts as one interval.
    let resumed = secs(3600);
    assert_eq!(other.share(&mut ledger, resumed), 0);
    for passed in 1..FORGOTTEN_AFTER {
        let share = other.share(&mut ledger, resumed + INTERVAL * passed);
        assert_eq!(share, 0, "{passed}");
    }
    let reply = other.report(&mut ledger, resumed + INTERVAL * FORGOTTEN_AFTER);
    assert_eq!((reply.share, reply.members), (100, 1));
}

#[test]
fn silent_process_keeps_what_it_holds() {
    let mut ledger = Ledger::new();
    let (mut silent, mut other) = (Process::new(1, 100, 70), Process::new(2, 100, 100));
    let renew_after = silent.report(&mut ledger, ms(0)).renew_after;
    other.report(&mut ledger, ms(0));
    // It is late by up to half an interval.
    let late = renew_after + INTERVAL / 2;
    assert_eq!(other.report(&mut ledger, late).prospect, 50);
    assert_eq!(other.report(&mut ledger, late + ms(1)).prospect, 30);
}

#[test]
fn delayed_report_changes_nothing() {
    let mut ledger = Ledger::new();
    let mut process = Process::new(1, 100, 60);
    let mut delayed = process.0.clone();
    process.report(&mut ledger, ms(0));
    process.report(&mut ledger, ms(0));
    for number in [1, 2] {
        (delayed.number, delayed.demand) = (number, 0);
        let before = ledger.clone();
        assert_eq!(ledger.exchange(START, &delayed).share, 60);
        assert_eq!(ledger, before);
    }
    delayed.number = 3;
    assert_eq!(ledger.exchange(START, &delayed).share, 0);
}

#[test]
fn declared_limit_counts_more_than_settings() {
    let mut ledger = Ledger::new();
    for (client, max, declared, expected) in [
        (1, 0, false, 1),
        (2, 100, false, 100),
        (3, 50, true, 50),
        (4, 100, false, 50),
        (5, 70, true, 70),
    ] {
        let mut process = Process::new(client, max, 0);
        process.0.declared = declared;
        assert_eq!(process.report(&mut ledger, ms(0)).max, expected);
    }
}

#[test]
fn lost_shares_are_reserved_until_none_can_be_in_use() {
    let before = |intervals| INTERVAL * intervals - ms(1);
    let mut ledger = Ledger::recovering(START);
    let mut process = Process::new(1, 100, 100);
    for (at, share, is_recovering) in [
        (ms(0), 0, true),
        (before(3), 0, true),
        // An eighth is never used without a confirmation.
        (INTERVAL * 3, 13, false),
        (before(FORGOTTEN_AFTER), 13, false),
        (INTERVAL * FORGOTTEN_AFTER, 100, false),
    ] {
        let reply = process.report(&mut ledger, at);
        assert_eq!(
            (reply.share, reply.is_recovering),
            (share, is_recovering),
            "{at:?}"
        );
    }
}

#[test]
fn reported_shares_of_a_lost_ledger_are_divided_after_an_interval() {
    let mut ledger = Ledger::recovering(START);
    let (mut one, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 100));
    one.0.share = 40;
    let reply = one.report(&mut ledger, ms(0));
    assert_eq!(
        (reply.share, reply.target, reply.is_recovering),
        (40, 40, false)
    );
    assert_eq!(other.share(&mut ledger, ms(0)), 0);
    // None is asked for slots, and those that are returned are not given.
    one.lower(10, &[]);
    let reply = one.report(&mut ledger, INTERVAL - ms(1));
    assert_eq!((reply.share, reply.target), (10, 10));
    assert_eq!(other.share(&mut ledger, INTERVAL - ms(1)), 0);
    assert_eq!(other.share(&mut ledger, INTERVAL), 20);
    assert_eq!(one.share(&mut ledger, INTERVAL), 20);
    // Then an eighth of the other sixty.
    other.0.demand = 1000;
    let sum = one.share(&mut ledger, INTERVAL * 3) + other.share(&mut ledger, INTERVAL * 3);
    assert_eq!(sum, 48);
}

#[test]
fn share_of_another_ledger_begins_a_recovery() {
    let mut ledger = Ledger::new();
    let mut known = Process::new(1, 100, 60);
    known.report(&mut ledger, ms(0));
    let mut foreign = Process::new(2, 100, 30);
    foreign.0.share = 30;
    assert_eq!(foreign.share(&mut ledger, ms(0)), 30);
    assert_eq!(known.share(&mut ledger, ms(0)), 60);
    let mut new = Process::new(3, 100, 100);
    // Ninety were reported. Of the other ten, an eighth is free after three intervals.
    for (at, share) in [(ms(0), 0), (INTERVAL * 3 - ms(1), 0), (INTERVAL * 3, 2)] {
        known.report(&mut ledger, at);
        foreign.report(&mut ledger, at);
        assert_eq!(new.share(&mut ledger, at), share, "{at:?}");
    }
    // More than the limit is never divided.
    let mut ledger = Ledger::recovering(START);
    let mut large = Process::new(1, 100, 100);
    large.0.share = 300;
    large.report(&mut ledger, ms(0));
    large.lower(0, &[]);
    large.0.demand = 0;
    large.report(&mut ledger, INTERVAL);
    let mut new = Process::new(2, 100, 900);
    assert_eq!(new.share(&mut ledger, INTERVAL), 100);
}

#[test]
fn use_by_other_programs_is_reserved_for_an_interval() {
    let mut ledger = Ledger::new();
    let (mut one, mut other) = (Process::new(1, 100, 60), Process::new(2, 100, 100));
    one.report(&mut ledger, ms(0));
    one.0.counted = Some(80);
    one.report(&mut ledger, ms(0));
    one.0.counted = None;
    assert_eq!(other.share(&mut ledger, ms(0)), 20);
    assert_eq!(other.share(&mut ledger, INTERVAL - ms(1)), 20);
    assert_eq!(other.share(&mut ledger, INTERVAL), 40);
}

#[test]
fn refusal_reserves_an_eighth_unless_others_are_counted() {
    for (counted, free) in [(None, 87), (Some(5), 87), (Some(13), 87), (Some(30), 70)] {
        let mut ledger = Ledger::new();
        let mut refused = Process::new(1, 100, 0);
        (refused.0.counted, refused.0.refused) = (counted, true);
        refused.report(&mut ledger, ms(0));
        // The second refusal is explained by what is reserved.
        refused.report(&mut ledger, ms(0));
        let mut other = Process::new(2, 100, 100);
        assert_eq!(other.share(&mut ledger, ms(0)), free, "{counted:?}");
    }
}

#[test]
fn slots_beyond_a_share_are_free_at_their_end() {
    let mut ledger = Ledger::new();
    let (mut one, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 100));
    one.report(&mut ledger, ms(0));
    one.lower(50, &[(Some(secs(4)), 30), (None, 20)]);
    one.0.demand = 50;
    one.report(&mut ledger, ms(0));
    for (at, share) in [(ms(0), 0), (ms(3999), 0), (secs(4), 30), (secs(9), 30)] {
        assert_eq!(other.share(&mut ledger, at), share, "{at:?}");
    }
    // The last ones are free once their process reports them no more.
    one.lower(50, &[]);
    one.report(&mut ledger, secs(9));
    assert_eq!(other.share(&mut ledger, secs(9)), 50);
}

#[test]
fn slots_beyond_a_share_become_part_of_a_larger_one() {
    // The new demand, and what is free at the end of thirty slots.
    for (demand, free) in [(50, 30), (60, 30), (70, 30), (80, 20), (100, 0)] {
        let mut ledger = Ledger::new();
        let (mut one, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 100));
        one.report(&mut ledger, ms(0));
        one.lower(50, &[(Some(secs(2)), 30), (None, 20)]);
        one.0.demand = demand;
        one.0.need = demand;
        assert_eq!(one.share(&mut ledger, ms(0)), demand);
        assert_eq!(other.share(&mut ledger, ms(0)), 0, "{demand}");
        assert_eq!(other.share(&mut ledger, secs(2)), free, "{demand}");
    }
}

#[test]
fn ledger_is_idle_without_shares_slots_and_budget() {
    assert!(Ledger::new().is_idle(START));
    let mut ledger = Ledger::new();
    let mut process = Process::new(1, 100, 1);
    process.report(&mut ledger, ms(0));
    assert!(!ledger.is_idle(START));
    process.lower(0, &[(Some(secs(2)), 1)]);
    process.0.demand = 0;
    process.report(&mut ledger, ms(0));
    assert!(!ledger.is_idle(START + ms(1999)));
    assert!(ledger.is_idle(START + secs(2)));
    process.daily(50, secs(5));
    process.report(&mut ledger, secs(2));
    assert!(!ledger.is_idle(START + ms(6999)));
    assert!(ledger.is_idle(START + secs(7)));
}

#[test]
fn idle_process_is_forgotten_after_an_interval() {
    let mut ledger = Ledger::new();
    Process::new(1, 100, 0).report(&mut ledger, ms(0));
    let mut other = Process::new(2, 100, 0);
    other.report(&mut ledger, INTERVAL);
    let with_both = format!("{ledger:?}");
    other.report(&mut ledger, INTERVAL + ms(1));
    let clients = |text: &str| text.matches("Client {").count();
    assert_eq!(
        (clients(&with_both), clients(&format!("{ledger:?}"))),
        (2, 1)
    );
}

#[test]
fn reports_are_as_frequent_as_the_limit_needs() {
    for (max, members, millis) in [(100, 1, 2000), (10, 1, 5000), (4, 1, 8000), (20, 3, 7500)] {
        let mut ledger = Ledger::new();
        let mut last = Duration::ZERO;
        for client in 0..members {
            let mut process = Process::new(client, max, 1);
            last = process.report(&mut ledger, ms(0)).renew_after;
        }
        assert_eq!(last, ms(millis), "{max} {members}");
    }
}

#[test]
fn process_with_too_little_reports_when_slots_are_free() {
    // A little later than that, and not too often.
    let margin = INTERVAL / 128;
    for (at, wait) in [(ms(1000), ms(4000)), (ms(4999), INTERVAL / 16 - margin)] {
        let mut ledger = Ledger::new();
        let (mut one, mut other) = (Process::new(1, 10, 10), Process::new(2, 10, 10));
        assert_eq!(one.report(&mut ledger, ms(0)).renew_after, ms(5000));
        assert_eq!(other.report(&mut ledger, at).renew_after, wait + margin);
    }
    // Slots in excess, or of other programs, that end sooner.
    for is_excess in [true, false] {
        let mut ledger = Ledger::new();
        let (mut one, mut other) = (Process::new(1, 10, 10), Process::new(2, 10, 10));
        let at = if is_excess {
            one.report(&mut ledger, ms(0));
            one.lower(5, &[(Some(secs(3)), 5)]);
            one.0.demand = 5;
            one.report(&mut ledger, ms(0));
            secs(1)
        } else {
            one.0.demand = 8;
            one.report(&mut ledger, ms(0));
            one.0.counted = Some(10);
            one.report(&mut ledger, ms(0));
            one.0.counted = None;
            one.report(&mut ledger, secs(5));
            secs(6)
        };
        let wait = other.report(&mut ledger, at).renew_after;
        assert_eq!(wait, secs(2) + margin, "{is_excess}");
    }
}

#[test]
fn daily_budget_is_divided_by_halves_of_equal_parts() {
    let mut ledger = Ledger::new();
    let (mut one, mut other) = (Process::new(1, 100, 50), Process::new(2, 100, 50));
    let day = secs(1000);
    one.daily(50, day);
    let reply = one.report(&mut ledger, ms(0)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved, reply.resets_in), (50, 25, day));
    // It sends ten of them.
    (one.daily(50, day).admitted, one.daily(50, day).reserved) = (10, 15);
    let reply = one.report(&mut ledger, secs(1)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved), (40, 20));
    assert_eq!(reply.resets_in, day - secs(1));
    // Requests of another ledger are not counted again.
    other.daily(50, day).admitted = 7;
    let reply = other.report(&mut ledger, secs(1)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved), (40, 5));
    // A process that does not call holds nothing.
    (one.0.demand, one.0.share) = (0, 0);
    one.daily(50, day).reserved = 20;
    let reply = one.report(&mut ledger, secs(1)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved), (40, 0));
    // A new day starts.
    let reply = other.report(&mut ledger, day - ms(1)).daily.unwrap();
    assert_eq!(reply.left, 40);
    let reply = other.report(&mut ledger, day).daily.unwrap();
    assert_eq!((reply.left, reply.resets_in), (50, day));
}

#[test]
fn reported_daily_budget_replaces_the_count() {
    let mut ledger = Ledger::new();
    let mut process = Process::new(1, 100, 50);
    process.daily(50, secs(1000));
    process.report(&mut ledger, ms(0));
    process.0.daily = Some(DailyReport {
        left: Some(9),
        ..DailyReport::new(50, secs(300))
    });
    let reply = process.report(&mut ledger, ms(0)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved), (9, 4));
    assert_eq!(reply.resets_in, secs(300));
    // The last one is given too.
    process.daily(50, secs(300)).left = Some(1);
    let reply = process.report(&mut ledger, ms(0)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved), (1, 1));
    process.daily(50, secs(300)).left = Some(0);
    let reply = process.report(&mut ledger, ms(0)).daily.unwrap();
    assert_eq!((reply.left, reply.reserved), (0, 0));
}

#[test]
fn daily_budget_of_a_forgotten_process_is_used_up() {
    let mut ledger = Ledger::new();
    let (mut silent, mut other) = (Process::new(1, 100, 50), Process::new(2, 100, 50));
    let day = secs(10_000);
    silent.daily(50, day).reserved = 25;
    silent.report(&mut ledger, ms(0));
    other.daily(50, day);
    for passed in 0..=FORGOTTEN_AFTER {
        let reply = other.report(&mut ledger, INTERVAL * passed);
        assert_eq!(reply.daily.unwrap().left, 50, "{passed}");
    }
    let reply = other.report(&mut ledger, INTERVAL * (FORGOTTEN_AFTER + 1));
    assert_eq!(reply.daily.unwrap().left, 25);
}

#[test]
fn slots_that_ended_within_an_interval_explain_a_count() {
    // They ended at 4 s, and replies count them for 8 s.
    for between in [None, Some(secs(5))] {
        for (at, share) in [(secs(4), 40), (ms(11_999), 40), (secs(12), 0)] {
            let mut ledger = Ledger::new();
            let (mut one, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 10));
            one.report(&mut ledger, ms(0));
            one.lower(50, &[(Some(secs(4)), 50)]);
            one.0.demand = 50;
            one.report(&mut ledger, ms(0));
            if let Some(between) = between
                && between < at
            {
                one.lower(50, &[]);
                one.report(&mut ledger, between);
            }
            other.0.counted = Some(100);
            other.report(&mut ledger, at);
            let mut new = Process::new(3, 100, 100);
            assert_eq!(new.share(&mut ledger, at), share, "{between:?} {at:?}");
        }
    }
}

#[test]
fn silent_process_that_waits_or_occupies_slots_is_remembered() {
    for (demand, excess) in [(10, 0), (0, 30)] {
        let mut ledger = Ledger::new();
        let (mut silent, mut other) = (Process::new(1, 100, 100), Process::new(2, 100, 100));
        silent.report(&mut ledger, ms(0));
        silent.lower(0, &[(None, excess)]);
        if excess == 0 {
            silent.lower(0, &[]);
            // All is taken, so it waits.
            let mut holder = Process::new(3, 100, 100);
            silent.0.demand = 0;
            silent.report(&mut ledger, ms(0));
            holder.report(&mut ledger, ms(0));
        }
        silent.0.demand = demand;
        silent.report(&mut ledger, ms(0));
        let clients = |ledger: &Ledger| format!("{ledger:?}").matches("Client {").count();
        for passed in 1..=FORGOTTEN_AFTER {
            other.report(&mut ledger, INTERVAL * passed);
            let expected = 2 + usize::from(excess == 0);
            assert_eq!(clients(&ledger), expected, "{demand} {excess} {passed}");
        }
        other.report(&mut ledger, INTERVAL * (FORGOTTEN_AFTER + 1));
        assert_eq!(clients(&ledger), 1, "{demand} {excess}");
    }
}
