//! A running server.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::account::AccountId;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::limits::RateLimitSettings;
use crate::server_state::ServerState;
use crate::state::Seeder;
use crate::tokens::{Installation, Refreshes, TokenSpec};
use crate::webhooks::Webhooks;

/// A running server, which stops when it is dropped.
pub struct Mock {
    pub(crate) server: Arc<ServerState>,
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) task: JoinHandle<()>,
}

impl Mock {
    /// Returns the base URL: `http://127.0.0.1:PORT`, or that of another address that was bound.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the rate limits. Accepted requests stay counted.
    pub fn set_limits(&self, limits: RateLimitSettings) {
        self.server.limiter.set(limits);
    }

    /// Returns the fault rules, which can be changed at any time.
    pub fn faults(&self) -> &Faults {
        &self.server.faults
    }

    /// Returns the journal of received requests.
    pub fn journal(&self) -> &Journal {
        &self.server.journal
    }

    /// Returns a seeder, which adds made-up items to collections.
    pub fn seed(&self) -> Seeder<'_> {
        self.server.state.seeder(&self.server.clock)
    }

    /// Returns the webhooks, which send events to subscribed URLs.
    pub fn webhooks(&self) -> &Webhooks {
        &self.server.webhooks
    }

    /// Stops the server. Returns when its port is free and its connections are closed.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.task.await;
    }

    /// Returns the server's clock.
    pub fn clock(&self) -> &Clock {
        &self.server.clock
    }
}

/// Tokens and apps.
impl Mock {
    /// Issues an access token of the server's first app, with the lifetime of the token endpoint.
    pub fn issue_token(&self, spec: TokenSpec) -> String {
        self.server.issue_token(spec)
    }

    /// Revokes an access token, a private token or a refresh token. Returns whether the token
    /// exists.
    pub fn revoke(&self, token: &str) -> bool {
        self.server.tokens.revoke(token)
    }

    /// Expires an access token, a private token or a refresh token. Returns whether the token
    /// exists.
    pub fn expire(&self, token: &str) -> bool {
        self.server.tokens.expire(token, self.clock().now())
    }

    /// Issues an authorization code, as the page does on which users install an app. Installs the
    /// app in the location, or in all present locations of the company.
    ///
    /// The code is valid once, for ten minutes, for all scopes of the app.
    pub fn authorize(&self, client_id: &str, account: AccountId) -> String {
        self.server.authorize(client_id, account)
    }

    /// Sets the account that users choose when they install an app.
    pub fn set_choice(&self, choice: AccountId) {
        self.server.tokens.set_choice(choice);
    }

    /// Installs an app in a location.
    pub fn install(&self, client_id: &str, installation: impl Into<Installation>) {
        self.server.install(client_id, installation.into());
    }

    /// Removes an app from a location, and revokes its tokens for the location. Returns whether the
    /// app was installed. The installation stays in lists, with `isInstalled: false`.
    pub fn uninstall(&self, client_id: &str, location: &str) -> bool {
        self.server.uninstall(client_id, location)
    }

    /// Activates or deactivates a location. For an inactive location, the platform returns 400
    /// `Location is not active`, and codes and refresh tokens stay unused.
    pub fn set_location_active(&self, location: &str, active: bool) {
        self.server.tokens.set_location_active(location, active);
    }

    /// Returns the counts of token refreshes.
    pub fn refreshes(&self) -> Refreshes {
        self.server.tokens.refreshes.counts()
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
