//! The connection of a store or guard.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hoopai_auth::{StoreError, tls};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use rustls::crypto::CryptoProvider;

use crate::error::{command, overdue};

/// The time within which an operation ends by default.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// The constructors of a type with `with_connection`.
macro_rules! constructors {
    ($name:ident) => {
        impl $name {
            /// Uses the server at a URL, as in `redis://user:password@host:6379/0`, or with TLS as in
            /// `rediss://user:password@host:6379/0`.
            ///
            /// With `rediss`, the certificate of the server is verified by those of the operating
            /// system. `redis` sends everything in plain text, passwords included.
            ///
            /// # Errors
            /// Fails if the URL cannot be read.
            pub fn connect(url: &str) -> Result<Self, ::hoopai_auth::StoreError> {
                $crate::connection::Connection::of_url(url).map(Self::with_connection)
            }

            /// Uses the server at a URL `rediss://…`, and trusts the certificates of a PEM file
            /// instead of those of the operating system.
            ///
            /// # Errors
            /// Fails if the URL or the certificates cannot be read, or if the URL has no TLS.
            pub fn connect_with_root_certificates(
                url: &str,
                pem: &[u8],
            ) -> Result<Self, ::hoopai_auth::StoreError> {
                $crate::connection::Connection::with_roots(url, pem).map(Self::with_connection)
            }

            /// Uses your own client, such as one with certificates of your own.
            pub fn with_client(client: ::redis::Client) -> Self {
                Self::with_connection($crate::connection::Connection::new(client))
            }
        }
    };
}
pub(crate) use constructors;

/// A connection that clones share. It is opened at the first use, in the runtime of the caller.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Client,
    opened: Arc<Mutex<Option<ConnectionManager>>>,
}

impl Connection {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            opened: Arc::default(),
        }
    }

    /// Returns a connection, with the certificates of the operating system.
    pub(crate) fn of_url(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(info(url)?);
        client.map(Self::new).map_err(|_| unreadable())
    }

    /// Returns a connection, with the certificates of a PEM file.
    pub(crate) fn with_roots(url: &str, pem: &[u8]) -> Result<Self, StoreError> {
        tls::root_certificates(pem)?;
        let info = info(url)?;
        if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            return Err(StoreError::new(
                "the URL of Redis has no TLS, and there are certificates for it",
                "use rediss://… in the URL, or remove the certificates",
            ));
        }
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(pem.to_vec()),
        };
        let client = Client::build_with_tls(info, certificates);
        client.map(Self::new).map_err(|_| unreadable())
    }

    /// Returns the connection, for operations with this limit.
    pub(crate) async fn get(&self, limit: Duration) -> Result<ConnectionManager, StoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*opened {
            return Ok(connection.clone());
        }
        // Limits are those of the whole operation.
        let settings = ConnectionManagerConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None)
            .set_number_of_retries(2)
            .set_max_delay(limit / 10);
        let connection = self.client.get_connection_manager_lazy(settings);
        let connection = connection.map_err(command)?;
        Ok(opened.insert(connection).clone())
    }

    /// Waits for a result of the server, for a limited time. After that time the connection is
    /// given up, as one that the network has lost never answers.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        hoopai_auth::within(limit, || self.give_up(limit), work).await
    }

    /// Gives up a connection that did not answer within this time, and returns the error of that.
    pub(crate) fn give_up(&self, limit: Duration) -> StoreError {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
        overdue(limit)
    }
}

/// Reads a URL.
fn info(url: &str) -> Result<ConnectionInfo, StoreError> {
    if has_unencoded_password(url) {
        return Err(unreadable());
    }
    let info = url.into_connection_info().map_err(|_| unreadable())?;
    if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
        if *insecure {
            return Err(StoreError::new(
                "the URL of Redis ends in #insecure, which accepts any certificate",
                "remove it, and trust the issuer of the certificate by \
                 `connect_with_root_certificates`, HOOPAI_STORE_CA or HOOPAI_LIMITS_CA",
            ));
        }
        // The client panics if rustls has several providers and the process has chosen none.
        if CryptoProvider::get_default().is_none() {
            // Another thread can have chosen one by now, which is just as good.
            let _ = CryptoProvider::install_default((*tls::provider()).clone());
        }
    }
    Ok(info)
}

/// Whether the password has a character that ends it too early, as in `redis://user:1#2@host`, which
/// would be read as port 1 of the host `user`.
fn has_unencoded_password(url: &str) -> bool {
    let Some(("redis" | "rediss", rest)) = url.split_once("://") else {
        return false;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[end..].contains('@')
}

/// The errors of the client can show the password.
fn unreadable() -> StoreError {
    StoreError::new(
        "the URL of Redis cannot be read",
        "use redis://user:password@host:port/0 or rediss://…, percent-encoded",
    )
}

/// A lifetime as commands have it. Zero is not allowed there.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
