//! The token store.

use std::fmt;
use std::sync::Arc;

use hoopai_auth::{SharedStore, StoreError, shared_store};

use crate::connection::{Connection, TIMEOUT, constructors};
use crate::durability;
use crate::shared::{Scripts, Shared};

pub(crate) const DEFAULT_PREFIX: &str = "hoopai";

/// Stores tokens in Redis. Clones share one connection, which is opened at the first use and opened
/// again when it breaks.
#[derive(Clone)]
pub struct RedisStore {
    store: SharedStore<Shared>,
}

shared_store!(RedisStore);

constructors!(RedisStore);

impl RedisStore {
    fn with_connection(connection: Connection) -> Self {
        let store = SharedStore::new(Shared {
            connection,
            scripts: Arc::new(Scripts::new()),
            prefix: DEFAULT_PREFIX.to_owned(),
            replicas: 0,
            timeout: TIMEOUT,
        });
        Self { store }
    }

    /// Sets what the names of all entries begin with; the default is `hoopai`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.store = self.store.change(|server| server.prefix = prefix.into());
        self
    }

    /// Sets the number of replicas that must have received new tokens before they are used; the
    /// default is 0. Without them the change is an error, and storing it is tried again.
    #[must_use]
    pub fn wait_for_replicas(mut self, replicas: u32) -> Self {
        self.store = self.store.change(|server| server.replicas = replicas);
        self
    }

    /// Checks that the server keeps what it has acknowledged: `appendonly yes`,
    /// `appendfsync always` and `maxmemory-policy noeviction`.
    ///
    /// # Errors
    /// Fails if a setting has another value, or if the server does not show its settings. Managed
    /// servers often hide them; check them there by the means of the provider.
    pub async fn check_durability(&self) -> Result<(), StoreError> {
        let check = async {
            let mut connection = self.store.server().connection().await?;
            durability::check(&mut connection).await
        };
        self.store.within(check).await
    }
}

/// Hides the URL.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.store.server().prefix)
            .field("keys", &self.store.encryption_keys())
            .finish_non_exhaustive()
    }
}
