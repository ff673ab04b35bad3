//! The interface of token providers.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::{AccountId, BearerToken, TokenEndpoint};
use crate::Error;
use crate::send::observe::Observer;
use crate::time::{BoxFuture, Clock};

/// Has the tokens of many accounts, and refreshes them.
///
/// The crate `hoopai-auth` has the token provider for OAuth apps. Implement your own if another
/// service manages the tokens of several accounts. For one token at a time, implement a
/// [`TokenSource`](super::TokenSource).
pub trait TokenProvider: Any + Send + Sync {
    /// Returns the tokens of an account. It is called whenever a handle of an account is created,
    /// so it must be fast and send nothing.
    fn account(&self, account_id: AccountId) -> Arc<dyn AccountTokens>;

    /// Waits until no refresh is running and all received tokens are stored, at most for this time.
    /// `false`: the time was not sufficient.
    fn wait_idle(&self, at_most: Duration) -> BoxFuture<'_, bool> {
        let _ = at_most;
        Box::pin(async { true })
    }
}

/// The tokens of one account.
pub trait AccountTokens: Send + Sync + 'static {
    /// Returns the token of the next call. It is called for every call, so the token should be in
    /// memory.
    ///
    /// An error that is created with [`Error::auth`] states the remedy and becomes the error of the
    /// call.
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>>;

    /// Returns a newer token than one that the platform rejected as expired. `None`: there is none,
    /// and the call fails. It is called at most once for each call.
    fn token_rejected<'a>(
        &'a self,
        rejected: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>>;

    /// Returns the tokens of another account of the same token provider. A location that is
    /// selected from a company can get its tokens through that company.
    fn for_account(&self, account_id: AccountId) -> Arc<dyn AccountTokens>;
}

/// Creates a token provider when a handle is built; see
/// [`HandleBuilder::token_provider`](crate::HandleBuilder::token_provider).
pub trait TokenProviderBuilder: Send + 'static {
    /// Creates the token provider. Nothing is sent.
    ///
    /// # Errors
    /// Its settings cannot be used: see [`Error::config`].
    fn open(self: Box<Self>, context: ProviderContext) -> Result<Arc<dyn TokenProvider>, Error>;

    /// The id of the app, for limits that processes share. The platform limits each app separately.
    fn app_id(&self) -> Option<&str> {
        None
    }
}

/// The parts of a client that its token provider uses.
#[non_exhaustive]
pub struct ProviderContext {
    /// Sends token requests over the connections of the client, under the limits of the token
    /// endpoints.
    pub endpoint: Arc<dyn TokenEndpoint>,
    /// The clock of the client.
    pub clock: Arc<dyn Clock>,
    /// The observer to notify of refreshes.
    pub observer: Option<Arc<dyn Observer>>,
}
