//! The limit learnt from refusals, step by step.

use std::time::{Duration, Instant};

use super::super::aimd::Aimd;
use super::{ms, secs};

const DECLARED: usize = 200;
const INTERVAL: Duration = Duration::from_secs(16);

fn refused(aimd: &mut Aimd, used: usize, recovering: bool, now: Instant) {
    aimd.refused(DECLARED, used, INTERVAL, recovering, now);
}

#[test]
fn refusal_halves_the_requests_in_the_window() {
    let now = Instant::now();
    for (used, max) in [(7, DECLARED), (8, 4), (9, 4), (100, 50), (300, 100)] {
        let mut aimd = Aimd::default();
        refused(&mut aimd, used, false, now);
        assert_eq!(aimd.max(DECLARED), max, "{used}");
        assert_eq!(aimd.is_inactive(), max == DECLARED, "{used}");
    }
}

#[test]
fn later_refusal_halves_the_learnt_limit_down_to_a_floor() {
    let now = Instant::now();
    let mut aimd = Aimd::default();
    let mut limits = Vec::new();
    for _ in 0..6 {
        refused(&mut aimd, 100, false, now);
        limits.push(aimd.max(DECLARED));
    }
    assert_eq!(limits, [50, 25, 12, 6, 4, 4]);
}

#[test]
fn refused_probe_counts_only_after_an_interval() {
    let now = Instant::now();
    for (after, max) in [
        (Duration::ZERO, 50),
        (INTERVAL - ms(1), 50),
        (INTERVAL, 25),
        (INTERVAL + ms(1), 25),
    ] {
        let mut aimd = Aimd::default();
        refused(&mut aimd, 100, false, now);
        refused(&mut aimd, 100, true, now + after);
        assert_eq!(aimd.max(DECLARED), max, "{after:?}");
    }
}

#[test]
fn successes_raise_the_limit_once_in_a_sixteenth_of_an_interval() {
    let now = Instant::now();
    let mut aimd = Aimd::default();
    refused(&mut aimd, 100, false, now);
    for (at, max) in [
        (ms(0), 50),
        (ms(999), 50),
        (ms(1000), 52),
        (ms(1001), 52),
        (ms(1999), 52),
        (ms(2000), 54),
        (secs(60), 56),
    ] {
        aimd.succeeded(DECLARED, INTERVAL, now + at);
        assert_eq!(aimd.max(DECLARED), max, "{at:?}");
    }
}

#[test]
fn small_limits_rise_by_one() {
    let now = Instant::now();
    let mut aimd = Aimd::default();
    aimd.refused(20, 20, INTERVAL, false, now);
    aimd.succeeded(20, INTERVAL, now + secs(1));
    assert_eq!(aimd.max(20), 11);
}

#[test]
fn declared_limit_ends_the_learning() {
    let now = Instant::now();
    let mut aimd = Aimd::default();
    refused(&mut aimd, DECLARED, false, now);
    let mut steps = 0;
    while !aimd.is_inactive() {
        steps += 1;
        aimd.succeeded(DECLARED, INTERVAL, now + secs(steps));
    }
    assert_eq!(steps, 50);
    assert_eq!(aimd.max(DECLARED), DECLARED);
    assert_eq!(aimd.next_slot(0, INTERVAL), None);
}

#[test]
fn requests_are_spread_over_the_interval() {
    let now = Instant::now();
    let mut aimd = Aimd::default();
    assert_eq!(aimd.next_slot(0, INTERVAL), None);
    refused(&mut aimd, 8, false, now);
    // Four in sixteen seconds.
    assert_eq!(aimd.next_slot(0, INTERVAL), Some(now + secs(4)));
    assert_eq!(aimd.next_slot(2, INTERVAL), Some(now + secs(12)));
    aimd.take(now + secs(5));
    assert_eq!(aimd.next_slot(0, INTERVAL), Some(now + secs(9)));
}
