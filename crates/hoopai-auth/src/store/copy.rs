//! Copies of all records of an app, from one store to another.

use std::time::Duration;

use super::{Swap, TokenStore};
use crate::record::{Record, TokenKey};
use crate::store_error::{StoreError, StoreErrorKind};

/// The longest time for which the copy of one record keeps its lease.
const LEASE: Duration = Duration::from_secs(60);

/// The records that [`copy_records`] found in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopiedRecords {
    /// The number of records that were copied.
    pub copied: usize,
    /// The number of records that the other store had already.
    pub present: usize,
    /// The keys for which the other store has another record. It was left alone.
    pub different: Vec<TokenKey>,
}

/// Copies all records of an app to another store, to use that one from now on.
///
/// Stop the app first: a process with the old store would spend the refresh tokens of the new one.
/// Records that the new store has are left alone, so a copy that was interrupted can be repeated.
/// The old store is not changed. `app` is the client id of the app.
///
/// ```
/// use hoopai_auth::{FileStore, MemoryStore, copy_records};
///
/// # async fn run() -> Result<(), hoopai_auth::StoreError> {
/// let files = FileStore::open("tokens")?;
/// let new_store = MemoryStore::new();
/// let result = copy_records("client id", &files, &new_store).await?;
/// println!("{} copied, {} different", result.copied, result.different.len());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Fails if a store fails, the old store cannot list its keys, or a process is refreshing tokens.
/// Records that were copied until then stay.
pub async fn copy_records(
    app: &str,
    from: &impl TokenStore,
    to: &impl TokenStore,
) -> Result<CopiedRecords, StoreError> {
    let keys = from.keys(app).await?.ok_or_else(|| {
        StoreError::new(
            "the store does not list its records",
            "implement TokenStore::keys, or copy each record with load and swap",
        )
    })?;
    let mut result = CopiedRecords::default();
    for key in keys {
        let Some(lease) = from.lease(&key, LEASE).await? else {
            return Err(StoreError::of_kind(
                StoreErrorKind::Locked,
                "a process is refreshing tokens of the store",
                "stop all processes of the app, and copy again",
            ));
        };
        let copied = copy_record(&key, from, to).await;
        lease.release().await;
        match copied? {
            Copied::Now => result.copied += 1,
            Copied::Before => result.present += 1,
            Copied::Different => result.different.push(key),
            // It was removed after the list was read.
            Copied::Removed => {}
        }
    }
    Ok(result)
}

enum Copied {
    Now,
    Before,
    Different,
    Removed,
}

async fn copy_record(
    key: &TokenKey,
    from: &impl TokenStore,
    to: &impl TokenStore,
) -> Result<Copied, StoreError> {
    let Some(record) = from.load(key).await? else {
        return Ok(Copied::Removed);
    };
    if to.swap(key, None, Some(record.clone())).await? == Swap::Done {
        return Ok(Copied::Now);
    }
    let json = |record: &Record| record.to_json(key);
    let present = to.load(key).await?;
    Ok(match present {
        Some(present) if json(&present) == json(&record) => Copied::Before,
        _ => Copied::Different,
    })
}
