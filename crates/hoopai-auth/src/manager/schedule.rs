//! When to refresh a token, and how long to wait after a failure.

use std::time::{Duration, SystemTime};

use hoopai_runtime::error::AuthErrorKind;

use crate::record::{Record, TokenSet};

/// The time between the refresh of a token and its end: a tenth of its lifetime, in these bounds.
const WINDOW_MIN: Duration = Duration::from_secs(60);
pub(crate) const WINDOW_MAX: Duration = Duration::from_secs(60 * 60);

/// A token with less remaining lifetime may expire before the request arrives.
const MARGIN: Duration = Duration::from_secs(10);

/// The time for which the platform is said to repeat the reply of a refresh.
pub(super) const REPEATED_REPLIES: Duration = Duration::from_secs(30);

/// How many refreshes of an account rejected tokens may cause in a minute.
///
/// More rejections have another reason than expiry. The platform allows five refreshes a minute.
pub(super) const FORCED_REFRESHES_PER_MINUTE: u32 = 4;

/// When to start refreshing a token, and until when to use it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefreshTimes {
    pub(super) refresh_at: SystemTime,
    pub(super) unusable_at: SystemTime,
}

fn lifetime(tokens: &TokenSet) -> Duration {
    let lifetime = tokens.expires_at.duration_since(tokens.obtained_at);
    lifetime.unwrap_or_default()
}

fn before_end(tokens: &TokenSet, by: Duration) -> SystemTime {
    let time = tokens.expires_at.checked_sub(by);
    time.unwrap_or(tokens.expires_at)
}

/// Returns the time until which tokens are used.
pub(super) fn usable_until(tokens: &TokenSet) -> SystemTime {
    before_end(tokens, MARGIN.min(lifetime(tokens) / 10))
}

/// A scheduler refreshes tokens this long before their end, or an eighth of a shorter lifetime: before
/// calls do.
const AHEAD_MAX: Duration = Duration::from_secs(90 * 60);

/// Returns the time by which a scheduler refreshes tokens.
pub(super) fn ahead_of(tokens: &TokenSet) -> SystemTime {
    before_end(tokens, AHEAD_MAX.min(lifetime(tokens) / 8))
}

impl RefreshTimes {
    /// `random` is between 0 and 1, so that processes with a common store start at different times.
    pub(super) fn of(record: &Record, can_refresh: bool, random: f64) -> Self {
        let tokens = &record.tokens;
        let unusable_at = usable_until(tokens);
        let refresh_at = if !can_refresh {
            unusable_at
        } else if record.pending.is_some() {
            // A refresh was interrupted. Its outcome should be known soon.
            tokens.obtained_at
        } else {
            let lifetime = lifetime(tokens);
            let window = (lifetime / 10)
                .clamp(WINDOW_MIN, WINDOW_MAX)
                .min(lifetime / 2);
            before_end(tokens, window.mul_f64(1.0 - 0.3 * random))
        };
        RefreshTimes {
            refresh_at,
            unusable_at,
        }
    }
}

/// Why a token is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshReason {
    /// A call has no token.
    NoToken,
    /// The token will expire soon. Calls still use it.
    Early,
}

/// Returns the pause after a number of consecutive failures.
pub(super) fn backoff(reason: RefreshReason, kind: AuthErrorKind, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let exponential = |first: u64, max: u64| Duration::from_secs((first << doublings).min(max));
    match (reason, kind) {
        // The stored tokens may have changed, and reading them sends no request.
        (
            RefreshReason::NoToken,
            AuthErrorKind::NotInstalled | AuthErrorKind::ReinstallNeeded | AuthErrorKind::Store,
        ) => Duration::ZERO,
        (RefreshReason::NoToken, _) => exponential(1, 30),
        (RefreshReason::Early, _) => exponential(30, 600),
    }
}

/// Adds up to a quarter to a pause at random.
pub(super) fn with_jitter(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + 0.25 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hoopai_runtime::error::AuthErrorKind;

    use super::{RefreshReason, RefreshTimes, backoff, with_jitter};
    use crate::{Record, TokenSet};

    /// The seconds before the end at which a token is refreshed, and no longer used.
    fn before_end(lifetime: u64, random: f64) -> (f64, f64) {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut tokens = TokenSet::new("a", None, end);
        tokens.obtained_at = end - Duration::from_secs(lifetime);
        let times = RefreshTimes::of(&Record::new(tokens, 1), true, random);
        let left = |at: SystemTime| end.duration_since(at).unwrap().as_secs_f64();
        (left(times.refresh_at), left(times.unusable_at))
    }

    #[test]
    fn tokens_are_refreshed_before_they_expire() {
        assert_eq!(before_end(86_400, 0.0), (3600.0, 10.0));
        assert_eq!(before_end(86_400, 1.0), (2520.0, 10.0));
        assert_eq!(before_end(7_200, 0.0), (720.0, 10.0));
        assert_eq!(before_end(300, 0.0), (60.0, 10.0));
        assert_eq!(before_end(60, 0.0), (30.0, 6.0));
        assert_eq!(before_end(0, 0.0), (0.0, 0.0));
    }

    #[test]
    fn backoff_grows_to_a_maximum() {
        let seconds = |reason, kind, failures| backoff(reason, kind, failures).as_secs();
        let no_token = [1, 2, 5, 6, u32::MAX]
            .map(|n| seconds(RefreshReason::NoToken, AuthErrorKind::Unavailable, n));
        assert_eq!(no_token, [1, 2, 16, 30, 30]);
        let early = [1, 2, 99].map(|n| seconds(RefreshReason::Early, AuthErrorKind::Store, n));
        assert_eq!(early, [30, 60, 600]);
        let reinstall = backoff(RefreshReason::NoToken, AuthErrorKind::ReinstallNeeded, 9);
        assert!(reinstall.is_zero());
    }
    #[test]
    fn jitter_adds_up_to_a_quarter() {
        let pauses = (0..1_000).map(|_| with_jitter(Duration::from_secs(4)).as_secs_f64());
        let (least, most) = pauses.fold((f64::MAX, 0.0_f64), |(least, most), pause| {
            (least.min(pause), most.max(pause))
        });
        assert!((4.0..4.1).contains(&least), "{least}");
        assert!((4.9..5.0).contains(&most), "{most}");
    }
}
