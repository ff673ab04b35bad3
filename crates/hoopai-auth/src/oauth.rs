//! What an OAuth app is given to a handle as.

use std::fmt;
use std::sync::Arc;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{ProviderContext, TokenProvider, TokenProviderBuilder};

use crate::{MemoryStore, OAuthApp, TokenManager, TokenStore};

/// An OAuth app with the store of its tokens, as a handle takes it:
/// [`HandleBuilder::token_provider`](hoopai_runtime::HandleBuilder::token_provider).
///
/// The handle then has a [`TokenManager`], see [`TokenManager::of`].
#[must_use = "an app does nothing before a handle has it"]
pub struct OAuth {
    app: OAuthApp,
    store: Option<Arc<dyn TokenStore>>,
}

impl OAuth {
    /// An app. Its tokens are kept in memory and lost with the process, after which the app must be installed again, unless
    /// [`token_store`](OAuth::token_store) says where else.
    pub fn new(app: OAuthApp) -> Self {
        OAuth { app, store: None }
    }

    /// Where the tokens are kept.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }
}

impl TokenProviderBuilder for OAuth {
    fn open(self: Box<Self>, wiring: ProviderContext) -> Result<Arc<dyn TokenProvider>, Error> {
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::new()));
        let ProviderContext {
            endpoint,
            clock,
            observer,
            ..
        } = wiring;
        Ok(Arc::new(TokenManager::new(
            self.app, store, endpoint, clock, observer,
        )))
    }
}

/// Shows the app without ids and secret.
impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("app", &self.app)
            .field("token_store", &self.store.is_some())
            .finish()
    }
}
