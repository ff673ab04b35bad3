//! The state of one account in memory.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use hoopai_runtime::auth::{BearerToken, UserType};
use hoopai_runtime::error::AuthErrorKind;
use tokio::sync::watch;

use super::context::Context;
use super::error::{RefreshError, RefreshResult};
use super::metrics::count;
use super::schedule::{self, FORCED_REFRESHES_PER_MINUTE, RefreshReason, RefreshTimes};
use super::unsaved::Unsaved;
use crate::record::{Record, TokenKey, UndecodedReply};
use crate::util::sync::lock;

/// The state of one account.
pub(crate) struct AccountState {
    pub(super) context: Arc<Context>,
    pub(super) key: TokenKey,
    /// The company through which a location can get tokens.
    company: Mutex<Option<String>>,
    /// Is read for each call, so it has a lock of its own.
    current: Mutex<Option<CurrentToken>>,
    refresh: Mutex<RefreshState>,
    /// Replies that could be neither decoded nor stored.
    pub(crate) undecoded: Mutex<Vec<UndecodedReply>>,
    /// Received tokens that could not be stored yet.
    pub(crate) unsaved: tokio::sync::Mutex<Option<Unsaved>>,
    /// Whether the account was used since the last eviction.
    was_used: AtomicBool,
    /// When a call last used the account, in milliseconds since 1970. Zero: never.
    last_use: AtomicU64,
}

/// The access token in use.
struct CurrentToken {
    token: BearerToken,
    times: RefreshTimes,
}

/// The access token in memory, by its remaining lifetime.
pub(super) enum CachedToken {
    Valid(BearerToken),
    /// Still valid, and due for a refresh.
    Expiring(BearerToken),
    Missing,
}

/// Receives the result of a refresh.
pub(super) type RunningRefresh = watch::Receiver<Option<RefreshResult>>;

/// The refreshes of an account.
#[derive(Default)]
pub(super) struct RefreshState {
    running: Option<RunningRefresh>,
    failure: Option<Failure>,
    /// The refreshes caused by rejected tokens: the start of a minute, and their number since.
    forced: Option<(Instant, u32)>,
}

/// The error of the last refresh.
struct Failure {
    at: Instant,
    count: u32,
    error: RefreshError,
    /// The last failure with an unknown outcome, and the number of failures since the first one.
    unknown: Option<(Instant, u32)>,
}

impl RefreshState {
    /// Returns the running refresh. One whose task ended with its runtime does not count.
    pub(super) fn running(&self) -> Option<RunningRefresh> {
        let running = self.running.as_ref()?;
        running.has_changed().is_ok().then(|| running.clone())
    }

    pub(super) fn set_running(&mut self, running: RunningRefresh) {
        self.running = Some(running);
    }

    /// Returns the last error and the time left until the next attempt, if it is not due yet.
    pub(super) fn backoff(
        &self,
        now: Instant,
        reason: RefreshReason,
    ) -> Option<(RefreshError, Duration)> {
        let Failure {
            at, count, error, ..
        } = self.failure.as_ref()?;
        // After an unknown outcome the next attempt is soon: for a short time the platform may
        // return the same tokens again.
        let reason = if error.has_unknown_outcome() {
            RefreshReason::NoToken
        } else {
            reason
        };
        let pause = schedule::backoff(reason, error.kind(), *count);
        let left = pause
            .max(error.retry_after().unwrap_or_default())
            .saturating_sub(now.saturating_duration_since(*at));
        (!left.is_zero()).then(|| (error.clone(), left))
    }

    /// Returns the pause after which a refresh is repeated whether or not a call needs it: one whose
    /// outcome is unknown, while the platform repeats its reply.
    pub(super) fn repetition(&self) -> Option<Duration> {
        let Failure {
            at, error, unknown, ..
        } = self.failure.as_ref()?;
        let (last, count) = (*unknown)?;
        let since = at.saturating_duration_since(last);
        let pause = schedule::backoff(RefreshReason::NoToken, AuthErrorKind::Unavailable, count)
            .max(error.retry_after().unwrap_or_default());
        let is_transient = matches!(
            error.kind(),
            AuthErrorKind::Unavailable | AuthErrorKind::Unreachable | AuthErrorKind::Store
        );
        (is_transient && since + pause < schedule::REPEATED_REPLIES).then_some(pause)
    }

    /// The number of consecutive failures.
    pub(super) fn failures(&self) -> u32 {
        self.failure.as_ref().map_or(0, |failure| failure.count)
    }

    /// Counts a refresh that a rejected token causes. `false`: there were too many.
    pub(super) fn count_forced(&mut self, now: Instant) -> bool {
        let is_recent =
            |since: Instant| now.saturating_duration_since(since) < Duration::from_secs(60);
        let (since, count) = match self.forced {
            Some((since, count)) if is_recent(since) => (since, count),
            _ => (now, 0),
        };
        if count >= FORCED_REFRESHES_PER_MINUTE {
            tracing::warn!(
                "the platform rejects new tokens as expired: they are not refreshed for each call"
            );
            return false;
        }
        self.forced = Some((since, count + 1));
        true
    }
}

impl AccountState {
    pub(super) fn new(context: Arc<Context>, key: TokenKey) -> Self {
        AccountState {
            context,
            key,
            company: Mutex::default(),
            current: Mutex::default(),
            refresh: Mutex::default(),
            undecoded: Mutex::default(),
            unsaved: tokio::sync::Mutex::default(),
            was_used: AtomicBool::new(true),
            last_use: AtomicU64::new(0),
        }
    }

    pub(super) fn set_company(&self, company: &str) {
        *lock(&self.company) = Some(company.to_owned());
    }

    pub(super) fn company(&self) -> Option<String> {
        lock(&self.company).clone()
    }

    pub(super) fn is_location(&self) -> bool {
        self.key.account.user_type() == UserType::Location
    }

    pub(super) fn refresh_state(&self) -> MutexGuard<'_, RefreshState> {
        lock(&self.refresh)
    }

    /// Returns the token in memory, even if it has expired.
    pub(super) fn current_token(&self) -> Option<BearerToken> {
        Some(lock(&self.current).as_ref()?.token.clone())
    }

    pub(super) fn has_other_than(&self, rejected: &BearerToken) -> bool {
        self.current_token().is_some_and(|token| token != *rejected)
    }

    pub(super) fn cached_token(&self) -> CachedToken {
        self.token_at(self.context.clock.system_time())
    }

    /// Returns the token in memory for a call.
    pub(super) fn use_token(&self) -> CachedToken {
        let now = self.context.clock.system_time();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let millis = u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        self.last_use.store(millis, Ordering::Relaxed);
        self.token_at(now)
    }

    /// When a call last used the account, by a number that grows with time. Zero: never.
    pub(super) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }

    fn token_at(&self, now: SystemTime) -> CachedToken {
        let current = lock(&self.current);
        let Some(CurrentToken { token, times }) = &*current else {
            return CachedToken::Missing;
        };
        if now < times.refresh_at {
            CachedToken::Valid(token.clone())
        } else if now < times.unusable_at {
            CachedToken::Expiring(token.clone())
        } else {
            CachedToken::Missing
        }
    }

    /// Whether the token of a record can be used: it is valid and not the rejected one.
    pub(super) fn is_usable(&self, record: &Record, rejected: Option<&BearerToken>) -> bool {
        self.context.clock.system_time() < schedule::usable_until(&record.tokens)
            && BearerToken::new(&record.tokens.access_token)
                .is_some_and(|token| rejected.is_none_or(|rejected| *rejected != token))
    }

    /// Makes the token of a record the current one.
    pub(super) fn adopt(&self, record: &Record) -> RefreshResult {
        let token = BearerToken::new(&record.tokens.access_token).ok_or_else(|| {
            RefreshError::new(
                AuthErrorKind::Refused,
                "the access token contains characters that no header can have: have a user of the account authorize the app again",
            )
        })?;
        let can_refresh = self.is_location()
            || record.rejected_at.is_none() && record.tokens.refresh_token.is_some();
        let times = RefreshTimes::of(record, can_refresh, fastrand::f64());
        *lock(&self.current) = Some(CurrentToken { token, times });
        lock(&self.refresh).failure = None;
        Ok(())
    }

    /// Removes the token from memory.
    pub(super) fn forget(&self) {
        *lock(&self.current) = None;
    }

    /// Records the result of a refresh.
    pub(super) fn finish(&self, result: &RefreshResult) {
        if let Some(observer) = &self.context.observer {
            observer.on_refresh(result.is_ok());
        }
        let mut refresh = lock(&self.refresh);
        refresh.running = None;
        self.count(result);
        let last = refresh.failure.take();
        if let Err(error) = result {
            tracing::warn!(kind = ?error.kind(), "the token was not refreshed: {}", error.message());
            let now = self.context.clock.now();
            let unknown = last.as_ref().and_then(|last| last.unknown);
            let unknown_count = unknown.map_or(0, |(_, count)| count) + 1;
            let unknown_at = match error.has_unknown_outcome() {
                true => Some(now),
                false => unknown.map(|(at, _)| at),
            };
            refresh.failure = Some(Failure {
                at: now,
                count: last.map_or(0, |last| last.count) + 1,
                error: error.clone(),
                unknown: unknown_at.map(|at| (at, unknown_count)),
            });
        }
    }

    fn count(&self, result: &RefreshResult) {
        let counters = &self.context.counters;
        let Err(error) = result else {
            return count(&counters.refreshes);
        };
        count(&counters.failures);
        if error.kind() == AuthErrorKind::Store {
            count(&counters.store_failures);
        }
        if !matches!(self.cached_token(), CachedToken::Missing) {
            count(&counters.fallbacks);
        }
    }

    pub(super) fn mark_used(&self) {
        self.was_used.store(true, Ordering::Relaxed);
    }

    /// Whether the account can be evicted without loss: it was not used since the last eviction,
    /// no handle or refresh refers to it, and everything received is stored.
    pub(super) fn may_be_evicted(self: &Arc<Self>) -> bool {
        let is_saved = || {
            self.unsaved
                .try_lock()
                .is_ok_and(|unsaved| unsaved.is_none())
        };
        !self.was_used.swap(false, Ordering::Relaxed)
            && Arc::strong_count(self) == 1
            && is_saved()
            && lock(&self.undecoded).is_empty()
    }

    /// Waits until no refresh is running and all tokens are stored.
    pub(crate) async fn wait_idle(&self) {
        loop {
            let running = lock(&self.refresh).running.clone();
            if let Some(mut running) = running {
                // An error means that the task ended with its runtime.
                let _ = running.wait_for(Option::is_some).await;
            }
            let unsaved = self.unsaved.lock().await;
            let Some(mut stored) = unsaved.as_ref().map(|unsaved| unsaved.stored.subscribe())
            else {
                return;
            };
            drop(unsaved);
            // Nothing is sent: this returns when the sender is dropped.
            let _ = stored.changed().await;
        }
    }
}
