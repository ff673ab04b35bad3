//! The client that all module clients share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::request::base_url::BaseUrl;
use crate::send::auth::{AccountId, TokenProvider};
use crate::send::context::HandleState;
use crate::send::rate_limit::RateLimitSnapshot;
use crate::time::Clock;

/// The client that all module clients share: settings, credentials, rate limits and connections.
/// Clones are cheap and share all of these.
///
/// A handle acts on at most one account: a location (sub-account) or a company (agency).
/// [`as_location`](Handle::as_location) and [`as_company`](Handle::as_company) return handles of
/// other accounts over the same connections and settings. All handles of one account share its
/// tokens and its rate limit.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<HandleState>);

impl Handle {
    /// The location of calls that do not set one.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The API version of all calls, if it is set.
    pub fn api_version(&self) -> Option<&str> {
        self.0.shared.api_version.as_deref()
    }

    /// Returns a handle that acts on a location: with its token, under its own rate limit, and as
    /// the default location of calls.
    ///
    /// For an OAuth app, the token is read from the store, or else requested with the token of the
    /// company that this handle acts for. Nothing is sent before the first call. A private token,
    /// or the token of a token source, stays the same.
    #[must_use]
    pub fn as_location(&self, id: impl Into<String>) -> Handle {
        let id = id.into();
        self.for_account(AccountId::Location(id.clone()), Some(id))
    }

    /// Returns a handle that acts on a company (agency), with its token and under its own rate
    /// limit. Its calls have no default location.
    #[must_use]
    pub fn as_company(&self, id: impl Into<String>) -> Handle {
        self.for_account(AccountId::Company(id.into()), None)
    }

    fn for_account(&self, account_id: AccountId, location: Option<String>) -> Handle {
        let inner = &*self.0;
        Handle(Arc::new(HandleState {
            limiter: inner.shared.limiters.get(&limit_key(Some(&account_id))),
            shared: inner.shared.clone(),
            location,
            credentials: inner.credentials.for_account(account_id),
        }))
    }

    /// Waits until no token refresh is running and all received tokens are stored, at most for this
    /// time. `false`: the time was not sufficient.
    ///
    /// Call it before a process that uses an OAuth app ends: an interrupted refresh can invalidate
    /// the installation.
    pub async fn wait_idle(&self, at_most: Duration) -> bool {
        match &self.0.shared.token_provider {
            Some(token_provider) => token_provider.wait_idle(at_most).await,
            None => true,
        }
    }

    /// The token provider, if there is one. `hoopai-auth` uses it to find its token manager.
    pub fn token_provider(&self) -> Option<&dyn TokenProvider> {
        self.0.shared.token_provider.as_deref()
    }

    /// The clock of the client.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.shared.clock
    }

    /// The expected wait for the rate limit of a call that is made now.
    pub fn rate_limit_delay(&self) -> Duration {
        self.0.limiter.rate_limit_delay()
    }

    /// The local state of the account's rate limit.
    pub fn rate_limit_snapshot(&self) -> RateLimitSnapshot {
        self.0.limiter.snapshot()
    }

    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.0.shared.base_url
    }
}

/// The platform limits each app in each account; a client is one app.
pub(crate) fn limit_key(account_id: Option<&AccountId>) -> String {
    match account_id {
        Some(AccountId::Location(id)) => format!("location:{id}"),
        Some(AccountId::Company(id)) => format!("company:{id}"),
        None => String::new(),
    }
}

impl From<&Handle> for Handle {
    fn from(handle: &Handle) -> Self {
        handle.clone()
    }
}

/// Shows the host and which settings are set, no token and no id.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("host", &self.0.shared.base_url)
            .field(
                "location",
                &self.0.location.as_ref().map(|_| format_args!("[hidden]")),
            )
            .field("api_version", &self.0.shared.api_version)
            .finish_non_exhaustive()
    }
}
