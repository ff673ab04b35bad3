//! The state, with what several of its parts decide together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::shared::{ShareReply, ShareReport};
use super::super::sharing::Contact;
use super::super::state::{Admission, RequestOutcome, State};
use super::super::ticket::{Ticket, Verdict};
use super::super::{Permit, RateLimitSettings};
use super::{Fixture, NONE, headers, ms, secs};
use crate::time::{Clock, ManualClock};

#[tokio::test]
async fn only_a_refusal_that_nothing_explains_lowers_the_limit() {
    for (pairs, max) in [
        (NONE, 10),
        (&[("retry-after", "1")], 10),
        (&[("x-ratelimit-daily-remaining", "7")], 10),
        (&[("x-ratelimit-remaining", "7")], 10),
        (&[("x-ratelimit-remaining", "0")], 100),
        (&[("x-ratelimit-max", "100")], 100),
        (&[("x-ratelimit-daily-remaining", "0")], 100),
    ] {
        let fixture = Fixture::of(100);
        let straggler = fixture.now().await;
        for _ in 0..19 {
            fixture.call(200, NONE).await;
        }
        fixture.call(429, pairs).await;
        assert_eq!(fixture.limiter.snapshot().max, max, "{pairs:?}");
        // Another refusal of the same burst.
        fixture.answer(straggler, 429, NONE);
        assert_eq!(fixture.limiter.snapshot().max, max, "{pairs:?}");
    }
}

/// A limiter that has learnt a limit of ten, at nine seconds.
async fn lowered() -> Fixture {
    let fixture = Fixture::of(100);
    let slow = fixture.now().await;
    for _ in 0..20 {
        fixture.call(200, NONE).await;
    }
    fixture.clock.advance(secs(9));
    fixture.answer(slow, 429, NONE);
    assert_eq!(fixture.limiter.snapshot().max, 10);
    fixture
}

#[tokio::test]
async fn refused_probe_lowers_the_limit_only_after_an_interval() {
    let fixture = lowered().await;
    for (pause, max) in [(secs(2), 10), (secs(8), 5)] {
        fixture.clock.advance(pause);
        fixture.call(429, NONE).await;
        assert_eq!(fixture.limiter.snapshot().max, max, "{pause:?}");
    }
}

#[tokio::test]
async fn refusal_after_the_recovery_lowers_the_limit_at_once() {
    let fixture = lowered().await;
    fixture.clock.advance(secs(1));
    for max in 11..=15 {
        fixture.clock.advance(secs(1));
        fixture.call(200, NONE).await;
        assert_eq!(fixture.limiter.snapshot().max, max);
    }
    fixture.clock.advance(secs(1));
    fixture.call(429, NONE).await;
    assert_eq!(fixture.limiter.snapshot().max, 7);
}

/// Requests in each tenth of a second to a server that counts them when they are sent.
struct Steady {
    fixture: Fixture,
    /// The time between admission and sending.
    late: Duration,
    /// The error of the server's counts.
    error: usize,
    sent: Vec<Duration>,
    in_flight: VecDeque<(Permit, usize)>,
}

impl Steady {
    fn new(settings: RateLimitSettings) -> Self {
        Steady {
            fixture: Fixture::new(settings.max(1000).daily(None)),
            late: Duration::ZERO,
            error: 0,
            sent: Vec::new(),
            in_flight: VecDeque::new(),
        }
    }

    async fn send(&mut self) {
        let mut permit = self.fixture.now().await;
        self.fixture.clock.advance(self.late);
        permit.sent();
        let now = self.fixture.clock.elapsed();
        self.sent.push(now);
        let counted = self.sent.iter().filter(|at| **at + secs(10) > now).count();
        self.in_flight
            .push_back((permit, 1000 - counted - self.error));
    }

    fn reply(&mut self) {
        let (mut permit, left) = self.in_flight.pop_front().unwrap();
        let left = left.to_string();
        permit.complete(200, &headers(&[("x-ratelimit-remaining", &left)]));
    }

    /// Each reply takes a second.
    async fn run(&mut self) {
        for step in 0..300 {
            if step >= 10 {
                self.reply();
            }
            self.send().await;
            self.fixture.clock.advance(ms(100) - self.late);
        }
        while !self.in_flight.is_empty() {
            self.reply();
            self.fixture.clock.advance(ms(100));
        }
    }

    /// The slots that are taken this long after the last request was sent.
    fn taken(&self, after: Duration) -> usize {
        let at = *self.sent.last().unwrap() + after;
        self.fixture
            .clock
            .advance(at - self.fixture.clock.elapsed());
        self.fixture.limiter.snapshot().in_window
    }
}

#[tokio::test]
async fn slots_are_free_an_interval_after_sending_if_replies_show_that_it_counts() {
    let steady = RateLimitSettings::default();
    // The margin is a 64th of the interval.
    let mut counted = Steady::new(steady.clone());
    counted.run().await;
    assert_eq!(counted.taken(ms(10_156)), 1);
    assert_eq!(counted.taken(ms(10_157)), 0);
    // The replies are evidence only if sending is recorded, counts are right, and the limits are
    // those of the server.
    let mut late = Steady::new(steady.clone());
    late.late = ms(20);
    let mut wrong = Steady::new(steady.clone());
    wrong.error = 5;
    let fixed = Steady::new(steady.fixed(true));
    for mut other in [late, wrong, fixed] {
        other.run().await;
        let taken = other.taken(ms(10_200));
        assert!(taken >= 8, "{taken}");
    }
}

#[tokio::test]
async fn much_slower_reply_is_no_evidence_of_when_its_request_was_counted() {
    for (seconds, is_usual) in [(6, true), (8, false)] {
        let mut steady = Steady::new(RateLimitSettings::default());
        steady.run().await;
        steady.send().await;
        steady.fixture.clock.advance(secs(seconds));
        steady.reply();
        assert_eq!(
            steady.taken(ms(10_157)),
            usize::from(!is_usual),
            "{seconds}"
        );
        assert_eq!(
            steady.taken(secs(10 + seconds) - ms(1)),
            usize::from(!is_usual)
        );
        assert_eq!(steady.taken(secs(10 + seconds)), 0, "{seconds}");
    }
}

#[tokio::test]
async fn waiting_calls_are_spread_out_while_replies_are_compared() {
    let fixture = Fixture::of(10);
    let mut slow = fixture.now().await;
    slow.sent();
    fixture.clock.advance(secs(1));
    slow.complete(200, &headers(&[("x-ratelimit-remaining", "9")]));
    let mut permits = Vec::new();
    for _ in 0..9 {
        let mut permit = fixture.now().await;
        permit.sent();
        permits.push(permit);
    }
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let fixture = fixture.clone();
            fixture.clone().spawn(async move {
                let permit = fixture.limiter.acquire(None).await.unwrap();
                (fixture.clock.elapsed(), permit)
            })
        })
        .collect();
    fixture.advance(secs(1)).await;
    for mut permit in permits {
        permit.complete(200, &headers(NONE));
    }
    let calls = fixture.run(calls).await;
    // One slot is free at 11 s and nine at 12 s. A tenth of the mean reply time lies between calls.
    let sent: Vec<_> = calls.iter().map(|(at, _)| *at).collect();
    assert_eq!(sent, [secs(11), secs(12), ms(12_100), ms(12_200)]);
}

/// The state of a process that shares a limit of 100 requests.
struct Shared {
    clock: ManualClock,
    state: State,
}

impl Shared {
    fn new(settings: RateLimitSettings) -> Self {
        let clock = ManualClock::new();
        Shared {
            state: State::new(Arc::new(settings), Some(Arc::new(clock.clone()))),
            clock,
        }
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn enter(&mut self) -> Admission {
        let now = self.now();
        self.state.settle(now);
        self.state.enter(secs(60), now)
    }

    fn exchange(&mut self, reply: Option<&ShareReply>) -> (ShareReport, Contact) {
        let now = self.now();
        let report = self.state.begin_exchange(now).unwrap();
        let contact = self.state.end_exchange(reply, now);
        self.state.settle(now);
        (report, contact)
    }

    /// Admits a request.
    fn take(&mut self) -> Ticket {
        match self.enter() {
            Admission::Decided(Verdict::Admit(ticket)) => ticket,
            _ => panic!("not admitted"),
        }
    }

    fn answer(&mut self, ticket: &Ticket, pairs: &[(&str, &str)]) {
        let (now, sent) = (self.now(), Some(self.now()));
        let reply = RequestOutcome::Replied {
            status: 200,
            headers: &headers(pairs),
            system_time: None,
            sent,
        };
        self.state.end(ticket, reply, now);
    }
}

fn reply(share: u32) -> ShareReply {
    ShareReply::new(share, 100, secs(10))
}

#[test]
fn limit_is_reported_as_declared_only_if_replies_replace_the_settings() {
    for (fixed, max, declared) in [
        (false, Some("100"), true),
        (false, None, false),
        (true, Some("100"), false),
        (true, None, false),
    ] {
        let mut shared = Shared::new(RateLimitSettings::default().fixed(fixed));
        assert!(matches!(shared.enter(), Admission::Queued(_)));
        shared.exchange(Some(&reply(40)));
        let ticket = shared.take();
        let pairs: Vec<_> = max
            .map(|max| ("x-ratelimit-max", max))
            .into_iter()
            .collect();
        shared.answer(&ticket, &pairs);
        let (report, _) = shared.exchange(Some(&reply(40)));
        assert_eq!(report.declared, declared, "{fixed} {max:?}");
    }
}

#[test]
fn limit_of_the_backend_replaces_the_settings_until_a_reply_declares_one() {
    for (fixed, declared, max) in [
        (false, None, 30),
        (false, Some("80"), 80),
        (true, None, 100),
        (true, Some("80"), 100),
    ] {
        let mut shared = Shared::new(RateLimitSettings::default().fixed(fixed));
        assert!(matches!(shared.enter(), Admission::Queued(_)));
        shared.exchange(Some(&reply(40)));
        let ticket = shared.take();
        let pairs: Vec<_> = declared
            .map(|max| ("x-ratelimit-max", max))
            .into_iter()
            .collect();
        shared.answer(&ticket, &pairs);
        shared.exchange(Some(&ShareReply::new(40, 30, secs(20))));
        assert_eq!(shared.state.window.max, max, "{fixed} {declared:?}");
        let is_adopted = !fixed && declared.is_none();
        let interval = if is_adopted { secs(20) } else { secs(10) };
        assert_eq!(shared.state.window.interval, interval);
        let absurd = ShareReply::new(40, 0, Duration::ZERO);
        shared.exchange(Some(&absurd));
        assert!(shared.state.window.max >= 1 && !shared.state.window.interval.is_zero());
    }
}

#[test]
fn use_by_others_is_reported_and_counted_only_without_a_backend() {
    let mut shared = Shared::new(RateLimitSettings::default().daily(None));
    assert!(matches!(shared.enter(), Admission::Queued(_)));
    shared.exchange(Some(&reply(40)));
    let busy = [("x-ratelimit-remaining", "0")];
    let ticket = shared.take();
    shared.answer(&ticket, &busy);
    assert_eq!(shared.state.window.external(), 0);
    let (report, contact) = shared.exchange(None);
    assert!(contact == Contact::Lost);
    assert_eq!(report.counted, Some(100));
    // The backend gives the share to others after ten intervals.
    for external in [0; 20].into_iter().chain([4]) {
        shared.clock.advance(secs(5));
        shared.exchange(None);
        let ticket = shared.take();
        shared.answer(&ticket, &busy);
        assert_eq!(
            shared.state.window.external(),
            external,
            "{:?}",
            shared.clock
        );
    }
}

#[test]
fn probe_of_a_day_that_is_used_up_needs_no_part_of_the_budget() {
    let mut shared = Shared::new(RateLimitSettings::default());
    assert!(matches!(shared.enter(), Admission::Queued(_)));
    shared.exchange(Some(&reply(40).with_daily(1_000, 10, secs(9_000))));
    let ticket = shared.take();
    shared.answer(&ticket, &[("x-ratelimit-daily-remaining", "500")]);
    // Some is left of the day, but none for this process.
    shared.exchange(Some(&reply(40).with_daily(400, 0, secs(9_000))));
    assert!(matches!(shared.enter(), Admission::Queued(_)));
    // Waiting calls fail once nothing is left.
    shared.exchange(Some(&reply(40).with_daily(0, 0, secs(9_000))));
    shared.clock.advance(secs(300) - ms(1));
    shared.exchange(Some(&reply(40).with_daily(0, 0, secs(8_700))));
    let rejected = shared.enter();
    assert!(matches!(rejected, Admission::Decided(Verdict::Reject(_))));
    shared.clock.advance(ms(1));
    shared.take();
}

#[test]
fn admitted_request_may_be_sent_until_its_share_ends() {
    let mut shared = Shared::new(RateLimitSettings::default());
    assert!(matches!(shared.enter(), Admission::Queued(_)));
    shared.exchange(Some(&reply(40)));
    let ticket = shared.take();
    for (pause, may_send) in [(secs(15), true), (ms(1), false)] {
        shared.clock.advance(pause);
        let now = shared.now();
        shared.state.settle(now);
        assert_eq!(shared.state.may_send(&ticket), may_send, "{pause:?}");
    }
}
