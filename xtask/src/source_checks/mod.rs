//! Checks of hand-written Rust.
//!
//! Each file is one check: it reads files through `workspace` and returns findings. Only `commands`
//! may use it.

mod module_cycles;
mod module_graph;
mod retired_words;
mod sizes;

pub(crate) use module_cycles::{CycleFinding, check_module_cycles};
pub(crate) use retired_words::check_words;
pub(crate) use sizes::{LONG_FILE, PackageSize, package_sizes};
