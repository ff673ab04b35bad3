//! Token stores: the traits, and the two implementations of this crate.
//!
//! Depends on `record`, `encryption`, `store_error` and `util`. `manager` depends on [`TokenStore`]
//! only.

mod copy;
mod file;
mod memory;
#[cfg(any(test, feature = "shared-stores"))]
mod renewed_lease;
#[cfg(any(test, feature = "shared-stores"))]
mod shared_store;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use copy::{CopiedRecords, copy_records};
pub use file::FileStore;
#[cfg(test)]
pub(crate) use file::lock::FileLocks;
pub use memory::MemoryStore;
#[cfg(any(test, feature = "shared-stores"))]
pub use renewed_lease::{LeaseCommands, renewed_lease};
#[cfg(any(test, feature = "shared-stores"))]
pub use shared_store::{SharedStore, StoreServer, within};

use hoopai_runtime::time::BoxFuture;

use crate::record::{Record, TokenKey};
use crate::store_error::StoreError;

/// Stores tokens: [`FileStore`], [`MemoryStore`], or one of your own, such as a database table.
///
/// Refresh tokens are valid for one use. So all processes that refresh the same accounts must use
/// the same store. Of two concurrent [`swap`](TokenStore::swap) calls one must fail with a
/// conflict, and stored records must survive a crash.
pub trait TokenStore: Send + Sync + 'static {
    /// Returns the record of a key.
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// Replaces the record of a key if its revision is `expected` (`None`: if there is no record).
    ///
    /// `new` is stored unchanged; `None` removes the record. [`Swap::Done`] means that the change
    /// is durable: written to disk, committed. After an error either record may be stored.
    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>>;

    /// Takes the exclusive right to refresh the tokens of a key. `None`: another holder has it.
    /// This does not wait.
    ///
    /// The lease must end when its holder dies. A store that can detect this ends the lease then,
    /// and not before; another one ends it after `ttl`. Holders use `swap` all the same.
    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>>;

    /// Returns the keys of all records of an app, in any order. `None`: the store cannot list them.
    ///
    /// A scheduler reads which accounts it refreshes here:
    /// [`schedule_refreshes`](crate::TokenManager::schedule_refreshes). Keys of damaged records may
    /// be missing.
    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        let _ = app;
        Box::pin(async { Ok(None) })
    }

    /// Returns the path of a key's record, for error messages. It must not show the ids of the key.
    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        let _ = key;
        None
    }
}

/// A shared store.
impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        (**self).load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        (**self).swap(key, expected, new)
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        (**self).lease(key, ttl)
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        (**self).keys(app)
    }

    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        (**self).path(key)
    }
}

/// The outcome of a [`TokenStore::swap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new record is stored.
    Done,
    /// The stored record has another revision than expected, and is unchanged.
    Conflict,
}

/// The exclusive right to refresh the tokens of a key.
pub struct Lease(Box<dyn LeaseGuard>);

impl Lease {
    /// Wraps the guard of a store.
    pub fn new(guard: impl LeaseGuard) -> Self {
        Lease(Box::new(guard))
    }

    /// Whether the holder still has the lease, as far as it can be sure.
    pub fn is_held(&self) -> bool {
        self.0.is_held()
    }

    /// Releases the lease.
    pub async fn release(self) {
        self.0.release().await;
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// A store's implementation of a [`Lease`].
///
/// A guard may be dropped without a release when a runtime is shut down. It should release the
/// lease then if it can; otherwise other holders wait until the lease ends.
pub trait LeaseGuard: Send + Sync + 'static {
    /// Whether the holder still has the lease, as far as it can be sure without I/O. `false`:
    /// another holder may have it, as the lease was not renewed in time. Nothing is sent then.
    fn is_held(&self) -> bool {
        true
    }

    /// Releases the lease. Failures are ignored: the lease ends by itself.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}
