//! Where tokens are kept between calls and processes.

mod disk;
mod error;
mod file;
mod lease_file;
pub(crate) mod lock;
mod memory;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use error::{StoreError, StoreErrorKind};
pub use file::FileStore;
pub use memory::MemoryStore;

use hoopai_runtime::time::BoxFuture;

use super::{Record, TokenKey};

/// A place that keeps tokens: [`FileStore`], [`MemoryStore`], or one of your own, such as a table of a database.
///
/// Refresh tokens are good for one use. So everything that refreshes for the same accounts must use the same store, and the
/// store must keep two promises: [`swap`](TokenStore::swap) lets one of two writers through, and what it has taken is there
/// after a crash.
pub trait TokenStore: Send + Sync + 'static {
    /// What is stored under a key.
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// Replaces what is stored under a key, if its revision is still the expected one (`None`: if nothing is stored). `new` is
    /// stored as it is; `None` removes.
    ///
    /// [`Swap::Done`] means that it lasts: written to disk, committed. After an error either may be stored, the old or the new.
    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>>;

    /// The exclusive right to refresh the tokens of a key, or `None` while another has it. It does not wait.
    ///
    /// A holder that died must not keep it for ever. A store that can tell ends the lease when its holder is gone, and not before; one that
    /// cannot ends it `ttl` from now. It only keeps two from refreshing at once; its holder uses `swap` all the same.
    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>>;

    /// Where a key is stored, for errors that lead there. It must not show the ids of the key.
    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        let _ = key;
        None
    }
}

/// A store that others have too.
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

    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        (**self).path(key)
    }
}

/// What became of a [`TokenStore::swap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new record is stored.
    Done,
    /// Another revision is stored than was expected, and stays.
    Conflict,
}

/// The right to refresh, until it is released.
pub struct Lease(Box<dyn LeaseGuard>);

impl Lease {
    /// A lease that a store gives.
    pub fn new(guard: impl LeaseGuard) -> Self {
        Lease(Box::new(guard))
    }

    /// Gives the right back.
    pub async fn release(self) {
        self.0.release().await;
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// The store's side of a [`Lease`].
///
/// It may be dropped unreleased, when a runtime is shut down; a guard that can should give the right back then too. Otherwise the
/// next one waits until it ends.
pub trait LeaseGuard: Send + Sync + 'static {
    /// Gives the right back. A failure is the store's own matter: the lease ends by itself.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}
