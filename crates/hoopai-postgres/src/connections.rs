//! The connections of a store or guard.

use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Transaction,
};
use hoopai_auth::StoreError;
use hoopai_auth::tls;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::IsolationLevel;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{pool, query};

/// The time within which an operation ends by default.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// Returns a pool of this size, with the certificates of the operating system.
pub(crate) fn open(url: &str, size: usize) -> Result<Pool, StoreError> {
    let tls = tls_settings()?.with_platform_verifier();
    let tls = tls.map_err(|error| {
        StoreError::new(
            "the certificates of the operating system cannot be read",
            "install the package ca-certificates, or use `connect_with_root_certificates`",
        )
        .caused_by(error)
    })?;
    open_with_tls(url, tls.with_no_client_auth(), size)
}

/// Returns a pool of this size, with the certificates of a PEM file.
pub(crate) fn open_with_roots(url: &str, pem: &[u8], size: usize) -> Result<Pool, StoreError> {
    let tls = tls_settings()?.with_root_certificates(tls::root_certificates(pem)?);
    open_with_tls(url, tls.with_no_client_auth(), size)
}

fn tls_settings() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, StoreError> {
    let builder = ClientConfig::builder_with_provider(tls::provider());
    builder
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            StoreError::new(
                "the cryptography of this process has no version of TLS",
                "install a provider of rustls with TLS 1.2 or 1.3",
            )
            .caused_by(error)
        })
}

pub(crate) fn open_with_tls(url: &str, tls: ClientConfig, size: usize) -> Result<Pool, StoreError> {
    let mut config = crate::url::parse(url)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(TIMEOUT / 2);
    }
    if config.get_application_name().is_none() {
        config.application_name("hoopai");
    }
    let settings = ManagerConfig {
        // A server that restarted has closed the connections; refreshes and webhooks are rare
        // enough for a query before each use.
        recycling_method: RecyclingMethod::Verified,
    };
    let manager = Manager::from_config(config, MakeRustlsConnect::new(tls), settings);
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        // The limit of the whole operation is shorter, unless the caller raises it.
        .wait_timeout(Some(TIMEOUT * 6))
        .create_timeout(Some(TIMEOUT * 6))
        // Several connections that the network has lost are replaced within one operation.
        .recycle_timeout(Some(TIMEOUT / 8))
        .build()
        .map_err(|error| {
            StoreError::new("the pool of connections cannot be created", "report this")
                .caused_by(error)
        })
}

pub(crate) async fn client(connections: &Pool) -> Result<Object, StoreError> {
    connections.get().await.map_err(pool)
}

/// Starts a transaction whose changes survive a crash, whatever the defaults of the server.
pub(crate) async fn durable(client: &mut Object) -> Result<Transaction<'_>, StoreError> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted)
        .read_only(false)
        .start();
    let transaction = transaction.await.map_err(query)?;
    let durable = transaction.batch_execute("SET LOCAL synchronous_commit = on");
    durable.await.map_err(query)?;
    Ok(transaction)
}
