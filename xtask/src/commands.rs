//! One file a command.

pub(crate) mod budget;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod codegen;
pub(crate) mod export;
pub(crate) mod regen;
pub(crate) mod report;
