//! The token store.

use std::fmt;
use std::sync::Arc;

use deadpool_postgres::Pool;
use hoopai_auth::{SharedStore, StoreError, shared_store};
use rustls::ClientConfig;

use crate::connections::{self, TIMEOUT};
use crate::schema::{DEFAULT_SCHEMA, Statements, migrate};
use crate::shared::Shared;

/// The number of connections of a store that opens its own. Refreshes are rare.
const CONNECTIONS: usize = 4;

/// Stores tokens in PostgreSQL. Clones share their connections.
#[derive(Clone)]
pub struct PostgresStore {
    store: SharedStore<Shared>,
}

shared_store!(PostgresStore);

impl PostgresStore {
    /// Creates a store with up to four connections of its own, as in
    /// `postgres://user:password@host/database?sslmode=require`. Connects at the first use.
    ///
    /// Connections to other machines use TLS, and the certificate of the server is verified by
    /// those of the operating system. Only `sslmode=disable` turns this off. Connections within
    /// this machine use TLS with `sslmode=require`.
    ///
    /// # Errors
    /// Fails if the URL cannot be read, or if the operating system has no certificates.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        connections::open(url, CONNECTIONS).map(Self::with_pool)
    }

    /// Creates a store as [`connect`](Self::connect) does, which trusts the certificates of a PEM
    /// file instead of those of the operating system.
    ///
    /// # Errors
    /// Fails if the URL or the certificates cannot be read.
    pub fn connect_with_root_certificates(url: &str, pem: &[u8]) -> Result<Self, StoreError> {
        connections::open_with_roots(url, pem, CONNECTIONS).map(Self::with_pool)
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
        let store = SharedStore::new(Shared {
            pool,
            statements: Arc::new(Statements::new(DEFAULT_SCHEMA)),
            timeout: TIMEOUT,
        });
        Self { store }
    }

    /// Sets the schema of the tables; the default is `hoopai`.
    #[must_use]
    pub fn schema(mut self, name: &str) -> Self {
        let statements = Arc::new(Statements::new(name));
        self.store = self.store.change(|server| server.statements = statements);
        self
    }

    /// Creates the tables unless they exist, and changes tables of older versions. Machines can do
    /// this at the same time.
    ///
    /// # Errors
    /// Fails if the database cannot be reached, the role may not create the tables, or they have a
    /// newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let server = self.store.server();
        migrate(&server.pool, &server.statements.schema, server.timeout).await
    }
}

/// Hides the URL.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("keys", &self.store.encryption_keys())
            .finish_non_exhaustive()
    }
}
