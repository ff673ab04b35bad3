//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
mod job;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
mod names;
pub(crate) mod operation;
pub(crate) mod profiles;
pub(crate) mod request;
pub(crate) mod search;
pub(crate) mod sync;
pub(crate) mod verify;
pub(crate) mod whoami;
