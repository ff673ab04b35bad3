//! An OAuth app as the token provider of a handle.

use std::fmt;
use std::sync::Arc;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{ProviderContext, TokenProvider, TokenProviderBuilder};

use crate::app::OAuthApp;
use crate::manager::{Context, TokenManager};
use crate::store::{MemoryStore, TokenStore};

/// An OAuth app and its token store, for
/// [`HandleBuilder::token_provider`](hoopai_runtime::HandleBuilder::token_provider).
///
/// The handle then has a [`TokenManager`]: see [`TokenManager::of`].
#[must_use = "an app has no effect until it is passed to a handle"]
pub struct OAuth {
    app: OAuthApp,
    store: Option<Arc<dyn TokenStore>>,
}

impl OAuth {
    /// An app. Without a [`token_store`](OAuth::token_store) its tokens are kept in memory and lost
    /// with the process; then users must install the app again.
    pub fn new(app: OAuthApp) -> Self {
        OAuth { app, store: None }
    }

    /// Sets the store of the tokens.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }
}

impl TokenProviderBuilder for OAuth {
    fn open(self: Box<Self>, context: ProviderContext) -> Result<Arc<dyn TokenProvider>, Error> {
        Ok(Arc::new(TokenManager::new(Context {
            app: self.app,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            endpoint: context.endpoint,
            clock: context.clock,
            observer: context.observer,
            counters: Arc::default(),
            #[cfg(test)]
            checkpoints: None,
        })))
    }

    fn app_id(&self) -> Option<&str> {
        Some(self.app.client_id())
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

#[cfg(test)]
mod tests {
    use hoopai_runtime::auth::TokenProviderBuilder;

    use super::OAuth;
    use crate::app::OAuthApp;
    use crate::store::MemoryStore;

    #[test]
    fn app_is_identified_and_shown_without_its_secret() {
        let app = OAuthApp::new("id-MaRkEr", "secret-MaRkEr", "https://example.com/callback");
        let oauth = OAuth::new(app);
        assert_eq!(oauth.app_id(), Some("id-MaRkEr"));
        let text = format!("{oauth:?}");
        assert!(text.contains("https://example.com/callback"), "{text}");
        assert!(text.contains("token_store: false"), "{text}");
        assert!(!text.contains("MaRkEr"), "{text}");
        let text = format!("{:?}", oauth.token_store(MemoryStore::new()));
        assert!(text.contains("token_store: true"), "{text}");
    }
}
