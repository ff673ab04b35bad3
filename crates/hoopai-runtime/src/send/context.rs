//! The state that calls read: the state of a client, and the state of a handle.

use std::sync::Arc;
use std::time::Duration;

use crate::drift::Reading;
use crate::request::base_url::BaseUrl;
use crate::send::auth::{Credentials, TokenProvider};
use crate::send::observe::Observer;
use crate::send::rate_limit::{Limiter, Limiters};
use crate::send::retry::{Backoff, RetryBudget, RetryPolicy};
use crate::send::transport::Transport;
use crate::time::Clock;

/// The state that all handles of one client share, whatever account they act on.
pub(crate) struct ClientState {
    pub(crate) base_url: BaseUrl,
    pub(crate) api_version: Option<String>,
    pub(crate) transport: Transport,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) policy: Arc<dyn RetryPolicy>,
    pub(crate) backoff: Arc<dyn Backoff>,
    pub(crate) budget: Arc<dyn RetryBudget>,
    pub(crate) random: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) limiters: Limiters,
    /// How replies are decoded.
    pub(crate) reading: Reading,
    /// The tokens of all accounts, for handles with a token provider.
    pub(crate) token_provider: Option<Arc<dyn TokenProvider>>,
}

/// The state of one handle: the account that its calls act on.
pub(crate) struct HandleState {
    pub(crate) shared: Arc<ClientState>,
    /// The location of calls that do not set one.
    pub(crate) location: Option<String>,
    pub(crate) credentials: Credentials,
    pub(crate) limiter: Limiter,
}
