//! How far a list was read.

use hoopai_runtime::paging::ListPosition;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the database holds about a list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct ListState {
    /// The number of runs so far. It is the number of the current pass.
    pub(super) runs: u64,
    /// The run that compared all records last.
    pub(super) compared: Option<u64>,
    /// The latest change of the records that were read to the end, in milliseconds since 1970.
    pub(super) latest: Option<i64>,
    /// The pass that has not ended.
    pub(super) pass: Option<Pass>,
}

/// One reading of a list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Pass {
    pub(super) full: bool,
    pub(super) since: Option<i64>,
    /// A time before which the platform records no change from the beginning of the pass on, apart
    /// from the differences of its clocks; in milliseconds since 1970.
    pub(super) began: Option<i64>,
    pub(super) latest: Option<i64>,
    /// The position after the last page, of lists in the order of changes.
    pub(super) after: Option<Value>,
    /// The position after the last page, of other lists.
    pub(super) position: Option<ListPosition>,
    pub(super) read: u64,
    pub(super) added: u64,
    pub(super) updated: u64,
}

/// A record of a page.
pub(super) struct Record {
    pub(super) id: String,
    pub(super) json: String,
    pub(super) updated: Option<i64>,
}
