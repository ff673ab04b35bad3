//! A store on a server that several machines share.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;

use super::{Lease, LeaseCommands, Swap, TokenStore, renewed_lease};
use crate::encryption::EncryptionKeys;
use crate::record::{Record, TokenKey};
use crate::store_error::StoreError;

/// The time within which an operation ends by default.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The time after which the lease of a process that ended is free by default. The platform is
/// said to repeat the reply of a refresh for 30 s.
const LEASE_LIFETIME: Duration = Duration::from_secs(15);

/// A server that keeps records as bytes, and leases by its own clock.
///
/// [`SharedStore`] makes a [`TokenStore`] of it, with encryption and renewed leases, and ends each
/// of these operations after the timeout.
pub trait StoreServer: LeaseCommands + Clone {
    /// Returns the stored bytes of a key.
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Replaces the record of a key if its revision is `expected`, in one step, as
    /// [`TokenStore::swap`] does. `new` is a revision and its bytes.
    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<(u64, Vec<u8>)>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>>;

    /// Returns the keys of all records of an app.
    fn keys<'a>(&'a self, app: &'a str) -> BoxFuture<'a, Result<Vec<TokenKey>, StoreError>>;

    /// Sets the time within which every operation ends, those of leases included.
    fn set_timeout(&mut self, timeout: Duration);

    /// Returns the error of an operation that did not end within this time. A server can give up
    /// its connection here.
    fn overdue(&self, timeout: Duration) -> StoreError;
}

/// A token store on a server that several machines share. Clones share the server.
///
/// The stores of `hoopai-postgres` and `hoopai-redis` consist of it, and a store of your own can.
#[derive(Clone)]
pub struct SharedStore<S> {
    server: Arc<S>,
    keys: Option<EncryptionKeys>,
    lease_lifetime: Duration,
    timeout: Duration,
}

impl<S: StoreServer> SharedStore<S> {
    /// Creates a store without encryption, with a timeout of 10 s and a lease lifetime of 15 s.
    pub fn new(mut server: S) -> Self {
        server.set_timeout(TIMEOUT);
        Self {
            server: Arc::new(server),
            keys: None,
            lease_lifetime: LEASE_LIFETIME,
            timeout: TIMEOUT,
        }
    }

    /// Encrypts records with these keys.
    #[must_use]
    pub fn encrypted(mut self, keys: EncryptionKeys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Sets the time after which the lease of a process that ended is free.
    #[must_use]
    pub fn lease_lifetime(mut self, lifetime: Duration) -> Self {
        self.lease_lifetime = lifetime;
        self
    }

    /// Sets the time within which every operation ends.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.change(|server| server.set_timeout(timeout))
    }

    /// Changes the server of this store, and not that of its clones.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut S)) -> Self {
        change(Arc::make_mut(&mut self.server));
        self
    }

    /// The server.
    pub fn server(&self) -> &S {
        &self.server
    }

    /// The keys that encrypt records.
    pub fn encryption_keys(&self) -> Option<&EncryptionKeys> {
        self.keys.as_ref()
    }

    /// Waits for a result of the server, until the timeout.
    ///
    /// # Errors
    /// Returns the error of the work, or [`StoreServer::overdue`].
    pub async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(self.timeout, || self.server.overdue(self.timeout), work).await
    }
}

/// Waits for a result of a server, for a limited time.
///
/// # Errors
/// Returns the error of the work, or `overdue` when the time has passed.
pub async fn within<T>(
    limit: Duration,
    overdue: impl FnOnce() -> StoreError,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(overdue()),
    }
}

impl<S: StoreServer> TokenStore for SharedStore<S> {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            let stored = self.within(self.server.load(key)).await?;
            let read = |stored: Vec<u8>| match &self.keys {
                Some(keys) => keys.decrypt(key, &stored),
                None => Record::from_json(&stored, key),
            };
            stored.map(read).transpose()
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let write = |record: Record| {
                let stored = match &self.keys {
                    Some(keys) => keys.encrypt(key, &record)?,
                    None => record.to_json(key).to_vec(),
                };
                Ok((record.revision, stored))
            };
            let new = new.map(write).transpose()?;
            self.within(self.server.swap(key, expected, new)).await
        })
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        Box::pin(async move { self.within(self.server.keys(app)).await.map(Some) })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(self.within(async move {
            let commands = Arc::clone(&self.server) as Arc<dyn LeaseCommands>;
            renewed_lease(commands, key, ttl, self.lease_lifetime).await
        }))
    }
}

/// Gives a struct with a field `store`, a [`SharedStore`], the settings of that store and the trait
/// [`TokenStore`].
#[macro_export]
macro_rules! shared_store {
    ($type:ty) => {
        impl $type {
            /// Encrypts records with these keys. Without them, everyone who can read the database
            /// can use the tokens.
            #[must_use]
            pub fn encrypted(mut self, keys: $crate::EncryptionKeys) -> Self {
                self.store = self.store.encrypted(keys);
                self
            }

            /// Sets the time after which other processes may refresh the tokens of an account if
            /// the process that was about to do it has ended; the default is 15 s. A process that
            /// is suspended for longer counts as ended.
            #[must_use]
            pub fn lease_lifetime(mut self, lifetime: ::std::time::Duration) -> Self {
                self.store = self.store.lease_lifetime(lifetime);
                self
            }

            /// Sets the time within which every operation ends, the wait for a connection
            /// included; the default is 10 s.
            #[must_use]
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.store = self.store.timeout(timeout);
                self
            }
        }

        impl $crate::TokenStore for $type {
            fn load<'a>(
                &'a self,
                key: &'a $crate::TokenKey,
            ) -> $crate::BoxFuture<'a, Result<Option<$crate::Record>, $crate::StoreError>> {
                self.store.load(key)
            }

            fn swap<'a>(
                &'a self,
                key: &'a $crate::TokenKey,
                expected: Option<u64>,
                new: Option<$crate::Record>,
            ) -> $crate::BoxFuture<'a, Result<$crate::Swap, $crate::StoreError>> {
                self.store.swap(key, expected, new)
            }

            fn keys<'a>(
                &'a self,
                app: &'a str,
            ) -> $crate::BoxFuture<'a, Result<Option<Vec<$crate::TokenKey>>, $crate::StoreError>>
            {
                self.store.keys(app)
            }

            fn lease<'a>(
                &'a self,
                key: &'a $crate::TokenKey,
                ttl: ::std::time::Duration,
            ) -> $crate::BoxFuture<'a, Result<Option<$crate::Lease>, $crate::StoreError>> {
                self.store.lease(key, ttl)
            }
        }
    };
}
