//! The database servers of shared token stores.

use std::sync::Arc;
use std::time::Duration;

use hoopai::auth::{AccountId, Record, TokenKey, TokenSet, TokenStore};
use hoopai_postgres::PostgresStore;
use hoopai_redis::RedisStore;
use hoopai_test_support::{PostgresServer, RedisServer};

/// The longest time for which tests wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) enum Database {
    Postgres(PostgresServer),
    Redis(RedisServer),
}

impl Database {
    /// Starts PostgreSQL, with its tables, and Redis: those that are installed.
    pub(crate) async fn start_all() -> Vec<Self> {
        let mut databases = Vec::new();
        if let Some(server) = PostgresServer::start() {
            let store = PostgresStore::connect(&server.url()).unwrap();
            store.migrate().await.unwrap();
            databases.push(Self::Postgres(server));
        }
        databases.extend(RedisServer::start().map(Self::Redis));
        databases
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Redis(_) => "Redis",
        }
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Postgres(server) => server.port(),
            Self::Redis(server) => server.port(),
        }
    }

    /// The URL of the server behind the proxy on this port.
    pub(crate) fn url(&self, port: u16) -> String {
        let url = match self {
            Self::Postgres(server) => server.url(),
            Self::Redis(server) => server.url(),
        };
        url.replace(&format!(":{}/", self.port()), &format!(":{port}/"))
    }

    /// Opens the store through this port.
    pub(crate) fn open(
        &self,
        port: u16,
        timeout: Duration,
        lease_lifetime: Duration,
    ) -> Arc<dyn TokenStore> {
        open(&self.url(port), timeout, lease_lifetime)
    }

    /// Ends the server as a crash does.
    pub(crate) fn kill(&mut self) {
        match self {
            Self::Postgres(server) => server.kill(),
            Self::Redis(server) => server.kill(),
        }
    }

    pub(crate) fn restart(&mut self) {
        match self {
            Self::Postgres(server) => server.restart(),
            Self::Redis(server) => server.restart(),
        }
    }
}

/// Opens the store at a URL.
pub(crate) fn open(url: &str, timeout: Duration, lease_lifetime: Duration) -> Arc<dyn TokenStore> {
    if url.starts_with("postgres:") {
        let store = PostgresStore::connect(url).unwrap().timeout(timeout);
        Arc::new(store.lease_lifetime(lease_lifetime))
    } else {
        let store = RedisStore::connect(url).unwrap().timeout(timeout);
        Arc::new(store.lease_lifetime(lease_lifetime))
    }
}

/// A record whose tokens contain its revision.
pub(crate) fn record(revision: u64) -> Record {
    let expires = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    let refresh = format!("refresh-{revision}");
    let tokens = TokenSet::new(format!("access-{revision}"), Some(refresh.into()), expires);
    Record::new(tokens, revision)
}

pub(crate) fn key(location: &str) -> TokenKey {
    TokenKey::new("app-1", AccountId::location(location))
}

/// The number in an environment variable, or else a default.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(number) => number.parse().expect(variable),
        Err(_) => default,
    }
}
