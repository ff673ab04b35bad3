//! Bulk jobs for the HoopAI Platform: exports and imports that survive restarts.
//!
//! A job is a folder with a plan, a journal and its outputs. A job that ended early, by an error, a
//! deployment or a loss of power, continues when it is run again.

mod budget;
mod csv_file;
mod error;
mod export;
mod import;
mod job;
mod lists;
mod meter;
#[cfg(feature = "parquet")]
mod parquet_file;
mod replaced_file;
mod stop;
#[cfg(feature = "sync")]
mod sync;
mod verified;
mod verify;

pub use budget::Budget;
pub use csv_file::to_csv;
pub use error::{BulkError, BulkErrorKind};
pub use export::{
    Export, ExportList, ExportProgress, ExportReport, ExportStatus, ExportedFile, export_status,
};
pub use import::{
    Found, Import, ImportCheck, ImportProgress, ImportReport, MappedWriter, OperationRemover,
    RecordRemover, Row, RowError, RowWriter, Undo, UndoReport, Written, import_status,
};
pub use job::pause;
pub use lists::{PlatformList, platform_lists};
#[cfg(feature = "parquet")]
pub use parquet_file::{Column, ColumnKind, to_parquet};
#[cfg(feature = "sync")]
pub use sync::{SyncJob, SyncList, SyncProgress, SyncReport, SyncedList, write_synced};
pub use verified::{FileProblem, VerifiedFile, VerifyReport};
pub use verify::verify;
