//! The token store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::{
    EncryptionKeys, Lease, LeaseCommands, Record, StoreError, Swap, TokenKey, TokenStore,
    renewed_lease,
};
use hoopai_runtime::time::BoxFuture;
use redis::Client;

use crate::connection::Connection;
use crate::durability;
use crate::shared::{Scripts, Shared};

/// The time within which an operation ends by default.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// The time after which the lease of a process that ended is free by default. The platform is
/// said to repeat the reply of a refresh for 30 s.
const LEASE_LIFETIME: Duration = Duration::from_secs(15);

pub(crate) const DEFAULT_PREFIX: &str = "hoopai";

/// Stores tokens in Redis. Clones share one connection, which is opened at the first use and opened
/// again when it breaks.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

impl RedisStore {
    /// Creates a store, as in `redis://user:password@host:6379/0`, with TLS as in `rediss://…`.
    ///
    /// # Errors
    /// Fails if the URL cannot be read.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        Connection::of_url(url).map(Self::with_connection)
    }

    /// Creates a store with your own client, such as one with certificates of your own.
    pub fn with_client(client: Client) -> Self {
        Self::with_connection(Connection::new(client))
    }

    fn with_connection(connection: Connection) -> Self {
        let shared = Shared {
            connection,
            scripts: Arc::new(Scripts::new()),
            prefix: DEFAULT_PREFIX.to_owned(),
            keys: None,
            replicas: 0,
            lease_lifetime: LEASE_LIFETIME,
            timeout: TIMEOUT,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Encrypts records with these keys. Without them, everyone who can read the database can use the
    /// tokens.
    #[must_use]
    pub fn encrypted(self, keys: EncryptionKeys) -> Self {
        self.with(|shared| shared.keys = Some(keys))
    }

    /// Sets what the names of all entries begin with; the default is `hoopai`.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        self.with(|shared| shared.prefix = prefix.into())
    }

    /// Sets the number of replicas that must have received new tokens before they are used; the
    /// default is 0. Without them the change is an error, and storing it is tried again.
    #[must_use]
    pub fn wait_for_replicas(self, replicas: u32) -> Self {
        self.with(|shared| shared.replicas = replicas)
    }

    /// Sets the time after which other processes may refresh the tokens of an account if the
    /// process that was about to do it has ended; the default is 15 s. A process that is suspended
    /// for longer counts as ended.
    #[must_use]
    pub fn lease_lifetime(self, lifetime: Duration) -> Self {
        self.with(|shared| shared.lease_lifetime = lifetime)
    }

    /// Sets the time within which every operation ends; the default is 10 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.timeout = timeout)
    }

    /// Checks that the server keeps what it has acknowledged: `appendonly yes`,
    /// `appendfsync always` and `maxmemory-policy noeviction`.
    ///
    /// # Errors
    /// Fails if a setting has another value, or if the server does not show its settings. Managed
    /// servers often hide them; check them there by the means of the provider.
    pub async fn check_durability(&self) -> Result<(), StoreError> {
        let shared = &self.shared;
        shared
            .connection
            .within(shared.timeout, async {
                durability::check(&mut shared.connection().await?).await
            })
            .await
    }

    fn with(self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = Arc::unwrap_or_clone(self.shared);
        change(&mut shared);
        Self {
            shared: Arc::new(shared),
        }
    }
}

/// Hides the URL.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.shared.prefix)
            .field("keys", &self.shared.keys)
            .finish_non_exhaustive()
    }
}

impl TokenStore for RedisStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(
            self.shared
                .connection
                .within(self.shared.timeout, self.shared.load(key)),
        )
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(
            self.shared
                .connection
                .within(self.shared.timeout, async move {
                    self.shared.swap(key, expected, new.as_ref()).await
                }),
        )
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        Box::pin(
            self.shared
                .connection
                .within(self.shared.timeout, async move {
                    self.shared.keys(app).await.map(Some)
                }),
        )
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(
            self.shared
                .connection
                .within(self.shared.timeout, async move {
                    let commands = Arc::clone(&self.shared) as Arc<dyn LeaseCommands>;
                    renewed_lease(commands, key, ttl, self.shared.lease_lifetime).await
                }),
        )
    }
}
