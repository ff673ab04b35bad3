//! An observer that counts drift.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Drift, DriftKind, DriftObserver};
use crate::operation::Operation;

/// The maximum number of rows. Keys of a reply can be data, so there is no other bound.
const PLACES: usize = 4_096;

/// The path of all places beyond [`PLACES`].
const ELSEWHERE: &str = "*";

/// Counts drift by operation, JSON path and kind.
///
/// Clones share their counts: one goes to [`drift_observer`](crate::HandleBuilder::drift_observer), the other is read when
/// metrics are collected.
///
/// ```
/// use hoopai_runtime::Handle;
/// use hoopai_runtime::drift::DriftCounter;
///
/// let counter = DriftCounter::new();
/// let builder = Handle::builder().drift_observer(counter.clone());
/// // After some calls:
/// for row in counter.snapshot() {
///     let operation = row.operation.map_or("a call by path", |operation| operation.name);
///     println!("{operation} {} {:?}: {}", row.path, row.kind, row.count);
/// }
/// # let _ = builder;
/// ```
///
/// It holds up to 4,096 rows. Drift at further places is counted under the path `*`.
#[derive(Clone, Default)]
pub struct DriftCounter(Arc<Mutex<Counts>>);

/// By module, name and the rest of a row. Operations are compared by name, for a static can have several addresses.
type Counts =
    BTreeMap<(&'static str, &'static str, String, DriftKind), (Option<&'static Operation>, u64)>;

/// A row of [`DriftCounter::snapshot`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriftCount {
    /// The operation; `None` for calls by method and path.
    pub operation: Option<&'static Operation>,
    /// The JSON path without list indexes: see [`Drift::path_template`].
    pub path: String,
    /// How the values were treated.
    pub kind: DriftKind,
    /// The number of occurrences.
    pub count: u64,
}

impl DriftCounter {
    /// Creates a counter with no counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the counts so far, ordered by operation, path and kind.
    pub fn snapshot(&self) -> Vec<DriftCount> {
        let mut rows = Vec::new();
        for ((_, _, path, kind), (operation, count)) in &*self.counts() {
            rows.push(DriftCount {
                operation: *operation,
                path: path.clone(),
                kind: *kind,
                count: *count,
            });
        }
        rows
    }

    /// Returns the total number of drifts.
    pub fn total(&self) -> u64 {
        let mut total = 0;
        for (_, count) in self.counts().values() {
            total += count;
        }
        total
    }

    /// Counts are whole at any moment, so a panic elsewhere leaves them usable.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        match self.0.lock() {
            Ok(counts) => counts,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

impl DriftObserver for DriftCounter {
    fn drift(&self, operation: Option<&'static Operation>, drift: &Drift) {
        let (module, name) =
            operation.map_or(("", ""), |operation| (operation.module, operation.name));
        let mut counts = self.counts();
        let mut key = (module, name, drift.path_template(), drift.kind);
        if counts.len() >= PLACES && !counts.contains_key(&key) {
            ELSEWHERE.clone_into(&mut key.2);
        }
        counts.entry(key).or_insert((operation, 0)).1 += 1;
    }
}

impl fmt::Debug for DriftCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriftCounter")
            .field("total", &self.total())
            .finish()
    }
}
