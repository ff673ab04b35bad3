//! Where the tokens of many accounts come from.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::{AccountId, BearerToken, TokenEndpoint};
use crate::Error;
use crate::send::observe::Observer;
use crate::time::{BoxFuture, Clock};

/// Has the tokens of many accounts, and keeps them fresh.
///
/// Who needs one for an OAuth app takes that of the crate `hoopai-auth`. One of your own serves where tokens come from another
/// service that knows accounts; where there is but one token at a time, a [`TokenSource`](super::TokenSource) is enough.
pub trait TokenProvider: Any + Send + Sync {
    /// The tokens of an account. It is asked whenever a handle of an account is made, so it must be quick and send nothing.
    fn account(&self, account_id: AccountId) -> Arc<dyn AccountTokens>;

    /// Waits until no token is being renewed and all that came are stored, at most so long. `false`: that was not enough.
    fn wait_idle(&self, at_most: Duration) -> BoxFuture<'_, bool> {
        let _ = at_most;
        Box::pin(async { true })
    }
}

/// The tokens of one account.
pub trait AccountTokens: Send + Sync + 'static {
    /// What the next call is authorised with. It is asked for with every call, so it should come from memory.
    ///
    /// An error of [`Error::auth`] says what to do: it becomes the error of the call.
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>>;

    /// Something newer than what the platform refused as it refuses expired tokens. `None`: there is nothing, and the call stays
    /// refused. It is asked at most once a call.
    fn token_rejected<'a>(
        &'a self,
        rejected: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>>;

    /// Another account of the same token provider. A location that is chosen from a company can get its tokens through that company.
    fn for_account(&self, account_id: AccountId) -> Arc<dyn AccountTokens>;
}

/// Makes a token provider when a handle is built: what is given to
/// [`HandleBuilder::token_provider`](crate::HandleBuilder::token_provider).
pub trait TokenProviderBuilder: Send + 'static {
    /// Makes it. Nothing is sent.
    ///
    /// # Errors
    /// Its settings cannot be used: see [`Error::config`].
    fn open(self: Box<Self>, context: ProviderContext) -> Result<Arc<dyn TokenProvider>, Error>;
}

/// What a handle lends its token provider.
#[non_exhaustive]
pub struct ProviderContext {
    /// Asks the platform for tokens, over the connections of the handle and under the limits of the token endpoints.
    pub endpoint: Arc<dyn TokenEndpoint>,
    /// The clock of the handle.
    pub clock: Arc<dyn Clock>,
    /// Is to be told of renewals.
    pub observer: Option<Arc<dyn Observer>>,
}
