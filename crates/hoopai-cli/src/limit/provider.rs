//! Credentials that wait for the shared limit. The client asks for the token of every attempt after
//! its own limiter has admitted it, and sends the request then.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::OAuth;
use hoopai_runtime::auth::{
    AccountId, AccountTokens, BearerToken, ProviderContext, SourceError, TokenProvider,
    TokenProviderBuilder, TokenSource,
};
use hoopai_runtime::time::BoxFuture;
use hoopai_runtime::{Error, SecretString};

use super::shared::SharedLimit;

/// A private token.
pub(crate) struct LimitedSource {
    pub(crate) token: SecretString,
    pub(crate) limit: Arc<SharedLimit>,
}

impl TokenSource for LimitedSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        Box::pin(async {
            self.limit.acquire().await?;
            Ok(self.token.clone())
        })
    }
}

/// An OAuth app.
pub(crate) struct LimitedProvider {
    oauth: OAuth,
    limit: Arc<SharedLimit>,
}

impl LimitedProvider {
    pub(crate) fn new(oauth: OAuth, limit: Arc<SharedLimit>) -> Self {
        LimitedProvider { oauth, limit }
    }
}

impl TokenProviderBuilder for LimitedProvider {
    fn open(self: Box<Self>, context: ProviderContext) -> Result<Arc<dyn TokenProvider>, Error> {
        Ok(Arc::new(Limited {
            inner: Box::new(self.oauth).open(context)?,
            limit: self.limit,
        }))
    }
}

/// Tokens that wait for the limit.
struct Limited<T: ?Sized> {
    limit: Arc<SharedLimit>,
    inner: Arc<T>,
}

impl TokenProvider for Limited<dyn TokenProvider>
where
    Self: Any,
{
    fn account(&self, account_id: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(Limited {
            inner: self.inner.account(account_id),
            limit: self.limit.clone(),
        })
    }

    fn wait_idle(&self, at_most: Duration) -> BoxFuture<'_, bool> {
        self.inner.wait_idle(at_most)
    }
}

impl AccountTokens for Limited<dyn AccountTokens> {
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>> {
        Box::pin(async {
            let token = self.inner.authorization().await?;
            self.limit.acquire().await.map_err(|error| {
                Error::config(format!("the shared rate limit cannot be read: {error}"))
            })?;
            Ok(token)
        })
    }

    fn token_rejected<'a>(
        &'a self,
        rejected: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>> {
        self.inner.token_rejected(rejected)
    }

    fn for_account(&self, account_id: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(Limited {
            inner: self.inner.for_account(account_id),
            limit: self.limit.clone(),
        })
    }
}
