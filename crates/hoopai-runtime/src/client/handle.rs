//! The handle that all clients of modules share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::request::base_url::BaseUrl;
use crate::send::auth::{AccountId, TokenProvider};
use crate::send::context::HandleState;
use crate::send::rate_limit::RateLimitSnapshot;

/// The road to the platform: settings, credentials, limits and connections. A clone is cheap and shares all of them, so that
/// the clients of all modules act as one.
///
/// A handle acts on one account at most: a location (sub-account), or a company (agency). [`as_location`](Handle::as_location)
/// and [`as_company`](Handle::as_company) give handles of other accounts over the same connections and settings; those of one
/// account share its tokens and its limit, however often they are made.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<HandleState>);

impl Handle {
    /// The id of the location that calls act on where they name none.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The API version that is fixed for all calls.
    pub fn api_version(&self) -> Option<&str> {
        self.0.shared.api_version.as_deref()
    }

    /// A handle that acts on a location: with its token, under its own limit, and as the location of calls that name none.
    ///
    /// For an OAuth app the token is that of the store, or else it is asked for with the token of the company that this handle
    /// acts for. Nothing is sent before the first call. With a private token, or a token source of the caller's own, the
    /// token stays the same.
    #[must_use]
    pub fn as_location(&self, id: impl Into<String>) -> Handle {
        let id = id.into();
        self.for_account(AccountId::Location(id.clone()), Some(id))
    }

    /// A handle that acts on a company (agency), with its token and under its own limit. Its calls name no location by
    /// themselves.
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

    /// Waits until no token is being renewed and all that came are stored, at most so long. `false`: that was not enough.
    ///
    /// To be called before a process ends that uses an OAuth app: a renewal that is broken off can cost the installation.
    pub async fn wait_idle(&self, at_most: Duration) -> bool {
        match &self.0.shared.token_provider {
            Some(token_provider) => token_provider.wait_idle(at_most).await,
            None => true,
        }
    }

    /// The token provider that has the tokens of all accounts, if there is one. `hoopai-auth` finds its token manager by it.
    pub fn token_provider(&self) -> Option<&dyn TokenProvider> {
        self.0.shared.token_provider.as_deref()
    }

    /// How long a call that is made now would wait for the rate limit.
    pub fn rate_limit_delay(&self) -> Duration {
        self.0.limiter.rate_limit_delay()
    }

    /// The state of the rate limit of the handle's account, as this side knows it.
    pub fn rate_limit_snapshot(&self) -> RateLimitSnapshot {
        self.0.limiter.snapshot()
    }

    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.0.shared.base_url
    }
}

/// The platform counts by app and account; a client is one app.
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

/// Shows the host and which settings there are, no token and no id.
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
