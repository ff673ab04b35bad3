//! The flight that brings a new token.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use hoopai_runtime::auth::{BearerToken, TOKEN_PATH, TokenEndpointError};
use hoopai_runtime::error::AuthErrorKind;
use secrecy::SecretString;

use super::account::{Account, Landing};
use super::pace::{self, LEASE_PAUSE, LEASE_PAUSE_MAX, LEASE_TTL, LEASE_WAIT};
use super::save::Over;
use super::steps::Step;
use super::{Fault, TokenManager};
use crate::classify::refresh_token_is_dead;
use crate::{AccountId, Fingerprint, Lease, Pending, Record, Swap, TokenKey, TokenSet};

/// How often to begin anew where others change what is stored at the same time.
const ROUNDS: usize = 6;

/// The right to refresh, with its end by this machine's clocks: one that stands still while the machine sleeps, and one that can be
/// set.
pub(super) struct Held {
    lease: Lease,
    until: (Instant, SystemTime),
}

impl Held {
    pub(super) async fn release(self) {
        self.lease.release().await;
    }

    fn is_over(&self, manager: &TokenManager) -> bool {
        let (instant, time) = self.until;
        manager.clock().now() >= instant || manager.clock().system_time() >= time
    }
}

/// How the token of an account can be had.
enum Plan {
    /// It is stored.
    Adopt(Box<Record>),
    /// For the refresh token.
    Refresh(Box<Record>),
    /// For the token of an agency. With what is stored for the location itself.
    Ask(String, Option<Box<Record>>),
}

/// How a step of a flight ended.
pub(super) enum Next {
    Landed,
    /// Something else is stored than was thought: look again.
    LookAgain,
}

impl Account {
    /// Brings a token that is not `stale` into memory.
    pub(super) async fn fly(&self, stale: Option<BearerToken>) -> Landing {
        let stale = stale.as_ref();
        // While the newest tokens are not stored, what is stored is worth nothing.
        self.store_unsaved()
            .await
            .map_err(|error| Fault::shared_store(&error))?;
        self.manager.reached(Step::Started).await;
        let Some(held) = self.take_right(stale).await? else {
            return Ok(());
        };
        self.manager.reached(Step::Leased).await;
        let mut held = Some(held);
        let landing = self.with_right(&mut held, stale).await;
        if let Some(held) = held {
            held.release().await;
            self.manager.reached(Step::Released).await;
        }
        landing
    }

    /// The right to refresh; `None` if there turned out to be no need. Another process that has it is waited for, as what it
    /// brings is as good.
    async fn take_right(&self, stale: Option<&BearerToken>) -> Result<Option<Held>, Fault> {
        let manager = &self.manager;
        let deadline = manager.clock().now() + LEASE_WAIT;
        let mut pause = LEASE_PAUSE;
        loop {
            if let Plan::Adopt(record) = self.plan(stale).await? {
                self.adopt(&record)?;
                return Ok(None);
            }
            let until = (
                manager.clock().now() + LEASE_TTL,
                manager.clock().system_time() + LEASE_TTL,
            );
            let lease = manager.0.store.lease(&self.slot.key, LEASE_TTL).await;
            if let Some(lease) = lease.map_err(Fault::store)? {
                return Ok(Some(Held { lease, until }));
            }
            if manager.clock().now() >= deadline {
                return Err(Fault::new(
                    AuthErrorKind::Unavailable,
                    "another process has been refreshing the token for too long: a later call tries again",
                ));
            }
            manager.clock().sleep(pace::scattered(pause)).await;
            pause = (pause * 2).min(LEASE_PAUSE_MAX);
        }
    }

    async fn with_right(&self, held: &mut Option<Held>, stale: Option<&BearerToken>) -> Landing {
        for _ in 0..ROUNDS {
            let plan = self.plan(stale).await?;
            self.manager.reached(Step::Looked).await;
            let next = match plan {
                Plan::Adopt(record) => return self.adopt(&record),
                Plan::Refresh(record) => self.refresh(held, *record).await?,
                Plan::Ask(company, own) => self.ask_agency(held, &company, own.as_deref()).await?,
            };
            if let Next::Landed = next {
                return Ok(());
            }
        }
        Err(Fault::new(
            AuthErrorKind::Unavailable,
            "others change the stored tokens all the time: a later call tries again",
        ))
    }

    /// Looks at what is stored.
    async fn plan(&self, stale: Option<&BearerToken>) -> Result<Plan, Fault> {
        let record = self.load(&self.slot.key).await?.map(Box::new);
        match record {
            Some(record) if self.is_usable(&record, stale) => Ok(Plan::Adopt(record)),
            Some(record) if record.dead.is_none() && record.tokens.refresh_token.is_some() => {
                Ok(Plan::Refresh(record))
            }
            own => match (self.agency(own.as_deref()).await?, own) {
                (Some(company), own) => Ok(Plan::Ask(company, own)),
                (None, Some(_)) => Err(Fault::reinstall_needed()),
                (None, None) => Err(Fault::not_installed()),
            },
        }
    }

    /// The company through which this location can get tokens: the one that was chosen, or the one that the location belongs to if
    /// the app is installed there.
    async fn agency(&self, own: Option<&Record>) -> Result<Option<String>, Fault> {
        if !self.slot.is_location() {
            return Ok(None);
        }
        if let Some(company) = self.slot.agency() {
            return Ok(Some(company));
        }
        let Some(company) = own.and_then(|own| own.tokens.company_id.as_deref()) else {
            return Ok(None);
        };
        let key = TokenKey::new(&self.slot.key.app, AccountId::company(company));
        let installed = self.load(&key).await?.is_some();
        Ok(installed.then(|| company.to_owned()))
    }

    pub(super) async fn load(&self, key: &TokenKey) -> Result<Option<Record>, Fault> {
        self.manager.0.store.load(key).await.map_err(Fault::store)
    }

    /// One refresh: note, send, store, use.
    async fn refresh(&self, held: &mut Option<Held>, old: Record) -> Result<Next, Fault> {
        let manager = &self.manager;
        let Some(refresh_token) = old.tokens.refresh_token.clone() else {
            return Err(Fault::reinstall_needed());
        };
        let spent = Fingerprint::of(&refresh_token);
        let last = old.pending.as_ref();
        let last = last.filter(|pending| pending.fingerprint == spent);
        let attempt = last.map_or(1, |pending| pending.attempt.saturating_add(1));
        let answered = last.is_some_and(|pending| pending.answered);
        let mut noted = Record {
            revision: old.revision + 1,
            pending: Some(Pending {
                since: manager.clock().system_time(),
                fingerprint: spent.clone(),
                attempt,
                answered,
            }),
            ..old
        };
        let key = &self.slot.key;
        let swapped = manager
            .0
            .store
            .swap(key, Some(noted.revision - 1), Some(noted.clone()))
            .await;
        if swapped.map_err(Fault::store)? == Swap::Conflict {
            return Ok(Next::LookAgain);
        }
        manager.reached(Step::Noted).await;
        if held.as_ref().is_none_or(|held| held.is_over(manager)) {
            return Err(Fault::new(
                AuthErrorKind::Unavailable,
                "the right to refresh the token ended before the request was sent, as the process or the store stood still: a later call tries again",
            ));
        }

        let asked_at = manager.clock().system_time();
        let form = self.refresh_form(refresh_token.clone(), &noted.tokens);
        let reply = manager.0.endpoint.post(TOKEN_PATH, form, None).await;
        manager.reached(Step::Replied).await;
        let refused = match reply {
            Ok(reply) => {
                let received = self.receive(reply, asked_at, Some(&refresh_token)).await?;
                let tokens = received.tokens.or_as_before(&noted.tokens);
                tracing::debug!("the token was refreshed");
                let saved = self
                    .save(held, tokens, Some(noted.revision), Over::Spent(spent))
                    .await?;
                self.keep_damaged(received.damaged).await;
                return Ok(saved.next());
            }
            Err(TokenEndpointError::Unknown(error)) => {
                return Err(Fault::of(
                    AuthErrorKind::Unavailable,
                    "whether the token was refreshed is not known",
                    error,
                )
                .of_unknown_outcome());
            }
            Err(TokenEndpointError::Refused { status, error })
                if status >= 500 || status == 408 =>
            {
                return Err(Fault::of(
                    AuthErrorKind::Unavailable,
                    "the token endpoint failed",
                    error,
                )
                .of_unknown_outcome());
            }
            Err(TokenEndpointError::Refused { error, .. }) if refresh_token_is_dead(&error) => {
                noted.dead = Some(manager.clock().system_time());
                tracing::error!(
                    after_lost_reply = attempt > 1,
                    "the platform takes the refresh token of an account no more: {error}"
                );
                None
            }
            Err(TokenEndpointError::Refused { status: 429, error }) => Some(Fault::of(
                AuthErrorKind::Unavailable,
                "the token endpoint was asked too often",
                error,
            )),
            Err(TokenEndpointError::Refused { error, .. }) => Some(Fault::of(
                AuthErrorKind::Refused,
                "the platform refused to refresh the token",
                error,
            )),
            Err(TokenEndpointError::NotSent(error)) => Some(Fault::not_sent(
                "the token endpoint could not be asked",
                error,
            )),
        };
        // It is known now that the refresh token was not spent, or that it never will be: there is nothing to wait for.
        let revision = noted.revision;
        noted.revision += 1;
        noted.pending = None;
        let swapped = manager.0.store.swap(key, Some(revision), Some(noted)).await;
        match (refused, swapped) {
            (Some(fault), swapped) => {
                if let Err(error) = swapped {
                    // The note stays and does no harm: the next refresh takes its place.
                    tracing::warn!("a note in the token store could not be taken back: {error}");
                }
                Err(fault)
            }
            // What is to be done about a dead token depends on what else there is.
            (None, Ok(_)) => Ok(Next::LookAgain),
            (None, Err(error)) => {
                tracing::error!("that a refresh token is dead could not be stored: {error}");
                Err(Fault::reinstall_needed())
            }
        }
    }

    fn refresh_form(
        &self,
        refresh_token: SecretString,
        old: &TokenSet,
    ) -> Vec<(&'static str, SecretString)> {
        let app = self.manager.app();
        let user_type = old.user_type.unwrap_or(self.slot.key.resource.user_type());
        vec![
            ("client_id", app.client_id().into()),
            ("client_secret", app.client_secret().clone()),
            ("grant_type", "refresh_token".into()),
            ("refresh_token", refresh_token),
            ("user_type", user_type.as_str().into()),
        ]
    }
}

impl Fault {
    pub(super) fn unsaved(error: &Arc<crate::StoreError>) -> Self {
        Self::shared_store(error).because(
            "the new tokens are kept in memory and are lost when the process ends, unless they can be stored until then",
        )
    }
}
