//! Tests of bulk jobs against a server that serves one list.

mod budget;
mod csv_file;
mod cut_journal;
mod export;
mod import;
mod interruptions;
mod killed_processes;
mod lists;
mod long_export;
mod long_import;
mod mapping;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "sync")]
mod sync;
mod undo;
mod verify;
