//! Tests of bulk jobs against a server that serves one list.

mod budget;
mod csv_file;
mod export;
mod import;
mod interruptions;
mod lists;
mod long_export;
mod mapping;
#[cfg(feature = "sync")]
mod sync;
