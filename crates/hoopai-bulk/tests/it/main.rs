//! Tests of bulk jobs against a server that serves one list.

mod budget;
mod csv_file;
mod cut_journal;
mod damaged_files;
mod export;
#[cfg(feature = "parquet")]
mod formats;
mod import;
mod interruptions;
mod job_folder;
mod killed_processes;
mod lists;
mod long_export;
mod long_import;
mod mapping;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "sync")]
mod sync;
#[cfg(feature = "sync")]
mod sync_interruptions;
mod undo;
mod verify;
