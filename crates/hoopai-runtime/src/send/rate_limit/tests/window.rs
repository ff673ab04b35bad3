//! The sliding window, slot by slot.

use std::time::{Duration, Instant};

use super::super::window::Window;
use super::{ms, secs};

/// The part within which close moments share a run is 10 ms.
const INTERVAL: Duration = Duration::from_millis(10_240);

/// A window of ten requests.
fn window() -> Window {
    Window::new(10, INTERVAL)
}

/// Takes slots whose replies come at this moment.
fn use_slots(window: &mut Window, slots: usize, at: Instant) {
    for _ in 0..slots {
        window.take();
    }
    for _ in 0..slots {
        window.replied(at);
    }
}

#[test]
fn slots_leave_one_interval_after_their_replies() {
    let (mut window, now) = (window(), Instant::now());
    use_slots(&mut window, 2, now);
    use_slots(&mut window, 3, now + secs(1));
    window.take();
    for (after, taken) in [
        (INTERVAL - ms(1), 6),
        (INTERVAL, 4),
        (INTERVAL + secs(1) - ms(1), 4),
        (INTERVAL + secs(1), 1),
        (INTERVAL * 9, 1),
    ] {
        window.expire(now + after);
        assert_eq!(window.taken(), taken, "{after:?}");
    }
}

#[test]
fn slots_that_stay_taken_for_more_than_half_an_interval_are_recent() {
    let (mut window, now) = (window(), Instant::now());
    use_slots(&mut window, 2, now);
    use_slots(&mut window, 3, now + secs(1));
    window.take();
    for (after, recent) in [
        (secs(1), 6),
        (INTERVAL / 2 - ms(1), 6),
        (INTERVAL / 2, 4),
        (INTERVAL / 2 + secs(1) - ms(1), 4),
        (INTERVAL / 2 + secs(1), 1),
    ] {
        assert_eq!(window.recently_taken(now + after), recent, "{after:?}");
    }
}

#[test]
fn excess_is_what_is_free_first() {
    let (mut window, now) = (window(), Instant::now());
    use_slots(&mut window, 2, now);
    use_slots(&mut window, 3, now + secs(1));
    window.take();
    let (first, second) = (Some(now + INTERVAL), Some(now + secs(1) + INTERVAL));
    for (share, excess) in [
        (9, vec![]),
        (6, vec![]),
        (5, vec![(first, 1)]),
        (4, vec![(first, 2)]),
        (3, vec![(first, 2), (second, 1)]),
        (1, vec![(first, 2), (second, 3)]),
        (0, vec![(first, 2), (second, 3), (None, 1)]),
    ] {
        assert_eq!(window.excess(share), excess, "{share}");
    }
}

#[test]
fn admission_records_what_the_server_could_count() {
    let (mut window, now) = (window(), Instant::now());
    let first = window.take();
    assert_eq!((first.own, first.admitted, first.in_flight), (1, 1, 1));
    // Three of others, which are no requests of ours.
    window.count_external(&first, 4, 10, 10, now);
    assert_eq!((window.external(), window.taken()), (3, 4));
    window.replied(now);
    let second = window.take();
    assert_eq!((second.own, second.admitted, second.in_flight), (2, 2, 1));
    window.release();
    let third = window.take();
    assert_eq!((third.own, third.admitted, third.in_flight), (2, 3, 1));
}

#[test]
fn count_above_own_requests_and_the_part_of_others_is_external() {
    // The count, the limit and the share, with two requests of ours at the admission and one later.
    for (used, limit, share, external) in [
        (3, 10, 10, 0),
        (4, 10, 10, 1),
        (8, 10, 10, 5),
        (8, 10, 6, 1),
        (9, 10, 6, 2),
        // Only free slots are taken.
        (10, 10, 6, 3),
        (99, 99, 10, 7),
        (99, 10, 3, 0),
    ] {
        let (mut window, now) = (window(), Instant::now());
        window.take();
        let snapshot = window.take();
        window.take();
        window.count_external(&snapshot, used, limit, share, now);
        assert_eq!(window.external(), external, "{used} {limit} {share}");
        assert_eq!(window.taken(), 3 + external, "{used} {limit} {share}");
        assert_eq!(window.runs(), usize::from(external > 0));
        // The same count again is not news.
        window.count_external(&snapshot, used, limit, share, now);
        assert_eq!(window.external(), external, "{used} {limit} {share}");
        assert_eq!(window.runs(), usize::from(external > 0));
        window.expire(now + INTERVAL);
        assert_eq!((window.external(), window.taken()), (0, 3));
    }
}

#[test]
fn full_server_fills_the_window_for_an_interval() {
    let (mut window, now) = (window(), Instant::now());
    window.take();
    window.fill_up(now);
    assert_eq!((window.external(), window.taken()), (9, 10));
    window.fill_up(now);
    assert_eq!((window.external(), window.taken()), (9, 10));
    window.expire(now + INTERVAL);
    assert_eq!((window.external(), window.taken()), (0, 1));
}

#[test]
fn room_is_free_or_has_a_moment_or_depends_on_a_reply() {
    let (mut window, now) = (window(), Instant::now());
    use_slots(&mut window, 2, now);
    use_slots(&mut window, 1, now + secs(1));
    window.take();
    let (first, second) = (Some(now + INTERVAL), Some(now + secs(1) + INTERVAL));
    for (max, room) in [
        (5, Ok(())),
        (4, Err(first)),
        (3, Err(first)),
        (2, Err(second)),
        (1, Err(None)),
    ] {
        assert_eq!(window.room(max), room, "{max}");
    }
}

#[test]
fn forecast_frees_slots_in_order_and_then_in_rounds() {
    let (mut window, now) = (window(), Instant::now());
    use_slots(&mut window, 2, now);
    use_slots(&mut window, 1, now + secs(1));
    window.take();
    let (replies, hold) = (now + secs(5), secs(2));
    let round = INTERVAL + hold;
    // Of five slots one is free, two leave together, one leaves later, and one waits for a reply.
    for (ahead, wait) in [
        (0, ms(0)),
        (1, INTERVAL),
        (2, INTERVAL),
        (3, INTERVAL + secs(1)),
        (4, INTERVAL + secs(5)),
        (5, round),
        (6, INTERVAL + round),
        (9, INTERVAL + secs(5) + round),
        (10, round * 2),
    ] {
        let start = window.predict(5, ahead, now, replies, hold);
        assert_eq!(start - now, wait, "{ahead}");
        let late = now + secs(60);
        let start = window.predict(5, ahead, late, replies, hold);
        let rounds = u32::try_from(ahead / 5).unwrap();
        assert_eq!(start - late, round * rounds, "{ahead}");
    }
    // A limit of zero counts as one.
    let start = window.predict(0, 0, now, replies, hold);
    assert_eq!(start, window.predict(1, 0, now, replies, hold));
}

#[test]
fn abandoned_request_can_be_counted_a_second_after_its_sending() {
    for (ended, counted) in [(ms(200), secs(1)), (secs(1), secs(1)), (secs(3), secs(3))] {
        let (mut window, sent) = (window(), Instant::now());
        window.take();
        window.abandoned(sent, sent + ended);
        assert_eq!(window.in_flight(), 0);
        assert_eq!(window.room(1), Err(Some(sent + counted + INTERVAL)));
    }
}

#[test]
fn equal_moments_share_a_run_in_any_order() {
    let (mut window, now) = (window(), Instant::now());
    for (seconds, runs) in [
        (5, 1),
        (3, 2),
        (5, 2),
        (4, 3),
        (3, 3),
        (4, 3),
        (1, 4),
        (5, 4),
    ] {
        use_slots(&mut window, 1, now + secs(seconds));
        assert_eq!(window.runs(), runs, "{seconds}");
    }
    let freed = |seconds| Some(now + secs(seconds) + INTERVAL);
    let excess = [(freed(1), 1), (freed(3), 2), (freed(4), 2), (freed(5), 3)];
    assert_eq!(window.excess(0), excess);
}

#[test]
fn close_moments_share_a_run_only_in_a_large_window() {
    for (before, after, runs) in [
        (1022, ms(1), 2),
        (1023, ms(1), 2),
        (1024, ms(1), 1),
        (1024, ms(10), 1),
        (1024, ms(11), 2),
    ] {
        let (mut window, now) = (Window::new(5000, INTERVAL), Instant::now());
        use_slots(&mut window, before, now);
        use_slots(&mut window, 1, now + after);
        assert_eq!(window.runs(), runs, "{before} {after:?}");
    }
    // The whole run is free when the last of its slots is.
    let (mut window, now) = (Window::new(5000, INTERVAL), Instant::now());
    use_slots(&mut window, 1024, now);
    use_slots(&mut window, 1, now + ms(6));
    use_slots(&mut window, 1, now + ms(10));
    use_slots(&mut window, 1, now + ms(12));
    assert_eq!(window.runs(), 2, "a run spans no more than 10 ms");
    window.expire(now + ms(10) + INTERVAL - ms(1));
    assert_eq!(window.taken(), 1027);
    window.expire(now + ms(10) + INTERVAL);
    assert_eq!(window.taken(), 1);
}
