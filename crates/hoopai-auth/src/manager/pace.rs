//! When to refresh, and how long to leave it alone after a failure.

use std::time::{Duration, SystemTime};

use hoopai_runtime::error::AuthErrorKind;

use crate::Record;

/// How long a refresh may take before another process may take it up. One that ends is noticed sooner by stores that can; this is
/// for those that hang. It is more than a request takes with all its waiting.
pub(crate) const LEASE_TTL: Duration = Duration::from_secs(5 * 60);

/// How long to wait for another process that is refreshing.
pub(crate) const LEASE_WAIT: Duration = Duration::from_secs(90);
pub(crate) const LEASE_PAUSE: Duration = Duration::from_millis(20);
pub(crate) const LEASE_PAUSE_MAX: Duration = Duration::from_millis(250);

/// How long before its end a token is renewed: a tenth of its life, within these bounds.
pub(crate) const WINDOW_MIN: Duration = Duration::from_secs(60);
pub(crate) const WINDOW_MAX: Duration = Duration::from_secs(60 * 60);

/// A token that ends within this time may end on the way.
const MARGIN: Duration = Duration::from_secs(10);

/// How many times a minute a 401 may cause a refresh for an account. More of them are not about expiry, whatever they say, and the
/// platform takes five refreshes a minute.
pub(crate) const FORCED_A_MINUTE: u32 = 4;

/// When to begin renewing a token, and from when on it is not used any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) renew_at: SystemTime,
    pub(crate) over_at: SystemTime,
}

impl Times {
    /// `chance` is between 0 and 1: processes that share a store do not begin at the same moment.
    pub(crate) fn of(record: &Record, renewable: bool, chance: f64) -> Self {
        let tokens = &record.tokens;
        let life = tokens
            .expires_at
            .duration_since(tokens.obtained_at)
            .unwrap_or_default();
        let earlier = |by: Duration| {
            tokens
                .expires_at
                .checked_sub(by)
                .unwrap_or(tokens.expires_at)
        };
        let over_at = earlier(MARGIN.min(life / 10));
        let window = (life / 10).clamp(WINDOW_MIN, WINDOW_MAX).min(life / 2);
        let renew_at = if !renewable {
            over_at
        } else if record.pending.is_some() {
            // Somebody began and did not finish. The sooner it is known what became of it, the better.
            tokens.obtained_at
        } else {
            earlier(window.mul_f64(1.0 - 0.3 * chance))
        };
        Times { renew_at, over_at }
    }
}

/// Whether somebody waits for the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A call has none.
    Waiting,
    /// Calls go on with the old one.
    Ahead,
}

/// How long to leave it alone after so many failures in a row.
pub(crate) fn pause(urgency: Urgency, fault: AuthErrorKind, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let grown = |first: u64, most: u64| Duration::from_secs((first << doublings).min(most));
    match urgency {
        // What only the store knows can have changed, and looking costs no request.
        Urgency::Waiting
            if matches!(
                fault,
                AuthErrorKind::NotInstalled | AuthErrorKind::ReinstallNeeded | AuthErrorKind::Store
            ) =>
        {
            Duration::ZERO
        }
        Urgency::Waiting => grown(1, 30),
        Urgency::Ahead => grown(30, 600),
    }
}

/// A pause that differs from process to process by up to a quarter.
pub(crate) fn scattered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + 0.25 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hoopai_runtime::error::AuthErrorKind;

    use super::{Times, Urgency, pause};
    use crate::{Record, TokenSet};

    /// How long before the end of a token of so many seconds it is renewed, and no longer used.
    fn before_end(life: u64, chance: f64) -> (f64, f64) {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut tokens = TokenSet::new("a", None, end);
        tokens.obtained_at = end - Duration::from_secs(life);
        let times = Times::of(&Record::new(tokens, 1), true, chance);
        let left = |at: SystemTime| end.duration_since(at).unwrap().as_secs_f64();
        (left(times.renew_at), left(times.over_at))
    }

    #[test]
    fn tokens_are_renewed_ahead_of_their_end() {
        assert_eq!(before_end(86_400, 0.0), (3600.0, 10.0));
        assert_eq!(before_end(86_400, 1.0), (2520.0, 10.0));
        assert_eq!(before_end(7_200, 0.0), (720.0, 10.0));
        assert_eq!(before_end(300, 0.0), (60.0, 10.0));
        assert_eq!(before_end(60, 0.0), (30.0, 6.0));
        assert_eq!(before_end(0, 0.0), (0.0, 0.0));
    }

    #[test]
    fn pauses_grow_to_an_end() {
        let waiting = |n| pause(Urgency::Waiting, AuthErrorKind::Unavailable, n).as_secs();
        assert_eq!(
            [
                waiting(1),
                waiting(2),
                waiting(5),
                waiting(6),
                waiting(u32::MAX)
            ],
            [1, 2, 16, 30, 30]
        );
        let ahead = |n| pause(Urgency::Ahead, AuthErrorKind::Store, n).as_secs();
        assert_eq!([ahead(1), ahead(2), ahead(99)], [30, 60, 600]);
        assert!(pause(Urgency::Waiting, AuthErrorKind::ReinstallNeeded, 9).is_zero());
    }
}
