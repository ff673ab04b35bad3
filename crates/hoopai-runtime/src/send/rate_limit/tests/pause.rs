//! The pause after refusals and the recovery, request by request.

use std::time::{Duration, Instant};

use super::super::pause::Pause;
use super::{ms, secs};

const INTERVAL: Duration = Duration::from_secs(16);

/// A pause, and the moment at which it began.
struct Paused {
    pause: Pause,
    now: Instant,
}

impl Paused {
    fn new() -> Self {
        Paused {
            pause: Pause::default(),
            now: Instant::now(),
        }
    }

    /// A pause that was over a second after its begin.
    fn recovering() -> Self {
        let mut paused = Self::new();
        assert!(paused.refused(0, None));
        paused.now += secs(1);
        paused
    }

    fn refused(&mut self, epoch: u64, hint: Option<u64>) -> bool {
        let hint = hint.map(Duration::from_secs);
        self.pause.refused(epoch, hint, INTERVAL, self.now)
    }

    /// The rest of the pause in seconds.
    fn rest(&self) -> Option<u64> {
        let until = self.pause.until(self.now)?;
        Some((until - self.now).as_secs())
    }

    /// The wait of a call with this many before it.
    fn wait(&self, ahead: usize) -> Option<Duration> {
        let opens_at = self.pause.opens_at(ahead, INTERVAL, self.now)?;
        Some(opens_at - self.now)
    }

    fn recover(&mut self) {
        for _ in 0..5 {
            self.pause.succeeded(self.pause.epoch());
        }
        assert!(!self.pause.is_recovering());
    }
}

#[test]
fn no_refusal_is_no_pause() {
    let paused = Paused::new();
    assert!(paused.pause.is_over(paused.now) && !paused.pause.is_recovering());
    assert_eq!((paused.rest(), paused.wait(100)), (None, None));
}

#[test]
fn pause_ends_at_its_moment_and_the_recovery_after_five_replies() {
    let mut paused = Paused::new();
    assert!(paused.refused(0, None));
    assert_eq!((paused.rest(), paused.wait(0)), (Some(1), Some(secs(1))));
    paused.now += ms(999);
    assert_eq!(paused.wait(0), Some(ms(1)));
    paused.now += ms(1);
    assert_eq!((paused.rest(), paused.wait(0)), (None, None));
    for _ in 0..5 {
        assert!(paused.pause.is_recovering() && !paused.pause.is_over(paused.now));
        paused.pause.succeeded(1);
    }
    assert!(!paused.pause.is_recovering() && paused.pause.is_over(paused.now));
}

#[test]
fn recovered_limiter_with_a_hinted_pause_is_not_over() {
    let mut paused = Paused::new();
    paused.refused(0, Some(9));
    paused.recover();
    assert!(!paused.pause.is_over(paused.now));
    paused.now += secs(9);
    assert!(paused.pause.is_over(paused.now));
}

#[test]
fn refusals_in_a_row_double_the_pause_up_to_an_interval() {
    let mut paused = Paused::new();
    for (epoch, rest) in [1, 2, 4, 8, 16, 16].into_iter().enumerate() {
        assert!(paused.refused(epoch as u64, None));
        assert_eq!(paused.rest(), Some(rest), "{epoch}");
    }
    for epoch in 6..100 {
        assert!(paused.refused(epoch, None));
        assert_eq!(paused.rest(), Some(16), "{epoch}");
    }
    paused.now += INTERVAL;
    paused.pause.succeeded(100);
    paused.refused(100, None);
    assert_eq!(paused.rest(), Some(1));
}

#[test]
fn success_of_an_earlier_request_ends_no_row() {
    let mut paused = Paused::recovering();
    for _ in 0..5 {
        paused.pause.succeeded(0);
    }
    assert!(paused.pause.is_recovering());
    paused.refused(1, None);
    assert_eq!(paused.rest(), Some(2));
}

#[test]
fn only_a_refusal_that_is_news_begins_an_epoch() {
    // Whether the limiter has recovered, the epoch of the refused request, and the hint.
    for (recovered, epoch, hint, is_new, rest) in [
        (false, 1, None, true, Some(2)),
        (false, 1, Some(9), true, Some(9)),
        (false, 1, Some(0), true, Some(2)),
        (false, 0, None, false, None),
        (false, 0, Some(0), false, None),
        (false, 0, Some(9), false, Some(9)),
        (true, 1, None, true, Some(1)),
        (true, 0, None, false, None),
        (true, 0, Some(0), false, None),
        (true, 0, Some(9), true, Some(9)),
    ] {
        let case = format!("{recovered} {epoch} {hint:?}");
        let mut paused = Paused::recovering();
        if recovered {
            paused.recover();
        }
        assert_eq!(paused.refused(epoch, hint), is_new, "{case}");
        assert_eq!(paused.pause.epoch(), 1 + u64::from(is_new), "{case}");
        assert_eq!(paused.rest(), rest, "{case}");
        assert_eq!(paused.pause.is_recovering(), is_new || !recovered, "{case}");
    }
}

#[test]
fn later_end_counts() {
    for (first, second, rest) in [(9, 3, 9), (3, 9, 9), (5, 5, 5)] {
        let mut paused = Paused::new();
        paused.refused(0, Some(first));
        paused.refused(1, Some(second));
        assert_eq!(paused.rest(), Some(rest));
    }
}

#[test]
fn as_many_requests_are_unanswered_as_the_recovery_allows() {
    let mut paused = Paused::recovering();
    for allowed in [1, 2, 4, 8, 16] {
        for ahead in 0..allowed {
            assert_eq!(paused.wait(ahead), None, "{ahead} of {allowed}");
        }
        paused.pause.take(paused.now);
        assert_eq!(paused.wait(allowed - 1), Some(secs(1)), "{allowed}");
        paused.pause.ended(0);
        assert_eq!(paused.wait(allowed - 1), Some(secs(1)), "{allowed}");
        paused.pause.ended(1);
        assert_eq!(paused.wait(allowed - 1), None, "{allowed}");
        paused.pause.succeeded(1);
    }
    assert_eq!(paused.wait(1000), None);
}

#[test]
fn missing_reply_admits_one_more_after_a_sixteenth_of_the_interval() {
    let mut paused = Paused::recovering();
    paused.pause.take(paused.now);
    paused.now += ms(400);
    assert_eq!(paused.wait(0), Some(ms(600)));
    assert_eq!(paused.wait(1), Some(ms(600)));
    paused.now += ms(600);
    assert_eq!(paused.wait(0), None);
    assert_eq!(paused.wait(1), Some(Duration::from_nanos(1)));
    paused.pause.take(paused.now);
    assert_eq!(paused.wait(0), Some(secs(1)));
}
