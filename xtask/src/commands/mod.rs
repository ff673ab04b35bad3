//! The commands, one in each file.
//!
//! A command parses its arguments, calls the other modules and prints. Only `cli` and other
//! commands may use it.

pub(crate) mod api;
pub(crate) mod attend;
pub(crate) mod budget;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod codegen;
pub(crate) mod compare;
pub(crate) mod deny;
pub(crate) mod dependencies;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod export_tools;
pub(crate) mod features;
pub(crate) mod fuzz;
pub(crate) mod guide;
pub(crate) mod history;
pub(crate) mod package;
pub(crate) mod regen;
pub(crate) mod report;
pub(crate) mod update;
pub(crate) mod validate;
pub(crate) mod words;
