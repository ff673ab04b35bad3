//! One account of an app, as callers use it.

use std::fmt;
use std::sync::Arc;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{AccountId, AccountTokens, BearerToken, UserType};
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;
use tokio::sync::watch;

use super::accounts::Accounts;
use super::error::{RefreshError, RefreshResult};
use super::refresh::Refresh;
use super::schedule::RefreshReason;
use super::state::{AccountState, CachedToken, RefreshState, RunningRefresh};

/// One account of an app. Clones are the same account.
#[derive(Clone)]
pub(crate) struct Account {
    accounts: Arc<Accounts>,
    pub(crate) state: Arc<AccountState>,
}

impl Account {
    /// An account of an app. A location without tokens can get some through `company`.
    pub(super) fn new(accounts: Arc<Accounts>, account: AccountId, company: Option<&str>) -> Self {
        let state = accounts.get(account);
        if let Some(company) = company {
            state.set_company(company);
        }
        Account { accounts, state }
    }

    /// Another account of the same app.
    pub(crate) fn for_account(&self, account: AccountId) -> Account {
        let company = match &self.state.key.account {
            _ if account.user_type() != UserType::Location => None,
            AccountId::Company(id) => Some(id.clone()),
            _ => self.state.company(),
        };
        Account::new(self.accounts.clone(), account, company.as_deref())
    }

    /// Returns the access token for the next call.
    pub(crate) async fn authorization(&self) -> Result<BearerToken, Error> {
        match self.state.use_token() {
            CachedToken::Valid(token) => Ok(token),
            CachedToken::Expiring(token) => {
                self.refresh_early(&token);
                Ok(token)
            }
            CachedToken::Missing => {
                self.refresh(None).await?;
                // A new token is used even if it has expired by this machine's clock, which may be
                // wrong.
                self.state.current_token().ok_or_else(interrupted)
            }
        }
    }

    /// Returns another token than the rejected one. `None`: there were too many refreshes.
    pub(crate) async fn token_rejected(
        &self,
        rejected: &BearerToken,
    ) -> Result<Option<BearerToken>, Error> {
        // The first refresh may have been running before, and only have read the stored token.
        for _ in 0..3 {
            if self.state.has_other_than(rejected) {
                return self.authorization().await.map(Some);
            }
            if !self.refresh(Some(rejected)).await? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Starts a refresh that no caller waits for, unless one is running or failed recently.
    fn refresh_early(&self, token: &BearerToken) {
        let mut refreshes = self.state.refresh_state();
        let now = self.state.context.clock.now();
        if refreshes.running().is_none() && refreshes.backoff(now, RefreshReason::Early).is_none() {
            self.spawn_refresh(&mut refreshes, Some(token.clone()));
        }
    }

    /// Replaces a token that is still valid, or waits for the running refresh.
    pub(super) async fn refresh_ahead(&self, token: BearerToken) -> RefreshResult {
        let mut running = {
            let mut refreshes = self.state.refresh_state();
            let now = self.state.context.clock.now();
            if let Some(running) = refreshes.running() {
                running
            } else if let Some((error, _)) = refreshes.backoff(now, RefreshReason::Early) {
                return Err(error);
            } else {
                self.spawn_refresh(&mut refreshes, Some(token))
            }
        };
        match running.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(result)) => result.clone(),
            Ok(None) | Err(_) => Err(RefreshError::new(AuthErrorKind::Unavailable, INTERRUPTED)),
        }
    }

    /// Waits for the running refresh, or for a new one that returns another token than `rejected`.
    /// `false`: there were too many.
    async fn refresh(&self, rejected: Option<&BearerToken>) -> Result<bool, Error> {
        let clock = &self.state.context.clock;
        let mut running = {
            let mut refreshes = self.state.refresh_state();
            if let Some(running) = refreshes.running() {
                running
            } else {
                // A refresh may have ended since the caller read the token.
                let is_done = match rejected {
                    Some(rejected) => self.state.has_other_than(rejected),
                    None => !matches!(self.state.cached_token(), CachedToken::Missing),
                };
                if is_done {
                    return Ok(true);
                }
                if let Some((error, left)) = refreshes.backoff(clock.now(), RefreshReason::NoToken)
                {
                    return Err(error.to_error(Some(left)));
                }
                if rejected.is_some() && !refreshes.count_forced(clock.now()) {
                    return Ok(false);
                }
                self.spawn_refresh(&mut refreshes, rejected.cloned())
            }
        };
        match running.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(()))) => Ok(true),
            Ok(Some(Err(error))) => {
                let refreshes = self.state.refresh_state();
                let backoff = refreshes.backoff(clock.now(), RefreshReason::NoToken);
                Err(error.to_error(backoff.map(|(_, left)| left)))
            }
            Ok(None) | Err(_) => Err(interrupted()),
        }
    }

    fn spawn_refresh(
        &self,
        refreshes: &mut RefreshState,
        rejected: Option<BearerToken>,
    ) -> RunningRefresh {
        let (sender, running) = watch::channel(None);
        refreshes.set_running(running.clone());
        let account = self.clone();
        let task: BoxFuture<'static, ()> = Box::pin(async move {
            let state = account.state.clone();
            let refresh = Refresh::new(state.clone(), Arc::new(account.clone()), rejected.clone());
            let result = refresh.run().await;
            state.finish(&result);
            let (repetition, failures) = {
                let refreshes = state.refresh_state();
                (refreshes.repetition(), refreshes.failures())
            };
            sender.send_replace(Some(result));
            if let Some(pause) = repetition {
                state.context.clock.sleep(pause).await;
                account.repeat(rejected, failures);
            }
        });
        tokio::spawn(task);
        running
    }

    /// Repeats the last refresh after this number of failures, unless a call has done so.
    fn repeat(&self, rejected: Option<BearerToken>, failures: u32) {
        let mut refreshes = self.state.refresh_state();
        if refreshes.running().is_none() && refreshes.failures() == failures {
            self.spawn_refresh(&mut refreshes, rejected);
        }
    }
}

const INTERRUPTED: &str = "the refresh of the token was interrupted, as its runtime was shut down: a later call tries again";

fn interrupted() -> Error {
    Error::auth(AuthErrorKind::Unavailable, INTERRUPTED)
}

impl AccountTokens for Account {
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>> {
        Box::pin(Account::authorization(self))
    }

    fn token_rejected<'a>(
        &'a self,
        rejected: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>> {
        Box::pin(Account::token_rejected(self, rejected))
    }

    fn for_account(&self, account: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(Account::for_account(self, account))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account")
            .field(&self.state.key.account)
            .finish()
    }
}
