//! What all handles of one client share, whatever account they act on.

use std::sync::Arc;
use std::time::Duration;

use crate::client::base_url::BaseUrl;
use crate::reply::drift::Reading;
use crate::send::auth::TokenProvider;
use crate::send::observe::Observer;
use crate::send::rate_limit::Limiters;
use crate::send::retry::{Backoff, RetryBudget, RetryPolicy};
use crate::send::transport::Wire;
use crate::time::Clock;

pub(crate) struct Shared {
    pub(crate) base_url: BaseUrl,
    pub(crate) api_version: Option<String>,
    pub(crate) wire: Wire,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) policy: Arc<dyn RetryPolicy>,
    pub(crate) backoff: Arc<dyn Backoff>,
    pub(crate) budget: Arc<dyn RetryBudget>,
    pub(crate) random: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) limiters: Limiters,
    /// How replies are read.
    pub(crate) reading: Reading,
    /// The tokens of all accounts, for handles that have a token provider.
    pub(crate) token_provider: Option<Arc<dyn TokenProvider>>,
}
