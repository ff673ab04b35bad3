//! The daily budget, reply by reply.

use std::time::{Duration, Instant};

use super::super::day::{Day, DayTicket, ReplyInfo};
use super::super::headers::RateLimitHeaders;
use super::super::shared::ShareReply;
use super::secs;

const DAY: Duration = Duration::from_secs(86_400);
const PROBE: Duration = Duration::from_secs(300);
const MAX: u64 = 100;

/// A budget, its clock, and how many requests were let through.
struct Budget {
    day: Day,
    now: Instant,
    admitted: u64,
    /// Requests that the server may not have counted when it replies.
    uncounted: u64,
}

impl Budget {
    fn of(budget: u64) -> Self {
        Budget {
            day: Day::new(budget, PROBE, false),
            now: Instant::now(),
            admitted: 0,
            uncounted: 0,
        }
    }

    fn send(&mut self) -> (DayTicket, u64) {
        self.admitted += 1;
        (self.day.take(self.now), self.admitted)
    }

    fn reply(
        &mut self,
        (ticket, request): (DayTicket, u64),
        status: u16,
        headers: RateLimitHeaders,
    ) {
        let context = ReplyInfo {
            status,
            request,
            admitted: self.admitted,
            uncounted: self.uncounted,
            max: MAX,
            interval: secs(10),
        };
        self.day.replied(&headers, ticket, &context, self.now);
    }

    /// A request and its reply.
    fn exchange(&mut self, status: u16, headers: RateLimitHeaders) {
        let sent = self.send();
        self.reply(sent, status, headers);
    }

    /// A request and its reply with this many left. Returns what is counted then.
    fn call(&mut self, status: u16, left: u64) -> u64 {
        self.exchange(status, left_of(left));
        self.day.left()
    }

    fn call_until(&mut self, left: u64, reset: u64) {
        let headers = RateLimitHeaders {
            daily_reset: Some(secs(reset)),
            ..left_of(left)
        };
        self.exchange(200, headers);
    }

    fn room(&self) -> Result<(), u64> {
        let room = self.day.room(0, self.now);
        room.map_err(|wait| wait.as_secs())
    }

    fn advance(&mut self, seconds: u64) {
        self.now += secs(seconds);
        self.day.reset_if_expired(self.now);
    }
}

fn left_of(left: u64) -> RateLimitHeaders {
    RateLimitHeaders {
        daily_remaining: Some(left),
        ..RateLimitHeaders::default()
    }
}

fn limit_of(limit: u64) -> RateLimitHeaders {
    RateLimitHeaders {
        daily_limit: Some(limit),
        ..RateLimitHeaders::default()
    }
}

#[test]
fn requests_are_counted_until_the_day_ends() {
    let mut budget = Budget::of(2);
    assert_eq!(budget.room(), Ok(()));
    assert!(budget.day.room(1, budget.now).is_ok());
    assert_eq!(budget.day.room(2, budget.now), Err(DAY));
    budget.send();
    budget.advance(100);
    budget.send();
    assert_eq!((budget.day.left(), budget.room()), (0, Err(86_300)));
    budget.advance(86_299);
    assert_eq!(budget.room(), Err(1));
    budget.advance(1);
    assert_eq!((budget.day.left(), budget.room()), (2, Ok(())));
}

#[test]
fn day_spent_by_the_settings_alone_is_not_probed() {
    let mut budget = Budget::of(1);
    budget.send();
    budget.advance(1000);
    assert_eq!(budget.room(), Err(85_400));
}

#[test]
fn state_of_a_backend_replaces_the_count() {
    let mut budget = Budget::of(50);
    budget.send();
    let reply = ShareReply::new(1, 100, secs(10)).with_daily(7, 3, secs(60));
    budget.day.adopt(&reply.daily.unwrap(), budget.now);
    assert_eq!((budget.day.left(), budget.room()), (7, Ok(())));
    let reply = ShareReply::new(1, 100, secs(10)).with_daily(0, 0, secs(60));
    budget.day.adopt(&reply.daily.unwrap(), budget.now);
    assert_eq!((budget.day.left(), budget.room()), (0, Err(60)));
}

#[test]
fn day_is_mostly_used_when_less_than_half_is_left() {
    let mut budget = Budget::of(4);
    budget.send();
    budget.send();
    assert!(!budget.day.is_mostly_used());
    budget.send();
    assert!(budget.day.is_mostly_used());
}

#[test]
fn unsent_request_is_released() {
    let mut budget = Budget::of(2);
    let (first, _) = budget.send();
    budget.day.release(first, budget.now);
    assert_eq!(budget.day.left(), 2);
    budget.day.release(first, budget.now);
    assert_eq!(budget.day.left(), 2);
    let (old, _) = budget.send();
    budget.advance(86_400);
    budget.send();
    budget.day.release(old, budget.now);
    assert_eq!(budget.day.left(), 1);
}

#[test]
fn plausible_value_is_taken() {
    let mut budget = Budget::of(10_000);
    assert_eq!(budget.call(200, 5_000), 5_000);
    // In no time at all, two intervals' worth can have been sent.
    assert_eq!(budget.call(200, 4_799), 4_799);
    budget.advance(10);
    assert_eq!(budget.call(200, 4_498), 4_498);
    assert_eq!(budget.call(200, 4_597), 4_497);
}

#[test]
fn implausible_drop_needs_a_second_reply() {
    let mut budget = Budget::of(10_000);
    budget.call(200, 9_000);
    assert_eq!(budget.call(200, 8_798), 8_999);
    assert_eq!(budget.call(200, 8_897), 8_897);
    assert_eq!(budget.call(200, 1_000), 8_896);
    assert_eq!(budget.call(200, 1_100), 1_100);
    assert_eq!(budget.call(200, 500), 1_099);
    // 601 is more than the doubtful value and one interval's worth.
    assert_eq!(budget.call(200, 601), 1_098);
    assert_eq!(budget.call(200, 701), 701);
}

#[test]
fn refusal_is_taken_at_its_word() {
    let mut budget = Budget::of(10_000);
    budget.call(200, 9_000);
    assert_eq!(budget.call(429, 10), 10);
}

#[test]
fn zero_needs_a_refusal() {
    let mut budget = Budget::of(10_000);
    budget.call(200, 5);
    budget.advance(10);
    assert_eq!(budget.call(200, 0), 0);
    let mut budget = Budget::of(10_000);
    assert_eq!(budget.call(200, 0), 9_999);
    budget.exchange(429, RateLimitHeaders::default());
    assert_eq!((budget.day.left(), budget.room()), (0, Err(300)));
}

#[test]
fn zero_is_refuted_by_a_later_request_that_succeeds() {
    let mut budget = Budget::of(10_000);
    assert_eq!(budget.call(200, 0), 9_999);
    assert_eq!(budget.call(200, 0), 9_998);
    // From now on zeros say nothing, until another value or a refusal.
    assert_eq!(budget.call(200, 0), 9_997);
    assert_eq!(budget.call(200, 9_000), 9_000);
    assert_eq!(budget.call(429, 0), 0);
}

#[test]
fn zero_of_an_earlier_request_refutes_nothing() {
    for second_is_first in [false, true] {
        let mut budget = Budget::of(10_000);
        let (first, second) = (budget.send(), budget.send());
        let (earlier, later) = match second_is_first {
            true => (second, first),
            false => (first, second),
        };
        budget.reply(earlier, 200, left_of(0));
        budget.reply(later, 200, left_of(0));
        // Two replies that were under way together: the second confirms the first.
        assert_eq!(budget.day.left(), 0, "{second_is_first}");
    }
}

#[test]
fn blocked_day_is_probed_at_intervals() {
    let mut budget = Budget::of(10_000);
    budget.call(200, 100);
    assert_eq!(budget.call(429, 0), 0);
    assert_eq!(budget.room(), Err(300));
    budget.advance(299);
    assert_eq!(budget.room(), Err(1));
    budget.advance(1);
    assert_eq!(budget.room(), Ok(()));
    assert!(budget.day.room(1, budget.now).is_err());
    let probe = budget.send();
    assert_eq!(budget.room(), Err(300));
    budget.advance(300);
    // The probe is still under way.
    assert_eq!(budget.room(), Err(300));
    budget.day.no_reply(probe.0);
    assert_eq!(budget.room(), Ok(()));
    budget.exchange(429, left_of(0));
    assert_eq!(budget.day.left(), 0);
    budget.advance(300);
    budget.exchange(503, left_of(50));
    assert_eq!(budget.day.left(), 0);
    budget.advance(300);
    budget.exchange(200, left_of(50));
    assert_eq!((budget.day.left(), budget.room()), (50, Ok(())));
}

#[test]
fn probe_without_a_value_restores_what_we_did_not_send() {
    for left in [None, Some(0)] {
        let mut budget = Budget::of(1_000);
        budget.call(200, 500);
        budget.call(429, 0);
        budget.advance(300);
        let probe = budget.send();
        let headers = RateLimitHeaders {
            daily_remaining: left,
            ..RateLimitHeaders::default()
        };
        budget.reply(probe, 200, headers);
        assert_eq!(budget.day.left(), 997, "{left:?}");
        // A zero that a probe refuted is no news.
        assert_eq!(budget.call(200, 0), 996);
    }
}

#[test]
fn probe_that_was_not_sent_may_go_at_once() {
    let mut budget = Budget::of(1_000);
    budget.call(200, 500);
    budget.call(429, 0);
    budget.advance(300);
    let (probe, _) = budget.send();
    budget.day.release(probe, budget.now);
    assert_eq!((budget.day.left(), budget.room()), (0, Ok(())));
}

#[test]
fn lost_request_of_another_day_ends_no_probe() {
    let mut budget = Budget::of(1_000);
    budget.call(200, 500);
    budget.call(429, 0);
    budget.advance(300);
    let (old_probe, _) = budget.send();
    budget.advance(86_400);
    budget.call(200, 500);
    budget.call(429, 0);
    budget.advance(300);
    budget.send();
    budget.advance(300);
    budget.day.no_reply(old_probe);
    assert_eq!(budget.room(), Err(300));
}

#[test]
fn ordinary_request_that_is_lost_ends_no_probe() {
    let mut budget = Budget::of(1_000);
    let (ordinary, _) = budget.send();
    budget.call(200, 500);
    budget.call(429, 0);
    budget.advance(300);
    budget.send();
    budget.advance(300);
    budget.day.no_reply(ordinary);
    assert_eq!(budget.room(), Err(300));
}

#[test]
fn more_left_than_counted_shows_a_new_day() {
    let mut budget = Budget::of(10_000);
    budget.call(200, 5_000);
    // One interval's worth more can be calls that never arrived.
    assert_eq!(budget.call(200, 5_099), 4_999);
    assert_eq!(budget.call(200, 5_099), 5_099);
    assert_eq!(budget.call(200, 20_000), 10_000);
}

#[test]
fn reported_limit_replaces_the_budget() {
    let mut budget = Budget::of(10_000);
    budget.exchange(200, limit_of(2_000));
    assert_eq!(budget.day.left(), 1_999);
    budget.exchange(200, limit_of(30_000));
    assert_eq!(budget.day.left(), 29_998);
}

#[test]
fn reported_limit_below_what_was_used_is_an_error() {
    let mut budget = Budget::of(10_000);
    budget.call(200, 5_000);
    budget.exchange(200, limit_of(5_000));
    assert_eq!(budget.day.left(), 4_999);
    budget.exchange(200, limit_of(5_002));
    assert_eq!(budget.day.left(), 0);
    let mut budget = Budget::of(10_000);
    budget.call(200, 5_000);
    budget.exchange(429, limit_of(5_000));
    assert_eq!(budget.day.left(), 0);
}

#[test]
fn share_of_the_budget_ignores_reported_limits() {
    let mut budget = Budget::of(1_000);
    budget.day = Day::new(1_000, PROBE, true);
    budget.exchange(200, limit_of(200_000));
    assert_eq!(budget.day.left(), 999);
    assert_eq!(budget.call(200, 150_000), 998);
    assert_eq!(budget.call(200, 900), 900);
}

#[test]
fn reply_of_a_day_that_is_over_says_nothing() {
    let mut budget = Budget::of(1_000);
    let old = budget.send();
    budget.advance(86_400);
    budget.send();
    budget.reply(old, 200, left_of(10));
    assert_eq!(budget.day.left(), 999);
}

#[test]
fn reported_end_of_the_day_is_taken() {
    let mut budget = Budget::of(1_000);
    budget.call_until(900, 3_600);
    budget.advance(3_599);
    assert_eq!(budget.day.left(), 900);
    budget.advance(1);
    assert_eq!(budget.day.left(), 1_000);
}

#[test]
fn slow_replies_do_not_move_the_end() {
    let mut budget = Budget::of(1_000);
    budget.call_until(900, 3_600);
    budget.call_until(899, 3_900);
    budget.call_until(898, 3_300);
    budget.advance(3_299);
    assert_eq!(budget.day.left(), 898);
    budget.advance(1);
    assert_eq!(budget.day.left(), 1_000);
}

#[test]
fn much_later_end_begins_a_new_day_if_more_is_left() {
    let mut budget = Budget::of(1_000);
    budget.call_until(500, 3_600);
    budget.call_until(400, 7_200);
    // Less is left than was: it is not another day, and the value counts.
    assert_eq!(budget.day.left(), 400);
    budget.call_until(999, 7_200);
    assert_eq!(budget.day.left(), 999);
    budget.advance(3_600);
    assert_eq!(budget.day.left(), 999);
    budget.advance(3_600);
    assert_eq!(budget.day.left(), 1_000);
}

#[test]
fn contradicted_end_needs_a_second_reply() {
    let mut budget = Budget::of(1_000);
    budget.call_until(900, 36_000);
    budget.call_until(899, 3_600);
    budget.advance(3_700);
    assert_eq!(budget.day.left(), 899);
    // Another contradiction is no confirmation.
    budget.call_until(898, 20_000);
    budget.call_until(897, 20_200);
    budget.advance(20_200);
    assert_eq!(budget.day.left(), 1_000);
}

#[test]
fn contradictions_that_differ_confirm_nothing() {
    let mut budget = Budget::of(1_000);
    budget.call_until(900, 36_000);
    for reset in [3_600, 20_000, 3_600, 20_000] {
        budget.call_until(899, reset);
    }
    budget.advance(20_000);
    assert_eq!(budget.day.left(), 896);
}

#[test]
fn day_that_is_used_up_later_waits_for_its_first_probe() {
    let mut budget = Budget::of(1_000);
    budget.call(200, 2);
    budget.advance(1_000);
    budget.send();
    budget.send();
    assert_eq!((budget.day.left(), budget.room()), (0, Err(300)));
}

#[test]
fn state_of_a_backend_blocks_a_reported_day_until_a_probe() {
    let mut budget = Budget::of(1_000);
    budget.call(200, 500);
    let reply = ShareReply::new(1, 100, secs(10)).with_daily(0, 0, secs(1_000));
    budget.day.adopt(&reply.daily.unwrap(), budget.now);
    assert_eq!(budget.room(), Err(300));
    budget.advance(100);
    budget.day.adopt(&reply.daily.unwrap(), budget.now);
    assert_eq!(budget.room(), Err(200), "the probe is not postponed");
}

#[test]
fn wait_for_a_probe_is_at_most_the_rest_of_the_day() {
    let mut budget = Budget::of(1_000);
    budget.call_until(500, 400);
    budget.call(429, 0);
    assert_eq!(budget.room(), Err(300));
    budget.advance(300);
    assert_eq!(budget.room(), Ok(()));
    assert_eq!(budget.day.room(1, budget.now), Err(secs(100)));
    budget.send();
    assert_eq!(budget.room(), Err(100));
}

#[test]
fn zero_that_a_probe_refuted_stays_wrong() {
    let mut budget = Budget::of(150);
    budget.call(200, 100);
    budget.call(429, 0);
    budget.advance(300);
    budget.exchange(200, left_of(0));
    assert_eq!(budget.day.left(), 147);
    // So small a drop would be plausible.
    assert_eq!(budget.call(200, 0), 146);
    assert_eq!(budget.call(200, 100), 100);
    assert_eq!(budget.call(200, 0), 0);
}

#[test]
fn only_success_of_a_probe_opens_the_day() {
    for (status, left) in [
        (429, 0),
        (500, 0),
        (503, 0),
        (200, 50),
        (404, 50),
        (499, 50),
    ] {
        let mut budget = Budget::of(1_000);
        budget.call(200, 500);
        budget.call(429, 0);
        budget.advance(300);
        budget.exchange(status, left_of(50));
        assert_eq!(budget.day.left(), left, "{status}");
    }
}

#[test]
fn unsent_request_is_not_counted_as_sent() {
    let mut budget = Budget::of(1_000);
    let (unsent, _) = budget.send();
    budget.day.release(unsent, budget.now);
    budget.call(200, 500);
    budget.call(429, 0);
    budget.advance(300);
    budget.exchange(200, RateLimitHeaders::default());
    assert_eq!(budget.day.left(), 997);
}

#[test]
fn unsent_last_request_ends_the_wait() {
    let mut budget = Budget::of(1_000);
    budget.call(200, 1);
    let (last, _) = budget.send();
    assert_eq!(budget.room(), Err(300));
    budget.day.release(last, budget.now);
    budget.advance(1_000);
    budget.send();
    assert_eq!(budget.room(), Err(300), "the former probe is forgotten");
}

#[test]
fn requests_under_way_are_not_left_in_a_new_day() {
    let mut budget = Budget::of(10_000);
    budget.call_until(5_000, 3_600);
    budget.uncounted = 30;
    budget.call_until(9_999, 40_000);
    assert_eq!(budget.day.left(), 10_000 - 30);
    let mut budget = Budget::of(10_000);
    budget.call(200, 5_000);
    budget.uncounted = 30;
    // With those under way and one interval's worth, that is no more than was counted.
    assert_eq!(budget.call(200, 5_129), 4_999);
    assert_eq!(budget.call(200, 5_129), 5_099);
}

#[test]
fn first_value_is_plausible_unless_it_is_zero() {
    for (total, reported, left) in [(10_000, 1, 1), (202, 0, 201), (201, 0, 0)] {
        let mut budget = Budget::of(total);
        assert_eq!(budget.call(200, reported), left, "{total}");
    }
}

#[test]
fn value_is_reported_to_a_backend_once() {
    let mut budget = Budget::of(1_000);
    let (before, reported) = (budget.now, |budget: &Budget, since| {
        budget.day.report(since, budget.now).left
    });
    assert_eq!(reported(&budget, None), None);
    assert_eq!(reported(&budget, Some(before)), None);
    budget.advance(10);
    budget.call_until(400, 3_600);
    let report = budget.day.report(None, budget.now);
    assert_eq!((report.budget, report.left), (1_000, Some(400)));
    assert_eq!(report.resets_in, secs(3_600));
    assert_eq!(reported(&budget, Some(before)), Some(400));
    assert_eq!(reported(&budget, Some(budget.now)), Some(400));
    assert_eq!(reported(&budget, Some(budget.now + secs(1))), None);
    // A reply without a value says nothing.
    let since = budget.now + secs(1);
    budget.advance(10);
    budget.exchange(200, RateLimitHeaders::default());
    assert_eq!(reported(&budget, Some(since)), None);
}

#[test]
fn refusal_without_a_value_confirms_only_a_zero() {
    for (reported, left) in [(0, 0), (10, 8_998)] {
        let mut budget = Budget::of(10_000);
        budget.call(200, 9_001);
        assert_eq!(budget.call(200, reported), 9_000, "{reported}");
        budget.exchange(429, RateLimitHeaders::default());
        assert_eq!(budget.day.left(), left + u64::from(left > 0), "{reported}");
    }
}
