//! The mean time of a reply, and the expected end of requests.

use std::time::{Duration, Instant};

use super::super::latency::Latency;
use super::{ms, secs};

#[test]
fn each_reply_moves_the_mean_by_an_eighth_of_the_difference() {
    let mut latency = Latency::default();
    assert_eq!(latency.mean(), Duration::ZERO);
    for (took, mean) in [
        (8_000, 8_000),
        (16_000, 9_000),
        (9_000, 9_000),
        (1_000, 8_000),
    ] {
        latency.replied(ms(took));
        assert_eq!(latency.mean(), ms(mean), "{took}");
    }
}

#[test]
fn unanswered_requests_are_expected_to_end_after_the_mean_time() {
    let start = Instant::now();
    let at = |seconds| start + secs(seconds);
    let mut latency = Latency::default();
    latency.begin(start);
    assert_eq!(latency.expected_end(at(1)), at(1), "no reply has come yet");
    latency.end(start);
    latency.replied(secs(8));
    assert_eq!(latency.expected_end(at(1)), at(1), "none is unanswered");
    latency.begin(at(10));
    assert_eq!(latency.expected_end(at(11)), at(18));
    assert_eq!(latency.expected_end(at(19)), at(19), "it is late");
    // The mean of the ends of both, and then that of the second.
    latency.begin(at(14));
    assert_eq!(latency.expected_end(at(15)), at(20));
    latency.end(at(10));
    assert_eq!(latency.expected_end(at(15)), at(22));
    latency.begin(at(18));
    latency.end(at(14));
    assert_eq!(latency.expected_end(at(19)), at(26));
    latency.end(at(18));
    assert_eq!(latency.expected_end(at(19)), at(19));
    latency.begin(at(100));
    assert_eq!(latency.expected_end(at(100)), at(108));
}
