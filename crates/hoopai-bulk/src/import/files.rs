//! The files in the folder of an import.

pub(super) const KIND: &str = "import";
pub(super) const JOURNAL: &str = "journal";
/// The journal of an undo.
pub(super) const UNDO: &str = "undo";
pub(super) const REJECTED: &str = "rejected.ndjson";
pub(super) const RECORDS: &str = "records.ndjson";
