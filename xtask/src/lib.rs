//! The commands of the workspace: all network, file system and terminal access that
//! [`hoopai_codegen`] leaves out.
//!
//! | module | contents |
//! |---|---|
//! | `cli` | the commands and their arguments |
//! | `commands` | one file a command |
//! | `change_report` | the report on changes of the Rust API, and the exit status that follows |
//! | `generation` | from `specs/` to crates, in memory, in parallel |
//! | `renames` | entries of the attention list about renamed types and methods |
//! | `download` | sources of interface files, HTTP with limits and retries |
//! | `source_checks` | checks of hand-written Rust: module cycles, retired words, sizes |
//! | `workspace` | the tree: paths, reading, changes, `specs/lock.toml`, packages |
//! | `cargo` | cargo and other programs, `cargo metadata` |
//! | `console`, `error`, `outcome` | output, errors, results of steps |
//!
//! Every error is a [`FileError`]: the file, the problem, and the remedy.

mod cargo;
mod change_report;
mod cli;
mod commands;
mod console;
mod download;
mod error;
mod generation;
mod outcome;
mod renames;
mod source_checks;
mod workspace;

pub use change_report::ReportFormat;
pub use cli::{Cli, run};
pub use commands::api::run_as_rustdoc;
pub use commands::regen::{Regen, regen};
pub use console::{Captured, Console};
pub use download::{Commit, Fetcher, Limits, Source};
pub use error::{FileError, Result};
pub use outcome::Status;
pub use workspace::{AtomicWriter, FileWriter, Workspace};
