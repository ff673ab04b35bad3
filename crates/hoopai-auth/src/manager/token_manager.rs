//! The tokens of an app, for all its accounts.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hoopai_runtime::auth::{AccountId, AccountTokens, TokenProvider};
use hoopai_runtime::time::BoxFuture;
use hoopai_runtime::{Error, Handle};

use super::account::Account;
use super::accounts::Accounts;
use super::context::Context;
use super::error::RefreshError;
use super::metrics::TokenMetrics;
use super::receive::unknown_account;
use crate::app::{AuthorizeUrl, OAuthApp};
use crate::record::UndecodedReply;
use crate::util::sync::lock;

/// The tokens of an app, for all accounts that it is installed in. Clones are the same manager.
///
/// It is created with a handle, from an [`OAuth`](crate::OAuth), and serves all handles that are
/// derived from that one.
#[derive(Clone)]
pub struct TokenManager(pub(super) Arc<Accounts>);

impl TokenManager {
    pub(crate) fn new(context: Context) -> Self {
        TokenManager(Arc::new(Accounts::new(context)))
    }

    /// Returns the manager of a handle.
    ///
    /// # Errors
    /// The handle has no OAuth app; kind [`Config`](hoopai_runtime::error::ErrorKind::Config).
    pub fn of(handle: &Handle) -> Result<Self, Error> {
        let manager = handle
            .token_provider()
            .and_then(|provider| (provider as &dyn Any).downcast_ref::<Self>());
        manager.cloned().ok_or_else(|| {
            Error::config(
                "there is no OAuth app: pass one to `oauth_app` when the client is built, or to a handle as its `token_provider`",
            )
        })
    }

    /// Returns the URL where a user installs the app, with the scopes that it requests.
    ///
    /// Keep the state with the user's session. Compare it with the returned one before you use the
    /// code: [`states_match`](crate::states_match).
    ///
    /// # Errors
    /// See [`OAuthApp::authorize_url`].
    pub fn authorize_url<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<AuthorizeUrl, Error> {
        self.app().authorize_url(scopes)
    }

    /// The app.
    pub fn app(&self) -> &OAuthApp {
        &self.0.context.app
    }

    /// Returns an account of the app. `company`: the id of the company through which a location
    /// without tokens gets some.
    pub(crate) fn account_through(&self, account: AccountId, company: Option<&str>) -> Account {
        Account::new(self.0.clone(), account, company)
    }

    #[cfg(test)]
    pub(crate) fn last_use(&self, account: &AccountId) -> u64 {
        self.0.last_use(account)
    }

    pub(crate) fn account_count(&self) -> usize {
        self.0.len()
    }

    /// Returns the replies of the token endpoint for an account that have no readable tokens.
    ///
    /// The first and the latest ones are kept until new tokens of the account are stored. Such a
    /// reply may hold the only copy of a new refresh token. Find the tokens in its text, and store
    /// them with [`install`](TokenManager::install).
    ///
    /// # Errors
    /// The store fails.
    pub async fn undecoded_replies(
        &self,
        account: AccountId,
    ) -> Result<Vec<UndecodedReply>, Error> {
        let state = self.0.get(account);
        let record = self.0.context.store.load(&state.key).await;
        let record = record.map_err(|error| RefreshError::from(error).to_error(None))?;
        let mut replies = record.map_or(Vec::new(), |record| record.undecoded_replies);
        replies.extend(lock(&state.undecoded).iter().cloned());
        Ok(replies)
    }

    /// Returns the replies to authorization codes that do not show their account.
    ///
    /// # Errors
    /// The store fails.
    pub async fn undecoded_code_replies(&self) -> Result<Vec<UndecodedReply>, Error> {
        self.undecoded_replies(unknown_account()).await
    }

    /// Returns the counts of refreshes, for metrics. Those of scheduled refreshes are included;
    /// their backlog is in [`ScheduleStatus`](crate::ScheduleStatus).
    pub fn metrics(&self) -> TokenMetrics {
        self.0.context.counters.snapshot()
    }

    /// Waits until no refresh is running and all received tokens are stored, for `timeout` at most.
    /// Returns `false` after a timeout.
    ///
    /// Call this before a runtime is shut down: a refresh that is interrupted between request and
    /// reply can cost the installation.
    pub async fn wait_idle(&self, timeout: Duration) -> bool {
        let states = self.0.all();
        let mut idle: BoxFuture<'_, ()> = Box::pin(async move {
            for state in states {
                state.wait_idle().await;
            }
        });
        let mut sleep = self.0.context.clock.sleep(timeout);
        std::future::poll_fn(|context| match idle.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => sleep.as_mut().poll(context).map(|()| false),
        })
        .await
    }
}

impl TokenProvider for TokenManager {
    fn account(&self, account: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(self.account_through(account, None))
    }

    fn wait_idle(&self, timeout: Duration) -> BoxFuture<'_, bool> {
        Box::pin(TokenManager::wait_idle(self, timeout))
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("app", self.app())
            .field("accounts", &self.account_count())
            .finish_non_exhaustive()
    }
}
