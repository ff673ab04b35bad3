//! Keeps the tokens of an app fresh.
//!
//! A [`TokenManager`] belongs to an app, an [`Account`] to one of its resources. Who needs a token asks the account, which has it in memory
//! nearly always. Where it has not, a *flight* gets one: a task of its own, one at a time for an account, whose outcome all who wait
//! share. So nobody who gives up waiting breaks off a request that has spent a refresh token.
//!
//! - `account`: what is in memory, who may wait, who starts a flight.
//! - `refresh`: the flight: look, take the right, look again, note, send, store, use.
//! - `agency`: tokens of a location for those of its agency.
//! - `receive`: a reply that arrived is read, or kept.
//! - `save`: tokens that came must not be lost, whatever the store does.
//! - `exchange`: tokens that come from outside: by code, or taken over.
//! - `slots`: the accounts in use; unused ones are evicted.
//! - `pace`: when to refresh, and how long to leave it alone after a failure.

mod account;
mod agency;
mod exchange;
mod fault;
mod pace;
mod receive;
mod refresh;
mod save;
mod slots;
mod steps;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use account::Account;
pub use exchange::Installation;
#[cfg(test)]
pub(crate) use pace::{LEASE_WAIT, WINDOW_MAX};
#[cfg(test)]
pub(crate) use steps::{Step, Steps};

use hoopai_runtime::auth::{self, BearerToken, TokenEndpoint, TokenProvider};
use hoopai_runtime::observe::Observer;
use hoopai_runtime::time::{BoxFuture, Clock};
use hoopai_runtime::{Error, Handle};

use crate::{AccountId, AuthorizeUrl, OAuthApp, TokenStore, lock};
use fault::Fault;
use slots::Slots;

/// The tokens of an app, for all accounts that it is installed in. Clones are the same manager.
///
/// It is made with a handle, from an [`OAuth`](crate::OAuth), and serves all handles that are made of that one.
#[derive(Clone)]
pub struct TokenManager(Arc<Inner>);

struct Inner {
    app: OAuthApp,
    store: Arc<dyn TokenStore>,
    endpoint: Arc<dyn TokenEndpoint>,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    slots: Mutex<Slots>,
    #[cfg(test)]
    steps: Option<Arc<dyn Steps>>,
}

impl TokenManager {
    pub(crate) fn new(
        app: OAuthApp,
        store: Arc<dyn TokenStore>,
        endpoint: Arc<dyn TokenEndpoint>,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        TokenManager(Arc::new(Inner {
            app,
            store,
            endpoint,
            clock,
            observer,
            slots: Mutex::default(),
            #[cfg(test)]
            steps: None,
        }))
    }

    /// The same with somebody who watches, and can hold up, each step of a refresh.
    #[cfg(test)]
    pub(crate) fn watched(self, steps: Arc<dyn Steps>) -> Self {
        let Inner {
            app,
            store,
            endpoint,
            clock,
            ..
        } = &*self.0;
        TokenManager(Arc::new(Inner {
            app: app.clone(),
            store: store.clone(),
            endpoint: endpoint.clone(),
            clock: clock.clone(),
            observer: None,
            slots: Mutex::default(),
            steps: Some(steps),
        }))
    }

    /// The manager of a handle.
    ///
    /// # Errors
    /// The handle has no OAuth app; kind [`Config`](hoopai_runtime::error::ErrorKind::Config).
    pub fn of(handle: &Handle) -> Result<Self, Error> {
        let token_provider = handle.token_provider();
        let own = token_provider
            .and_then(|token_provider| (token_provider as &dyn Any).downcast_ref::<Self>());
        own.cloned().ok_or_else(|| {
            Error::config(
                "there is no OAuth app: give one to `oauth_app` when the client is built, or to a handle as its `token_provider`",
            )
        })
    }

    /// Where a user goes to install the app, with the scopes that it asks for.
    ///
    /// Keep the state with the user's session, and compare it with the one that comes back before the code is used:
    /// [`states_match`](crate::states_match).
    ///
    /// # Errors
    /// See [`OAuthApp::authorize_url`].
    pub fn authorize_url<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<AuthorizeUrl, Error> {
        self.0.app.authorize_url(scopes)
    }

    /// The app.
    pub fn app(&self) -> &OAuthApp {
        &self.0.app
    }

    /// An account of the app. `agency`: the id of the company through which a location that has no tokens of its own gets some.
    pub(crate) fn account_through(&self, resource: AccountId, agency: Option<&str>) -> Account {
        let slot = lock(&self.0.slots).get(self.0.app.client_id(), resource);
        if let Some(agency) = agency {
            slot.set_agency(agency);
        }
        Account {
            manager: self.clone(),
            slot,
        }
    }

    /// Waits until no refresh is under way and everything that came is stored, or until the time is over. To be called before a
    /// runtime is shut down: a refresh that is broken off between request and reply can cost the installation.
    ///
    /// True if all is at rest.
    pub async fn wait_idle(&self, at_most: Duration) -> bool {
        let slots = lock(&self.0.slots).all();
        let all = Box::pin(async move {
            for slot in slots {
                slot.wait_idle().await;
            }
        });
        within(&*self.0.clock, at_most, all).await.is_some()
    }

    fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }
}

impl TokenProvider for TokenManager {
    fn account(&self, resource: AccountId) -> Arc<dyn auth::AccountTokens> {
        Arc::new(self.account_through(resource, None))
    }

    fn wait_idle(&self, at_most: Duration) -> BoxFuture<'_, bool> {
        Box::pin(TokenManager::wait_idle(self, at_most))
    }
}

impl auth::AccountTokens for Account {
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>> {
        Box::pin(Account::authorization(self))
    }

    fn token_rejected<'a>(
        &'a self,
        grant: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>> {
        Box::pin(Account::token_rejected(self, grant))
    }

    fn for_account(&self, resource: AccountId) -> Arc<dyn auth::AccountTokens> {
        Arc::new(Account::for_account(self, resource))
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("app", &self.0.app)
            .field("accounts", &lock(&self.0.slots).len())
            .finish_non_exhaustive()
    }
}

/// What a future gives, if it does in time.
async fn within<T>(clock: &dyn Clock, limit: Duration, mut work: BoxFuture<'_, T>) -> Option<T> {
    let mut sleep = clock.sleep(limit);
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(value) = work.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(value));
        }
        sleep.as_mut().poll(context).map(|()| None)
    })
    .await
}
