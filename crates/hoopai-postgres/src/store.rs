//! The token store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use hoopai_auth::{
    EncryptionKeys, Lease, LeaseCommands, Record, StoreError, Swap, TokenKey, TokenStore,
    renewed_lease,
};
use hoopai_runtime::time::BoxFuture;
use rustls::ClientConfig;

use crate::connections::{self, TIMEOUT};
use crate::error::within;
use crate::schema::{DEFAULT_SCHEMA, Statements, migrate};
use crate::shared::Shared;

/// The time after which the lease of a process that ended is free by default. The platform is
/// said to repeat the reply of a refresh for 30 s.
const LEASE_LIFETIME: Duration = Duration::from_secs(15);

/// The number of connections of a store that opens its own. Refreshes are rare.
const CONNECTIONS: usize = 4;

/// Stores tokens in PostgreSQL. Clones share their connections.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

impl PostgresStore {
    /// Creates a store with up to four connections of its own, as in
    /// `postgres://user:password@host/database?sslmode=require`. Connects at the first use.
    ///
    /// With `sslmode=require`, the server's certificate is verified by the certificates of the
    /// operating system. [`connect_with_tls`](Self::connect_with_tls) takes others.
    ///
    /// # Errors
    /// Fails if the URL cannot be read, or if the operating system has no certificates.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        connections::open(url, CONNECTIONS).map(Self::with_pool)
    }

    /// Creates a store with connections of its own, and with these settings of TLS.
    ///
    /// # Errors
    /// Fails if the URL cannot be read.
    pub fn connect_with_tls(url: &str, tls: ClientConfig) -> Result<Self, StoreError> {
        connections::open_with_tls(url, tls, CONNECTIONS).map(Self::with_pool)
    }

    /// Creates a store that uses the connections of your own pool.
    pub fn with_pool(pool: Pool) -> Self {
        let shared = Shared {
            pool,
            statements: Arc::new(Statements::new(DEFAULT_SCHEMA)),
            keys: None,
            lease_lifetime: LEASE_LIFETIME,
            timeout: TIMEOUT,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Encrypts records with these keys. Without them, everyone who can read the table can use the
    /// tokens.
    #[must_use]
    pub fn encrypted(self, keys: EncryptionKeys) -> Self {
        self.with(|shared| shared.keys = Some(keys))
    }

    /// Sets the schema of the tables; the default is `hoopai`.
    #[must_use]
    pub fn schema(self, name: &str) -> Self {
        self.with(|shared| shared.statements = Arc::new(Statements::new(name)))
    }

    /// Sets the time after which other processes may refresh the tokens of an account if the
    /// process that was about to do it has ended; the default is 15 s. A process that is suspended
    /// for longer counts as ended.
    #[must_use]
    pub fn lease_lifetime(self, lifetime: Duration) -> Self {
        self.with(|shared| shared.lease_lifetime = lifetime)
    }

    /// Sets the time within which every operation ends, the wait for a connection included; the
    /// default is 10 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.timeout = timeout)
    }

    /// Creates the tables unless they exist, and changes tables of older versions. Machines can do
    /// this at the same time.
    ///
    /// # Errors
    /// Fails if the database cannot be reached, the role may not create the tables, or they have a
    /// newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let shared = &self.shared;
        migrate(&shared.pool, &shared.statements.schema, shared.timeout).await
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
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("keys", &self.shared.keys)
            .finish_non_exhaustive()
    }
}

impl TokenStore for PostgresStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(within(self.shared.timeout, self.shared.load(key)))
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(within(self.shared.timeout, async move {
            self.shared.swap(key, expected, new.as_ref()).await
        }))
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        Box::pin(within(self.shared.timeout, async move {
            self.shared.keys(app).await.map(Some)
        }))
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(within(self.shared.timeout, async move {
            let commands = Arc::clone(&self.shared) as Arc<dyn LeaseCommands>;
            renewed_lease(commands, key, ttl, self.shared.lease_lifetime).await
        }))
    }
}
