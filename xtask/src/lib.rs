//! The commands of the workspace: everything that [`hoopai_codegen`] leaves to others, which is all that touches the
//! network, the file system and the terminal.
//!
//! | file | what it knows |
//! |---|---|
//! | `cli` | the commands and their arguments |
//! | `commands/*` | one command each |
//! | `source`, `fetch`, `content`, `download` | where interface files come from, and how they get here whole |
//! | `lock` | `specs/lock.toml` |
//! | `workspace` | where things lie, reading them |
//! | `build` | from `specs/` to crates, in memory |
//! | `swap` | the one road by which files of the tree change: all of an update or nothing of it |
//! | `cargo` | running cargo and other programs, and what cargo knows of the packages |
//! | `console` | what the user sees |
//!
//! Every error is a [`FileError`]: it names the file, what is wrong there, and what to do.

mod build;
mod cargo;
mod cli;
mod commands;
mod console;
mod content;
mod download;
mod fault;
mod fetch;
mod lock;
mod source;
mod swap;
mod workspace;

pub use cli::{Cli, run};
pub use commands::api::instead_of_rustdoc;
pub use commands::regen::{Regen, regen};
pub use console::{Captured, Console};
pub use fetch::{Fetcher, Limits};
pub use hoopai_codegen::FileError;
pub use source::Source;
pub use swap::{Step, recover};
pub use workspace::Workspace;

/// What every function here that can fail returns.
pub type Result<T> = std::result::Result<T, FileError>;
