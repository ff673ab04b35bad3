//! The token of one account: what is in memory, who waits, who starts a flight.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hoopai_runtime::Error;
use hoopai_runtime::auth::BearerToken;
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;
use tokio::sync::watch;

use super::pace::{self, FORCED_A_MINUTE, Times, Urgency};
use super::save::Unsaved;
use super::{Fault, TokenManager};
use crate::lock;
use crate::{AccountId, Record, TokenKey, UnreadReply, UserType};

/// How a flight ended. If well, the token is in memory.
pub(super) type Landing = Result<(), Fault>;

/// One account of an app. Clones are the same account.
#[derive(Clone)]
pub(crate) struct Account {
    pub(super) manager: TokenManager,
    pub(crate) slot: Arc<Slot>,
}

/// What a manager knows of an account.
pub(crate) struct Slot {
    pub(super) key: TokenKey,
    /// The company through which a location can get tokens.
    agency: Mutex<Option<String>>,
    /// Read by each call, so it is apart from the rest.
    current: Mutex<Option<Current>>,
    work: Mutex<Work>,
    /// Replies that could neither be read nor stored.
    pub(crate) unread: Mutex<Vec<UnreadReply>>,
    /// Tokens that came and could not be stored.
    pub(crate) unsaved: tokio::sync::Mutex<Option<Unsaved>>,
    /// Since slots were last evicted.
    was_used: AtomicBool,
}

/// The token in use.
struct Current {
    grant: BearerToken,
    times: Times,
}

#[derive(Default)]
struct Work {
    flight: Option<watch::Receiver<Option<Landing>>>,
    failure: Option<Failure>,
    /// The refreshes for 401s, counted from the first of them.
    forced: Option<(Instant, u32)>,
}

/// The last flight, if it failed.
struct Failure {
    at: Instant,
    in_a_row: u32,
    fault: Fault,
}

impl Failure {
    /// How long the account is left alone yet.
    fn left(&self, now: Instant, urgency: Urgency) -> Duration {
        // A refresh that may have been carried out is looked into soon: for a short time the platform may give the same tokens again.
        let urgency = if self.fault.is_of_unknown_outcome() {
            Urgency::Waiting
        } else {
            urgency
        };
        let pause = pace::pause(urgency, self.fault.kind(), self.in_a_row);
        let asked = self.fault.retry_after().unwrap_or_default();
        pause
            .max(asked)
            .saturating_sub(now.saturating_duration_since(self.at))
    }
}

/// What a look at the memory shows.
enum Glance {
    Good(BearerToken),
    /// Good, and soon to be renewed.
    Ending(BearerToken),
    Nothing,
}

impl Slot {
    pub(super) fn new(key: TokenKey) -> Self {
        Slot {
            key,
            agency: Mutex::default(),
            current: Mutex::default(),
            work: Mutex::default(),
            unread: Mutex::default(),
            unsaved: tokio::sync::Mutex::default(),
            was_used: AtomicBool::new(true),
        }
    }

    pub(super) fn set_agency(&self, company: &str) {
        *lock(&self.agency) = Some(company.to_owned());
    }

    pub(super) fn agency(&self) -> Option<String> {
        lock(&self.agency).clone()
    }

    pub(super) fn is_location(&self) -> bool {
        self.key.resource.user_type() == UserType::Location
    }

    /// What is in memory, whether it is good or over.
    fn grant(&self) -> Option<BearerToken> {
        Some(lock(&self.current).as_ref()?.grant.clone())
    }

    fn has_other_than(&self, refused: &BearerToken) -> bool {
        self.grant().is_some_and(|grant| grant != *refused)
    }

    pub(super) fn mark_used(&self) {
        self.was_used.store(true, Ordering::Relaxed);
    }

    /// Whether nothing is lost with it: it was not used since this was asked last, no account shares it (a refresh or a waiter has
    /// one), and all that came is stored.
    pub(super) fn may_be_evicted(self: &Arc<Self>) -> bool {
        !self.was_used.swap(false, Ordering::Relaxed)
            && Arc::strong_count(self) == 1
            && self
                .unsaved
                .try_lock()
                .is_ok_and(|unsaved| unsaved.is_none())
            && lock(&self.unread).is_empty()
    }

    pub(super) fn forget(&self) {
        *lock(&self.current) = None;
    }

    /// Returns once no flight is under way and nothing is left to be stored.
    pub(super) async fn wait_idle(&self) {
        loop {
            let flight = lock(&self.work).flight.clone();
            if let Some(mut flight) = flight {
                // A sender that is gone is as good as a landing.
                let _ = flight.wait_for(Option::is_some).await;
            }
            let Some(mut stored) = self.unsaved.lock().await.as_ref().map(Unsaved::when_stored)
            else {
                return;
            };
            let _ = stored.wait_for(Option::is_some).await;
        }
    }
}

impl Account {
    /// Another account of the same app.
    pub(crate) fn for_account(&self, resource: AccountId) -> Account {
        let agency = match &self.slot.key.resource {
            AccountId::Company(id) => Some(id.clone()),
            _ => self.slot.agency(),
        };
        let agency = agency.filter(|_| resource.user_type() == UserType::Location);
        self.manager.account_through(resource, agency.as_deref())
    }

    #[cfg(test)]
    pub(crate) fn manager(&self) -> &TokenManager {
        &self.manager
    }

    pub(crate) fn resource(&self) -> &AccountId {
        &self.slot.key.resource
    }

    /// What the next call is authorised with.
    pub(crate) async fn authorization(&self) -> Result<BearerToken, Error> {
        match self.glance() {
            Glance::Good(grant) => Ok(grant),
            Glance::Ending(grant) => {
                self.renew_ahead(&grant);
                Ok(grant)
            }
            Glance::Nothing => {
                self.fetch(None).await?;
                // What a flight brought is used even if it is over by this machine's clock, which may be wrong.
                self.slot.grant().ok_or_else(broken_off)
            }
        }
    }

    /// Something newer than what was refused. `None`: refreshing has been tried often enough.
    pub(crate) async fn token_rejected(
        &self,
        refused: &BearerToken,
    ) -> Result<Option<BearerToken>, Error> {
        // The first flight may be one that was under way and only looked up what is stored.
        for _ in 0..3 {
            if self.slot.has_other_than(refused) {
                return self.authorization().await.map(Some);
            }
            if !self.fetch(Some(refused)).await? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn glance(&self) -> Glance {
        let current = lock(&self.slot.current);
        let Some(current) = current.as_ref() else {
            return Glance::Nothing;
        };
        let now = self.manager.clock().system_time();
        let grant = || current.grant.clone();
        if now < current.times.renew_at {
            Glance::Good(grant())
        } else if now < current.times.over_at {
            Glance::Ending(grant())
        } else {
            Glance::Nothing
        }
    }

    /// Whether a 401 may cause one more refresh, and counts it.
    fn may_force(&self, work: &mut Work) -> bool {
        let now = self.manager.clock().now();
        let (since, count) = work
            .forced
            .filter(|(since, _)| now.saturating_duration_since(*since) < Duration::from_secs(60))
            .unwrap_or((now, 0));
        if count >= FORCED_A_MINUTE {
            tracing::warn!(
                "the platform refuses fresh tokens as if they had expired: they are not renewed for every call"
            );
            return false;
        }
        work.forced = Some((since, count + 1));
        true
    }

    /// Starts a flight if none is under way, and leaves it to itself.
    fn renew_ahead(&self, grant: &BearerToken) {
        let mut work = lock(&self.slot.work);
        if under_way(&work).is_none() && self.left_alone(&work, Urgency::Ahead).is_none() {
            self.take_off(&mut work, Some(grant.clone()));
        }
    }

    /// Waits for the flight that is under way, or for a new one that brings another token than `refused`. False: there shall be
    /// none, as there were enough.
    async fn fetch(&self, refused: Option<&BearerToken>) -> Result<bool, Error> {
        let mut flight = {
            let mut work = lock(&self.slot.work);
            if let Some(flight) = under_way(&work) {
                flight
            } else {
                // A flight may have landed since this call looked.
                let landed = match refused {
                    Some(refused) => self.slot.has_other_than(refused),
                    None => !matches!(self.glance(), Glance::Nothing),
                };
                if landed {
                    return Ok(true);
                }
                if let Some((fault, left)) = self.left_alone(&work, Urgency::Waiting) {
                    return Err(fault.to_error(Some(left)));
                }
                if refused.is_some() && !self.may_force(&mut work) {
                    return Ok(false);
                }
                self.take_off(&mut work, refused.cloned())
            }
        };
        match flight.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(()))) => Ok(true),
            Ok(Some(Err(fault))) => {
                let left = self.left_alone(&lock(&self.slot.work), Urgency::Waiting);
                Err(fault.to_error(left.map(|(_, left)| left)))
            }
            Ok(None) | Err(_) => Err(broken_off()),
        }
    }

    /// Why nothing is tried now, and for how long.
    fn left_alone(&self, work: &Work, urgency: Urgency) -> Option<(Fault, Duration)> {
        let failure = work.failure.as_ref()?;
        let left = failure.left(self.manager.clock().now(), urgency);
        (!left.is_zero()).then(|| (failure.fault.clone(), left))
    }

    fn take_off(
        &self,
        work: &mut Work,
        stale: Option<BearerToken>,
    ) -> watch::Receiver<Option<Landing>> {
        let (land, flight) = watch::channel(None);
        work.flight = Some(flight.clone());
        let account = self.clone();
        let work: BoxFuture<'static, ()> = Box::pin(async move {
            let landing = account.fly(stale).await;
            account.landed(&landing);
            land.send_replace(Some(landing));
        });
        tokio::spawn(work);
        flight
    }

    fn landed(&self, landing: &Landing) {
        if let Some(observer) = &self.manager.0.observer {
            observer.on_refresh(landing.is_ok());
        }
        let mut work = lock(&self.slot.work);
        work.flight = None;
        work.failure = landing.as_ref().err().map(|fault| {
            tracing::warn!(fault = ?fault.kind(), "no new token: {}", fault.text());
            Failure {
                at: self.manager.clock().now(),
                in_a_row: work.failure.as_ref().map_or(0, |last| last.in_a_row) + 1,
                fault: fault.clone(),
            }
        });
    }

    /// Whether the token of a record is one to use: not the one that is to be replaced, and not over.
    pub(super) fn is_usable(&self, record: &Record, stale: Option<&BearerToken>) -> bool {
        let over_at = Times::of(record, false, 0.0).over_at;
        self.manager.clock().system_time() < over_at
            && BearerToken::new(&record.tokens.access_token)
                .is_some_and(|grant| stale.is_none_or(|stale| *stale != grant))
    }

    /// Takes the token of a record into use.
    pub(super) fn adopt(&self, record: &Record) -> Landing {
        let Some(grant) = BearerToken::new(&record.tokens.access_token) else {
            return Err(Fault::new(
                AuthErrorKind::Refused,
                "the access token cannot be sent: it holds characters that no header may have; have a user of the account authorise the app again",
            ));
        };
        let renewable = self.slot.is_location()
            || record.dead.is_none() && record.tokens.refresh_token.is_some();
        let times = Times::of(record, renewable, fastrand::f64());
        *lock(&self.slot.current) = Some(Current { grant, times });
        lock(&self.slot.work).failure = None;
        Ok(())
    }
}

/// The flight of an account. One whose task is gone with its runtime is none.
fn under_way(work: &Work) -> Option<watch::Receiver<Option<Landing>>> {
    work.flight
        .as_ref()
        .filter(|flight| flight.has_changed().is_ok())
        .cloned()
}

fn broken_off() -> Error {
    Error::auth(
        AuthErrorKind::Unavailable,
        "the refresh of the token was broken off, as its runtime was shut down: a later call tries again",
    )
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(self.resource()).finish()
    }
}
